//! Guessing: slowed per login, per source and in all.

use super::steps::advance;
use super::*;

#[test]
fn logins_are_slowed_by_the_day_known_or_not() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let call = |login: &str| LogIn { login: login.into(), password: "wrong".into(), language: "en".into() };
    let most = issuer.settings().attempts.per_login_day;
    for number in 0..most {
        if number % 5 == 0 {
            advance(&issuer, 15 * 60);
        }
        device.call(&issuer, &call("hanako")).unwrap();
    }
    advance(&issuer, 15 * 60);
    assert_eq!(device.call(&issuer, &call("hanako")).err(), Some(Code::TooManyAttempts));
    // A login that nobody has is slowed just so.
    for number in 0..most {
        if number % 5 == 0 {
            advance(&issuer, 15 * 60);
        }
        device.call(&issuer, &call("nobody")).unwrap();
    }
    advance(&issuer, 15 * 60);
    assert_eq!(device.call(&issuer, &call("nobody")).err(), Some(Code::TooManyAttempts));
}

/// A wrong login from an address: whether it was counted, or has to wait.
fn tries(issuer: &World, source: &'static str, login: &str) -> bool {
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
    for (source, login) in [("203.0.113.1", "a"), ("203.0.113.2", "b"), ("203.0.113.3", "c"), ("203.0.113.4", "d")] {
        assert!(tries(&issuer, source, login));
    }
    let told = || now(issuer.inbox(0)).unwrap().len();
    let before = told();
    for source in ["203.0.113.8", "203.0.113.9"] {
        assert!(!tries(&issuer, source, "e"));
    }
    assert_eq!(told(), before + 1);
    advance(&issuer, 2 * 3600);
    assert!(tries(&issuer, "203.0.113.8", "e"));
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
