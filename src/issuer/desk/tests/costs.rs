//! The cost of hashing was raised: the work of a login tells nothing of whether anybody has it.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::funding::DemoProcessor;
use crate::issuer::password::tests::work;
use crate::issuer::settings::PasswordCost;
use crate::issuer::testing::beside::Beside;

const RAISED: PasswordCost = PasswordCost { memory: 16, passes: 2, lanes: 1 };

/// A server over a world's ledger that hashes at another cost.
fn at_cost(issuer: &World, cost: PasswordCost) -> Issuer<Beside<'_>, DemoProcessor> {
    let mut settings = issuer.settings().clone();
    settings.password_cost = cost;
    now(Issuer::open(Beside::new(issuer.ledger()), DemoProcessor::new(), settings)).unwrap()
}

/// The hashes of one login by a key of its own.
fn hashes(
    issuer: &Issuer<Beside<'_>, DemoProcessor>,
    key: u8,
    login: &str,
    password: &str,
) -> Vec<(PasswordCost, usize)> {
    work();
    let call = LogIn { login: login.into(), password: password.into(), language: "en".into() };
    Client::at(key, &format!("198.51.{key}.7")).call(issuer, &call).unwrap();
    work()
}

/// The memory of the hash that is kept of a login.
fn kept(issuer: &World, login: &str) -> u64 {
    let body = issuer.ledger().bodies(Kind::Logins).remove(login).unwrap();
    serde_json::from_str::<serde_json::Value>(&body).unwrap()["password"]["memory"].as_u64().unwrap()
}

#[test]
fn a_login_takes_the_same_work_whoever_has_it_and_at_whichever_cost_its_hash_was_made() {
    let issuer = world();
    let raised = at_cost(&issuer, RAISED);
    let wrong = |key, login| hashes(&raised, key, login, "wrong-password!");
    let nobody = wrong(60, "nobody");
    assert!(nobody.iter().any(|(cost, _)| *cost == RAISED));
    assert_eq!(wrong(61, "hanako"), nobody, "a login of the cost before");
    // The right password takes the same work, and its hash is made anew.
    assert_eq!((kept(&issuer, "hanako"), kept(&issuer, "taro")), (8, 8));
    assert_eq!(hashes(&raised, 62, "hanako", "hanako-password"), nobody);
    assert_eq!((kept(&issuer, "hanako"), kept(&issuer, "taro")), (16, 8));
    for (key, login) in [(63, "nobody"), (64, "hanako"), (65, "taro"), (66, "somebody")] {
        assert_eq!(wrong(key, login), nobody, "{login}");
    }
    // Also where a password is typed in another form than it is hashed in.
    let typed = |key, login| hashes(&raised, key, login, "wrong-passwore\u{301}");
    let nobody = typed(67, "nobody");
    assert_eq!([typed(68, "hanako"), typed(69, "taro")], [nobody.clone(), nobody]);
}

#[test]
fn the_work_of_a_cost_that_no_hash_has_any_more_is_saved_from_the_next_start_on() {
    let issuer = world();
    let raised = at_cost(&issuer, RAISED);
    let both = hashes(&raised, 60, "nobody", "wrong-password!").len();
    for login in ["hanako", "taro"] {
        hashes(&raised, 61, login, &format!("{login}-password"));
    }
    let next = at_cost(&issuer, RAISED);
    let one = hashes(&next, 62, "nobody", "wrong-password!");
    assert_eq!(one, [(RAISED, 15)]);
    assert!(one.len() < both);
    assert_eq!(hashes(&next, 63, "taro", "wrong-password!"), one);
    assert_eq!(hashes(&next, 64, "taro", "taro-password!!"), one);
}

#[test]
fn a_cost_that_another_server_brought_is_spent_on_every_login_once_it_was_met() {
    let issuer = world();
    let raised = at_cost(&issuer, RAISED);
    for login in ["hanako", "taro"] {
        hashes(&raised, 61, login, &format!("{login}-password"));
    }
    // This one was opened when no hash was of another cost; the world's own server makes hashes of the least.
    let next = at_cost(&issuer, RAISED);
    let login = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    Client::at(70, "198.51.100.70").call(&issuer, &login).unwrap();
    assert_eq!((kept(&issuer, "hanako"), kept(&issuer, "taro")), (8, 16));
    let met = hashes(&next, 62, "hanako", "wrong-password!");
    for (key, login) in [(63, "nobody"), (64, "taro"), (65, "hanako")] {
        assert_eq!(hashes(&next, key, login, "wrong-password!"), met, "{login}");
    }
}
