//! What a card processor says late, once, or while the ledger fails.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::funding::DemoProcessor;
use crate::issuer::testing::beside::Beside;
use crate::issuer::testing::client::{World, world};
use crate::issuer::testing::now;
use core::future::Future;
use core::sync::atomic::Ordering;

/// The processor of a world, as another process reaches it; it may be out of reach.
struct Same<'a> {
    inner: &'a DemoProcessor,
    is_down: bool,
}

impl Funding for Same<'_> {
    fn charge(&self, charge: &Charge, now_ms: u64) -> impl Future<Output = Answer> + Send {
        self.inner.charge(charge, now_ms)
    }

    async fn look_up(&self, key: &str, now_ms: u64) -> LookUp {
        if self.is_down { LookUp::Unreachable } else { self.inner.look_up(key, now_ms).await }
    }

    fn never_seen_is_final_after(&self) -> u32 {
        self.inner.never_seen_is_final_after()
    }

    fn notices(&self) -> impl Future<Output = Vec<Notice>> + Send {
        self.inner.notices()
    }

    fn acknowledge(&self, notice: &Notice) -> impl Future<Output = ()> + Send {
        self.inner.acknowledge(notice)
    }
}

/// Another process over the ledger and the processor of a world.
fn beside(issuer: &World, is_down: bool) -> Issuer<Beside<'_>, Same<'_>> {
    let funding = Same { inner: issuer.funding(), is_down };
    now(Issuer::open(Beside::new(issuer.ledger()), funding, issuer.settings().clone())).unwrap()
}

/// A pending top-up of JPY 5,000 by the device of an account, whose card is charged as it is at a confirmation.
fn charged(issuer: &World, card: &str) -> (AccountId, String) {
    let account = accounts(issuer).remove(0);
    let id = format!("{PREFIX}{card}");
    let at = u32::try_from(issuer.ledger().now_ms() / 1000).unwrap();
    let top_up = TopUp {
        id: id.clone(),
        account: account.clone(),
        thumb: crate::issuer::testing::thumb(),
        source: "card-1".parse().unwrap(),
        card: format!("demo:{card}"),
        amount: Amount::of(5_000),
        currency: Currency::JPY,
        at,
        state: State::Pending,
        seq: None,
        evidence: None,
        contradicted: false,
    };
    let needs = Needs::new().and(Rows::TopUps, &id).and(Rows::OpenTopUps, &id);
    now(issuer.ledger().transact(needs, |records| {
        records.top_ups.put(&id, top_up.clone());
        records.open_top_ups.put(&id, OpenTopUp {});
    }))
    .unwrap();
    assert_eq!(now(issuer.funding().charge(&top_up.charge(), issuer.ledger().now_ms())), Answer::Unknown);
    assert_eq!(issuer.funding().charged(), 5_000);
    (account, id)
}

fn accounts(issuer: &World) -> Vec<AccountId> {
    now(issuer.ledger().keys(Rows::Accounts)).unwrap().iter().map(|id| id.parse().unwrap()).collect()
}

fn balance(issuer: &World, account: &AccountId) -> Amount {
    let needs = Needs::new().and(Rows::Accounts, account);
    now(issuer.ledger().transact(needs, |records| records.accounts.get(account).unwrap().balance)).unwrap()
}

fn later(issuer: &World, seconds: u64) {
    issuer.ledger().clock().advance(seconds * 1000);
}

#[test]
fn a_charge_that_the_processor_hears_of_after_minutes_is_credited() {
    let issuer = world();
    let (account, id) = charged(&issuer, "queued");
    let wait = u64::from(issuer.funding().never_seen_is_final_after());
    for _ in 0..17 {
        later(&issuer, 10);
        assert_eq!(now(issuer.funding().look_up(&id, issuer.ledger().now_ms())), LookUp::NeverSeen);
        assert_eq!(now(issuer.sweep()), Ok(0));
    }
    later(&issuer, 10);
    assert!(180 < wait, "until then nothing is final");
    assert_eq!(now(issuer.sweep()), Ok(1));
    assert_eq!(balance(&issuer, &account), Amount::of(7_000));
    now(issuer.audit()).unwrap();
}

#[test]
fn a_charge_that_was_never_seen_is_given_up_at_the_processor_s_own_time() {
    let issuer = world();
    let (account, id) = charged(&issuer, "queued");
    // This one's charge never reached the processor.
    let lost = Issuer::open(Beside::new(issuer.ledger()), DemoProcessor::new(), issuer.settings().clone());
    let lost = now(lost).unwrap();
    let wait = u64::from(lost.funding().never_seen_is_final_after());
    later(&issuer, wait - 1);
    assert_eq!(now(lost.sweep()), Ok(0));
    later(&issuer, 1);
    assert_eq!(now(lost.sweep()), Ok(1));
    assert_eq!(now(issuer.ledger().keys(Rows::OpenTopUps)).unwrap(), Vec::<String>::new());
    assert_eq!(balance(&issuer, &account), Amount::of(2_000));
    // It was taken all the same, and a notice says so.
    let notice = Notice { id: "late".into(), key: id, answer: Answer::Accepted };
    assert_eq!(now(issuer.take_notice(&notice)), Ok(true));
    assert_eq!(balance(&issuer, &account), Amount::of(7_000));
    now(issuer.audit()).unwrap();
}

