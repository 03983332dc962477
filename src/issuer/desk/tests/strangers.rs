//! What strangers in many networks, and whoever copied a device key, can't keep an owner from.
#![allow(clippy::unwrap_used)]
use super::steps::advance;
use super::*;

/// A key that no account has.
const STRANGER: u8 = 60;
/// A device key of the owner's that was never used before.
const ANOTHER: u8 = 64;

/// A login with a wrong password by a key at an address: the seconds to wait, unless it was taken.
fn wait(issuer: &World, (key, source): (u8, &str), login: &str) -> Option<u32> {
    let call = LogIn { login: login.into(), password: "wrong".into(), language: "en".into() };
    let reply = Client::at(key, source).send(issuer, LogIn::PATH, &text(&call));
    assert!(matches!(code(&reply), None | Some(Code::TooManyAttempts)));
    reply.retry_after
}

/// An address in one of 256 IPv4 networks.
fn v4(network: usize) -> String {
    format!("198.51.{network}.7")
}

/// To whom messages in Japanese said that there are many tries.
fn warned(issuer: &World) -> Vec<String> {
    let inbox = now(issuer.inbox(0)).unwrap();
    inbox
        .into_iter()
        .filter(|(_, message)| message.subject.contains("試みられ"))
        .map(|(_, message)| message.to)
        .collect()
}

#[test]
fn strangers_in_two_hundred_networks_keep_no_owner_from_login_recovery_and_freeze() {
    let issuer = world();
    enrolled(&issuer, "hanako");
    let mut taken = 0;
    for _ in 0..10 {
        taken += (0..200).filter(|network| wait(&issuer, (STRANGER, &v4(*network)), "hanako").is_none()).count();
        advance(&issuer, 3600);
    }
    assert_eq!(taken, 2_000);
    // On a new device, in a network of the owner's own.
    let (device, prepared) = replace::prepared(&issuer);
    let call = replace::confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {});
    device.call(&issuer, &call).unwrap();
    let another = Client::new(ANOTHER);
    let Ticket { ticket } = log_in(&issuer, &another, "hanako", "hanako-password").unwrap();
    another.call(&issuer, &FreezeByTicket { ticket }).unwrap();
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::Frozen));
}

#[test]
fn seventeen_addresses_that_try_logins_of_nobody_close_no_login() {
    // As many for each other as by default: 17 addresses with 300 in a quarter of an hour have 20,400 in an hour.
    let issuer = world_with(|attempts| (attempts.per_source, attempts.in_all) = (2, 133));
    let (mut taken, mut refused) = (0, 0);
    for quarter in 0..4 {
        for number in 0..34 {
            match wait(&issuer, (STRANGER, &v4(number % 17)), &format!("nobody-{quarter}-{number}")) {
                None => taken += 1,
                Some(_) => refused += 1,
            }
        }
        advance(&issuer, 15 * 60);
    }
    assert_eq!((taken, refused), (133, 3), "from there on they wait");
    let device = Client::at(ANOTHER, "203.0.113.1");
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    assert!(device.call(&issuer, &preparation(ticket, CHANNEL)).is_ok());
}

#[test]
fn an_owner_hears_once_a_day_of_many_tries_and_the_answers_tell_nothing() {
    let rows = |issuer: &World| {
        let count = |kind: &Kind| (*kind, issuer.ledger().bodies(*kind).len());
        Kind::ALL.iter().map(count).collect::<Vec<_>>()
    };
    let mut written = Vec::new();
    for (login, told) in [("hanako", &["hanako@example.test"][..]), ("nobody", &[])] {
        let issuer = world_with(|attempts| attempts.per_login_day = 8);
        let day = |first: usize| {
            for network in first..first + 12 {
                assert_eq!(wait(&issuer, (STRANGER, &v4(network)), login), None, "nobody is refused");
            }
        };
        for network in 0..7 {
            wait(&issuer, (STRANGER, &v4(network)), login);
        }
        now(issuer.sweep()).unwrap();
        assert!(warned(&issuer).is_empty(), "seven are not many");
        day(7);
        // Whatever there is to tell leaves the same rows, and is told later.
        written.push(rows(&issuer));
        assert!(warned(&issuer).is_empty());
        now(issuer.sweep()).unwrap();
        assert_eq!(warned(&issuer), told, "{login}");
        day(19);
        now(issuer.sweep()).unwrap();
        assert_eq!(warned(&issuer), told, "once a day");
        advance(&issuer, 24 * 3600);
        day(31);
        now(issuer.sweep()).unwrap();
        assert_eq!(warned(&issuer).len(), 2 * told.len());
    }
    assert_eq!(written[0], written[1]);
}

