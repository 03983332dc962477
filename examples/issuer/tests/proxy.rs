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
use serde_json::Value;
use server::proof::Device;
use server::{Server, folder};
use std::fs::File;

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

/// What it warned of while these headers came to it twice, of no call in particular.
fn warnings(more: &[&str], headers: &[(&str, &str)]) -> Vec<Value> {
    let place = folder();
    let (ledger, log) = (format!("sqlite:{}", place.join("ledger.sqlite").display()), place.join("log"));
    let arguments = [&["--demo", "--ledger", &ledger], more].concat();
    let server = Server::logging(&arguments, File::create(&log).unwrap());
    for _ in 0..2 {
        assert_ne!(log_in(&server, headers), 429);
    }
    assert!(server.stop().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.contains("203.0.113") && !log.contains("2001:db8"), "the address of a person: {log}");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_of_headers =
        |line: &Value| line["message"].as_str().is_some_and(|message| message.contains("X-Forwarded-For"));
    lines.filter(|line| line["level"] == "WARN" && is_of_headers(line)).collect()
}

#[test]
fn a_proxy_that_nobody_listed_is_told_of_once() {
    for trusted in [&[][..], &["--trusted-proxy", "127.0.0.2"]] {
        for header in [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=\"[2001:db8::1]\"")] {
            let said = warnings(trusted, &[header]);
            assert_eq!(said.len(), 1, "{said:?}");
            let message = said[0]["message"].as_str().unwrap();
            assert!(message.contains("--trusted-proxy") && message.contains("share one limit"), "{message}");
            assert_eq!(said[0]["peer"], "127.0.0.1");
        }
    }
    for headers in [&[][..], &[("X-Forwarded-For", "203.0.113.7")]] {
        assert_eq!(warnings(&["--trusted-proxy", "127.0.0.1"], headers), [Value::Null; 0]);
    }
}

#[test]
fn two_headers_that_name_different_callers_are_told_of_once() {
    let trusted = ["--trusted-proxy", "127.0.0.1"];
    let both = |other| [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", other)];
    let said = warnings(&trusted, &both("for=203.0.113.8"));
    assert_eq!(said.len(), 1, "{said:?}");
    let message = said[0]["message"].as_str().unwrap();
    assert!(message.contains("X-Forwarded-For and Forwarded"), "{message}");
    assert_eq!(warnings(&trusted, &both("for=203.0.113.7")), [Value::Null; 0]);
}
