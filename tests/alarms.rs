//! What a stranger can write into a message to an owner: nothing that is a link or a sentence of the issuer's, and not in
//! another language.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::issuer::demo::Plan;
use jitsuin::wallet::memory::run;
use jitsuin::wire::calls::LogIn;
use world::{Caller, World};

const HOSTILE: &str = "Login\" was refused: see https://evil.example/a@b+1 「ok";

async fn newest(world: &World, contact: &str) -> (String, String) {
    let inbox = world.issuer.inbox(0).await.unwrap();
    let message = inbox.into_iter().rev().map(|(_, message)| message).find(|message| message.to == contact).unwrap();
    (message.subject, message.text)
}

/// Registers a device of this name; its owner's language is the login's.
async fn enrol(world: &World, label: &str, language: &str) {
    let wallet = world.wallet(&world.place()).await;
    let attempt = wallet.log_in("hanako", "hanako-password", language).await.unwrap();
    let ticket = wallet.enter_code(&attempt, &world.code_for("hanako@example.test").await).await.unwrap();
    let ceremony = wallet.prepare_enrolment(&ticket, label, None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
}

#[test]
fn a_hostile_device_name_is_no_link_and_ends_no_quotation() {
    run(async {
        for language in ["en", "ja"] {
            let world = World::new().await;
            enrol(&world, HOSTILE, language).await;
            let (_, text) = newest(&world, "hanako@example.test").await;
            let name = "「Login\" was refused： see https：／／evil．example／a＠b＋１ 『ok」";
            assert!(text.contains(name), "{text}");
            assert_eq!(text.matches(['「', '」']).count(), 2, "{text}");
            assert!(!text.contains("evil.example") && !text.contains("https://evil"), "{text}");
        }
    });
}

#[test]
fn a_hostile_place_is_no_link_in_an_alarm() {
    run(async {
        let mut plan = Plan::default();
        plan.shops.last_mut().unwrap().place = Some("call +81 3-1234 or www.evil.example".parse().unwrap());
        let world = World::with(plan, |_| {}).await;
        let (_, wallet) = world.hanako().await;
        for (number, key) in [("1001", "sale-1"), ("2002", "sale-2")] {
            let code = wallet.payment_code(None).await.unwrap();
            world.till(number).await.charge(&code.text, 540, key).await;
            world.advance(20);
        }
        let inbox = world.issuer.inbox(0).await.unwrap();
        let alarms: Vec<_> = inbox.iter().filter(|(_, message)| message.text.contains("www")).collect();
        assert_eq!(alarms.len(), 1);
        let (_, alarm) = alarms.first().unwrap();
        assert!(alarm.text.contains("「call ＋８１ ３-１２３４ or www．evil．example」"), "{}", alarm.text);
    });
}

#[test]
fn a_password_alone_never_changes_the_language_of_messages() {
    run(async {
        let world = World::new().await;
        enrol(&world, "Phone", "ja").await;
        let thief = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
        Caller::stranger(&world).call(&thief).await.unwrap();
        let (subject, _) = newest(&world, "hanako@example.test").await;
        assert_eq!(subject, "端末登録またはアカウント停止の確認コード");
    });
}

#[test]
fn before_the_first_device_the_login_says_the_language_of_its_one_message() {
    run(async {
        let world = World::new().await;
        let log_in = async |language: &str| {
            let call = LogIn { login: "taro".into(), password: "taro-password".into(), language: language.into() };
            Caller::stranger(&world).call(&call).await.unwrap();
            newest(&world, "taro@example.test").await.0
        };
        assert_eq!(log_in("en").await, "Code to register a device or to stop your account");
        assert_eq!(log_in("ja").await, "端末登録またはアカウント停止の確認コード");
        // A device sets it, of the login that it came by; a recovery is one too.
        enrol(&world, "Phone", "en").await;
        assert_eq!(newest(&world, "hanako@example.test").await.0, "A device was registered");
    });
}
