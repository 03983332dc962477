use super::*;
use crate::wallet::memory::{Place, Tamper, run};
use crate::wallet::ports::Response;
use crate::wallet::scripted::{Trick, World, amount};
use crate::wallet::state::{Missing, Status};
use crate::wire::calls::{Call as _, Problem};

async fn top_up(wallet: &Wallet<Place>, yen: u32) -> Result<Ceremony, Error> {
    wallet.prepare_top_up(amount(yen), Currency::JPY, "card-1".parse().unwrap()).await
}

#[test]
fn a_top_up_ends_in_its_checked_receipt() {
    let world = World::new();
    let wallet = world.enrolled();
    run(async {
        let ceremony = top_up(&wallet, 5_000).await.unwrap();
        assert_eq!(wallet.state().ceremony, Some("top-up"));
        let Ok(Confirmed::Receipt { receipt }) = wallet.confirm(ceremony.id).await else { panic!() };
        assert_eq!(receipt.kind, Kind::TopUp);
        let state = wallet.state();
        assert_eq!(state.balance.unwrap().amount, amount(15_000));
        assert_eq!(state.recent.first(), Some(&receipt));
        assert_eq!(state.alerts, []);
    });
}

#[test]
fn an_intent_that_says_anything_else_is_refused_before_any_prompt() {
    for trick in [Trick::IntentAmount, Trick::IntentHead] {
        let world = World::new();
        let wallet = world.enrolled();
        let prompts = world.place.authenticator().prompts().len();
        world.issuer.trick.set(Some(trick));
        assert_eq!(run(top_up(&wallet, 5_000)).unwrap_err().code, Code::IntentMismatch, "{trick:?}");
        assert_eq!(world.place.authenticator().prompts().len(), prompts);
        assert_eq!(wallet.state().ceremony, None);
    }
}

#[test]
fn what_the_passkey_answers_is_checked_before_the_co_signature() {
    let table = [
        (Tamper::Uv, Code::UserNotVerified),
        (Tamper::Up, Code::UserNotVerified),
        (Tamper::Challenge, Code::AssertionRefused),
        (Tamper::Type, Code::AssertionRefused),
        (Tamper::UserHandle, Code::AssertionRefused),
        (Tamper::Origin, Code::WrongOrigin),
        (Tamper::CrossOrigin, Code::WrongOrigin),
        (Tamper::RpId, Code::WrongRp),
    ];
    for (tamper, code) in table {
        let world = World::new();
        let wallet = world.enrolled();
        let ceremony = run(top_up(&wallet, 5_000)).unwrap();
        world.place.authenticator().tamper(Some(tamper));
        assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, code, "{tamper:?}");
        assert!(!world.issuer.calls.borrow().iter().any(|path| path == "/v1/intents/confirm"));
    }
}

#[test]
fn a_receipt_that_is_not_for_this_intent_is_forged() {
    for trick in [Trick::ReceiptForOtherAmount, Trick::ReceiptWrongKey, Trick::ReceiptBody] {
        let world = World::new();
        let wallet = world.enrolled();
        let ceremony = run(top_up(&wallet, 5_000)).unwrap();
        world.issuer.trick.set(Some(trick));
        assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::ReceiptForged, "{trick:?}");
    }
}

#[test]
fn a_receipt_without_its_details_is_matched_by_what_it_moved() {
    let world = World::new();
    let wallet = world.enrolled();
    // Others came before it, so the balance before it is not here yet.
    let ceremony = run(top_up(&wallet, 5_000)).unwrap();
    world.issuer.record(Kind::TopUp, None, None, Some(70));
    world.issuer.trick.set(Some(Trick::ReceiptErased));
    let Ok(Confirmed::Receipt { receipt }) = run(wallet.confirm(ceremony.id)) else { panic!() };
    assert_eq!((receipt.money.unwrap().amount, receipt.missing), (amount(5_000), Some(Missing::Erased)));
    assert_eq!(wallet.state().balance.unwrap().amount, amount(15_070));
    assert_eq!(wallet.state().alerts, []);
}

