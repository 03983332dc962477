#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn an_issuer_is_an_origin() {
    for good in ["https://issuer.example", "https://issuer.example:8443", "http://localhost", "http://localhost:8787"] {
        assert!(good.parse::<IssuerId>().is_ok(), "{good}");
    }
    for bad in [
        "https://",
        "https://a/",
        "https://a?b",
        "http://example.com",
        "http://localhost.evil",
        "http://localhost:",
        "https://A.example",
        "https://a:443",
        "https://a:0",
        "https://a..example",
        "http://localhost:80",
        "http://127.0.0.1:8787",
        "capacitor://localhost",
        "ftp://a",
    ] {
        assert!(bad.parse::<IssuerId>().is_err(), "{bad}");
    }
}

#[test]
fn an_audience_is_a_merchant_or_a_till() {
    for good in ["m/7", "t/shop-12.3"] {
        assert!(good.parse::<Audience>().is_ok(), "{good}");
    }
    for bad in ["", "m/", "x/7", "t/a b", "t/é", "m/12345678901234567890123"] {
        assert!(bad.parse::<Audience>().is_err(), "{bad}");
    }
}

#[test]
fn a_secret_is_not_shown() {
    let veil = Veil([7; 16]);
    assert_eq!(format!("{veil:?}"), "Veil (secret)");
}

#[test]
fn base64_is_canonical() {
    assert_eq!(from_base64("AQ"), Ok(vec![1]));
    for bad in ["AR", "AQ==", "A", "+/8", "AQ\n"] {
        assert_eq!(from_base64(bad), Err(Refusal::BadBase64), "{bad}");
    }
    assert_eq!(serde_json::from_str::<Nonce>("\"AAAAAAAAAAAAAAAAAAAAAA\"").unwrap(), Nonce([0; 16]));
    assert!(serde_json::from_str::<Nonce>("\"AAAA\"").is_err());
}

#[test]
fn a_relying_party_is_a_domain() {
    for good in ["localhost", "wallet.example", "xn--r8jz45g.example", "a.1a"] {
        assert!(good.parse::<RpId>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "127.0.0.1",
        "a.1",
        "[::1]",
        "Wallet.example",
        "wallet.example.",
        "wallet..example",
        "https://a",
        "a:1",
        "*.a",
    ] {
        assert!(bad.parse::<RpId>().is_err(), "{bad}");
    }
}
