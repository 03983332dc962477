use super::{HELP, Place, Settings, USAGE, Unusable};
use jitsuin::issuer::ledger::Opening;
use jitsuin::wire::origin::Origin;

fn read(line: &str) -> Result<Settings, Unusable> {
    Settings::read(line.split_whitespace().map(String::from))
}

const WHOLE: &str = "--listen 127.0.0.1:8787 --ledger sqlite:a.sqlite --public-url https://issuer.example";

/// An Android app, by the digest of its signing certificate.
const APK: &str = "android:apk-key-hash:sO4hJ3nJ3d4cVbq0cPp1bq0cPp1bq0cPp1bq0cPp1bA";

#[test]
fn whole_line_is_read() {
    let line = format!(
        "{WHOLE} --listen [::1]:8787 --origins https://a.example,capacitor://localhost,{APK} --www pages --pkg package"
    );
    let settings = read(&line).unwrap();
    assert_eq!(settings.listen.len(), 2);
    assert_eq!(settings.ledger, Place::File("a.sqlite".into()));
    assert_eq!(settings.public_url.unwrap().as_str(), "https://issuer.example");
    let origins: Vec<_> = settings.origins.iter().map(Origin::as_str).collect();
    assert_eq!(origins, ["https://a.example", "capacitor://localhost", APK]);
    assert_eq!(settings.www.unwrap().to_str(), Some("pages"));
    assert_eq!(settings.pkg.to_str(), Some("package"));
    assert!(!settings.demo);
}

#[test]
fn pages_are_served_only_when_asked_for() {
    assert!(read(WHOLE).unwrap().www.is_none());
    assert!(read(&format!("{WHOLE} --demo")).unwrap().www.is_some());
}

#[test]
fn a_database_is_named_by_its_address_which_is_never_printed() {
    for url in ["postgres://issuer:secret@db.example/issuer", "postgresql://issuer:secret@db.example/issuer"] {
        let settings = read(&format!("--listen 127.0.0.1:1 --public-url https://a.example --ledger {url}")).unwrap();
        assert_eq!(settings.ledger, Place::Database(url.into()));
        assert!(!format!("{settings:?} {}", settings.ledger).contains("secret"));
    }
    for bad in ["sqlite:", "mysql://a/b", "a.sqlite", "postgres:a", "postgresql:/a", "POSTGRES://a/b"] {
        assert!(matches!(read(&format!("--ledger {bad}")), Err(Unusable::BadValue(_))), "{bad}");
    }
}

#[test]
fn a_value_may_follow_its_name_after_an_equals_sign() {
    let url = "postgresql://issuer:secret@db.example/issuer?a=b";
    let settings =
        read(&format!("--listen=127.0.0.1:1 --public-url=https://a.example --ledger={url} --create")).unwrap();
    assert_eq!(settings.ledger, Place::Database(url.into()));
    assert_eq!(read("--ledger=").unwrap_err(), read("--ledger sqlite:").unwrap_err());
    assert_eq!(read("--create=yes").unwrap_err(), Unusable::TakesNoValue("--create".into()));
}

#[test]
fn no_password_is_printed_of_a_line_that_is_refused() {
    for line in [
        "--legder=postgresql://issuer:secret@db.example/issuer",
        "--legder:postgresql://issuer:secret@db.example/issuer",
        "--ledger=postgresq://issuer:secret@db.example/issuer",
        "--create=postgresql://issuer:secret@db.example/issuer",
        "--create postgresql://issuer:secret@db.example/issuer",
        "-ledger=postgresql://issuer:secret@db.example/issuer",
        "--public-url postgresql://issuer:secret@db.example/issuer",
        "--public-url https://issuer:secret@db.example",
        "--origins https://a.example,https://issuer:secret@db.example",
    ] {
        let refused = read(line).unwrap_err();
        assert!(!refused.to_string().contains("secret"), "{line}: {refused}");
    }
}

#[test]
fn a_ledger_is_to_be_there_unless_it_is_to_be_made() {
    let opening = |more: &str| read(&format!("{WHOLE} {more}")).map(|settings| settings.opening());
    assert_eq!(opening(""), Ok(Opening::Existing));
    assert_eq!(opening("--create"), Ok(Opening::New));
    assert_eq!(opening("--demo"), Ok(Opening::Either));
    assert_eq!(opening("--demo --create"), Ok(Opening::New));
    let unserved = "--demo --ledger sqlite:a --export-evidence acc-1 --out a";
    assert_eq!(read(unserved).map(|settings| settings.opening()), Ok(Opening::Existing));
    assert_eq!(opening("--create --rotate-keys"), Err(Unusable::NothingThereYet("--rotate-keys")));
    let export = opening("--create --export-evidence acc-1 --out a");
    assert_eq!(export, Err(Unusable::NothingThereYet("--export-evidence")));
}

#[test]
fn what_serves_nobody_takes_no_option_of_a_server() {
    let place = "--ledger sqlite:a --public-url https://issuer.example";
    for (run, name) in [("--rotate-keys", "--rotate-keys"), ("--export-evidence acc-1 --out a", "--export-evidence")] {
        assert!(read(&format!("{place} {run}")).is_ok(), "{run}");
        let refused = read(&format!("{place} {run} --listen 127.0.0.1:1")).unwrap_err();
        assert_eq!(refused, Unusable::ServesNobody(name), "{run}");
    }
    let both = read(&format!("{place} --rotate-keys --export-evidence acc-1 --out a")).unwrap_err();
    assert_eq!(both, Unusable::OneAtATime);
}

