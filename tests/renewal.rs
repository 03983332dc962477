//! A device key is renewed by its own wallet: the cure of a copied key, another custody, and answers that are lost.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "renewal/held.rs"]
mod held;
#[path = "renewal/meanwhile.rs"]
mod meanwhile;
#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::desk::Reply;
use jitsuin::wallet::memory::{FnTransport, Place, Prf, Tamper, run};
use jitsuin::wallet::ports::{Platform, Response, StoreError};
use jitsuin::wallet::presentation::{Presentation, View, Wait};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Confirmed, Error, Status, Wallet};
use jitsuin::wire::calls::{Call as _, ConfirmRotation, Outcome, Problem};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::money::Amount;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::till_code::Form;
use std::cell::RefCell;
use std::rc::Rc;
use world::{ISSUER, Till, World, balance, data};

async fn renew(wallet: &Wallet<Place>, custody: Option<Custody>) -> Result<Confirmed, Error> {
    let ceremony = wallet.prepare_rotation(custody).await?;
    wallet.confirm(ceremony.id).await
}

/// A wallet whose copy has paid first.
struct Robbed {
    world: World,
    wallet: Wallet<Place>,
    till: Till,
    copy: Place,
    thief: Wallet<Place>,
}

async fn robbed() -> Robbed {
    let world = World::new().await;
    let (place, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let copy = place.copied();
    let thief = world.wallet(&copy).await;
    let stolen = thief.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&stolen.text, 500, "theft").await, Outcome::Approved);
    Robbed { world, wallet, till, copy, thief }
}

#[test]
fn a_renewed_key_goes_on_paying_and_what_the_old_one_paid_is_its_own() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let till = world.till("1001").await;
        let paid = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&paid.text, 540, "sale-1").await, Outcome::Approved);
        world.advance(2);
        let unredeemed = wallet.payment_code(None).await.unwrap();
        let before = data(&place);

        // The receipt of the first payment comes after the key that made it is gone.
        let Confirmed::Enrolled { device } = renew(&wallet, None).await.unwrap() else { panic!("another end") };
        let after = data(&place);
        assert_ne!(after.device_key, before.device_key);
        assert_ne!(after.channel_key, before.channel_key);
        assert_eq!(after.predecessors, [before.device_key.thumbprint()]);
        assert_eq!(device.id, after.device_key.thumbprint().to_string());
        assert_eq!((device.here, device.custody), (true, Custody::Software));
        assert!(after.rotating.is_none() && after.atc >= before.atc);
        let state = wallet.state();
        assert_eq!(state.status, Status::Ready);
        assert!(state.alerts.is_empty(), "{:?}", state.alerts);
        assert_eq!(state.devices.len(), 1, "a replaced key is no device of its own");
        assert_eq!(balance(&wallet), 1_460);
        let kinds: Vec<_> = wallet.receipts(None, 3).iter().map(|receipt| receipt.kind).collect();
        assert_eq!(kinds, [Kind::DeviceAdded, Kind::DeviceRevoked, Kind::Payment]);

        world.advance(61);
        let code = wallet.payment_code(None).await.unwrap();
        assert!(code.counter > paid.counter);
        assert_eq!(till.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
        assert_eq!(till.outcome(&unredeemed.text, 100, "sale-3").await, Outcome::Declined);
        // The shop that did not hear its answer hears the same; another sale is none, and nothing is taken twice.
        assert_eq!(till.outcome(&paid.text, 540, "sale-1").await, Outcome::Approved);
        assert!(till.charge(&paid.text, 540, "sale-1-again").await.used_here.is_some());
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), 1_000);
        assert!(wallet.state().alerts.is_empty());
        // The stored card was proved by the old key.
        assert_eq!(world.top_up(&wallet, 1_000, "card-1").await.unwrap_err().code, Code::CardProofNeeded);
        // A tab that was open all the time, and one that is opened now, have the new key.
        world.advance(2);
        let other = world.wallet(&place).await;
        assert!(other.payment_code(None).await.is_ok());
        world.audit().await;
    });
}

#[test]
fn a_suspended_wallet_cures_itself_and_a_frozen_one_renews_its_key_and_stays_frozen() {
    run(async {
        let Robbed { world, wallet, till, copy, thief } = robbed().await;
        world.advance(61);
        // Both make their next code with the counter that the other has used.
        let own = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&own.text, 540, "sale-1").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Suspended);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Suspended);
        // The copy can't do it: the passkey is not in it.
        copy.authenticator().forget();
        let refused = renew(&thief, None).await.unwrap_err().code;
        assert!(matches!(refused, Code::NoCredential | Code::Cancelled), "{refused}");

        renew(&wallet, None).await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
        world.advance(61);
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-2").await, Outcome::Approved);
        assert_eq!(thief.sync().await.unwrap_err().code, Code::Revoked);

        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        wallet.freeze().await.unwrap();
        wallet.sync().await.unwrap();
        assert_eq!(
            wallet.confirm(ceremony.id).await.unwrap_err().code,
            Code::IntentExpired,
            "prepared before the freeze"
        );
        let before = wallet.state().device.unwrap();
        renew(&wallet, None).await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen);
        assert_ne!(wallet.state().device.unwrap().id, before.id);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
        world.release(&wallet).await;
        assert_eq!(wallet.state().status, Status::Ready);
        assert!(wallet.state().alerts.iter().all(|alert| alert.kind != AlertKind::Unfrozen), "its owner let it go");
        world.advance(61);
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 100, "sale-3").await, Outcome::Approved);
        world.audit().await;
    });
}

