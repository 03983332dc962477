use super::*;
use crate::wallet::memory::{Mode, Place, Prf, run};
use crate::wallet::ports::{Authenticator, SigningKey};
use crate::wallet::scripted::{Trick, World};
use crate::wallet::state::Status;
use crate::wallet::{Ceremony, Settings};
use crate::wire::enrolment::Custody;

fn settings(custody: Option<Custody>) -> Settings {
    Settings { custody, ..World::settings() }
}

fn open(world: &World, custody: Option<Custody>) -> Wallet<Place> {
    run(Wallet::open(world.place.clone(), settings(custody))).unwrap()
}

fn world(prf: Prf) -> World {
    let world = World::new();
    world.place.authenticator().set_prf(prf);
    world.place.keys().offer(Custody::Passkey);
    world
}

async fn prepared(wallet: &Wallet<Place>) -> Ceremony {
    let attempt = wallet.log_in("hanako", "password", "ja").await.unwrap();
    let ticket = wallet.enter_code(&attempt, "12345678").await.unwrap();
    wallet.prepare_enrolment(&ticket, "Phone", Some("hanako")).await.unwrap()
}

fn enrolled(world: &World, custody: Option<Custody>) -> Result<Wallet<Place>, Error> {
    let wallet = open(world, custody);
    run(async {
        let ceremony = prepared(&wallet).await;
        wallet.confirm(ceremony.id).await
    })?;
    Ok(wallet)
}

fn code_of<T>(result: Result<T, Error>) -> Code {
    result.err().map(|error| error.code).unwrap()
}

#[test]
fn a_sealed_key_pays_after_its_passkey_was_asked_and_never_before() {
    let world = world(Prf::Works);
    let wallet = enrolled(&world, None).unwrap();
    assert_eq!(wallet.state().device.unwrap().custody, Custody::Passkey);
    assert_eq!(wallet.state().status, Status::Ready);
    assert!(run(wallet.payment_code(None)).is_ok());
    assert_eq!(world.place.authenticator().prompts(), ["create", "get"]);
    // A reload starts locked, without a prompt; news come all the same, and a freeze works.
    let again = open(&world, None);
    assert_eq!(again.state().status, Status::Locked);
    world.advance(60);
    assert_eq!(code_of(run(again.payment_code(None))), Code::Locked);
    assert_eq!(code_of(run(again.prepare_refill())), Code::Locked);
    run(again.sync()).unwrap();
    assert_eq!(again.state().status, Status::Locked);
    assert_eq!(world.place.authenticator().prompts().len(), 2);
    // The passkey opens it without network.
    world.place.transport().set_offline(true);
    run(again.unlock()).unwrap();
    assert_eq!(again.state().status, Status::Ready);
    assert_eq!(again.state().ceremony, None);
    assert!(run(again.payment_code(None)).is_ok());
    run(again.unlock()).unwrap();
    assert_eq!(world.place.authenticator().prompts(), ["create", "get", "get"], "an open key asks nobody");
    again.lock();
    assert_eq!(again.state().status, Status::Locked);
    assert!(!again.report().unlocked);
}

#[test]
fn nothing_is_stored_before_a_device_is_about_to_be_registered() {
    for custody in [Custody::Passkey, Custody::Software] {
        let world = world(Prf::Works);
        let wallet = open(&world, Some(custody));
        let ceremony = run(prepared(&wallet));
        assert_eq!(world.place.store().data(), None);
        world.place.authenticator().set_mode(Mode::Refuse);
        assert_eq!(code_of(run(wallet.confirm(ceremony.id))), Code::Cancelled);
        assert_eq!(world.place.store().data(), None);
        wallet.lock();
        world.place.authenticator().set_mode(Mode::Approve);
        run(wallet.confirm(ceremony.id)).unwrap();
        assert!(world.place.store().data().is_some());
    }
}

#[test]
fn the_statement_claims_the_custody_that_the_key_has() {
    // What the passkey does, and how often it is asked in all.
    let table = [
        (Prf::None, Custody::Browser, 2),
        (Prf::Promised, Custody::Browser, 3),
        (Prf::Short, Custody::Browser, 3),
        (Prf::Zero, Custody::Browser, 3),
        (Prf::Works, Custody::Passkey, 2),
    ];
    for (prf, custody, prompts) in table {
        let world = world(prf);
        let wallet = enrolled(&world, None).unwrap();
        assert_eq!(wallet.state().device.unwrap().custody, custody, "{prf:?}");
        assert_eq!(world.issuer.book.borrow().devices[0].custody, custody, "{prf:?}");
        assert_eq!(world.place.authenticator().prompts().len(), prompts, "{prf:?}");
        assert_eq!(open(&world, None).state().status == Status::Locked, custody == Custody::Passkey, "{prf:?}");
    }
}

