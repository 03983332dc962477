//! Whose call it is behind a proxy: each caller has tries of its own, and nobody takes another's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod server;

use jitsuin::wire::calls::LogIn;
use server::proof::Device;
use server::{Server, folder};

fn behind(more: &[&str]) -> Server {
    let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
    Server::start(&[&["--demo", "--ledger", &ledger], more].concat())
}

/// The status of one wrong login.
fn log_in(server: &Server, headers: &[(&str, &str)]) -> u16 {
    let call = LogIn { login: "hanako".into(), password: "wrong".into(), language: "en".into() };
    Device::new().call(server, headers, &call).status
}

/// Uses up the tries of one source, of which five are free.
fn use_up(server: &Server, headers: &[(&str, &str)]) {
    for _ in 0..5 {
        assert_ne!(log_in(server, headers), 429);
    }
    assert_eq!(log_in(server, headers), 429);
}

#[test]
fn callers_behind_a_trusted_proxy_have_their_own_tries() {
    let server = behind(&["--trusted-proxy", "127.0.0.0/8,10.0.0.0/8"]);
    use_up(&server, &[("X-Forwarded-For", "203.0.113.7")]);
    // Whatever stands left of the address that the proxy saw, on one line or several, is the caller's own word.
    assert_eq!(log_in(&server, &[("X-Forwarded-For", "198.51.100.1, 203.0.113.7, 10.0.0.1")]), 429);
    assert_eq!(log_in(&server, &[("X-Forwarded-For", "198.51.100.2"), ("X-Forwarded-For", "203.0.113.7")]), 429);
    assert_eq!(log_in(&server, &[("Forwarded", "for=\"203.0.113.7:4711\"")]), 429);
    assert_ne!(log_in(&server, &[("X-Forwarded-For", "203.0.113.8")]), 429);
    assert_ne!(log_in(&server, &[]), 429, "the proxy itself");
}

#[test]
fn ipv6_callers_count_by_64() {
    let server = behind(&["--trusted-proxy", "127.0.0.1"]);
    use_up(&server, &[("X-Forwarded-For", "2001:db8:0:1::1")]);
    assert_eq!(log_in(&server, &[("X-Forwarded-For", "[2001:db8:0:1:ffff::2]:4711")]), 429);
    assert_eq!(log_in(&server, &[("Forwarded", "for=\"[2001:db8:0:1::3]\"")]), 429);
    assert_ne!(log_in(&server, &[("X-Forwarded-For", "2001:db8:0:2::1")]), 429);
}

#[test]
fn a_stranger_names_no_caller() {
    let server = behind(&["--trusted-proxy", "127.0.0.2"]);
    for last in 1..=5 {
        assert_ne!(log_in(&server, &[("X-Forwarded-For", &format!("203.0.113.{last}"))]), 429);
    }
    assert_eq!(log_in(&server, &[("X-Forwarded-For", "203.0.113.6")]), 429);
    assert_eq!(log_in(&server, &[("Forwarded", "for=203.0.113.6")]), 429);
}
