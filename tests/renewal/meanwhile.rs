//! What happens while a key is renewed: a lock, another tab, an answer of before, a state that did not come.

use super::*;
use std::cell::Cell;
use world::Road;

/// A place whose answered calls are watched by their paths: `meets` may answer otherwise.
fn watched(world: &World, meets: impl Fn(&str) -> Option<Response> + 'static) -> Place {
    world.place_on(move |at| if let Road::Back(path) = at { meets(path).map(Ok) } else { None })
}

/// A wallet that enrolled, and what has its syncs answered 503 while it is set.
async fn without_syncs(world: &World) -> (Wallet<Place>, Rc<Cell<bool>>) {
    let lost = Rc::new(Cell::new(false));
    let loses = Rc::clone(&lost);
    let place = watched(world, move |path| {
        let unavailable = || Response { status: 503, body: Vec::new(), nonce: None, retry_after: None };
        (loses.get() && path == "/v1/sync").then(unavailable)
    });
    let wallet = world.wallet(&place).await;
    world.enrol(&wallet, "hanako").await.unwrap();
    (wallet, lost)
}

#[test]
fn a_wallet_that_is_locked_while_its_key_is_renewed_stays_locked() {
    run(async {
        for answer_is_lost in [false, true] {
            let world = World::new().await;
            let held: Rc<RefCell<Option<Rc<Wallet<Place>>>>> = Rc::default();
            let locking = Rc::clone(&held);
            let place = watched(&world, move |path| {
                let wallet = locking.borrow_mut().take_if(|_| path == "/v1/rotation/confirm")?;
                wallet.lock();
                // The issuer has done it, and something on the way asks for the call again: there is no key for that.
                let body = br#"{"type":"about:blank","title":"","status":401,"code":"use-dpop-nonce"}"#.to_vec();
                answer_is_lost.then(|| Response { status: 401, body, nonce: Some("another".into()), retry_after: None })
            });
            let wallet = Rc::new(world.wallet(&place).await);
            world.enrol(&wallet, "hanako").await.unwrap();
            let before = data(&place).device_key;
            let ceremony = wallet.prepare_rotation(None).await.unwrap();
            held.replace(Some(Rc::clone(&wallet)));
            let confirmed = wallet.confirm(ceremony.id).await;
            assert_eq!(wallet.state().status, Status::Locked);
            assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Locked);
            if answer_is_lost {
                assert_eq!(confirmed.unwrap_err().code, Code::Locked);
                assert!(data(&place).rotating.is_some(), "the issuer may have the new key: it must not be dropped");
            }
            wallet.unlock().await.unwrap();
            wallet.sync().await.unwrap();
            assert_ne!(data(&place).device_key, before);
            assert_eq!(wallet.state().status, Status::Ready);
            let till = world.till("1001").await;
            let code = wallet.payment_code(None).await.unwrap();
            assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        }
    });
}

#[test]
fn a_tab_with_a_renewal_of_its_own_takes_the_one_that_came_first() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let (other, locked) = (world.wallet(&place).await, world.wallet(&place).await);
        locked.lock();
        let first = wallet.prepare_rotation(None).await.unwrap();
        other.prepare_rotation(None).await.unwrap();
        place.transport().lose_answers(1);
        assert_eq!(wallet.confirm(first.id).await.unwrap_err().code, Code::Offline);
        other.read_again().await.unwrap();
        other.sync().await.unwrap();
        assert_eq!(other.state().status, Status::Ready);
        let till = world.till("1001").await;
        let code = other.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        // A tab that was locked is not opened by it.
        locked.read_again().await.unwrap();
        assert_eq!(locked.state().status, Status::Locked);
        locked.unlock().await.unwrap();
        assert_eq!(locked.state().status, Status::Ready);
    });
}

#[test]
fn an_old_answer_played_again_does_not_end_the_key_that_works() {
    run(async {
        let world = World::new().await;
        // Whoever carries the calls keeps the answer to the enrolment, and gives it in the place of the renewal's.
        let kept = Rc::new(RefCell::new(Vec::new()));
        let (carrier, held) = (world.clone(), Rc::clone(&kept));
        let transport = FnTransport::new(move |request| {
            let (world, held) = (carrier.clone(), Rc::clone(&held));
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                let reply = world.answer(request.method, &path, request.body, request.proof).await;
                let Reply { status, mut body, nonce, retry_after, .. } = reply;
                match path.as_str() {
                    "/v1/enrolment/confirm" => held.replace(body.clone()),
                    "/v1/rotation/confirm" if status == 200 => core::mem::replace(&mut body, held.borrow().clone()),
                    _ => Vec::new(),
                };
                Ok(Response { status, body, nonce, retry_after })
            }
        });
        let place = world.place_over(ISSUER, transport);
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        let before = data(&place).device_key;
        assert_eq!(renew(&wallet, None).await.unwrap_err().code, Code::IssuerUntrusted);
        assert!(!kept.borrow().is_empty());
        let after = data(&place);
        assert_eq!(after.device_key, before);
        // The new key waits on disk for an answer that is about it.
        assert_ne!(after.rotating.unwrap().device_key, before);
    });
}

