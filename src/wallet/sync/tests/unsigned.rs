//! What answers say without a signature: it may stop the wallet, and adds nothing.

use super::{change_answers, code};
use crate::code::Code;
use crate::wallet::memory::{Place, run};
use crate::wallet::ports::{Platform as _, Response};
use crate::wallet::record::Data;
use crate::wallet::scripted::World;
use crate::wallet::state::AlertKind;
use crate::wallet::{Status, Wallet};
use crate::wire::calls::{Call as _, Enrolled, Problem, Refill, Refilled, Sync};
use crate::wire::money::Amount;
use crate::wire::state::{DeviceStatus, Left};
use core::cell::RefCell;
use std::rc::Rc;

#[test]
fn an_enrolments_answer_says_nothing_of_the_counter() {
    let world = World::new();
    change_answers(&world, crate::wire::calls::ConfirmEnrolment::PATH, |answer| answer["atc_floor"] = 70_000.into());
    let wallet = world.enrolled();
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 1);
}

#[test]
fn a_refill_says_no_more_than_was_believed_until_the_next_state() {
    let world = World::new();
    let wallet = world.enrolled();
    let left = Left { amount: Amount::of(3_000), count: 4, resets_at: 1_800_050_000 };
    world.issuer.book.borrow_mut().left = left;
    run(wallet.sync()).unwrap();
    // The answers say more of everything, and no sync comes through after them.
    world.issuer.carry(|path, response| match path {
        Refill::PATH => {
            let mut answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            answer["left"] = serde_json::json!({ "amount": "900000", "count": 99, "resets_at": 0 });
            Response { body: serde_json::to_vec(&answer).unwrap(), ..response }
        }
        Sync::PATH => Response { status: 503, body: Vec::new(), ..response },
        _ => response,
    });
    run(wallet.refill()).unwrap();
    assert_eq!(wallet.read(|data| data.left.unwrap().left).unwrap(), left);
    assert_eq!(wallet.state().allowance.unwrap().left.amount, Amount::of(3_000));
    // Less is taken, until the issuer signs otherwise.
    change_answers(&world, Refill::PATH, |answer| answer["left"]["amount"] = "10".into());
    world.issuer.book.borrow_mut().left.amount = Amount::of(2_000);
    world.place.clock().advance(core::time::Duration::from_secs(1));
    run(wallet.refill()).unwrap();
    assert_eq!(wallet.read(|data| data.left.unwrap().left.amount).unwrap(), Amount::of(2_000), "the state after it");
}

#[test]
fn an_earlier_allowance_is_not_taken_again() {
    let world = World::new();
    let wallet = world.enrolled();
    let kept: Rc<RefCell<Vec<Refilled>>> = Rc::default();
    let keep = Rc::clone(&kept);
    world.issuer.carry(move |path, response| {
        if path == Refill::PATH {
            keep.borrow_mut().push(serde_json::from_slice(&response.body).unwrap());
        }
        response
    });
    for _ in 0..2 {
        world.advance(60);
        run(wallet.refill()).unwrap();
    }
    let held = wallet.read(|data| data.allowance.clone()).unwrap();
    let earlier = serde_json::to_vec(&kept.borrow()[0]).unwrap();
    world.issuer.answer_instead(Refill::PATH, earlier);
    run(wallet.refill()).unwrap();
    assert_eq!(wallet.read(|data| data.allowance.clone()).unwrap(), held);
    // One that ends with the current one is taken, but not one that was here before.
    world.issuer.carry(|_, response| response);
    run(wallet.refill()).unwrap();
    let later = wallet.read(|data| data.allowance.clone()).unwrap();
    assert_ne!(later.as_ref().unwrap().handle, held.as_ref().unwrap().handle);
    assert_eq!(later.as_ref().unwrap().until, held.as_ref().unwrap().until);
    let same = serde_json::to_vec(&kept.borrow()[1]).unwrap();
    world.issuer.answer_instead(Refill::PATH, same);
    run(wallet.refill()).unwrap();
    assert_eq!(wallet.read(|data| data.allowance.clone()).unwrap(), later);
}

