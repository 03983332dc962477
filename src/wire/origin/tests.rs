#![allow(clippy::unwrap_used)]
use super::*;

const HASH: &str = "android:apk-key-hash:sO4hJ3nJ3d4cVbq0cPp1bq0cPp1bq0cPp1bq0cPp1bA";

#[test]
fn an_origin_has_one_form() {
    for good in [
        "https://wallet.example",
        "https://wallet.example:8443",
        "https://xn--r8jz45g.example",
        "https://my_host.example",
        "https://192.0.2.7",
        "https://[2001:db8::1]",
        "https://[2001:db8::1]:8443",
        "http://localhost",
        "http://localhost:8787",
        "http://127.0.0.1:1",
        "http://[::1]:65535",
        "capacitor://localhost",
        "ionic://localhost",
        "app.shop://wallet",
        HASH,
    ] {
        assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
    }
}

#[test]
fn what_no_browser_writes_is_refused() {
    for bad in [
        "",
        "null",
        "*",
        "https://",
        "https://a/",
        "https://a/path",
        "https://a?b",
        "https://a#b",
        "https://A.example",
        "HTTPS://a.example",
        "https://a.example.",
        "https://a..example",
        "https://.example",
        "https://-a.example",
        "https://*.example",
        "https://a.example:443",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:080",
        "https://a.example:65536",
        "https://user@a.example",
        "https://みせ.example",
        "https://a b.example",
        " https://a.example",
        "https://a.example\n",
        "https://a,https://b",
        "https://[::1",
        "https://[0:0::1]",
        "https://[2001:DB8::1]",
        "http://a.example",
        "http://localhost:80",
        "http://localhost.evil",
        "http://127.0.0.1.evil",
        "localhost",
        "file://",
        "file://a",
        "javascript://a",
        "://a",
        "1app://a",
        "capacitor://",
        "capacitor://localhost/",
        "android:apk-key-hash:",
        "android:apk-key-hash:AAAA",
        "android:apk-key-hash:sO4hJ3nJ3d4cVbq0cPp1bq0cPp1bq0cPp1bq0cPp1bA=",
        "android:apk-key-hash:B0:EE:21",
        "android:APK-KEY-HASH:sO4hJ3nJ3d4cVbq0cPp1bq0cPp1bq0cPp1bq0cPp1bA",
    ] {
        assert!(bad.parse::<Origin>().is_err(), "{bad}");
        assert!(crate::wire::json::from_slice::<Origin>(format!("{bad:?}").as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn the_host_of_a_page() {
    let host = |text: &str| text.parse::<Origin>().unwrap().web_host().map(String::from);
    assert_eq!(host("https://wallet.example:8443").as_deref(), Some("wallet.example"));
    assert_eq!(host("http://[::1]:8787").as_deref(), Some("[::1]"));
    assert_eq!(host("capacitor://localhost"), None);
    assert_eq!(host(HASH), None);
}