#[test]
fn a_processor_that_never_answers_leaves_it_pending() {
    let world = World::new();
    let wallet = world.enrolled();
    let ceremony = run(top_up(&wallet, 5_000)).unwrap();
    world.issuer.trick.set(Some(Trick::NeverSettles));
    let confirmed = run(wallet.confirm(ceremony.id)).unwrap();
    assert_eq!(confirmed, Confirmed::Pending { id: "top-up-1".into() });
}

/// A top-up whose answer was lost, and what came between, charges once and prompts once.
fn found_again(between: impl AsyncFnOnce(&World, &Wallet<Place>, u64)) {
    let world = World::new();
    let wallet = world.enrolled();
    let prompts = world.place.authenticator().prompts().len();
    run(async {
        let ceremony = top_up(&wallet, 5_000).await.unwrap();
        world.place.transport().lose_answers(1);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
        between(&world, &wallet, ceremony.id).await;
        let Ok(Confirmed::Receipt { receipt }) = wallet.confirm(ceremony.id).await else { panic!() };
        assert_eq!(receipt.money.unwrap().amount, amount(5_000));
    });
    assert_eq!(world.issuer.book.borrow().balance, 15_000);
    assert_eq!(world.place.authenticator().prompts().len(), prompts + 1);
}

#[test]
fn a_lost_answer_charges_once_and_prompts_once() {
    found_again(async |_, _, _| ());
}

#[test]
fn a_step_up_that_ran_out_of_time_at_the_issuer_is_the_same_one_when_it_is_confirmed_again() {
    let world = World::new();
    let wallet = world.enrolled();
    let prompts = world.place.authenticator().prompts().len();
    let ceremony = run(top_up(&wallet, 5_000)).unwrap();
    // The issuer did it, and its time was over before it could say so; the second time too.
    world.issuer.carry(|path, response| match path {
        ConfirmIntent::PATH => {
            let body = crate::wire::json::to_vec(&Problem::new(Code::TimedOut));
            Response { status: 408, body, ..response }
        }
        _ => response,
    });
    for _ in 0..2 {
        assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::IssuerBusy);
    }
    world.issuer.carry(|_, response| response);
    let Ok(Confirmed::Receipt { receipt }) = run(wallet.confirm(ceremony.id)) else { panic!() };
    assert_eq!(receipt.money.unwrap().amount, amount(5_000));
    assert_eq!(world.issuer.book.borrow().balance, 15_000);
    assert_eq!(world.place.authenticator().prompts().len(), prompts + 1);
}

#[test]
fn a_key_that_refuses_to_send_again_what_was_lost_changes_nothing() {
    use super::super::ports::KeyError;
    found_again(async |world, wallet, ceremony| {
        world.place.keys().refuse_signing(Some(KeyError::Cancelled));
        assert_eq!(wallet.confirm(ceremony).await.unwrap_err().code, Code::Cancelled);
        world.place.keys().refuse_signing(None);
    });
}

#[test]
fn who_may_not_sign_is_refused_at_once() {
    let world = World::new();
    let wallet = world.open();
    assert_eq!(run(top_up(&wallet, 1)).unwrap_err().code, Code::NotEnrolled);
    let wallet = world.enrolled();
    assert_eq!(run(top_up(&wallet, 0)).unwrap_err().code, Code::BadAmount);
    let other = run(wallet.prepare_top_up(amount(1), Currency::JPY, "card-9".parse().unwrap()));
    assert_eq!(other.unwrap_err().code, Code::SourceUnknown);
    let dollars = run(wallet.prepare_top_up(amount(1), "USD".parse().unwrap(), "card-1".parse().unwrap()));
    assert_eq!(dollars.unwrap_err().code, Code::CurrencyMismatch);
    let ceremony = run(top_up(&wallet, 1)).unwrap();
    wallet.lock();
    assert_eq!(wallet.state().status, Status::Locked);
    assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::Locked);
    assert_eq!(run(top_up(&wallet, 1)).unwrap_err().code, Code::Locked);
}

#[test]
fn an_old_intent_asks_for_no_passkey() {
    let world = World::new();
    let wallet = world.enrolled();
    let prompts = world.place.authenticator().prompts().len();
    let ceremony = run(top_up(&wallet, 1)).unwrap();
    world.advance(301);
    assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::IntentExpired);
    assert_eq!(world.place.authenticator().prompts().len(), prompts);
}
