use super::*;
use axum::http::{HeaderName, HeaderValue};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn networks(list: &str) -> Vec<Network> {
    list.split(',').map(|text| text.parse().unwrap()).collect()
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn source(peer: IpAddr, trusted: &[Network], headers: &HeaderMap) -> IpAddr {
    super::source(peer, trusted, headers).0
}

/// The caller behind 10.0.0.1, where 10.0.0.0/24 and 2001:db8:ffff::1 are proxies.
fn behind(lines: &[(&'static str, &str)]) -> String {
    source(ip("10.0.0.1"), &networks("10.0.0.0/24,2001:db8:ffff::1"), &headers(lines)).to_string()
}

fn listed(values: &[&str]) -> String {
    behind(&values.iter().map(|value| ("x-forwarded-for", *value)).collect::<Vec<_>>())
}

fn standard(values: &[&str]) -> String {
    behind(&values.iter().map(|value| ("forwarded", *value)).collect::<Vec<_>>())
}

#[test]
fn only_a_trusted_peer_is_believed() {
    let said = headers(&[("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")]);
    let proxies = networks("10.0.0.1");
    assert_eq!(source(ip("10.0.0.1"), &proxies, &said), ip("203.0.113.7"));
    assert_eq!(source(ip("::ffff:10.0.0.1"), &proxies, &said), ip("203.0.113.7"));
    for peer in ["10.0.0.2", "127.0.0.1", "203.0.113.9", "::1"] {
        assert_eq!(source(ip(peer), &proxies, &said), ip(peer));
    }
    assert_eq!(source(ip("10.0.0.1"), &[], &said), ip("10.0.0.1"));
    assert_eq!(source(ip("::ffff:10.0.0.2"), &proxies, &said), ip("10.0.0.2"), "one address, one form");
}

#[test]
fn the_rightmost_address_that_is_no_proxys_counts() {
    for values in [
        &["203.0.113.7"][..],
        &["198.51.100.1, 203.0.113.7"],
        &["198.51.100.1", "203.0.113.7"],
        &["198.51.100.1,203.0.113.7 , 10.0.0.9"],
        &["198.51.100.1, 203.0.113.7", "2001:db8:ffff::1, 10.0.0.9"],
        &["203.0.113.7:4711, [2001:db8:ffff::1]:80"],
        &["unknown, 203.0.113.7, ::ffff:10.0.0.9"],
        &["\"203.0.113.7\""],
    ] {
        assert_eq!(listed(values), "203.0.113.7", "{values:?}");
    }
    for value in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711", "\"[2001:db8::1]:4711\"", "2001:DB8:0::1"] {
        assert_eq!(listed(&[value]), "2001:db8::1", "{value}");
    }
}

#[test]
fn if_all_are_proxies_the_first_counts() {
    assert_eq!(listed(&["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
}

#[test]
fn a_strangers_quotes_hide_nothing_that_a_proxy_appends() {
    for before in ["\"", "\"198.51.100.1", "\\\"", "for=\"", "for=\"\\", "a=\"\\\"", "\"\", \"", "\u{e9}"] {
        for address in ["203.0.113.7", "\"203.0.113.7:4711\""] {
            assert_eq!(listed(&[&format!("{before}, {address}")]), "203.0.113.7", "{before}");
            assert_eq!(listed(&[&format!("{before},{address}, 10.0.0.9")]), "203.0.113.7", "{before}");
            let said = format!("{before}, for={address};proto=https, for=\"[2001:db8:ffff::1]\"");
            assert_eq!(standard(&[&said]), "203.0.113.7", "{said}");
        }
    }
}

#[test]
fn what_is_no_address_ends_the_walk() {
    for value in [
        "",
        "unknown",
        "_hidden",
        "203.0.113.7,",
        "203.0.113",
        "203.0.113.7:99999",
        "[203.0.113.7]",
        "fe80::1%eth0",
        "[2001:db8::1",
        "[2001:db8::1]x",
        "\"203.0.113.7",
        "203.0.113.7 203.0.113.8",
        "203.0.113.7, \u{e9}",
    ] {
        assert_eq!(listed(&[value]), "10.0.0.1", "{value:?}");
    }
    assert_eq!(listed(&["203.0.113.7, junk, 10.0.0.5"]), "10.0.0.5", "the last that a proxy said");
    assert_eq!(behind(&[]), "10.0.0.1");
}

#[test]
fn the_standard_header_is_read_too() {
    for values in [
        &["for=203.0.113.7"][..],
        &["For=\"203.0.113.7:4711\";proto=https;by=10.0.0.1"],
        &["for=198.51.100.1, by=_x;for=203.0.113.7;host=\"a,b;for=1.2.3.4\""],
        &["for=198.51.100.1", "for=203.0.113.7, for=10.0.0.7", "for=\"[2001:db8:ffff::1]\""],
        &["for=_hidden, for=203.0.113.7"],
        &["host=\"a\\\", for=198.51.100.9\";for=203.0.113.7"],
    ] {
        assert_eq!(standard(values), "203.0.113.7", "{values:?}");
    }
    for value in ["for=\"[2001:db8::1]:4711\"", "for=\"[2001:db8::1]\""] {
        assert_eq!(standard(&[value]), "2001:db8::1");
    }
    for value in ["for=unknown", "for=_hidden", "proto=https", "for=1.1.1.1;for=2.2.2.2", "for=", "203.0.113.7"] {
        assert_eq!(standard(&[value]), "10.0.0.1", "{value}");
    }
}

#[test]
fn two_headers_that_name_two_callers_name_nobody() {
    let both = |common, standard| behind(&[("x-forwarded-for", common), ("forwarded", standard)]);
    assert_eq!(both("203.0.113.7", "for=203.0.113.7"), "203.0.113.7");
    assert_eq!(both("203.0.113.7", "for=198.51.100.1"), "10.0.0.1");
    assert_eq!(both("203.0.113.7", "for=_hidden"), "10.0.0.1");
}

#[test]
fn networks_are_read_strictly() {
    for good in ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1", "::1/128", "::ffff:10.0.0.1"] {
        assert!(good.parse::<Network>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "proxy.example",
        "10.0.0.0/8/8",
        "::ffff:10.0.0.0/104",
        "10.0.0.1 ",
    ] {
        assert!(bad.parse::<Network>().is_err(), "{bad}");
    }
    assert!(!is_trusted(&networks("0.0.0.0/0"), ip("2001:db8::1")));
    assert!(is_trusted(&networks("2001:db8::/32"), ip("2001:db8:1::1")));
    assert!(!is_trusted(&networks("2001:db8::/32"), ip("2001:db9::1")));
}

#[test]
fn a_neighbour_is_an_address_or_a_64() {
    assert_eq!(neighbour(ip("2001:db8::1:2:3:4")), neighbour(ip("2001:db8::ffff:2:3:4")));
    assert_ne!(neighbour(ip("2001:db8::1")), neighbour(ip("2001:db8:0:1::1")));
    assert_eq!(neighbour(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    assert_ne!(neighbour(ip("192.0.2.1")), neighbour(ip("192.0.2.2")));
}
