use super::*;
use crate::wallet::memory::{SoftKeys, run};
use crate::wallet::ports::{KeyError, Keys as _, StoreError};
use crate::wallet::scripted::World;
use crate::wallet::state::Status;
use crate::wire::calls::Call as _;
use crate::wire::calls::Sync;
use core::cell::Cell;
use std::rc::Rc;

#[test]
fn freezes_with_the_channel_key_while_locked() {
    let world = World::new();
    let wallet = world.enrolled();
    wallet.lock();
    run(wallet.freeze()).unwrap();
    let channel = wallet.read(|data| data.channel_key.thumbprint()).unwrap();
    assert_eq!(world.issuer.book.borrow().frozen_by, Some(channel));
    assert_eq!(wallet.state().status, Status::Frozen);
    assert_eq!(run(wallet.payment_code(None)).unwrap_err().code, Code::Frozen);
}

#[test]
fn freezes_while_a_sync_hangs_and_with_the_device_key_unusable() {
    let world = World::new();
    let wallet = world.enrolled();
    let _sync = run(wallet.room.news.turn());
    let _code = run(wallet.room.codes.turn());
    wallet.room.device.replace(None);
    wallet.room.fault.set(Some(crate::wallet::room::Fault::KeyLost));
    assert_eq!(wallet.state().status, Status::KeyLost);
    run(wallet.freeze()).unwrap();
    assert!(world.issuer.book.borrow().frozen_by.is_some());
}

#[test]
fn says_when_it_could_not() {
    let world = World::new();
    assert_eq!(run(world.open().freeze()).unwrap_err().code, Code::NotEnrolled);
    let wallet = world.enrolled();
    world.place.transport().set_offline(true);
    assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::Offline);
    assert_eq!(wallet.state().status, Status::Ready);
    assert!(!wallet.state().online);
    world.place.keys().fail_opening(Some(KeyError::Lost));
    let lost = world.open();
    assert_eq!(run(lost.freeze()).unwrap_err().code, Code::KeyLost);
}

#[test]
fn a_freeze_that_the_issuer_signed_is_answered_and_the_next_one_is_another_order() {
    let world = World::new();
    let wallet = world.enrolled();
    // The answer is lost; the sync says that it was done.
    world.issuer.carry(|path, response| match path {
        FreezeAccount::PATH => crate::wallet::ports::Response { status: 502, body: Vec::new(), ..response },
        _ => response,
    });
    assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::IssuerUnavailable);
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    world.issuer.book.borrow_mut().status = DeviceStatus::Active;
    world.issuer.record(crate::wire::receipt::Kind::Unfrozen, None, None, None);
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
    // Its owner stops it once more, within the time in which an order is sent again.
    let _ = run(wallet.freeze());
    let sent = world.place.transport().sent();
    let orders: Vec<_> =
        sent.iter().filter(|sent| sent.url.ends_with(FreezeAccount::PATH)).map(|sent| &sent.body).collect();
    assert_ne!(orders.first(), orders.last());
}

#[test]
fn an_order_that_was_not_answered_is_sent_again_for_two_minutes() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.carry(|path, response| match path {
        FreezeAccount::PATH => crate::wallet::ports::Response { status: 502, body: Vec::new(), ..response },
        _ => response,
    });
    let order = |after: u64| {
        world.advance(after);
        assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::IssuerUnavailable);
        let sent = world.place.transport().sent();
        sent.iter().rfind(|sent| sent.url.ends_with(FreezeAccount::PATH)).map(|sent| sent.body.clone())
    };
    let first = order(0);
    assert_eq!(order(119), first);
    assert_ne!(order(1), first);
}

#[test]
fn a_channel_key_that_has_no_freeze_left_leaves_it_to_the_device_key_where_that_is_open() {
    let world = World::new();
    let wallet = world.enrolled();
    let refuses = || {
        let first = Cell::new(true);
        world.issuer.carry(move |path, response| {
            if path != FreezeAccount::PATH || !first.replace(false) {
                return response;
            }
            let problem = crate::wire::calls::Problem::new(Code::TooManyAttempts);
            let body = serde_json::to_vec(&problem).unwrap();
            crate::wallet::ports::Response { status: Code::TooManyAttempts.status(), body, ..response }
        });
    };
    let orders =
        || world.place.transport().sent().iter().filter(|sent| sent.url.ends_with(FreezeAccount::PATH)).count();
    refuses();
    wallet.lock();
    assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::TooManyAttempts);
    assert_eq!((wallet.state().status, orders()), (Status::Locked, 1));
    run(wallet.unlock()).unwrap();
    refuses();
    run(wallet.freeze()).unwrap();
    let device = wallet.read(|data| data.device_key.thumbprint()).unwrap();
    assert_eq!(world.issuer.book.borrow().frozen_by, Some(device));
    assert_eq!((wallet.state().status, orders()), (Status::Frozen, 3));
}

