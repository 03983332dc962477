//! A platform that does not answer in time: what was given up may be done all the same, and the next call knows what became of it.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::ports::{KeyError, Platform, StoreError};
use jitsuin::wallet::{Ceremony, Confirmed, Settings, Status, Wallet};
use jitsuin::wire::calls::Outcome;
use world::{ISSUER, World, data, yen};

async fn prepared(world: &World, wallet: &Wallet<Place>) -> Ceremony {
    let ticket = world.ticket(wallet, "hanako").await.unwrap();
    wallet.prepare_enrolment(&ticket, "", None).await.unwrap()
}

/// A code that pays shows that key, record and issuer agree, and a wallet that is opened now knows its counter.
async fn pays(world: &World, place: &Place, wallet: &Wallet<Place>) {
    assert_eq!(wallet.state().status, Status::Ready);
    world.advance(61);
    let code = wallet.payment_code(Some(yen(540))).await.unwrap();
    assert_eq!(data(place).atc, code.counter, "on disk before it is on screen");
    assert_eq!(world.till("1001").await.outcome(&code.text, 540, "sale").await, Outcome::Approved);
    let again = world.wallet(place).await;
    assert_eq!(again.state().status, Status::Ready);
    world.advance(61);
    assert!(again.payment_code(Some(yen(540))).await.unwrap().counter > code.counter);
    world.audit().await;
}

/// How many writes a confirmation takes.
async fn writes_of(place: &Place, wallet: &Wallet<Place>, id: u64) -> u32 {
    let before = place.store().writes();
    wallet.confirm(id).await.unwrap();
    place.store().writes() - before
}

#[test]
fn an_enrolment_whose_write_was_given_up_and_landed_is_finished_by_the_next_confirmation() {
    run(async {
        let world = World::new().await;
        let place = world.place();
        let wallet = world.wallet(&place).await;
        let ceremony = prepared(&world, &wallet).await;
        let writes = writes_of(&place, &wallet, ceremony.id).await;
        assert!(writes >= 2, "before it is sent, and what was answered");
        let mut told = 0;
        for change in 1..=writes {
            let world = World::new().await;
            let place = world.place();
            let wallet = world.wallet(&place).await;
            let ceremony = prepared(&world, &wallet).await;
            place.store().silent_at(change);
            if let Err(error) = wallet.confirm(ceremony.id).await {
                assert_eq!(error.code, Code::PlatformSilent, "write {change}");
                told += 1;
                let Confirmed::Enrolled { .. } = wallet.confirm(ceremony.id).await.unwrap() else {
                    panic!("write {change}")
                };
            }
            wallet.sync().await.unwrap();
            assert_eq!(wallet.state().devices.len(), 1, "write {change}");
            pays(&world, &place, &wallet).await;
        }
        // That the first sync could not be kept hinders no enrolment.
        assert_eq!(told, 2);
    });
}

#[test]
fn a_renewal_whose_write_was_given_up_and_landed_is_finished_whatever_the_owner_does_next() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        let writes = writes_of(&place, &wallet, ceremony.id).await;
        for change in 1..=writes {
            for next in ["confirm", "prepare", "sync", "restart"] {
                let world = World::new().await;
                let (place, mut wallet) = world.hanako().await;
                let old = data(&place).device_key;
                let ceremony = wallet.prepare_rotation(None).await.unwrap();
                place.store().silent_at(change);
                if let Err(error) = wallet.confirm(ceremony.id).await {
                    assert_eq!(error.code, Code::PlatformSilent, "write {change}");
                }
                let first = data(&place).rotating.map_or(data(&place).device_key, |rotating| rotating.device_key);
                match next {
                    "confirm" => drop(wallet.confirm(ceremony.id).await),
                    "prepare" => drop(wallet.prepare_rotation(None).await.unwrap()),
                    "sync" => wallet.sync().await.unwrap(),
                    _ => {
                        wallet = world.wallet(&place).await;
                        wallet.sync().await.unwrap();
                    }
                }
                let after = data(&place);
                assert!(after.rotating.is_none(), "write {change}, {next}");
                assert_eq!(
                    (after.device_key, after.predecessors),
                    (first, vec![old.thumbprint()]),
                    "write {change}, {next}"
                );
                pays(&world, &place, &wallet).await;
            }
        }
    });
}

