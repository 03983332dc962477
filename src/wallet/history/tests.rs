use super::*;
use crate::code::Code;
use crate::wallet::memory::{Place, run};
use crate::wallet::scripted::{Trick, World};
use crate::wire::MAX_BYTES;
use crate::wire::cbor::Writer;
use crate::wire::enrolment::Custody;
use crate::wire::id::Thumbprint;
use crate::wire::state::{DeviceItem, DeviceStatus};
use crate::wire::token::{Token, UnverifiedToken};

const OTHER: Thumbprint = Thumbprint([9; 32]);

fn code(wallet: &Wallet<Place>) -> Token {
    let code = run(wallet.payment_code(None)).unwrap();
    let (key, veil) = wallet.read(|data| (data.device_key, data.allowance.clone().unwrap().veil)).unwrap();
    *UnverifiedToken::from_text(&code.text).unwrap().verify(&key, &veil).unwrap().into_inner()
}

fn own(wallet: &Wallet<Place>) -> Option<Thumbprint> {
    wallet.read(|data| Some(data.device_key.thumbprint())).unwrap()
}

fn list_other(world: &World) {
    world.issuer.book.borrow_mut().devices.push(DeviceItem {
        thumb: OTHER,
        label: "Tablet".parse().unwrap(),
        custody: Custody::Browser,
        status: DeviceStatus::Active,
        added_at: 0,
        cooled_at: 0,
        last_used_at: None,
    });
}

fn unknown(wallet: &Wallet<Place>) -> usize {
    run(wallet.sync()).unwrap();
    wallet.state().alerts.iter().filter(|alert| alert.cause == Some(Cause::NeverMadeHere)).count()
}

#[test]
fn own_payments_raise_nothing_and_show_their_place() {
    let world = World::new();
    let wallet = world.enrolled();
    let token = code(&wallet);
    world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(540));
    assert_eq!(unknown(&wallet), 0);
    let receipt = wallet.state().recent.first().cloned().unwrap();
    assert_eq!((receipt.by, receipt.place.as_deref()), (Some(By::ThisDevice), Some("Shibuya")));
    assert_eq!(receipt.counter, Some(token.atc));
}

#[test]
fn a_debit_that_this_wallet_did_not_make_is_told() {
    type Change = fn(&mut Token);
    let changes: [Change; 2] = [|token| token.atc += 1, |token| token.random[0] ^= 1];
    for change in changes {
        let world = World::new();
        let wallet = world.enrolled();
        let mut token = code(&wallet);
        change(&mut token);
        world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(540));
        assert_eq!(unknown(&wallet), 1);
    }
    // No token at all, more than the token allowed, and the same token twice.
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.record(Kind::Payment, own(&wallet), None, Some(1));
    assert_eq!(unknown(&wallet), 1);
    let token = code(&wallet);
    world.issuer.book.borrow_mut().balance = 50_000;
    world.issuer.record(Kind::TopUp, own(&wallet), None, Some(1));
    world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(10_001));
    assert_eq!(unknown(&wallet), 2);
    world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(10));
    world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(10));
    assert_eq!(unknown(&wallet), 3);
}

#[test]
fn other_devices_of_the_account_raise_nothing_and_keep_their_place() {
    let world = World::new();
    let wallet = world.enrolled();
    list_other(&world);
    let token = code(&wallet);
    world.issuer.record(Kind::Payment, Some(OTHER), Some(&token), Some(540));
    assert_eq!(unknown(&wallet), 0);
    let receipt = wallet.state().recent.first().cloned().unwrap();
    assert_eq!((receipt.by, receipt.place.as_deref()), (Some(By::OtherDevice), None));
    assert_eq!(receipt.device_label.as_deref(), Some("Tablet"));
}

#[test]
fn a_debit_by_no_listed_device_is_told() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.record(Kind::Payment, Some(OTHER), None, Some(1));
    world.issuer.record(Kind::Payment, None, None, Some(1));
    assert_eq!(unknown(&wallet), 2);
    assert_eq!(run(wallet.acknowledge("receipt-2")), Ok(()));
    assert_eq!(unknown(&wallet), 1);
}

