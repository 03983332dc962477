#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::account::LoginEntry;
use crate::issuer::funding::DemoProcessor;
use crate::issuer::ledger::{Clock, MemoryLedger};
use crate::issuer::password::PasswordHash;
use crate::issuer::testing::now;
use crate::issuer::{Issuer, PasswordCost, Settings};

/// A ledger from before logins were mapped: each row stands under the login as it was opened.
fn old_ledger(logins: &[&str]) -> MemoryLedger {
    let ledger = MemoryLedger::new(Clock::movable(1_800_000_000_000));
    let password = PasswordHash::new("a password", [1; 16], PasswordCost::least()).unwrap();
    for login in logins {
        let account = "acc-1".parse().unwrap();
        let entry = LoginEntry { account, password: password.clone(), opened_as: None };
        let put = |records: &mut crate::issuer::ledger::Records| records.logins.put(login, entry.clone());
        now(ledger.transact(Needs::new().and(Kind::Logins, login), put)).unwrap();
    }
    ledger
}

fn open(ledger: MemoryLedger) -> Result<Issuer<MemoryLedger, DemoProcessor>, Refused> {
    let settings = Settings::new("https://issuer.example", &["https://wallet.example"]).unwrap();
    now(Issuer::open(ledger, DemoProcessor::new(), settings))
}

#[test]
fn a_ledger_with_two_logins_that_map_alike_is_not_opened_and_both_are_named() {
    for (first, second) in [("Hanako", "hanako"), ("HANAKO", "ｈａｎａｋｏ"), ("Cafe\u{301}", "café")] {
        let refused = open(old_ledger(&["taro", second, first])).err().unwrap();
        assert_eq!(refused.code, Code::LoginTaken);
        assert_eq!(refused.to_string(), format!("login-taken: \"{second}\" is compared like \"{first}\""));
    }
}

#[test]
fn an_old_login_is_moved_to_its_form_once() {
    let issuer = open(old_ledger(&["Hanako", "taro", "two words"])).unwrap();
    let rows = |issuer: &Issuer<MemoryLedger, DemoProcessor>| issuer.ledger().bodies(Kind::Logins);
    let moved = rows(&issuer);
    assert_eq!(moved.keys().collect::<Vec<_>>(), ["hanako", "taro", "two words"], "what nobody can type is left");
    now(map_rows(issuer.ledger())).unwrap();
    assert_eq!(rows(&issuer), moved);
}