#[test]
fn a_renewal_that_was_told_as_silent_is_told_as_done_by_its_own_ceremony() {
    run(async {
        for change in 1..=2 {
            let world = World::new().await;
            let (place, wallet) = world.hanako().await;
            let ceremony = wallet.prepare_rotation(None).await.unwrap();
            place.store().silent_at(change);
            assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::PlatformSilent);
            let Confirmed::Enrolled { device } = wallet.confirm(ceremony.id).await.unwrap() else {
                panic!("another end")
            };
            assert_eq!(device.id, data(&place).device_key.thumbprint().to_string());
            pays(&world, &place, &wallet).await;
        }
    });
}

#[test]
fn a_counter_that_was_given_up_and_landed_skips_a_number() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let before = wallet.payment_code(Some(yen(540))).await.unwrap().counter;
        world.advance(2);
        place.store().silent_at(1);
        assert_eq!(wallet.payment_code(Some(yen(540))).await.unwrap_err().code, Code::PlatformSilent);
        world.advance(2);
        assert_eq!(wallet.payment_code(Some(yen(540))).await.unwrap().counter, before + 2);
        pays(&world, &place, &wallet).await;
    });
}

#[test]
fn keys_that_the_platform_does_not_open_are_neither_lost_nor_locked() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        place.keys().fail_opening(Some(KeyError::NoAnswer));
        let opened = Wallet::open(place.clone(), Settings::new(ISSUER.parse().unwrap())).await;
        assert_eq!(opened.err().unwrap().code, Code::PlatformSilent);
        assert_eq!(wallet.unlock().await, Ok(()), "open already");
        wallet.lock();
        assert_eq!(wallet.unlock().await.unwrap_err().code, Code::PlatformSilent);
        assert_eq!(wallet.state().status, Status::Locked);
        place.keys().fail_opening(None);
        wallet.unlock().await.unwrap();
        pays(&world, &place, &wallet).await;
    });
}

#[test]
fn a_signature_that_does_not_come_ends_nothing() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        place.keys().refuse_signing(Some(KeyError::NoAnswer));
        assert_eq!(wallet.payment_code(Some(yen(540))).await.unwrap_err().code, Code::PlatformSilent);
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::PlatformSilent);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::PlatformSilent);
        assert_eq!(wallet.state().status, Status::Ready);
        place.keys().refuse_signing(None);
        wallet.confirm(ceremony.id).await.unwrap();
        pays(&world, &place, &wallet).await;
    });
}

#[test]
fn storage_that_never_answers_is_said_by_each_call_and_loses_nothing() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        place.store().fail(Some(StoreError::NoAnswer));
        for _ in 0..3 {
            assert_eq!(wallet.payment_code(Some(yen(540))).await.unwrap_err().code, Code::PlatformSilent);
            assert_eq!(wallet.sync().await.unwrap_err().code, Code::PlatformSilent);
            assert_eq!(wallet.forget().await.unwrap_err().code, Code::PlatformSilent);
        }
        assert_eq!(wallet.state().status, Status::Ready);
        place.store().fail(None);
        pays(&world, &place, &wallet).await;
    });
}

#[test]
fn a_rotation_whose_write_was_given_up_and_landed_too_late_keeps_nothing_back() {
    run(async {
        for next in ["sync", "prepare"] {
            let world = World::new().await;
            let (place, wallet) = world.hanako().await;
            let ceremony = wallet.prepare_rotation(None).await.unwrap();
            place.store().silent_at(1);
            assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::PlatformSilent);
            let key = data(&place).device_key.thumbprint();
            // What was agreed to has ended before anybody looks.
            world.advance(400);
            match next {
                "sync" => wallet.sync().await.unwrap(),
                _ => drop(wallet.prepare_rotation(None).await.unwrap()),
            }
            assert_eq!(data(&place).device_key.thumbprint(), key, "{next}: the key in use goes on");
            assert!(data(&place).rotating.is_none(), "{next}");
            pays(&world, &place, &wallet).await;
        }
    });
}
