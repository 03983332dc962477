#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

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
    for bad in ["", "issuer", "mysql://a@localhost/b", "postgresql:/a", "postgresql://a:p/w@localhost/b"] {
        assert_eq!(mode(bad).err(), Some(LedgerError::Place(PlaceError::BadAddress)), "{bad}");
    }
}

#[test]
fn a_parameter_that_was_mistyped_is_not_passed_over() {
    for known in ["sslmode=verify-full&application_name=a", "ssl-mode=require&user=b", "options[a]=b", ""] {
        assert!(mode(&format!("postgresql://localhost/b?{known}")).is_ok(), "{known}");
    }
    for unknown in ["sslmod=verify-full", "sslmode=verify-full&sslrootcrt=/a.crt", "SSLMODE=disable", "pasword=secret"]
    {
        let read = mode(&format!("postgresql://localhost/b?{unknown}"));
        assert_eq!(read.err(), Some(LedgerError::Place(PlaceError::UnknownParameter)), "{unknown}");
    }
}

#[test]
fn an_address_of_ipv6_is_taken_out_of_its_brackets() {
    for (url, host) in [
        ("postgresql://a@[::1]:15439/b", "::1"),
        ("postgresql://a@[::1]/b?sslmode=disable#c", "::1"),
        ("postgres://a@[2001:db8::7]/b", "2001:db8::7"),
        ("postgresql:///b?host=[::1]", "::1"),
        ("postgresql://a@[2001:db8::7]/b?host=localhost", "localhost"),
    ] {
        assert_eq!(options(url).map(|options| options.get_host().to_owned()), Ok(host.to_owned()), "{url}");
    }
}

#[test]
fn a_value_that_a_parameter_does_not_take_is_refused_by_its_name() {
    for (bad, name) in [
        ("sslmode=bogus", "sslmode"),
        ("user=a&ssl-mode=verify_full", "ssl-mode"),
        ("port=far", "port"),
        ("hostaddr=db.example", "hostaddr"),
        ("statement-cache-capacity=-1", "statement-cache-capacity"),
    ] {
        let refused = options(&format!("postgresql://a@localhost/b?{bad}")).err();
        assert_eq!(refused, Some(LedgerError::Place(PlaceError::BadParameter(name))), "{bad}");
        assert!(refused.is_some_and(|refused| refused.to_string().contains(name)));
    }
}

#[test]
fn a_file_that_does_not_hold_what_is_asked_of_it_is_refused_by_its_parameter() {
    let folder = std::env::temp_dir().join(format!("jitsuin a+b-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        let path = folder.join(name).display().to_string();
        path.replace('+', "%2B").replace(' ', "+")
    };
    let certificate = write("a.crt", "an authority\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
    let key = write("a.key", "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n");
    let text = write("a.txt", "no certificate");
    let missing = format!("{text}.missing");
    let refused = |after: &str| options(&format!("postgresql://a@db.example/b?{after}")).err();
    for name in ["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert"] {
        assert_eq!(refused(&format!("{name}={certificate}")), None);
        assert_eq!(refused(&format!("{name}={missing}")), Some(PlaceError::UnreadableFile(name).into()));
        for other in [&key, &text] {
            assert_eq!(refused(&format!("{name}={other}")), Some(PlaceError::NoCertificate(name).into()));
        }
    }
    for name in ["sslkey", "ssl-key"] {
        assert_eq!(refused(&format!("sslcert={certificate}&{name}={key}")), None);
        assert_eq!(refused(&format!("{name}={missing}")), Some(PlaceError::UnreadableFile(name).into()));
        assert_eq!(refused(&format!("{name}={certificate}")), Some(PlaceError::NoKey(name).into()));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_host_that_nobody_knows_may_be_a_password_and_is_not_repeated() {
    for url in ["postgresql://user:p@secret/word@localhost/b", "postgresql://secret:15/word@localhost/b"] {
        let options = options(url).unwrap();
        let said = match reach(&options).await.unwrap_err() {
            LedgerError::Unavailable(Step::Connect, cause) => cause.in_full(),
            other => panic!("{other}"),
        };
        assert!(said.contains("no host of that name") && said.contains("%2F"), "{said}");
        assert!(!said.contains("secret") && !said.contains("word@"), "{said}");
    }
}