#[test]
fn a_processor_out_of_reach_ends_nothing() {
    let issuer = world();
    let (account, id) = charged(&issuer, "queued");
    let cut_off = beside(&issuer, true);
    later(&issuer, 3600);
    assert_eq!(now(cut_off.sweep()), Ok(0));
    assert_eq!(now(issuer.ledger().keys(Rows::OpenTopUps)).unwrap(), [id]);
    assert_eq!(now(issuer.sweep()), Ok(1));
    assert_eq!(balance(&issuer, &account), Amount::of(7_000));
}

#[test]
fn a_notice_that_came_while_the_ledger_failed_comes_again() {
    let issuer = world();
    let (account, _) = charged(&issuer, "notifies");
    let failing = beside(&issuer, false);
    failing.ledger.fails.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(now(failing.sweep()).unwrap_err().code, Code::IssuerUnavailable);
    }
    // The process ends there, and another one goes on.
    drop(failing);
    assert_eq!(balance(&issuer, &account), Amount::of(2_000));
    assert_eq!(now(issuer.sweep()), Ok(1));
    assert_eq!(balance(&issuer, &account), Amount::of(7_000));
    assert_eq!(now(issuer.funding().notices()), []);
    assert_eq!(now(issuer.sweep()), Ok(0));
    now(issuer.audit()).unwrap();
}

#[test]
fn a_notice_of_a_charge_that_had_ended_is_acknowledged() {
    let issuer = world();
    let (account, id) = charged(&issuer, "notifies");
    assert!(now(issuer.end_top_up(&id, End::Accepted)).unwrap().is_some());
    assert_eq!(now(issuer.sweep()), Ok(0));
    assert_eq!((now(issuer.funding().notices()).len(), balance(&issuer, &account)), (0, Amount::of(7_000)));
}

#[test]
fn a_notice_of_a_charge_that_nobody_knows_is_told_to_the_operator_once() {
    let issuer = world();
    let charge = Charge {
        key: "tu-of-nobody".into(),
        card: "demo:notifies".into(),
        amount: Amount::of(5_000),
        currency: Currency::JPY,
    };
    now(issuer.funding().charge(&charge, issuer.ledger().now_ms()));
    let told = || {
        let inbox = now(issuer.inbox(0)).unwrap();
        inbox.iter().filter(|(_, message)| message.text.contains("tu-of-nobody")).count()
    };
    assert_eq!((now(issuer.sweep()), told()), (Ok(0), 1));
    assert_eq!((now(issuer.sweep()), told()), (Ok(0), 1));
}

#[test]
fn a_notice_that_contradicts_what_was_said_before_is_told_to_the_operator_once() {
    for (first, then, words) in
        [(End::Declined, Answer::Accepted, "took money"), (End::Accepted, Answer::Declined, "did not take")]
    {
        let issuer = world();
        let (account, id) = charged(&issuer, "queued");
        assert!(now(issuer.end_top_up(&id, first)).unwrap().is_some());
        let told = || {
            let inbox = now(issuer.inbox(0)).unwrap();
            let told = inbox.iter().filter(|(_, message)| message.text.contains(&id) && message.text.contains(words));
            assert!(told.clone().all(|(_, message)| message.to == issuer.settings().operator));
            told.count()
        };
        let before = balance(&issuer, &account);
        let notice = |name: &str, answer| Notice { id: name.into(), key: id.clone(), answer };
        // It comes again, in another notice too, and a person has to look at it once.
        for name in ["n1", "n1", "n2"] {
            assert_eq!(now(issuer.take_notice(&notice(name, then))), Ok(false));
            assert_eq!(told(), 1, "{first:?} {then:?} {name}");
        }
        // What says the same as before contradicts nothing.
        let same = if first == End::Declined { Answer::Declined } else { Answer::Accepted };
        assert_eq!(now(issuer.take_notice(&notice("n3", same))), Ok(false));
        assert_eq!((told(), balance(&issuer, &account)), (1, before));
        now(issuer.audit()).unwrap();
    }
}

#[test]
fn a_notice_that_says_no_of_what_was_given_up_contradicts_nothing() {
    let issuer = world();
    let (_, id) = charged(&issuer, "queued");
    later(&issuer, 3600);
    let never = End::NeverSeen { final_after: issuer.funding().never_seen_is_final_after() };
    assert!(now(issuer.end_top_up(&id, never)).unwrap().is_some());
    let before = now(issuer.inbox(0)).unwrap().len();
    assert_eq!(now(issuer.take_notice(&Notice { id: "n1".into(), key: id, answer: Answer::Declined })), Ok(false));
    assert_eq!(now(issuer.inbox(0)).unwrap().len(), before);
}
