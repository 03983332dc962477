//! Whatever the issuer registers, its wallets read: a name that can't be read is refused when it is registered, and no
//! name stops a history.
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
use jitsuin::issuer::demo::Plan;
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::{Settings, Wallet};
use jitsuin::wire::calls::{Outcome, TillEnrolled, WhichTill};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::text::Label;
use world::{World, balance};

/// Names that a wallet can't read, or a person can't see.
fn unreadable() -> Vec<String> {
    let inside =
        ['\n', '\t', '\r', '\0', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}', '\u{61c}'];
    let mut names: Vec<String> = inside.iter().map(|inside| format!("Kado{inside}no Mise")).collect();
    names.extend(["角".repeat(90), "a".repeat(61), String::new(), " ".into(), "\u{3164}".into(), "Ka\u{ad}do".into()]);
    names
}

/// The longest names of each width, and those that need more than letters.
fn readable() -> Vec<Label> {
    let names = [
        "a".repeat(60),
        "角".repeat(60),
        "😀".repeat(60),
        "かど\u{3099}の店".into(),
        "می\u{200c}خواهم".into(),
        "👨\u{200d}👩\u{200d}👧\u{200d}👦".into(),
        "\"Kado\" & <b>Söhne</b>\\".into(),
    ];
    names.iter().map(|name| name.parse().unwrap()).collect()
}

async fn a_payment_there_is_read(plan: Plan, device: &Label) -> Result<(), String> {
    let shop = plan.shops[0].clone();
    let account = plan.people[0].label.clone();
    let world = World::with(plan, |_| {}).await;
    let place = world.place();
    let wallet = world.wallet(&place).await;
    let ticket = world.ticket(&wallet, "hanako").await.unwrap();
    let ceremony = wallet.prepare_enrolment(&ticket, device.as_str(), Some(account.as_str())).await;
    let ceremony = ceremony.map_err(|error| format!("enrol: {:?}", error.code))?;
    wallet.confirm(ceremony.id).await.map_err(|error| format!("confirm: {:?}", error.code))?;
    let till = world.till("1001").await;
    let who: TillEnrolled = till.0.call(&WhichTill {}).await.unwrap();
    assert_eq!((who.name, who.place), (shop.name.clone().into(), shop.place.clone().map(Into::into)));
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    // A second sale within seconds is declined, which a receipt tells with its reason.
    world.advance(1);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-2").await, Outcome::Declined);
    for sync in 1..=2 {
        wallet.sync().await.map_err(|error| format!("sync {sync}: {:?}", error.code))?;
    }
    let state = wallet.state();
    assert_eq!(balance(&wallet), 1_460);
    assert!(state.alerts.is_empty(), "{:?}", state.alerts);
    assert_eq!(state.account_label.as_deref(), Some(account.as_str()));
    assert_eq!(state.devices[0].label, device.as_str());
    let seen = |kind| state.recent.iter().find(|receipt| receipt.kind == kind).unwrap();
    assert_eq!(seen(Kind::Payment).shop.as_deref(), Some(shop.name.as_str()));
    assert_eq!(seen(Kind::Payment).place.as_deref(), shop.place.as_ref().map(Label::as_str));
    assert_eq!(seen(Kind::Declined).reason.as_deref(), Some("too-fast"));
    assert_eq!(seen(Kind::DeviceAdded).device_label.as_deref(), Some(device.as_str()));
    assert!(state.recent.iter().all(|receipt| receipt.missing.is_none()), "{:?}", state.recent);
    Ok(())
}

#[test]
fn a_name_that_no_wallet_could_read_is_no_label() {
    for name in unreadable() {
        assert!(name.parse::<Label>().is_err(), "{name:?}");
    }
}

#[test]
fn every_registered_name_is_read_by_till_and_wallet() {
    for name in readable() {
        let mut plan = Plan::default();
        plan.shops[0].name = name.clone();
        plan.shops[0].place = Some(name.clone());
        plan.people[0].label = name.clone();
        assert_eq!(run(a_payment_there_is_read(plan, &name)), Ok(()), "{name}");
    }
}

#[test]
fn a_place_may_be_absent() {
    let mut plan = Plan::default();
    plan.shops[0].place = None;
    assert_eq!(run(a_payment_there_is_read(plan, &"Phone".parse().unwrap())), Ok(()));
}

#[test]
fn a_device_label_that_no_wallet_could_read_is_refused_by_its_name_at_the_desk() {
    run(async {
        for name in unreadable().into_iter().filter(|name| !name.trim_ascii().is_empty()) {
            let world = World::new().await;
            let wallet = world.wallet(&world.place()).await;
            let ticket = world.ticket(&wallet, "hanako").await.unwrap();
            let refused = match wallet.prepare_enrolment(&ticket, &name, None).await {
                Ok(ceremony) => wallet.confirm(ceremony.id).await.unwrap_err(),
                Err(refused) => refused,
            };
            assert_eq!(refused.code, Code::BadLabel, "{name:?}");
        }
    });
}

/// The wallet of a profile, with a name for its devices.
async fn named(place: &Place, label: &str) -> Wallet<Place> {
    let settings = Settings {
        custody: Some(Custody::Software),
        label: label.into(),
        ..Settings::new(world::ISSUER.parse().unwrap())
    };
    Wallet::open(place.clone(), settings).await.unwrap()
}

#[test]
fn a_name_that_is_no_label_costs_no_ticket() {
    run(async {
        let world = World::new().await;
        // The default of a page is a label like any other.
        let wallet = named(&world.place(), "Ka\u{ad}do").await;
        let ticket = world.ticket(&wallet, "hanako").await.unwrap();
        for name in unreadable() {
            assert_eq!(
                wallet.prepare_enrolment(&ticket, &name, None).await.err().unwrap().code,
                Code::BadLabel,
                "{name:?}"
            );
        }
        let ceremony = wallet.prepare_enrolment(&ticket, "👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم", None).await.unwrap();
        wallet.confirm(ceremony.id).await.unwrap();
    });
}

#[test]
fn a_name_that_is_no_label_costs_no_ticket_of_a_recovery() {
    run(async {
        let world = World::new().await;
        let place = world.place();
        let wallet = named(&place, "می\u{200c}خواهم").await;
        world.enrol(&wallet, "hanako").await.unwrap();
        wallet.forget().await.unwrap();
        let wallet = named(&place, "👨\u{200d}👩\u{200d}👧").await;
        let ticket = world.ticket(&wallet, "hanako").await.unwrap();
        for name in unreadable().into_iter().filter(|name| !name.trim().is_empty()) {
            assert_eq!(
                wallet.prepare_recovery(&ticket, &name, None).await.err().unwrap().code,
                Code::BadLabel,
                "{name:?}"
            );
        }
        let ceremony = wallet.prepare_recovery(&ticket, "", None).await.unwrap();
        wallet.confirm(ceremony.id).await.unwrap();
        wallet.sync().await.unwrap();
        let state = wallet.state();
        assert!(state.devices.iter().any(|device| device.label == "👨\u{200d}👩\u{200d}👧"), "{:?}", state.devices);
    });
}
