#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use super::*;

fn mode(url: &str) -> Result<PgSslMode, LedgerError> {
    options(url).map(|options| options.get_ssl_mode())
}

#[test]
fn only_a_connection_that_stays_on_this_machine_may_be_in_clear() {
    for here in [
        "postgres://a@localhost/b",
        "postgresql://a@127.0.0.1:5433/b",
        "postgresql://a@127.1.2.3/b",
        "postgres://a@[::1]/b",
        "postgres:///b?host=/run/postgresql",
    ] {
        assert!(matches!(mode(here), Ok(PgSslMode::Prefer)), "{here}");
        let joined = if here.contains('?') { '&' } else { '?' };
        assert!(matches!(mode(&format!("{here}{joined}sslmode=disable")), Ok(PgSslMode::Disable)), "{here}");
    }
    for scheme in ["postgres", "postgresql"] {
        for there in ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require", "?sslmode=verify-full"] {
            let url = format!("{scheme}://a@db.example/b{there}");
            assert!(matches!(mode(&url), Ok(PgSslMode::VerifyFull)), "{url}");
        }
        assert!(matches!(mode(&format!("{scheme}://a@db.example/b?sslmode=verify-ca")), Ok(PgSslMode::VerifyCa)));
        let clear = mode(&format!("{scheme}://a@192.0.2.1/b?sslmode=disable"));
        assert_eq!(clear.err(), Some(LedgerError::Place(PlaceError::Unencrypted)));
    }
}

#[test]
fn what_is_no_address_is_none() {
    for bad in ["", "issuer", "mysql://a@localhost/b", "postgresql:/a", "postgres://a@localhost/b?sslmode=perhaps"] {
        assert_eq!(mode(bad).err(), Some(LedgerError::Place(PlaceError::BadAddress)), "{bad}");
    }
}

#[test]
fn a_parameter_that_was_mistyped_is_not_passed_over() {
    for known in ["sslmode=verify-full&sslrootcert=/a.crt", "ssl-mode=require&sslcert=a&sslkey=b", "options[a]=b", ""] {
        assert!(mode(&format!("postgresql://localhost/b?{known}")).is_ok(), "{known}");
    }
    for unknown in ["sslmod=verify-full", "sslmode=verify-full&sslrootcrt=/a.crt", "SSLMODE=disable", "pasword=secret"]
    {
        let read = mode(&format!("postgresql://localhost/b?{unknown}"));
        assert_eq!(read.err(), Some(LedgerError::Place(PlaceError::UnknownParameter)), "{unknown}");
    }
}