#[test]
fn what_was_before_this_device_is_no_news() {
    let world = World::new();
    world.issuer.record(Kind::Opening, None, None, None);
    world.issuer.record(Kind::DeviceAdded, Some(OTHER), None, None);
    world.issuer.record(Kind::Payment, Some(OTHER), None, Some(1));
    world.advance(60);
    world.place.clock().set_skew(-60_000);
    let wallet = world.enrolled();
    assert_eq!(wallet.state().recent.len(), 4);
    assert!(wallet.state().alerts.is_empty(), "{:?}", wallet.state().alerts);
}

/// Bodies that say nothing: erased, in forms that no version wrote, and with texts that may not be shown.
fn mute() -> Vec<(Vec<u8>, Missing)> {
    let shop = |name: &str| {
        let mut body = Writer::new();
        body.map(2);
        body.int(1);
        body.bytes(&[7; 16]);
        body.int(4);
        body.text(name);
        body.into_bytes()
    };
    let long = "角".repeat(90);
    let mut bodies: Vec<_> = ["Kado\nno Mise", "Kado\tno Mise", "Kado\u{202e}esiM on", &long].map(shop).to_vec();
    bodies.extend([b"not CBOR".to_vec(), vec![0xa0], vec![0; MAX_BYTES + 1]]);
    let mut mute: Vec<_> = bodies.into_iter().map(|body| (body, Missing::Unreadable)).collect();
    mute.push((Vec::new(), Missing::Erased));
    mute
}

/// What this wallet's own meter holds.
fn spent(wallet: &Wallet<Place>) -> (Amount, u32) {
    wallet.read(|data| data.meter.used(wallet.now())).unwrap()
}

#[test]
fn no_body_stops_a_chain() {
    for (body, missing) in mute() {
        let world = World::new();
        let wallet = world.enrolled();
        let token = code(&wallet);
        world.issuer.record_with(Kind::Payment, own(&wallet), Some(&token), Some(540), body.clone());
        assert_eq!(unknown(&wallet), 0, "{body:?}");
        assert_eq!(run(wallet.sync()), Ok(()));
        let state = wallet.state();
        assert_eq!(state.alerts, []);
        let shown: Vec<_> = state.recent.iter().filter(|receipt| receipt.missing == Some(missing)).collect();
        let [shown] = shown.as_slice() else { panic!("{:?}", state.recent) };
        assert_eq!((shown.kind, shown.by, shown.counter), (Kind::Payment, Some(By::ThisDevice), Some(token.atc)));
        assert_eq!(shown.money.map(|money| money.amount), Some(Amount::of(540)));
        assert_eq!((&shown.shop, &shown.place, &shown.reason), (&None, &None, &None));
        assert_eq!(state.balance.map(|money| money.amount), Some(Amount::of(9_460)));
        // It counts, and what is recorded after it is read.
        assert_eq!(spent(&wallet), (Amount::of(540), 1));
        world.issuer.record(Kind::TopUp, own(&wallet), None, Some(40));
        assert_eq!(run(wallet.sync()), Ok(()));
        assert_eq!(wallet.state().balance.map(|money| money.amount), Some(Amount::of(9_500)));
    }
}

#[test]
fn no_body_hides_a_use() {
    for (body, _) in mute() {
        let world = World::new();
        let wallet = world.enrolled();
        // By no listed device, with a token that was never made here, and for more than a token allowed.
        world.issuer.record_with(Kind::Payment, Some(OTHER), None, Some(1), body.clone());
        assert_eq!(unknown(&wallet), 1, "{body:?}");
        let token = code(&wallet);
        let other = Token { atc: token.atc + 1, ..token.clone() };
        world.issuer.record_with(Kind::Payment, own(&wallet), Some(&other), Some(1), body.clone());
        assert_eq!(unknown(&wallet), 2, "{body:?}");
        world.issuer.book.borrow_mut().balance += 50_000;
        world.issuer.record(Kind::TopUp, own(&wallet), None, None);
        world.issuer.record_with(Kind::Payment, own(&wallet), Some(&token), Some(10_001), body.clone());
        assert_eq!(unknown(&wallet), 3, "{body:?}");
    }
}