#[test]
fn a_refusal_says_nothing_that_only_the_wallet_itself_can_say() {
    let world = World::new();
    let wallet = world.enrolled();
    let says_it = |said: Code| {
        let body = serde_json::to_vec(&Problem::new(said)).unwrap();
        world.issuer.carry(move |_, response| Response { status: 403, body: body.clone(), ..response });
        code(run(wallet.sync()))
    };
    let before = wallet.read(Data::clone).unwrap();
    for own in [
        Code::KeyLost,
        Code::StorageCorrupt,
        Code::ReceiptForged,
        Code::RotateNeeded,
        Code::Locked,
        Code::ModuleCrashed,
    ] {
        assert_eq!(says_it(own), Code::IssuerRefused, "{own}");
    }
    assert_eq!(wallet.read(Data::clone).unwrap(), before);
    for theirs in [Code::Frozen, Code::OverLimit, Code::TooManyAttempts, Code::NotFound] {
        assert_eq!(says_it(theirs), theirs);
    }
}

#[test]
fn the_account_is_called_what_the_page_expects_and_the_currency_is_the_allowances() {
    let world = World::new();
    world.issuer.carry(|path, response| {
        let mut answer: serde_json::Value = match path {
            crate::wire::calls::WELL_KNOWN | crate::wire::calls::PrepareEnrolment::PATH => {
                serde_json::from_slice(&response.body).unwrap()
            }
            _ => return response,
        };
        if path == crate::wire::calls::WELL_KNOWN {
            answer["currency"] = "USD".into();
        } else {
            answer["account_label"] = "Call 0120-000-000".into();
            answer["expires_at"] = u32::MAX.into();
        }
        Response { body: serde_json::to_vec(&answer).unwrap(), ..response }
    });
    let wallet = world.open();
    run(async {
        let attempt = wallet.log_in("hanako", "password", "ja").await.unwrap();
        let ticket = wallet.enter_code(&attempt, "12345678").await.unwrap();
        assert_eq!(code(wallet.prepare_enrolment(&ticket, "Phone", Some("hanako")).await), Code::WrongAccount);
        let ceremony = wallet.prepare_enrolment(&ticket, "Phone", None).await.unwrap();
        let crate::wallet::IntentView::Enrol { account_label, expires_at, .. } = &ceremony.intent else { panic!() };
        assert_eq!(account_label, "acc-1");
        assert!(*expires_at <= wallet.now_ms() + 600_000);
        wallet.confirm(ceremony.id).await.unwrap();
    });
    let state = wallet.state();
    assert_eq!(state.account_label.as_deref(), Some("acc-1"));
    assert_eq!(state.balance.unwrap().currency, crate::wire::money::Currency::JPY);
}

#[test]
fn an_enrolments_answer_holds_its_allowance_and_nothing_else() {
    let answer = serde_json::to_value(Enrolled { allowance: crate::wire::id::Bytes(vec![1]) }).unwrap();
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["allowance"]);
}

#[test]
fn a_freeze_that_somebody_else_answered_is_told_by_the_next_state() {
    let kinds = |wallet: &Wallet<Place>| wallet.state().alerts.iter().map(|alert| alert.kind).collect::<Vec<_>>();
    for is_real in [true, false] {
        let world = World::new();
        let wallet = world.enrolled();
        let issuer = Rc::clone(&world.issuer);
        world.issuer.carry(move |path, response| {
            if path == crate::wire::calls::FreezeAccount::PATH && !is_real {
                issuer.book.borrow_mut().status = DeviceStatus::Active;
            }
            response
        });
        run(wallet.freeze()).unwrap();
        assert_eq!(wallet.state().status, Status::Frozen, "at once, whoever said so");
        for _ in 0..2 {
            run(wallet.sync()).unwrap();
            let (status, alerts) =
                if is_real { (Status::Frozen, vec![]) } else { (Status::Ready, vec![AlertKind::Unfrozen]) };
            assert_eq!((wallet.state().status, kinds(&wallet)), (status, alerts));
        }
        // A release that comes later is told by its own receipt.
        world.issuer.book.borrow_mut().status = DeviceStatus::Active;
        run(wallet.sync()).unwrap();
        assert_eq!(kinds(&wallet).len(), usize::from(!is_real));
    }
}