#[test]
fn a_page_that_names_passkey_gets_it_or_nothing() {
    let table = [
        (Prf::None, Code::PrfUnavailable),
        (Prf::Promised, Code::PrfUnavailable),
        (Prf::Short, Code::PrfUnusable),
        (Prf::Zero, Code::PrfUnusable),
    ];
    for (prf, code) in table {
        let world = world(prf);
        assert_eq!(code_of(enrolled(&world, Some(Custody::Passkey))), code, "{prf:?}");
        assert!(world.issuer.book.borrow().devices.is_empty());
        assert_eq!(world.place.store().data(), None);
    }
}

#[test]
fn what_does_not_open_is_named_and_stays_as_it_was() {
    let world = world(Prf::Works);
    enrolled(&world, Some(Custody::Passkey)).unwrap();
    let wallet = open(&world, None);
    let table = [
        (Prf::None, Code::PrfUnavailable),
        (Prf::Short, Code::PrfUnusable),
        (Prf::Zero, Code::PrfUnusable),
        (Prf::Other, Code::SealMismatch),
    ];
    let before = world.place.store().data();
    for (prf, code) in table {
        world.place.authenticator().set_prf(prf);
        assert_eq!(code_of(run(wallet.unlock())), code, "{prf:?}");
        assert_eq!(wallet.state().status, Status::Locked);
        assert_eq!(wallet.state().ceremony, None);
        assert_eq!(code_of(run(wallet.payment_code(None))), Code::Locked);
    }
    for (mode, code) in [(Mode::Refuse, Code::Cancelled), (Mode::UvFail, Code::Cancelled)] {
        world.place.authenticator().set_mode(mode);
        assert_eq!(code_of(run(wallet.unlock())), code, "{mode:?}");
    }
    assert_eq!(world.place.store().data(), before);
    world.place.authenticator().set_mode(Mode::Approve);
    world.place.authenticator().set_prf(Prf::Works);
    run(wallet.unlock()).unwrap();
    assert!(run(wallet.payment_code(None)).is_ok());
    wallet.lock();
    world.place.authenticator().forget();
    assert_eq!(code_of(run(wallet.unlock())), Code::Cancelled, "a lost passkey looks like a refusal to a platform");
    assert_eq!(wallet.state().status, Status::Locked);
}

#[test]
fn a_record_that_went_while_the_passkey_was_asked_is_a_lost_key() {
    let world = world(Prf::Works);
    enrolled(&world, Some(Custody::Passkey)).unwrap();
    let wallet = open(&world, None);
    world.place.store().evict();
    assert_eq!(code_of(run(wallet.unlock())), Code::KeyLost);
    assert_eq!(wallet.state().status, Status::KeyLost);
}

#[test]
fn a_lost_answer_of_an_enrolment_is_asked_for_again_once_the_key_is_open() {
    let world = world(Prf::Works);
    let wallet = open(&world, None);
    let ceremony = run(prepared(&wallet));
    world.place.transport().lose_answers(1);
    assert_eq!(code_of(run(wallet.confirm(ceremony.id))), Code::Offline);
    let again = open(&world, None);
    assert_eq!(again.state().status, Status::Locked);
    assert_eq!(code_of(run(again.log_in("hanako", "password", "ja"))), Code::Locked);
    // A page asks for news by itself, tap or no tap.
    assert_eq!(code_of(run(again.sync())), Code::Locked);
    assert_eq!(open(&world, None).state().status, Status::Locked);
    run(again.unlock()).unwrap();
    assert_eq!(again.state().status, Status::Ready);
    assert!(run(again.payment_code(None)).is_ok());
    assert_eq!(world.issuer.book.borrow().allowances, 1);
}

#[test]
fn what_the_issuer_refused_may_be_tried_again_under_another_passkey() {
    let world = world(Prf::Works);
    let wallet = open(&world, Some(Custody::Passkey));
    let ceremony = run(prepared(&wallet));
    world.issuer.trick.set(Some(Trick::Refuse(Code::TicketExpired)));
    assert_eq!(code_of(run(wallet.confirm(ceremony.id))), Code::TicketExpired);
    assert_eq!(wallet.state().status, Status::New);
    // What is left on disk is no wallet to anybody else.
    assert_eq!(open(&world, None).state().status, Status::New);
    world.issuer.trick.set(None);
    let ceremony = run(prepared(&wallet));
    run(wallet.confirm(ceremony.id)).unwrap();
    let again = open(&world, None);
    run(again.unlock()).unwrap();
    assert_eq!(again.state().status, Status::Ready);
}

