use super::*;
use crate::wallet::memory::{Place, run};
use crate::wallet::scripted::World;
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

#[test]
fn an_erased_body_keeps_the_chain_whole() {
    let world = World::new();
    let wallet = world.enrolled();
    let token = code(&wallet);
    world.issuer.record(Kind::Payment, own(&wallet), Some(&token), Some(540));
    let set = wallet.key_set().unwrap();
    let items = {
        let book = world.issuer.book.borrow();
        book.receipts.iter().skip(1).map(|pair| world.issuer.item(pair)).collect::<Vec<_>>()
    };
    let mut data = wallet.read(Clone::clone).unwrap();
    let erased = ReceiptItem { body: crate::wire::id::Bytes(vec![]), ..items[0].clone() };
    assert_eq!(apply(&mut data, &set, &erased), Ok(()));
    assert_eq!(data.receipts.last().unwrap().shop, None);
    assert_eq!(data.alerts, []);
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
        assert_eq!(open_receipt(&data, &set, &changed).err(), Some(Cause::Forged), "{index}");
    }
}
