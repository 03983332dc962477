#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use super::*;

fn mode(url: &str) -> PgSslMode {
    private(url.parse().unwrap()).get_ssl_mode()
}

#[test]
fn only_a_connection_that_stays_on_this_machine_may_be_in_clear() {
    for here in ["postgres://a@localhost/b", "postgres://a@127.0.0.1:5433/b", "postgres:///b?host=/run/postgresql"] {
        assert!(matches!(mode(here), PgSslMode::Prefer), "{here}");
    }
    for there in ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require", "?sslmode=verify-full"] {
        let url = format!("postgres://a@db.example/b{there}");
        assert!(matches!(mode(&url), PgSslMode::VerifyFull), "{url}");
    }
    assert!(matches!(mode("postgres://a@db.example/b?sslmode=verify-ca"), PgSslMode::VerifyCa));
    assert!(matches!(mode("postgres://a@db.example/b?sslmode=disable"), PgSslMode::Disable));
}

#[test]
fn a_lock_names_kind_and_key() {
    let names = [lock_name("keys", "a"), lock_name("keys", "b"), lock_name("used", "a"), lock_name("keysa", "")];
    let mut distinct = names.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len());
    assert_eq!(lock_name("keys", "a"), names[0]);
}