#[test]
fn a_body_that_says_less_than_was_taken_hides_nothing() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.book.borrow_mut().balance += 50_000;
    world.issuer.record(Kind::TopUp, own(&wallet), None, None);
    let token = code(&wallet);
    let said = Body { amount: Some(Amount::of(1)), ..no_body() };
    world.issuer.record_with(Kind::Payment, own(&wallet), Some(&token), Some(10_001), said.to_bytes());
    assert_eq!(unknown(&wallet), 1);
    let shown = wallet.state().recent.first().cloned().unwrap();
    assert_eq!((shown.missing, shown.money.map(|money| money.amount)), (None, Some(Amount::of(10_001))));
}

fn no_body() -> Body {
    Body {
        salt: [7; 16],
        amount: None,
        currency: None,
        shop: None,
        place: None,
        source: None,
        device_label: None,
        undoes: None,
        reason: None,
    }
}

#[test]
fn a_refund_is_taken_back_by_its_signed_part() {
    for (body, _) in mute() {
        let world = World::new();
        let wallet = world.enrolled();
        let token = code(&wallet);
        world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(540));
        assert_eq!(unknown(&wallet), 0);
        assert_eq!(spent(&wallet), (Amount::of(540), 1));
        world.issuer.record_with(Kind::Refund, own(&wallet), Some(&token), Some(540), body.clone());
        assert_eq!(unknown(&wallet), 0);
        assert_eq!(spent(&wallet), (Amount::ZERO, 0), "{body:?}");
        let shown = wallet.state().recent.first().cloned().unwrap();
        assert_eq!(shown.money.map(|money| money.amount), Some(Amount::of(540)));
    }
}

#[test]
fn a_body_that_was_changed_on_the_way_is_receipt_forged_once_and_stops_nothing() {
    let world = World::new();
    let wallet = world.enrolled();
    let token = code(&wallet);
    world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(540));
    world.issuer.record(Kind::TopUp, own(&wallet), None, Some(40));
    world.issuer.trick.set(Some(Trick::ReceiptBody));
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::ReceiptForged);
    let state = wallet.state();
    // The use itself is its owner's: nothing that the carrier did makes it unknown.
    let told: Vec<_> = state.alerts.iter().map(|alert| (alert.kind, alert.cause)).collect();
    assert_eq!(told, [(AlertKind::ReceiptForged, None); 2]);
    assert_eq!(state.balance.map(|money| money.amount), Some(Amount::of(9_500)));
    let shown: Vec<_> = state.recent.iter().map(|receipt| (receipt.kind, receipt.missing)).collect();
    let forged = Some(Missing::Forged);
    assert_eq!(shown, [(Kind::TopUp, forged), (Kind::Payment, forged), (Kind::DeviceAdded, None)]);
    assert_eq!(state.recent[1].money.map(|money| money.amount), Some(Amount::of(540)));
    // The same answer again has nothing new in it.
    assert_eq!(run(wallet.sync()), Ok(()));
    assert_eq!(wallet.state().alerts.len(), 2);
}

#[test]
fn every_changed_byte_of_a_receipt_is_forged() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.record(Kind::TopUp, own(&wallet), None, Some(5));
    let set = wallet.key_set().unwrap();
    let item = world.issuer.item(world.issuer.book.borrow().receipts.last().unwrap());
    let data = wallet.read(Clone::clone).unwrap();
    assert!(open_receipt(&data, &set, &item).is_ok());
    for index in 0..item.receipt.0.len() {
        let mut changed = item.clone();
        changed.receipt.0[index] ^= 1;
        assert_eq!(open_receipt(&data, &set, &changed).err(), Some(Cause::Forged), "{index}");
    }
    for index in 0..item.body.0.len() {
        let mut changed = item.clone();
        changed.body.0[index] ^= 1;
        let checked = open_receipt(&data, &set, &changed).ok().unwrap();
        assert_eq!(checked.body.err(), Some(Missing::Forged), "{index}");
    }
}