#[test]
fn a_root_is_a_thumbprint() {
    let root = "a".repeat(42) + "A";
    assert_eq!(read(&format!("{WHOLE} --root {root}")).unwrap().root, Some(root));
    for bad in ["a", "=", &"a".repeat(44)] {
        assert!(matches!(read(&format!("{WHOLE} --root {bad}")), Err(Unusable::BadValue(_))), "{bad}");
    }
}

#[test]
fn demo_stays_on_loopback() {
    for address in ["0.0.0.0:8787", "[::]:8787", "192.0.2.1:80"] {
        let line = format!("--demo --listen 127.0.0.1:8787 --listen {address} --ledger sqlite:a");
        assert_eq!(read(&line).unwrap_err(), Unusable::DemoBeyondLoopback(address.parse().unwrap()));
    }
    assert!(read("--demo --listen 127.0.0.1:1 --listen [::1]:1 --ledger sqlite:a").is_ok());
}

#[test]
fn what_is_needed_must_be_given() {
    assert_eq!(read("--ledger sqlite:a").unwrap_err(), Unusable::Missing("--listen"));
    assert_eq!(read("--listen 127.0.0.1:1").unwrap_err(), Unusable::Missing("--ledger"));
    assert_eq!(read("--listen 127.0.0.1:1 --ledger sqlite:a").unwrap_err(), Unusable::Missing("--public-url"));
    assert_eq!(read("--listen").unwrap_err(), Unusable::NoValue("--listen".into()));
    assert_eq!(read("--verbose").unwrap_err(), Unusable::UnknownOption("--verbose".into()));
}

#[test]
fn public_url_is_a_secure_origin() {
    let refused = [
        "http://issuer.example",
        "http://localhost.evil.example",
        "https://issuer.example/",
        "https://issuer.example/path",
        "https://user@issuer.example",
        "https://",
        "https://Issuer.example",
        "https://issuer.example:443",
        "issuer.example",
        "*",
    ];
    for url in refused {
        let line = format!("--listen 127.0.0.1:1 --ledger sqlite:a --public-url {url}");
        assert_eq!(read(&line).unwrap_err(), Unusable::BadIssuer(url.into()));
    }
    for url in ["http://localhost:8787", "https://issuer.example:8443"] {
        assert!(read(&format!("--listen 127.0.0.1:1 --ledger sqlite:a --public-url {url}")).is_ok(), "{url}");
    }
}

#[test]
fn any_origin_is_no_origin() {
    let refused = [
        ("*", "*"),
        ("https://*.example", "https://*.example"),
        ("null", "null"),
        ("https://a.example,,", ""),
        ("https://a.example,https://b.example/", "https://b.example/"),
        ("https://a.example:443", "https://a.example:443"),
        ("https://A.example", "https://A.example"),
        ("android:apk-key-hash:", "android:apk-key-hash:"),
    ];
    for (origins, bad) in refused {
        let refusal = read(&format!("{WHOLE} --origins {origins}")).unwrap_err();
        assert_eq!(refusal, Unusable::BadOrigin(bad.into()));
        assert!(refusal.to_string().contains(&format!("not {bad:?}")), "{refusal}");
    }
}

#[test]
fn every_option_stands_in_the_help_and_in_the_usage() {
    let source = include_str!("../settings.rs");
    let quoted = source.split('"').skip(1).step_by(2);
    let options: Vec<_> = quoted.filter(|text| text.starts_with("--") && !text.contains(' ')).collect();
    assert!(options.len() >= 8, "{options:?}");
    for option in options {
        assert!(HELP.contains(&format!("\n  {option} ")), "--help does not explain {option}");
        assert!(USAGE.contains(option), "the usage line lacks {option}");
    }
}

#[test]
fn proxies_are_addresses_and_networks() {
    let settings = read(&format!("{WHOLE} --trusted-proxy 10.0.0.1,fd00::/8 --trusted-proxy 127.0.0.1")).unwrap();
    assert_eq!(settings.trusted_proxies.len(), 3);
    for bad in ["proxy.example", "10.0.0.1/8", "10.0.0.1,", ""] {
        let line = WHOLE.split(' ').chain(["--trusted-proxy", bad]).map(String::from);
        assert!(matches!(Settings::read(line), Err(Unusable::BadValue(_))), "{bad}");
    }
    assert_eq!(read(&format!("{WHOLE} --proxy 10.0.0.1")).unwrap_err(), Unusable::UnknownOption("--proxy".into()));
}

#[test]
fn the_end_waits_for_whoever_asks_whether_it_is_ready() {
    let delay = |line: &str| read(&format!("{WHOLE} {line}")).unwrap().drain_delay().as_secs();
    assert_eq!((delay(""), delay("--demo"), delay("--drain-delay 0"), delay("--drain-delay 9 --demo")), (5, 0, 0, 9));
    for bad in ["-1", "256", "1.5", "soon"] {
        assert!(matches!(read(&format!("{WHOLE} --drain-delay {bad}")), Err(Unusable::BadValue(_))), "{bad}");
    }
}
