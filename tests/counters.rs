//! Counters that do not go on from where they are: a floor that this record can't have counted to, a full counter, a new key.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::ledger::{self, Ledger as _, Needs};
use jitsuin::issuer::replay::Use;
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::ports::{Kept, Platform, Store as _, Unreachable};
use jitsuin::wallet::record::{Counting, Data};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::id::Hash;
use std::cell::Cell;
use std::rc::Rc;
use world::{Road, World, balance, data, yen};

async fn renew(wallet: &Wallet<Place>) {
    let ceremony = wallet.prepare_rotation(None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
}

/// Notes in the ledger that a token with this counter was taken of the account's newest device key.
async fn take_counter(world: &World, place: &Place, atc: u32) {
    let account = data(place).account.unwrap().id;
    let at = world.now();
    let needs = Needs::new().and(ledger::Kind::Accounts, &account);
    let taken = Use {
        atc,
        random: [0; 4],
        issued_at: at - 1,
        claims: Hash::ZERO,
        at,
        till: "t/1001".parse().unwrap(),
        amount: yen(1),
        outcome: Outcome::Declined,
        payment: None,
        seq: 0,
    };
    let take = world.issuer.ledger().transact(needs, |records| {
        let mut owner = records.accounts.get(&account).unwrap().clone();
        owner.devices.last_mut().unwrap().window.take(taken.clone());
        records.accounts.put(&account, owner);
    });
    take.await.unwrap();
}

#[test]
fn a_counter_that_does_not_go_on_is_cured_by_a_new_key() {
    run(async {
        // What the issuer took, and what this wallet has counted.
        for (taken, counted, goes_on_at) in [
            (Some(65_537), None, 65_538),
            (Some(u32::MAX), None, 1),
            (None, Some(u32::MAX), 1),
            (Some(70), Some(u32::MAX), 71),
            (Some(u32::MAX), Some(u32::MAX), 1),
        ] {
            let world = World::new().await;
            let (place, wallet) = world.hanako().await;
            let till = world.till("1001").await;
            if let Some(atc) = taken {
                take_counter(&world, &place, atc).await;
            }
            if let Some(atc) = counted {
                let Kept::Record(mut record) = place.store().load().await.unwrap() else { panic!("no record") };
                let mut changed = *Data::from_bytes(&record.data).unwrap();
                changed.atc = atc;
                record.data = changed.to_bytes();
                place.store().overwrite(&record.data);
                wallet.read_again().await.unwrap();
            }
            wallet.sync().await.unwrap();
            let refused = wallet.payment_code(None).await.unwrap_err().code;
            assert_eq!(refused, Code::RotateNeeded, "{taken:?} {counted:?}");

            renew(&wallet).await;
            world.advance(61);
            let code = wallet.payment_code(None).await.unwrap();
            assert_eq!(code.counter, goes_on_at, "{taken:?} {counted:?}");
            assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved, "{taken:?} {counted:?}");
            wallet.sync().await.unwrap();
            assert_eq!((wallet.state().status, balance(&wallet)), (Status::Ready, 1_460));
            let kinds: Vec<_> = wallet.state().alerts.iter().map(|alert| alert.kind).collect();
            assert!(kinds.iter().all(|kind| *kind == AlertKind::RotateNeeded), "{kinds:?}");
            world.audit().await;
        }
    });
}

#[test]
fn a_new_key_makes_no_code_before_the_issuer_signed_where_it_goes_on() {
    run(async {
        let world = World::new().await;
        let lost = Rc::new(Cell::new(false));
        let loses = Rc::clone(&lost);
        let place = world.place_on(move |at| {
            (loses.get() && matches!(at, Road::Out("/v1/sync"))).then_some(Err(Unreachable::Offline))
        });
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        lost.set(true);
        wallet.confirm(ceremony.id).await.unwrap();
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Offline);
        // It asks by itself: whoever taps before the sync that follows a renewal is not told to look after the connection.
        lost.set(false);
        wallet.payment_code(None).await.unwrap();
    });
}

#[test]
fn more_codes_under_a_wrong_clock_than_can_be_named_are_cured_by_a_new_key() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let till = world.till("1001").await;
        let Kept::Record(record) = place.store().load().await.unwrap() else { panic!("no record") };
        let mut changed = *Data::from_bytes(&record.data).unwrap();
        changed.atc = 65_537;
        changed.last_iat = world.now() + 86_400;
        place.store().overwrite(&changed.to_bytes());
        wallet.read_again().await.unwrap();
        // The issuer takes no name that far above what was used.
        wallet.sync().await.unwrap();
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::SyncNeeded);

        renew(&wallet).await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        wallet.sync().await.unwrap();
        assert_eq!((wallet.state().status, balance(&wallet)), (Status::Ready, 1_460));
        world.audit().await;
    });
}

#[test]
fn a_code_that_needs_a_sync_is_dated_after_it() {
    run(async {
        let world = World::new().await;
        // A slow network, once it is said to be: a sync takes so many seconds each way.
        let slow = Rc::new(Cell::new(0));
        let (takes, clocks) = (Rc::clone(&slow), world.clone());
        let place = world.place_on(move |at| {
            let (Road::Out(path) | Road::Back(path)) = at;
            if path == "/v1/sync" {
                clocks.advance(takes.get());
            }
            None
        });
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        let till = world.till("1001").await;
        // Another tab renews the key, whose floor only a sync tells; this one still has the key before it.
        let other = world.wallet(&place).await;
        let ceremony = other.prepare_rotation(None).await.unwrap();
        other.confirm(ceremony.id).await.unwrap();
        let Kept::Record(record) = place.store().load().await.unwrap() else { panic!("no record") };
        let mut changed = *Data::from_bytes(&record.data).unwrap();
        changed.counting = Counting::Unknown;
        place.store().overwrite(&changed.to_bytes());
        slow.set(4);
        let before = world.now();
        let code = wallet.payment_code(None).await.unwrap();
        assert_ne!(world.now(), before, "a sync was needed");
        assert_eq!(code.made_at, u64::from(world.now()) * 1000);
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    });
}
