//! Guessing: slowed per login, per source and in all.

use super::steps::advance;
use super::*;

/// A wrong login from an address: whether it was counted, or has to wait.
fn tries(issuer: &World, source: &str, login: &str) -> bool {
    let call = LogIn { login: login.into(), password: "wrong".into(), language: "en".into() };
    match Client::at(DEVICE, source).call(issuer, &call) {
        Ok(_) => true,
        Err(code) => {
            assert_eq!(code, Code::TooManyAttempts);
            false
        }
    }
}

#[test]
fn one_source_waits_for_its_window_whichever_logins_it_tries_and_another_goes_on() {
    let issuer = world_with(|attempts| attempts.per_source = 3);
    for login in ["a", "b", "c"] {
        assert!(tries(&issuer, "203.0.113.1", login));
    }
    assert!(!tries(&issuer, "203.0.113.1", "d"));
    assert!(tries(&issuer, "203.0.113.2", "d"));
    advance(&issuer, 15 * 60);
    assert!(tries(&issuer, "203.0.113.1", "d"));
}

#[test]
fn logins_from_everywhere_meet_one_ceiling_and_the_operator_is_told_once() {
    let issuer = world_with(|attempts| attempts.in_all = 4);
    let told = || now(issuer.inbox(0)).unwrap().len();
    let before = told();
    for (source, login) in [("203.0.1.1", "a"), ("203.0.2.1", "b"), ("203.0.3.1", "c"), ("203.0.4.1", "d")] {
        assert!(tries(&issuer, source, login));
    }
    assert_eq!(told(), before);
    // Who has had a share waits. Whoever had none goes on, up to four times as many.
    for network in 8..20 {
        assert!(!tries(&issuer, "203.0.1.7", "e"));
        assert!(tries(&issuer, &format!("203.0.{network}.1"), "e"));
    }
    for network in 20..22 {
        assert!(!tries(&issuer, &format!("203.0.{network}.1"), "e"));
    }
    assert_eq!(told(), before + 1);
    advance(&issuer, 2 * 3600);
    assert!(tries(&issuer, "203.0.20.1", "e"));
}

fn sent(issuer: &World) -> usize {
    now(issuer.inbox(0)).unwrap().iter().filter(|(_, message)| message.code.is_some()).count()
}

#[test]
fn a_fourth_card_proof_of_a_day_hears_the_same_and_no_code_is_sent() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let before = sent(&issuer);
    let start = || device.call(&issuer, &ProveCard { source: "card-1".parse().unwrap() }).unwrap();
    let [.., third] = [start(), start(), start()];
    let code_of_third = newest_code(&issuer, "hanako@example.test").unwrap();
    assert_eq!(sent(&issuer), before + 3);
    let fourth = start();
    assert_eq!((fourth.page, fourth.proof.len()), (third.page.clone(), third.proof.len()));
    assert_ne!(fourth.proof, third.proof);
    assert_eq!(sent(&issuer), before + 3);
    assert_eq!(now(issuer.finish_card_proof(&fourth.proof, &code_of_third)).unwrap_err().code, Code::CodeRefused);
    // What was sent stays good, so a copied key that uses the day up ends no proof of the owner.
    now(issuer.finish_card_proof(&third.proof, &code_of_third)).unwrap();
    advance(&issuer, 24 * 3600);
    prove_card(&issuer, &device, "card-2");
}

#[test]
fn proofs_of_all_cards_share_their_account_s_day() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let before = sent(&issuer);
    for card in ["card-1", "card-2", "card-1", "card-2", "card-3"] {
        device.call(&issuer, &ProveCard { source: card.parse().unwrap() }).unwrap();
    }
    assert_eq!(sent(&issuer), before + 3);
    // A source that is none is named as before: nothing is hidden from whoever holds the list of cards.
    let none = ProveCard { source: "card-99".parse().unwrap() };
    assert_eq!(device.call(&issuer, &none).err(), Some(Code::SourceUnknown));
}

const CALL: fn(&str) -> LogIn =
    |password| LogIn { login: "hanako".into(), password: password.into(), language: "en".into() };

#[test]
fn a_stranger_at_another_address_stops_no_login_of_its_owner() {
    let issuer = world();
    for _ in 0..6 {
        let _ = Client::at(60, "203.0.113.1").call(&issuer, &CALL("wrong"));
    }
    assert!(Client::at(DEVICE, "203.0.113.2").call(&issuer, &CALL("hanako-password")).is_ok());
}

