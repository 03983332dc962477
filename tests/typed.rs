//! What people type is compared as they mean it: logins, passwords and codes in any width, script, case and grouping.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::demo::{self, Person, Plan};
use jitsuin::wallet::memory::run;
use jitsuin::wire::calls::{EnrolTill, EnterCode, LogIn, TillEnrolled};
use jitsuin::wire::money::Amount;
use world::{Caller, World};

/// An account of these.
fn person(login: &str, password: &str) -> Person {
    Person {
        login: login.into(),
        password: password.into(),
        label: "Somebody".parse().unwrap(),
        contact: "somebody@example.test".into(),
        opened_with_wallet: true,
        balance: Amount::ZERO,
        cards: vec![],
    }
}

fn plan(people: Vec<Person>) -> Plan {
    Plan { people, shops: vec![] }
}

fn log_in(login: &str, password: &str) -> LogIn {
    LogIn { login: login.into(), password: password.into(), language: "en".into() }
}

/// Whether this login with this password brings a message with a code.
async fn reaches(world: &World, login: &str, password: &str) -> bool {
    let before = world.issuer.inbox(0).await.unwrap().len();
    Caller::stranger(world).call(&log_in(login, password)).await.unwrap();
    let reached = world.issuer.inbox(0).await.unwrap().len() > before;
    // A day has three codes that nobody enters.
    world.advance(24 * 3600);
    reached
}

/// The digits of a code in another script, by the script's zero.
fn in_script(code: &str, zero: char) -> String {
    code.chars().map(|digit| char::from_u32(u32::from(zero) + digit.to_digit(10).unwrap()).unwrap()).collect()
}

/// Ways to type a code of 8 digits, none of them as it is sent.
fn spellings(code: &str) -> Vec<String> {
    let (first, last) = code.split_at(4);
    vec![
        in_script(code, '０'),
        in_script(code, '٠'),
        in_script(code, '۰'),
        in_script(code, '०'),
        in_script(code, '\u{1d7ce}'),
        format!("{first} {last}\r\n"),
        format!("{first}-{last}"),
        format!("{first}－{last}"),
        format!("{first}ー{last}"),
        format!("\u{3000}{first}\u{2010}{last}\u{a0}"),
    ]
}

/// What is no code of 8 digits.
fn no_codes(code: &str) -> Vec<String> {
    let seven = &code[1..];
    vec![
        String::new(),
        seven.into(),
        format!("{code}0"),
        format!("{seven}O"),
        format!("+{code}"),
        format!("{code}."),
        format!("{seven}½"),
        code.repeat(500),
    ]
}

#[test]
fn a_contact_code_is_read_in_any_script_and_grouping() {
    run(async {
        let many = spellings("12345678").len();
        for which in 0..many {
            let world = World::new().await;
            let caller = Caller::stranger(&world);
            let attempt = caller.call(&log_in("hanako", "hanako-password")).await.unwrap().attempt;
            let code = spellings(&world.code_for("hanako@example.test").await).swap_remove(which);
            let entered = caller.call(&EnterCode { attempt, code: code.clone() }).await;
            assert!(entered.is_ok(), "{code:?}");
        }
    });
}

#[test]
fn what_is_no_contact_code_costs_no_try() {
    run(async {
        let world = World::with(Plan::default(), |settings| settings.attempts.per_source = 8).await;
        let caller = Caller::stranger(&world);
        let attempt = caller.call(&log_in("hanako", "hanako-password")).await.unwrap().attempt;
        let right = world.code_for("hanako@example.test").await;
        for code in no_codes(&right) {
            let refused = caller.call(&EnterCode { attempt: attempt.clone(), code }).await.err().unwrap();
            assert_eq!(refused.code, Code::CodeRefused.name());
        }
        assert!(caller.call(&EnterCode { attempt, code: right }).await.is_ok());
    });
}

#[test]
fn a_card_code_has_8_digits_and_is_read_alike() {
    run(async {
        let many = spellings("12345678").len();
        let world = World::new().await;
        let wallet = world.wallet(&world.place()).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        for which in 0..3 {
            let proof = wallet.prove_card("card-1".parse().unwrap()).await.unwrap().proof;
            let right = world.code_for("hanako@example.test").await;
            assert_eq!(right.len(), 8);
            for code in no_codes(&right) {
                let refused = world.issuer.finish_card_proof(&proof, &code).await.unwrap_err();
                assert_eq!(refused.code, Code::CodeRefused);
            }
            let code = spellings(&right).swap_remove(many - 1 - which);
            assert!(world.issuer.finish_card_proof(&proof, &code).await.is_ok(), "{code:?}");
        }
    });
}