#[test]
fn a_sealed_key_opens_for_its_own_account_alone() {
    let world = world(Prf::Works);
    let wallet = enrolled(&world, None).unwrap();
    let (public, account) = wallet.read(|data| (data.device_key, data.account.clone().unwrap())).unwrap();
    let keys = world.place.keys();
    let (device, _) = wallet.room.handles.borrow().clone().unwrap();
    let seal = wallet.seal_for(&public, &account.credential, &account.id).unwrap();
    let (_, secret) = *run(world.place.authenticator().get(&crate::wallet::ports::RequestOptions {
        rp_id: &seal.rp_id,
        challenge: &Hash([0; 32]),
        credentials: core::slice::from_ref(&account.credential),
        prf: keys.prf_input(&device).as_ref(),
        deadline: core::time::Duration::from_secs(1),
    }))
    .unwrap();
    let secret = secret.unwrap();
    assert!(run(keys.open(&device, &public, Some((&secret, &seal)))).is_ok());
    assert_eq!(run(keys.open(&device, &public, None)).err(), Some(KeyError::Sealed));
    let other = wallet.seal_for(&public, &account.credential, &"acc-2".parse().unwrap()).unwrap();
    assert_eq!(run(keys.open(&device, &public, Some((&secret, &other)))).err(), Some(KeyError::Broken));
    let other = Seal { thumb: crate::wire::id::Thumbprint([7; 32]), ..seal };
    assert_eq!(run(keys.open(&device, &public, Some((&secret, &other)))).err(), Some(KeyError::OtherSecret));
}

#[test]
fn sealing_again_changes_input_and_seal_and_the_old_one_counts_until_then() {
    let world = world(Prf::Works);
    enrolled(&world, None).unwrap();
    let wallet = open(&world, None);
    let input = |wallet: &Wallet<Place>| {
        let handles = wallet.room.handles.borrow();
        world.place.keys().prf_input(&handles.as_ref().unwrap().0).unwrap()
    };
    let before = input(&wallet);
    world.place.authenticator().set_prf(Prf::Other);
    assert_eq!(code_of(run(wallet.reseal())), Code::SealMismatch);
    world.place.authenticator().set_prf(Prf::Works);
    assert_eq!(input(&open(&world, None)), before);
    run(wallet.reseal()).unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
    let again = open(&world, None);
    assert_ne!(input(&again), before);
    assert_eq!(input(&again), input(&wallet));
    run(again.unlock()).unwrap();
    assert!(run(again.payment_code(None)).is_ok());
    // Another tab that was opened before still asks about the old input: it reads the new one, and then it works.
    wallet.lock();
    run(wallet.unlock()).unwrap();
}

#[test]
fn a_key_that_another_tab_renewed_meanwhile_is_not_sealed_over() {
    let world = world(Prf::Works);
    enrolled(&world, None).unwrap();
    let (wallet, other) = (open(&world, None), open(&world, None));
    run(wallet.unlock()).unwrap();
    let prepare = || wallet.sealed(true).unwrap().unwrap();
    wallet.put_open(IntentView::Unlock.kind(), Work::Unlock(prepare()));
    let (prepared, ceremony) = (prepare(), wallet.room.open.borrow().clone().unwrap());
    let secret = run(wallet.derive(&ceremony, &prepared, &prepared.input)).unwrap();
    let (device, channel, handles) = run(other.make_pair(Custody::Browser)).unwrap();
    let renewed = run(other.change_next(handles, |data| {
        data.device_key = *device.public();
        data.channel_key = *channel.public();
        Ok(())
    }));
    renewed.unwrap();
    assert_eq!(code_of(run(wallet.seal_again(&ceremony, &prepared, &secret))), Code::Superseded);
    assert_eq!(open(&world, None).state().status, Status::Ready, "the renewed key is still there");
}

#[test]
fn an_enrolment_that_is_refused_after_a_restart_leaves_a_new_wallet() {
    for prf in [Prf::Works, Prf::None] {
        let world = world(prf);
        let wallet = open(&world, None);
        let ceremony = run(prepared(&wallet));
        world.place.transport().set_offline(true);
        assert_eq!(code_of(run(wallet.confirm(ceremony.id))), Code::Offline);
        let again = open(&world, None);
        world.place.transport().set_offline(false);
        world.issuer.trick.set(Some(Trick::Refuse(Code::TicketExpired)));
        // The refusal is the ended enrolment's, no part of opening the key.
        run(again.unlock()).unwrap();
        let _ = run(again.sync());
        assert_eq!(again.state().status, Status::New, "{prf:?}");
        world.issuer.trick.set(None);
        let ceremony = run(prepared(&again));
        run(again.confirm(ceremony.id)).unwrap();
        assert_eq!(again.state().status, Status::Ready);
    }
}