#[test]
fn a_code_of_the_new_key_stays_whatever_came_of_the_copied_key() {
    run(async {
        let Robbed { world, wallet, till, thief, .. } = robbed().await;
        let own = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&own.text, 540, "sale-1").await, Outcome::Declined);
        // The copy goes on with the counter that the new key will begin with.
        world.advance(2);
        let next = thief.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&next.text, 500, "theft-2").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        renew(&wallet, None).await.unwrap();
        let seen = |kind| {
            wallet
                .receipts(None, 20)
                .iter()
                .any(|receipt| receipt.kind == kind && receipt.counter == Some(next.counter))
        };
        assert!(seen(Kind::Declined), "known before the code is made");

        let mut presentation = Presentation::new();
        presentation.tapped(0);
        let ready = wallet.code_to_present(Form::default(), None).await.unwrap();
        let code = &ready.code;
        assert_eq!(code.counter, next.counter);
        presentation.made(&ready, 0);
        let ended = |presentation: &mut Presentation| {
            wallet.receipts(None, 20).iter().any(|receipt| presentation.noticed(receipt))
        };
        assert!(!ended(&mut presentation));
        assert_eq!(presentation.at(0), View::Showing { seconds_left: 30 });
        // Nor does a code of the dead key that is offered while this one is on screen.
        world.advance(2);
        let late = thief.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&late.text, 500, "theft-3").await, Outcome::Declined);
        wallet.sync().await.unwrap();
        assert!(!ended(&mut presentation));
        assert_eq!(till.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
        wallet.sync().await.unwrap();
        assert!(ended(&mut presentation));
        assert_eq!(presentation.at(0), View::Waiting { reason: Wait::Paid });
    });
}

#[test]
fn a_tab_that_still_has_the_old_key_stops_no_other() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let (other, third) = (world.wallet(&place).await, world.wallet(&place).await);
        renew(&wallet, None).await.unwrap();
        // It has not heard of the renewal, and the issuer refuses its key.
        let _ = other.sync().await;
        wallet.read_again().await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
        assert!(wallet.payment_code(None).await.is_ok());
        // It takes the new key, and pays with it.
        world.advance(2);
        other.sync().await.unwrap();
        assert_eq!(other.state().status, Status::Ready);
        let till = world.till("1001").await;
        let code = other.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
        // One that changes the record before it is told to read it again.
        world.advance(61);
        third.shown(1).await.unwrap();
        let code = third.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
        assert_eq!(third.state().status, Status::Ready);
    });
}

/// A world in which a tab was open before the key was renewed in another one.
struct Outdated {
    _world: World,
    place: Place,
    wallet: Wallet<Place>,
    /// Holds the old keys.
    tab: Wallet<Place>,
}

/// Has the key renewed while a tab is open. `heard`: that tab has changed the record since, so that it knows which keys are the new
/// ones and still holds the old ones.
async fn outdated(heard: bool) -> Outdated {
    let world = World::new().await;
    let (place, wallet) = world.hanako().await;
    let tab = world.wallet(&place).await;
    renew(&wallet, None).await.unwrap();
    if heard {
        tab.acknowledge("none").await.unwrap();
    }
    Outdated { _world: world, place, wallet, tab }
}

#[test]
fn a_tab_that_still_has_the_old_key_freezes_and_reports_with_the_new_one() {
    run(async {
        for (heard, reports) in [(false, false), (true, false), (false, true), (true, true)] {
            let Outdated { _world, wallet, tab, .. } = outdated(heard).await;
            let frozen = if reports { tab.not_mine(1).await } else { tab.freeze().await };
            assert_eq!(frozen.map_err(|error| error.code), Ok(()), "heard {heard}, reports {reports}");
            assert_eq!(tab.state().status, Status::Frozen);
            wallet.sync().await.unwrap();
            assert_eq!(wallet.state().status, Status::Frozen);
        }
    });
}

#[test]
fn a_tab_that_still_has_the_old_key_calls_with_the_new_one() {
    run(async {
        for heard in [false, true] {
            let Outdated { _world, tab, .. } = outdated(heard).await;
            assert_eq!(tab.follow_news().await.map(drop).map_err(|error| error.code), Ok(()), "heard {heard}");
            let Outdated { _world: world, tab, .. } = outdated(heard).await;
            // The renewal brought an allowance, and a second one in a day takes the passkey.
            world.advance(24 * 3600);
            assert_eq!(tab.refill().await.map_err(|error| error.code), Ok(()), "heard {heard}");
            let Outdated { _world, tab, .. } = outdated(heard).await;
            // The issuer took the new key's word: there is no such payment.
            assert_eq!(tab.both_mine(1).await.map_err(|error| error.code), Err(Code::NotFound), "heard {heard}");
            let Outdated { _world, tab, .. } = outdated(heard).await;
            let proof = tab.prove_card("card-1".parse().unwrap()).await;
            assert_eq!(proof.map(drop).map_err(|error| error.code), Ok(()), "heard {heard}");
        }
    });
}