#[test]
fn a_login_is_compared_without_width_and_case() {
    run(async {
        let world = World::with(plan(vec![person("Zoë.Ａ@example.test", "long password")]), |_| {}).await;
        let ways = [
            "zoë.a@example.test",
            "ZOË.A@EXAMPLE.TEST",
            "zoe\u{308}.a@example.test",
            "ｚｏｅ\u{308}．ａ＠ｅｘａｍｐｌｅ．ｔｅｓｔ",
            " Zoë.A@example.test\n",
        ];
        for login in ways {
            world.advance(3600);
            assert!(reaches(&world, login, "long password").await, "{login:?}");
        }
        for login in ["zoe.a@example.test", "zoë a@example.test", "zoë.a", ""] {
            assert!(!reaches(&world, login, "long password").await, "{login:?}");
        }
    });
}

#[test]
fn every_spelling_of_a_login_is_one_counter() {
    run(async {
        let world = World::new().await;
        let refused = async |login: &str| Caller::stranger(&world).call(&log_in(login, "x")).await.err();
        let most = world.issuer.settings().attempts.per_login;
        for (_, login) in (0..most).zip(["hanako", "Hanako", "ＨＡＮＡＫＯ", "hanaKo", "hanako "].iter().cycle())
        {
            assert!(refused(login).await.is_none(), "{login}");
        }
        for login in ["HANAKO", "hanako", "ｈanako"] {
            assert_eq!(refused(login).await.unwrap().code, Code::TooManyAttempts.name(), "{login}");
        }
    });
}

#[test]
fn two_accounts_that_map_alike_are_refused_when_opened() {
    run(async {
        for second in ["hanako", "HANAKO", "ｈａｎａｋｏ"] {
            let world = World::with(plan(vec![]), |_| {}).await;
            let both = plan(vec![person("hanako", "first password"), person(second, "second password")]);
            let refused = demo::seed(&world.issuer, &both).await.unwrap_err();
            assert_eq!(refused.code, Code::LoginTaken, "{second}");
        }
        let world = World::with(plan(vec![]), |_| {}).await;
        for nobody in ["", " ", "two words", "tab\tinside"] {
            let refused = demo::seed(&world.issuer, &plan(vec![person(nobody, "a password")])).await.unwrap_err();
            assert_eq!(refused.code, Code::BadArgument, "{nobody:?}");
        }
    });
}

#[test]
fn a_login_that_maps_like_one_in_the_ledger_opens_no_account() {
    run(async {
        let world = World::with(plan(vec![person("Hanako", "first password")]), |_| {}).await;
        for second in ["hanako", "HANAKO", "ｈａｎａｋｏ"] {
            let other = plan(vec![person("taro", "a password"), person(second, "second password")]);
            let refused = demo::seed(&world.issuer, &other).await.unwrap_err();
            assert_eq!(refused.code, Code::LoginTaken, "{second}");
            assert_eq!(refused.to_string(), format!("login-taken: \"{second}\" is compared like \"Hanako\""));
            assert!(!reaches(&world, second, "second password").await, "{second}");
            assert!(!reaches(&world, "taro", "a password").await, "all or none");
        }
        // The same login again is the same account.
        let again = demo::seed(&world.issuer, &plan(vec![person("Hanako", "first password")])).await.unwrap();
        assert!(again.accounts.is_empty());
        world.advance(3600);
        assert!(reaches(&world, "hanako", "first password").await);
    });
}

#[test]
fn a_password_is_compared_in_one_form_and_nothing_else_is_folded() {
    run(async {
        let world = World::with(plan(vec![person("zoe", "Café\u{3000}が")]), |_| {}).await;
        for password in ["Café\u{3000}が", "Cafe\u{301}\u{3000}か\u{3099}", "Café が", "Café\u{a0}が"] {
            world.advance(3600);
            assert!(reaches(&world, "zoe", password).await, "{password:?}");
        }
        for password in ["café が", "Cafe が", "Ｃafé が", "Café が ", "Caféが"] {
            world.advance(3600);
            assert!(!reaches(&world, "zoe", password).await, "{password:?}");
        }
    });
}

#[test]
fn a_till_code_is_base32_and_typed_in_any_case() {
    run(async {
        let ways: [fn(&str) -> String; 5] = [
            |code| code.to_ascii_lowercase(),
            |code| code.to_ascii_uppercase(),
            |code| format!(" {}-{}\n", &code[..8], &code[8..]),
            |code| code.chars().map(|sign| char::from_u32(u32::from(sign) + 0xfee0).unwrap()).collect(),
            |code| code.to_ascii_lowercase().chars().map(|sign| format!("{sign} ")).collect(),
        ];
        for way in ways {
            let world = World::new().await;
            let sent = world.issuer.send_till_code(&"t/1001".parse().unwrap()).await.unwrap();
            assert_eq!(sent.len(), 16);
            assert!(sent.bytes().all(|sign| matches!(sign, b'A'..=b'Z' | b'2'..=b'7')), "{sent}");
            let code = way(&sent);
            let enrolled = Caller::stranger(&world).call(&EnrolTill { code: code.clone() }).await;
            assert!(enrolled.is_ok_and(|TillEnrolled { till, .. }| till.as_str() == "t/1001"), "{code:?}");
        }
    });
}