#[test]
fn one_wide_network_uses_up_a_tenth_of_the_ceiling_over_all_logins_and_no_more() {
    // Of an IPv6 /56, and of an IPv4 /24.
    let wide: [fn(usize) -> String; 2] =
        [|number| format!("2001:db8:0:{number:x}::1"), |number| format!("203.0.113.{number}")];
    for address in wide {
        let issuer = world_with(|attempts| attempts.in_all = 40);
        log_in(&issuer, &Client::new(DEVICE), "hanako", "hanako-password").unwrap();
        let mut taken = 0;
        let mut ends = 0;
        for number in 0..256 {
            match wait(&issuer, (STRANGER, &address(number)), &format!("login-{number}")) {
                None => taken += 1,
                Some(seconds) => ends = seconds,
            }
        }
        assert_eq!(taken, 4, "{}", address(0));
        assert_eq!(wait(&issuer, (STRANGER, "198.51.100.7"), "hanako"), None, "another network goes on");
        assert_eq!(wait(&issuer, (STRANGER, "2001:db8:1::1"), "hanako"), None);
        assert_eq!(wait(&issuer, (DEVICE, &address(1)), "hanako"), None, "and so does a known key");
        assert!(0 < ends && ends <= 3600 + 300, "its end is said: {ends}");
        advance(&issuer, ends - 1);
        assert!(wait(&issuer, (STRANGER, &address(1)), "x").is_some());
        advance(&issuer, 1);
        assert_eq!(wait(&issuer, (STRANGER, &address(1)), "x"), None);
    }
}

/// Fills what is borne of all logins, 40, from as many networks.
fn fill(issuer: &World) {
    for network in 0..40 {
        assert_eq!(wait(issuer, (STRANGER, &v4(network)), &format!("login-{network}")), None);
    }
    assert!(wait(issuer, (STRANGER, &v4(200)), "another").is_some());
}

#[test]
fn whoever_copied_a_key_gains_its_day_and_keeps_its_owner_from_no_login() {
    let issuer = world_with(|attempts| (attempts.per_key_day, attempts.in_all) = (4, 20));
    log_in(&issuer, &Client::new(DEVICE), "hanako", "hanako-password").unwrap();
    let copy = |network| wait(&issuer, (DEVICE, &v4(network)), "hanako");
    for network in 100..104 {
        assert_eq!(copy(network), None);
    }
    // The key's day is over: its owner goes on as on a new device, and so does the copy.
    assert_eq!(wait(&issuer, (DEVICE, "::1"), "hanako"), None);
    for network in 100..104 {
        assert_eq!(copy(network), None);
    }
    // The first login and these five were counted as strangers' are: 74 more, and the hour's are over for the copy too.
    for network in 0..74 {
        assert_eq!(wait(&issuer, (STRANGER, &v4(network)), &format!("login-{network}")), None);
    }
    assert!(copy(104).is_some());
    advance(&issuer, 2 * 3600);
    log_in(&issuer, &Client::new(DEVICE), "hanako", "hanako-password").unwrap();
}

#[test]
fn a_known_key_that_has_to_wait_goes_on_as_a_stranger_does() {
    let issuer = world();
    let owner = Client::new(DEVICE);
    log_in(&issuer, &owner, "hanako", "hanako-password").unwrap();
    let per_login = issuer.settings().attempts.per_login;
    for _ in 0..2 * per_login {
        assert_eq!(wait(&issuer, (DEVICE, "::1"), "hanako"), None);
    }
    assert_eq!(wait(&issuer, (DEVICE, "::1"), "hanako"), Some(60));
    assert_eq!(wait(&issuer, (STRANGER, "::1"), "hanako"), Some(60));
}

#[test]
fn a_key_that_was_signed_off_is_known_no_more() {
    let issuer = world_with(|attempts| attempts.in_all = 10);
    let (device, _) = enrolled(&issuer, "hanako");
    advance(&issuer, 2 * 3600);
    fill(&issuer);
    assert_eq!(wait(&issuer, (DEVICE, "::1"), "hanako"), None);
    device.call(&issuer, &SignOff {}).unwrap();
    assert!(wait(&issuer, (DEVICE, "::1"), "hanako").is_some());
}

#[test]
fn a_try_that_one_bucket_refuses_fills_no_other() {
    let issuer = world_with(|attempts| attempts.per_source = 6);
    let per_login = issuer.settings().attempts.per_login;
    for _ in 0..per_login {
        assert_eq!(wait(&issuer, (STRANGER, "203.0.113.1"), "a"), None);
    }
    for _ in 0..10 {
        assert_eq!(wait(&issuer, (STRANGER, "203.0.113.1"), "a"), Some(60));
    }
    assert_eq!(wait(&issuer, (STRANGER, "203.0.113.1"), "b"), None);
    assert!(wait(&issuer, (STRANGER, "203.0.113.1"), "c").is_some(), "the sixth was the last");
    // Nor the day's count of a login, of which its owner would hear.
    let issuer = world_with(|attempts| (attempts.per_login_day, attempts.in_all) = (9, 2));
    for network in 0..20 {
        wait(&issuer, (STRANGER, &v4(network)), "hanako");
    }
    now(issuer.sweep()).unwrap();
    assert!(warned(&issuer).is_empty());
}
