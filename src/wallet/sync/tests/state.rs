//! What the wallet believes of devices, sources, counter, limits and status: the state that the issuer signed for this call.

use super::{change_answers, code, own};
use crate::code::Code;
use crate::wallet::memory::{Place, run};
use crate::wallet::ports::Response;
use crate::wallet::scripted::{Trick, World, card};
use crate::wallet::state::AlertKind;
use crate::wallet::{Status, Wallet};
use crate::wire::calls::{Call as _, Sync};
use crate::wire::id::from_base64;
use crate::wire::money::Amount;
use crate::wire::receipt::Kind;
use crate::wire::state::DeviceStatus;
use core::cell::{Cell, RefCell};
use std::rc::Rc;

#[test]
fn a_state_of_another_issuer_account_device_call_moment_or_key_is_refused_and_changes_nothing() {
    for trick in [
        Trick::StateOfIssuer,
        Trick::StateOfAccount,
        Trick::StateOfDevice,
        Trick::StateOfCall,
        Trick::StateOfSeq,
        Trick::StateWrongKey,
    ] {
        let world = World::new();
        let wallet = world.enrolled();
        let before = wallet.state();
        world.issuer.trick.set(Some(trick));
        let mut book = world.issuer.book.borrow_mut();
        book.status = DeviceStatus::Frozen;
        book.floor = 5;
        book.limit = Amount::of(1);
        book.sources = vec![card("card-9", "AMEX 9")];
        drop(book);
        assert_eq!(code(run(wallet.sync())), Code::IssuerUntrusted, "{trick:?}");
        assert_eq!(wallet.state(), before, "{trick:?}");
    }
}

#[test]
fn an_answer_that_was_given_before_is_refused_though_each_part_of_it_is_signed() {
    let world = World::new();
    let wallet = world.enrolled();
    let kept: Rc<RefCell<serde_json::Value>> = Rc::default();
    let keep = Rc::clone(&kept);
    change_answers(&world, Sync::PATH, move |answer| {
        keep.replace(answer.clone());
    });
    run(wallet.sync()).unwrap();
    for member in ["state", "time"] {
        let before = kept.borrow()[member].clone();
        change_answers(&world, Sync::PATH, move |answer| answer[member] = before.clone());
        assert_eq!(code(run(wallet.sync())), Code::IssuerUntrusted, "{member}");
    }
}

#[test]
fn whoever_carries_an_answer_may_write_its_json_anew() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.record(Kind::TopUp, Some(own(&wallet)), None, Some(5));
    let written = Rc::new(Cell::new(0));
    let count = Rc::clone(&written);
    world.issuer.carry(move |path, response| {
        if path != Sync::PATH {
            return response;
        }
        count.set(count.get() + 1);
        let answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        // Reversed, spread over lines, and with members that nobody specified, which say otherwise.
        let mut members: Vec<String> =
            answer.as_object().unwrap().iter().map(|(name, value)| format!("\n\t\"{name}\" :  {value} ")).collect();
        members.reverse();
        let more = r#""status":"frozen","limit":"1","atc_floor":65537,"sources":[],"left":{"amount":"0"},"served_by":{"a":[1]}"#;
        Response { body: format!(" {{{more},{}}}\r\n", members.join(",")).into_bytes(), ..response }
    });
    run(wallet.sync()).unwrap();
    let state = wallet.state();
    assert!(written.get() > 0);
    assert_eq!(state.status, Status::Ready);
    assert_eq!(state.balance.unwrap().amount, Amount::of(10_005));
    assert_eq!((state.limit.unwrap().amount, state.sources.len()), (Amount::of(20_000), 1));
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 1);
}

#[test]
fn a_changed_bit_of_the_signed_bytes_is_refused() {
    let world = World::new();
    let wallet = world.enrolled();
    change_answers(&world, Sync::PATH, |answer| {
        let mut state = from_base64(answer["state"].as_str().unwrap()).unwrap();
        let at = state.len() / 2;
        state[at] ^= 1;
        answer["state"] = crate::wire::id::to_base64(&state).into();
    });
    assert_eq!(code(run(wallet.sync())), Code::IssuerUntrusted);
}

#[test]
fn a_floor_that_this_record_cannot_have_counted_to_stops_codes_until_the_key_is_renewed() {
    let world = World::new();
    let wallet = world.enrolled();
    // One more than 64 and 10 for the one whole minute since the last contact.
    world.advance(119);
    world.issuer.book.borrow_mut().floor = 75;
    run(wallet.sync()).unwrap();
    for _ in 0..2 {
        assert_eq!(code(run(wallet.payment_code(None))), Code::RotateNeeded);
        assert_eq!(wallet.state().status, Status::Ready, "everything else goes on");
        let kinds: Vec<_> = wallet.state().alerts.iter().map(|alert| alert.kind).collect();
        assert_eq!(kinds, [AlertKind::RotateNeeded], "told once");
        // Time alone does not make it believable, nor does a restart.
        world.advance(24 * 3600);
        run(wallet.sync()).unwrap();
        assert_eq!(code(run(world.open().payment_code(None))), Code::RotateNeeded);
    }
    assert_eq!(wallet.read(|data| data.atc).unwrap(), 0, "it was not taken");
    // The issuer's own mistake is healed by its next word.
    world.issuer.book.borrow_mut().floor = 0;
    run(wallet.sync()).unwrap();
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 1);
}

#[test]
fn a_full_counter_stops_codes() {
    let world = World::new();
    let wallet = world.enrolled();
    run(wallet.change(|data| {
        data.atc = u32::MAX;
        Ok(())
    }))
    .unwrap();
    assert_eq!(code(run(wallet.payment_code(None))), Code::RotateNeeded);
    assert_eq!(wallet.state().status, Status::Ready);
}

#[test]
fn a_stop_during_a_sync_is_not_undone_by_its_answer_and_the_next_one_heals_it() {
    let world = World::new();
    let wallet = Rc::new(world.enrolled());
    // The answer was given before this device was stopped, and comes after.
    let stopped = Rc::clone(&wallet);
    world.issuer.carry(move |path, response| {
        if path == Sync::PATH {
            run(stopped.change(|data| {
                data.status = DeviceStatus::Frozen;
                Ok(())
            }))
            .unwrap();
        }
        response
    });
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    world.issuer.carry(|_, response| response);
    run(wallet.sync()).unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
}

#[test]
fn a_card_under_another_label_is_never_charged_by_what_the_issuer_holds() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.book.borrow_mut().sources = vec![card("card-1", "VISA 4242"), card("card-2", "JCB 0505")];
    run(wallet.sync()).unwrap();
    let top_up = |wallet: &Wallet<Place>, source: &str| {
        let yen = crate::wire::money::Currency::JPY;
        run(wallet.prepare_top_up(Amount::of(1_000), yen, source.parse().unwrap())).map(drop)
    };
    assert_eq!(top_up(&wallet, "card-2"), Ok(()));
    // However it came to be: shown is one card, and behind it stands the other.
    run(wallet.change(|data| {
        let (first, second) = data.sources.split_at_mut(1);
        core::mem::swap(&mut first[0].label, &mut second[0].label);
        Ok(())
    }))
    .unwrap();
    for source in ["card-1", "card-2"] {
        assert_eq!(code(top_up(&wallet, source)), Code::IntentMismatch);
    }
    run(wallet.sync()).unwrap();
    assert_eq!(top_up(&wallet, "card-1"), Ok(()));
}
