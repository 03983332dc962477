//! What stops a call on its way says nothing of the call before it, and keeps nobody from stopping the account.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::ports::Unreachable;
use jitsuin::wallet::{Confirmed, Status};
use jitsuin::wire::calls::{Call as _, ConfirmEnrolment, ConfirmIntent, WELL_KNOWN};
use jitsuin::wire::money::Currency;
use std::cell::Cell;
use std::rc::Rc;
use world::{Road, World, balance, yen};

/// What has happened to a road.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    Whole,
    /// The answer of this call is lost.
    Deaf(&'static str),
    /// Nothing goes out any more: the page's own policy, or an issuer that no longer lists the page.
    Stopped(Unreachable),
    /// The issuer's description, which brings a nonce, can't be had.
    Undescribed,
}

fn meets(is: Is, at: Road<'_>) -> Option<Unreachable> {
    match (is, at) {
        (Is::Deaf(lost), Road::Back(path)) if path == lost => Some(Unreachable::Offline),
        (Is::Stopped(how), Road::Out(_)) => Some(how),
        (Is::Undescribed, Road::Out(WELL_KNOWN)) => Some(Unreachable::Silent),
        _ => None,
    }
}

/// A profile, and what its road to the issuer is, for a test to change.
fn watched(world: &World) -> (Rc<Cell<Is>>, Place) {
    let road = Rc::new(Cell::new(Is::Whole));
    let held = Rc::clone(&road);
    (road, world.place_on(move |at| meets(held.get(), at).map(Err)))
}

/// Longer than a nonce is used for.
const IDLE: u64 = 300;
const STOPS: [Unreachable; 2] = [Unreachable::Forbidden, Unreachable::Unlisted];

#[test]
fn a_registration_whose_answer_was_lost_outlives_a_page_that_may_not_call() {
    for how in STOPS {
        run(async {
            let world = World::new().await;
            let (road, place) = watched(&world);
            let wallet = world.wallet(&place).await;
            let ticket = world.ticket(&wallet, "hanako").await.unwrap();
            let ceremony = wallet.prepare_enrolment(&ticket, "Test phone", None).await.unwrap();
            road.set(Is::Deaf(ConfirmEnrolment::PATH));
            wallet.confirm(ceremony.id).await.unwrap_err();
            road.set(Is::Stopped(how));
            world.advance(IDLE);
            wallet.sync().await.unwrap_err();
            wallet.confirm(ceremony.id).await.unwrap_err();
            // The page is set up right again: the key that the issuer knows is still here.
            road.set(Is::Whole);
            wallet.sync().await.unwrap();
            assert_eq!(wallet.state().status, Status::Ready);
        });
    }
}

#[test]
fn a_top_up_whose_answer_was_lost_is_one_top_up_when_the_page_may_call_again() {
    for how in STOPS {
        run(async {
            let world = World::new().await;
            let (road, place) = watched(&world);
            let wallet = world.wallet(&place).await;
            world.enrol(&wallet, "hanako").await.unwrap();
            world.prove_card(&wallet, "card-1").await;
            let before = balance(&wallet);
            let source = "card-1".parse().unwrap();
            let ceremony = wallet.prepare_top_up(yen(5_000), Currency::JPY, source).await.unwrap();
            road.set(Is::Deaf(ConfirmIntent::PATH));
            wallet.confirm(ceremony.id).await.unwrap_err();
            road.set(Is::Stopped(how));
            wallet.confirm(ceremony.id).await.unwrap_err();
            road.set(Is::Whole);
            let Confirmed::Receipt { .. } = wallet.confirm(ceremony.id).await.unwrap() else { panic!("no receipt") };
            assert_eq!(balance(&wallet), before + 5_000);
            assert_eq!(world.issuer.funding().charged(), 5_000);
            world.audit().await;
        });
    }
}

#[test]
fn a_freeze_waits_for_no_description() {
    run(async {
        let world = World::new().await;
        let (road, place) = watched(&world);
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        world.advance(IDLE);
        road.set(Is::Undescribed);
        wallet.freeze().await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen);
    });
}