#[test]
fn a_device_key_that_finished_a_login_goes_on_when_every_other_bucket_is_full() {
    let issuer = world_with(|attempts| (attempts.in_all, attempts.per_source) = (5, 3));
    let owner = Client::new(DEVICE);
    log_in(&issuer, &owner, "hanako", "hanako-password").unwrap();
    for network in 10..40 {
        let _ = Client::at(60, &format!("203.0.{network}.1")).call(&issuer, &CALL("wrong"));
    }
    for _ in 0..3 {
        let _ = Client::at(60, "::1").call(&issuer, &CALL("wrong"));
    }
    assert_eq!(Client::at(60, "203.0.9.1").call(&issuer, &CALL("wrong")).err(), Some(Code::TooManyAttempts));
    assert!(owner.call(&issuer, &CALL("hanako-password")).is_ok());
    // A copy of that key at another address fills a bucket of its own.
    for _ in 0..6 {
        let _ = Client::at(DEVICE, "203.0.113.1").call(&issuer, &CALL("wrong"));
    }
    assert!(owner.call(&issuer, &CALL("hanako-password")).is_ok());
}

#[test]
fn logins_of_one_ipv6_network_and_of_one_mapped_address_are_one_source() {
    let issuer = world_with(|attempts| attempts.per_source = 1);
    assert!(tries(&issuer, "2001:db8:0:1::1", "a"));
    assert!(!tries(&issuer, "2001:db8:0:1:ffff::2", "b"));
    assert!(tries(&issuer, "2001:db8:0:2::1", "b"));
    assert!(tries(&issuer, "203.0.113.1", "c"));
    assert!(!tries(&issuer, "::ffff:203.0.113.1", "d"));
}

#[test]
fn whoever_fills_an_address_with_logins_keeps_nobody_there_from_the_passkey_freeze() {
    let issuer = world_with(|attempts| attempts.per_source = 1);
    assert!(tries(&issuer, "203.0.113.1", "a"));
    assert!(!tries(&issuer, "203.0.113.1", "b"));
    for _ in 0..3 {
        assert!(Client::at(60, "203.0.113.1").call(&issuer, &PreparePasskeyFreeze {}).is_ok());
        let no_code = FreezeByCode { code: "x".into() };
        assert_eq!(Client::at(60, "203.0.113.1").call(&issuer, &no_code).err(), Some(Code::CodeRefused));
    }
}

#[test]
fn the_ceiling_over_all_logins_names_the_end_of_its_hour() {
    let issuer = world_with(|attempts| attempts.in_all = 1);
    for network in 1..5 {
        assert!(tries(&issuer, &format!("203.0.{network}.1"), "a"));
    }
    let reply = Client::at(60, "198.51.100.2").send(&issuer, LogIn::PATH, &text(&CALL("wrong")));
    assert_eq!(code(&reply), Some(Code::TooManyAttempts));
    let ends = reply.retry_after.unwrap();
    advance(&issuer, ends - 1);
    assert!(!tries(&issuer, "198.51.100.2", "b"));
    advance(&issuer, 1);
    assert!(tries(&issuer, "198.51.100.2", "b"));
}

/// Contact codes that went to hanako.
fn codes(issuer: &World) -> usize {
    let inbox = now(issuer.inbox(0)).unwrap();
    inbox.iter().filter(|(_, message)| message.code.is_some() && message.to == "hanako@example.test").count()
}

#[test]
fn a_fourth_code_of_a_day_that_nobody_enters_is_not_sent_and_the_answer_is_the_same() {
    let issuer = world();
    let owner = Client::new(DEVICE);
    log_in(&issuer, &owner, "hanako", "hanako-password").unwrap();
    let before = codes(&issuer);
    // Whoever has the password asks from many places.
    let ask = |(key, source)| Client::at(key, source).call(&issuer, &CALL("hanako-password")).unwrap().attempt;
    let attempts =
        [(60, "203.0.113.1"), (61, "203.0.113.2"), (62, "203.0.113.3"), (63, "203.0.113.4"), (64, "203.0.113.5")]
            .map(ask);
    assert_eq!(codes(&issuer), before + 3);
    assert!(attempts.iter().all(|attempt| attempt.len() == attempts[0].len()));
    let last = now(issuer.inbox(0)).unwrap().pop().unwrap().1.text;
    assert!(
        last.contains("no more codes are sent for 24 hours") || last.contains("24時間は新しいコードを送りません"),
        "{last}"
    );
    // The owner's device that finished a login before has codes of its own, and a code that is entered clears the count.
    log_in(&issuer, &owner, "hanako", "hanako-password").unwrap();
    assert_eq!(codes(&issuer), before + 4);
    advance(&issuer, 24 * 3600);
    ask((65, "203.0.113.6"));
    assert_eq!(codes(&issuer), before + 5);
}

#[test]
fn strangers_with_the_password_at_the_owner_s_own_address_leave_a_known_device_its_codes() {
    let issuer = world();
    let here = "203.0.113.1";
    let owner = Client::at(DEVICE, here);
    log_in(&issuer, &owner, "hanako", "hanako-password").unwrap();
    advance(&issuer, 60);
    let before = codes(&issuer);
    for key in 60..65 {
        Client::at(key, here).call(&issuer, &CALL("hanako-password")).unwrap();
    }
    assert_eq!(codes(&issuer), before + 5, "one row");
    owner.call(&issuer, &CALL("hanako-password")).unwrap();
    assert_eq!(codes(&issuer), before + 6);
}