#[test]
fn a_tab_that_still_has_the_old_key_asks_for_agreement_with_the_new_one() {
    run(async {
        for heard in [false, true] {
            let Outdated { _world, tab, .. } = outdated(heard).await;
            let limit = tab.prepare_limit(Amount::of(5_000)).await;
            let limit = limit.unwrap_or_else(|error| panic!("heard {heard}: {error}"));
            assert_eq!(tab.confirm(limit.id).await.map(drop).map_err(|error| error.code), Ok(()), "heard {heard}");
            let Outdated { _world, tab, .. } = outdated(heard).await;
            assert_eq!(renew(&tab, None).await.map(drop).map_err(|error| error.code), Ok(()), "heard {heard}");
        }
    });
}

#[test]
fn a_locked_tab_that_knows_the_old_key_unlocks_the_new_one() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let tab = world.wallet(&place).await;
        tab.lock();
        renew(&wallet, None).await.unwrap();
        assert_eq!(tab.unlock().await.map_err(|error| error.code), Ok(()));
        assert_eq!(tab.state().status, Status::Ready);
        assert!(tab.payment_code(None).await.is_ok());
        // Another custody: its seal is opened at the next tap.
        tab.lock();
        place.authenticator().set_prf(Prf::Works);
        renew(&wallet, Some(Custody::Passkey)).await.unwrap();
        assert_eq!(tab.unlock().await.map_err(|error| error.code), Err(Code::TapAgain));
        assert_eq!(tab.unlock().await.map_err(|error| error.code), Ok(()));
        tab.lock();
        // The prompt was for the seal of the key before.
        renew(&wallet, None).await.unwrap();
        assert_eq!(tab.unlock().await.map_err(|error| error.code), Err(Code::TapAgain));
        assert_eq!(tab.unlock().await.map_err(|error| error.code), Ok(()));
        assert_eq!(tab.state().status, Status::Ready);
    });
}

#[test]
fn a_tab_that_still_has_the_old_key_signs_off_the_new_one() {
    run(async {
        for heard in [false, true] {
            let Outdated { _world: world, place, tab, .. } = outdated(heard).await;
            let copy = world.wallet(&place.copied()).await;
            tab.forget().await.unwrap();
            assert_eq!(copy.sync().await.map_err(|error| error.code), Err(Code::Revoked), "heard {heard}");
        }
    });
}

#[test]
fn the_first_code_of_a_new_key_asks_for_the_state_that_did_not_come() {
    run(async {
        let world = World::new().await;
        let (wallet, lost) = without_syncs(&world).await;
        lost.set(true);
        renew(&wallet, None).await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
        // Not "offline": the issuer answers, and says that it can't.
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::IssuerUnavailable);
        lost.set(false);
        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    });
}

#[test]
fn a_key_that_was_renewed_on_a_frozen_account_is_frozen_before_the_next_state_says_so() {
    run(async {
        let world = World::new().await;
        let (wallet, lost) = without_syncs(&world).await;
        wallet.freeze().await.unwrap();
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        lost.set(true);
        wallet.confirm(ceremony.id).await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
    });
}

/// One tab gives up a recovery that was never sent and registers another key; a second one still has the first in memory.
#[test]
fn a_tab_sends_no_registration_that_another_tab_has_given_up() {
    run(async {
        let world = World::new().await;
        let (place, _) = world.hanako().await;
        let phone = place.synced();
        let first = world.wallet(&phone).await;
        let ticket = world.ticket(&first, "hanako").await.unwrap();
        let ceremony = first.prepare_recovery(&ticket, "Phone", None).await.unwrap();
        phone.transport().set_offline(true);
        assert_eq!(first.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
        assert!(data(&phone).enrolling.is_some(), "on disk, and not sent");
        let tab = world.wallet(&phone).await;
        phone.transport().set_offline(false);
        first.forget().await.unwrap();
        let again = world.wallet(&phone).await;
        let ticket = world.ticket(&again, "hanako").await.unwrap();
        let ceremony = again.prepare_recovery(&ticket, "Phone", None).await.unwrap();
        again.confirm(ceremony.id).await.unwrap();
        let kept = data(&phone).device_key;
        tab.sync().await.unwrap();
        assert_eq!(data(&phone).device_key, kept);
        again.sync().await.unwrap();
        assert_eq!((again.state().status, tab.state().status), (Status::Ready, Status::Ready));
    });
}