#[test]
fn freezes_by_a_channel_key_that_failed_to_open_once_where_the_device_key_is_lost() {
    let world = World::new();
    let wallet = world.enrolled();
    // As a page opens whose device key is gone, and whose channel key the platform did not open that once.
    wallet.room.device.replace(None);
    wallet.room.channel.replace(None);
    wallet.room.fault.set(Some(crate::wallet::room::Fault::KeyLost));
    run(wallet.freeze()).unwrap();
    let channel = wallet.read(|data| data.channel_key.thumbprint()).unwrap();
    assert_eq!(world.issuer.book.borrow().frozen_by, Some(channel));
}

/// Every way in which a platform may fail a key.
const FAILURES: [KeyError; 3] = [KeyError::Lost, KeyError::Failed, KeyError::NoAnswer];

#[test]
fn freezes_by_the_device_key_where_the_channel_key_does_not_open() {
    for failure in FAILURES {
        let world = World::new();
        let wallet = world.enrolled();
        wallet.room.channel.replace(None);
        world.place.keys().fail_opening(Some(failure));
        run(wallet.freeze()).unwrap_or_else(|error| panic!("{failure:?}: {error}"));
        let device = wallet.read(|data| data.device_key.thumbprint()).unwrap();
        assert_eq!(world.issuer.book.borrow().frozen_by, Some(device));
        assert_eq!(wallet.state().status, Status::Frozen);
    }
}

#[test]
fn freezes_by_the_device_key_where_the_channel_key_does_not_sign_and_says_why_where_neither_does() {
    for failure in FAILURES {
        let world = World::new();
        let wallet = world.enrolled();
        let (channel, device) = wallet.read(|data| (data.channel_key, data.device_key.thumbprint())).unwrap();
        let handle = wallet.room.handles.borrow().as_ref().map(|(_, channel)| channel.clone()).unwrap();
        let platform = SoftKeys::new(world.place.entropy().clone());
        let key = run(platform.open(&handle, &channel, None)).unwrap();
        platform.refuse_signing(Some(failure));
        wallet.room.channel.replace(Some(Rc::new(key)));
        wallet.lock();
        // The device key is no help: what is told is why the channel key did not sign.
        assert_eq!(run(wallet.freeze()).unwrap_err().code, Error::from(failure).code);
        run(wallet.unlock()).unwrap();
        run(wallet.freeze()).unwrap_or_else(|error| panic!("{failure:?}: {error}"));
        assert_eq!(world.issuer.book.borrow().frozen_by, Some(device));
    }
}

#[test]
fn a_freeze_that_was_done_and_not_stored_is_not_ordered_again_by_the_device_key() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.store().fail(Some(StoreError::Failed));
    assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::StorageFailed);
    let sent = world.place.transport().sent();
    assert_eq!(sent.iter().filter(|sent| sent.url.ends_with(FreezeAccount::PATH)).count(), 1);
}

#[test]
fn a_signature_that_failed_once_keeps_no_freeze_from_learning_the_clock() {
    let world = World::new();
    let wallet = world.enrolled();
    let (orders, synced, keys) = (Cell::new(0), Cell::new(false), world.place.keys().clone());
    world.issuer.carry(move |path, response| {
        synced.set(synced.get() || path == Sync::PATH);
        if path != FreezeAccount::PATH || synced.get() {
            return response;
        }
        // Dated by a clock that is wrong. Then the key signs no sync.
        if orders.replace(orders.get() + 1) == 0 {
            keys.refuse_one_signing(KeyError::Failed);
        }
        let problem = crate::wire::calls::Problem::new(Code::IntentExpired);
        let body = serde_json::to_vec(&problem).unwrap();
        crate::wallet::ports::Response { status: Code::IntentExpired.status(), body, ..response }
    });
    run(wallet.freeze()).unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
}