#[test]
fn a_lost_answer_is_asked_for_again_here_or_after_a_restart() {
    run(async {
        for restarts in [false, true] {
            let world = World::new().await;
            let (place, wallet) = world.hanako().await;
            let before = data(&place).device_key;
            let ceremony = wallet.prepare_rotation(None).await.unwrap();
            place.transport().lose_answers(1);
            assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
            let waiting = data(&place);
            assert_eq!(waiting.device_key, before, "the old one counts until the issuer has said so");
            let next = waiting.rotating.unwrap().device_key;
            let wallet = if restarts {
                let again = world.wallet(&place).await;
                again.sync().await.unwrap();
                again
            } else {
                wallet.confirm(ceremony.id).await.unwrap();
                wallet
            };
            assert_eq!(data(&place).device_key, next);
            assert!(data(&place).rotating.is_none());
            assert_eq!(wallet.state().status, Status::Ready);
            assert!(wallet.payment_code(None).await.is_ok());
        }
    });
}

#[test]
fn a_refusal_that_somebody_else_gave_ends_no_key() {
    run(async {
        let world = World::new().await;
        // The issuer renews the key, and somebody on the road answers that it did not, for as long as he is there.
        let refuses = Rc::new(RefCell::new(false));
        let (to, lies) = (world.clone(), Rc::clone(&refuses));
        let transport = FnTransport::new(move |request| {
            let (world, lies) = (to.clone(), *lies.borrow());
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                let Reply { status, body, nonce, retry_after, .. } =
                    world.answer(request.method, &path, request.body, request.proof).await;
                let told = Response { status, body, nonce, retry_after };
                if path == ConfirmRotation::PATH && lies && told.status == 200 {
                    let body = serde_json::to_vec(&Problem::new(Code::IntentExpired)).unwrap();
                    return Ok(Response { status: Code::IntentExpired.status(), body, ..told });
                }
                Ok(told)
            }
        });
        let place = world.place_over(ISSUER, transport);
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        let before = data(&place).device_key;
        refuses.replace(true);
        assert!(renew(&wallet, None).await.is_err());
        assert!(wallet.sync().await.is_err());
        assert!(data(&place).rotating.is_some(), "nothing is given up on a word that nobody signed");
        refuses.replace(false);
        wallet.sync().await.unwrap();
        let after = data(&place);
        assert_eq!((after.predecessors, after.rotating), (vec![before.thumbprint()], None));
        assert_eq!(wallet.state().status, Status::Ready);
        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    });
}

#[test]
fn what_the_issuer_or_the_disk_refuses_leaves_the_old_key_as_it_was() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let before = data(&place);
        // The intent ends before the tap comes.
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        world.advance(301);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::IntentExpired);
        // Nothing is sent that is not on disk.
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        place.store().fail(Some(StoreError::Full));
        let sent = place.transport().sent().len();
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::StorageFull);
        assert_eq!(place.transport().sent().len(), sent);
        place.store().fail(None);
        // Sent and refused.
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        place.authenticator().tamper(Some(Tamper::Signature));
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::AssertionRefused);
        place.authenticator().tamper(None);
        let after = data(&place);
        assert_eq!((after.device_key, after.predecessors), (before.device_key, vec![]));
        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        assert!(renew(&wallet, None).await.is_ok());
    });
}

#[test]
fn a_custody_is_upgraded_and_the_new_key_is_sealed() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        assert_eq!(renew(&wallet, Some(Custody::Native)).await.unwrap_err().code, Code::Unsupported);
        // A passkey that derives nothing seals nothing, and the key stays what it was.
        assert_eq!(renew(&wallet, Some(Custody::Passkey)).await.unwrap_err().code, Code::PrfUnavailable);
        assert_eq!(data(&place).custody, Custody::Software);
        place.authenticator().set_prf(Prf::Works);
        let Confirmed::Enrolled { device } = renew(&wallet, Some(Custody::Passkey)).await.unwrap() else {
            panic!("another end")
        };
        assert_eq!(device.custody, Custody::Passkey);
        assert_eq!(data(&place).custody, Custody::Passkey);
        assert!(wallet.payment_code(None).await.is_ok());
        world.advance(2);
        wallet.lock();
        assert_eq!(wallet.state().status, Status::Locked);
        // A new tab has nothing but the sealed key.
        let other = world.wallet(&place).await;
        assert_eq!(other.payment_code(None).await.unwrap_err().code, Code::Locked);
        other.unlock().await.unwrap();
        let till = world.till("1001").await;
        let code = other.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        // From sealed to sealed, its answer lost and the wallet restarted: locked, and whole after two taps.
        let ceremony = other.prepare_rotation(None).await.unwrap();
        place.transport().lose_answers(1);
        assert_eq!(other.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
        let again = world.wallet(&place).await;
        assert_eq!(again.state().status, Status::Locked);
        again.unlock().await.unwrap();
        if again.state().status == Status::Locked {
            again.unlock().await.unwrap();
        }
        assert_eq!(again.state().status, Status::Ready);
        assert_eq!(data(&place).predecessors.len(), 2);
        world.advance(61);
        let code = again.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
        world.audit().await;
    });
}
