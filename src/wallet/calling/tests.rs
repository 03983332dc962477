#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::wallet::memory::run;
use crate::wallet::scripted::{Trick, World};
use crate::wire::calls::{FreezeAccount, ProveCard, Sync, read_body};
use crate::wire::id::Nonce;

fn card(number: u32) -> ProveCard {
    ProveCard { source: format!("card-{number}").parse().unwrap() }
}

#[test]
fn a_call_that_was_not_answered_keeps_its_name_and_another_one_has_its_own() {
    let world = World::new();
    let wallet = world.enrolled();
    let text = |call: &ProveCard| wallet.body::<ProveCard>(call).unwrap().into_text();
    let first = text(&card(900));
    assert_eq!(text(&card(900)), first);
    assert_ne!(read_body::<ProveCard>(&text(&card(800))).unwrap().1.0, read_body::<ProveCard>(&first).unwrap().1.0);
    // Answered, refused or not, the next one is another call.
    let body = wallet.body::<ProveCard>(&card(900)).unwrap();
    let of_a_proxy = Error::new(Code::ForeignAnswer).with_confidence(Confidence::Likely);
    for error in [
        Code::Offline.into(),
        Code::ProofReplayed.into(),
        Code::IssuerUnavailable.into(),
        Code::IssuerBusy.into(),
        of_a_proxy,
    ] {
        wallet.note_answer(body.id(), &Err(error));
        assert_eq!(text(&card(900)), first);
    }
    let mut before = first;
    for code in [Code::OverLimit, Code::IssuerRefused] {
        wallet.note_answer(wallet.body::<ProveCard>(&card(900)).unwrap().id(), &Err(code.into()));
        let next = text(&card(900));
        assert_ne!(next, before, "{code}");
        before = next;
    }
    let second = before;
    wallet.note_answer(wallet.body::<ProveCard>(&card(900)).unwrap().id(), &Ok(Vec::new()));
    assert_ne!(text(&card(900)), second);
}

#[test]
fn an_answer_that_nobody_can_read_is_no_answer() {
    for body in [&b"<html>Welcome to the guest network</html>"[..], b"{\"fine\":true}", b""] {
        let world = World::new();
        let wallet = world.enrolled();
        world.issuer.answer_instead(ProveCard::PATH, body.to_vec());
        let sent = || crate::wallet::ports::Platform::transport(&world.place).sent().pop().unwrap();
        let refused = run(wallet.prove_card(card(900).source)).unwrap_err();
        assert_eq!((refused.code, refused.confidence), (Code::ForeignAnswer, Confidence::Likely));
        let first = sent();
        assert!(run(wallet.prove_card(card(900).source)).is_err());
        // The same call again: what it did the first time is not done twice.
        assert_eq!(sent().body, first.body);
        assert_ne!(sent().proof, first.proof);
    }
}

#[test]
fn an_order_to_freeze_stays_the_same_until_it_is_answered() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.answer_instead(FreezeAccount::PATH, b"<html></html>".to_vec());
    let sent = || crate::wallet::ports::Platform::transport(&world.place).sent().pop().unwrap();
    assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::ForeignAnswer);
    let first = sent();
    assert_eq!(run(wallet.freeze()).unwrap_err().code, Code::ForeignAnswer);
    assert_eq!(sent().body, first.body);
}

#[test]
fn a_call_that_ran_out_of_time_at_the_issuer_is_sent_again_as_it_was() {
    let world = World::new();
    let wallet = world.enrolled();
    world.issuer.trick.set(Some(Trick::Refuse(Code::TimedOut)));
    let sent = || crate::wallet::ports::Platform::transport(&world.place).sent().pop().unwrap();
    let twice = |call: &dyn Fn() -> Code| {
        assert_eq!(call(), Code::IssuerBusy);
        let first = sent();
        assert_eq!(call(), Code::IssuerBusy);
        assert_eq!((&sent().url, &sent().body), (&first.url, &first.body));
    };
    twice(&|| run(wallet.prove_card(card(900).source)).unwrap_err().code);
    twice(&|| run(wallet.freeze()).unwrap_err().code);
}

#[test]
fn an_unanswered_call_is_another_one_after_two_minutes() {
    let world = World::new();
    let wallet = world.enrolled();
    let text = || wallet.body::<ProveCard>(&card(900)).unwrap().into_text();
    let first = text();
    world.advance(119);
    assert_eq!(text(), first);
    world.advance(1);
    assert_ne!(text(), first);
}

#[test]
fn a_call_that_is_never_answered_is_another_one_after_five_minutes() {
    let world = World::new();
    let wallet = world.enrolled();
    let body = || wallet.body::<ProveCard>(&card(900)).unwrap();
    let first = body().into_text();
    for _ in 0..2 {
        world.advance(100);
        wallet.note_answer(body().id(), &Err(Code::Offline.into()));
        assert_eq!(body().into_text(), first);
    }
    world.advance(99);
    assert_eq!(body().into_text(), first);
    world.advance(1);
    assert_ne!(body().into_text(), first);
}

#[test]
fn few_unanswered_calls_are_remembered_and_none_that_only_reads() {
    let world = World::new();
    let wallet = world.enrolled();
    let first = wallet.body::<ProveCard>(&card(1)).unwrap().into_text();
    for new in 2..=17 {
        wallet.body::<ProveCard>(&card(new)).unwrap();
    }
    assert_ne!(wallet.body::<ProveCard>(&card(1)).unwrap().into_text(), first);
    let thumb = wallet.read(|data| data.device_key.thumbprint()).unwrap();
    let sync = Sync { nonce: Nonce([0; 16]), after: 0, shown: 0, thumb };
    assert_eq!(wallet.body::<Sync>(&sync).unwrap().id(), None);
}

#[test]
fn a_second_replay_is_told_and_the_same_bytes_were_sent_under_two_proofs() {
    let world = World::new();
    let wallet = world.enrolled();
    let before = crate::wallet::ports::Platform::transport(&world.place).sent().len();
    world.issuer.trick.set(Some(Trick::Refuse(Code::ProofReplayed)));
    assert_eq!(run(wallet.prove_card("card-1".parse().unwrap())).unwrap_err().code, Code::ProofReplayed);
    let sent = crate::wallet::ports::Platform::transport(&world.place).sent().split_off(before);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_ne!(sent[0].proof, sent[1].proof);
}

#[test]
fn what_stopped_a_call_on_its_way_says_nothing_of_the_one_before() {
    for code in [Code::ConnectBlocked, Code::Offline, Code::IssuerUnreachable, Code::ForeignAnswer] {
        assert!(may_have_landed(&Error::new(code)), "{code}");
    }
    // A browser's guess is no answer; the issuer's own word is one.
    assert!(may_have_landed(&Error::new(Code::WrongOrigin).with_confidence(Confidence::Likely)));
    assert!(!may_have_landed(&Error::new(Code::WrongOrigin)));
    assert!(!may_have_landed(&Error::new(Code::Declined)));
}
