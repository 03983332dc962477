//! What each ledger over a database keeps to when the database fails, is slow, or a call is cut off: written once, run for
//! SQLite and for PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]
#![allow(dead_code, reason = "a module of several suites, each of which uses its own part")]

use crate::promises::{movement, used};
use jitsuin::issuer::ledger::{Kind, Ledger, LedgerError, Needs, Records, Step};
use jitsuin::issuer::used::Used;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

/// How many calls are made after a failure: more than any pool has connections.
const AFTER: usize = 20;

/// Writes a record and a movement of one name.
pub(crate) async fn write(ledger: &impl Ledger, name: &str) -> Result<(), LedgerError> {
    let rule = |records: &mut Records| {
        records.used.put(name, Used { until: 7 });
        records.entries.extend(movement(name, 5).entries());
    };
    ledger.transact(used(name), rule).await
}

/// Reads a record and changes nothing.
pub(crate) async fn look(ledger: &impl Ledger, name: &str) -> Result<bool, LedgerError> {
    ledger.transact(used(name), |records| records.used.get(name).is_some()).await
}

/// Whether the record and both halves of the movement are kept, or nothing is.
pub(crate) async fn is_kept(ledger: &impl Ledger, name: &str) -> bool {
    let record = look(ledger, name).await.unwrap();
    let entries = ledger.entries().await.unwrap().iter().filter(|entry| entry.movement == name).count();
    assert!((record, entries) == (true, 2) || (record, entries) == (false, 0), "{name}: {record}, {entries} entries");
    record
}

/// Every method works, however many connections a pool has.
pub(crate) async fn all_works(ledger: &impl Ledger, name: &str) {
    let account = "acc-1".parse().unwrap();
    for number in 0..AFTER {
        let name = format!("{name}-{number}");
        write(ledger, &name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(is_kept(ledger, &name).await, "{name}");
        ledger.receipts(&account, 0, 1).await.unwrap();
        ledger.evidence(&account).await.unwrap();
        ledger.messages(0).await.unwrap();
        ledger.tidy(1).await.unwrap();
    }
}

/// Polls a future so often and no more.
struct CutOff<F> {
    call: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for CutOff<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.polls.checked_sub(1) else { return Poll::Ready(None) };
        self.polls = left;
        match self.call.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

pub(crate) async fn cut_off<F: Future>(call: F, polls: usize) -> Option<F::Output> {
    CutOff { call: Box::pin(call), polls }.await
}

/// A call that is cut off, at whatever point, is kept whole or not at all, and the next one works.
pub(crate) async fn a_call_may_be_cut_off_at_every_point(ledger: impl Ledger) {
    let mut cut = 0;
    // How far a call comes with so many polls is another thing each time.
    for round in 0..20 {
        for polls in 0..200 {
            let name = format!("cut-{round}-{polls}");
            let ended = cut_off(write(&ledger, &name), polls).await;
            let next = format!("next-{round}-{polls}");
            write(&ledger, &next).await.unwrap_or_else(|error| panic!("after {polls} polls: {error}"));
            is_kept(&ledger, &name).await;
            assert!(is_kept(&ledger, &next).await);
            if let Some(ended) = ended {
                ended.unwrap();
                break;
            }
            cut += 1;
            cut_off(look(&ledger, &name), polls).await;
        }
    }
    assert!(cut > 40, "{cut} cuts are too few for a database");
    all_works(&ledger, "after").await;
}

/// Calls that wait end in the order in which they were made, but for those that have a connection at the same time: these
/// may pass `passed` others. `hold` keeps all of them waiting until `release`.
pub(crate) async fn calls_end_in_their_order<L: Ledger + 'static, H>(
    ledger: L,
    hold: impl AsyncFnOnce() -> H,
    release: impl AsyncFnOnce(H),
    passed: usize,
) {
    const CALLS: usize = 40;
    let ledger = Arc::new(ledger);
    all_works(&*ledger, "before").await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let held = hold().await;
    let mut calls = Vec::new();
    for number in 0..CALLS {
        let (ledger, order) = (Arc::clone(&ledger), Arc::clone(&order));
        let call = async move {
            let rule = |records: &mut Records| {
                records.used.put("one", Used { until: 7 });
                order.lock().unwrap().push(number);
            };
            ledger.transact(used("one"), rule).await.unwrap();
        };
        let mut call = Box::pin(call);
        // It stands in the queue once it was polled.
        assert!(cut_off(call.as_mut(), 1).await.is_none());
        calls.push(tokio::spawn(call));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    release(held).await;
    for call in calls {
        call.await.unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(order.len(), CALLS);
    let out_of_order = order.iter().enumerate().filter(|(at, number)| at.abs_diff(**number) > passed).count();
    assert_eq!(out_of_order, 0, "{order:?}");
}

/// Whether a future ends within a time that no call of these tests needs.
pub(crate) async fn ends<F: Future>(what: &str, call: F) -> F::Output {
    let call = pin!(call);
    tokio::time::timeout(Duration::from_secs(60), call).await.unwrap_or_else(|_| panic!("{what} does not end"))
}

/// Writes a movement over a record that no other call of these tests needs, as what stops something.
pub(crate) async fn stop(ledger: &impl Ledger, name: &str) -> Result<(), LedgerError> {
    let needs = Needs::new().and(Kind::Orders, name).urgent();
    ledger.transact(needs, |records| records.entries.extend(movement(name, 5).entries())).await
}

/// Calls that wait for longer than a call should are told so, and change nothing. `hold` is as above.
pub(crate) async fn who_waits_too_long_is_told_so<L: Ledger + 'static, H>(
    ledger: L,
    hold: impl AsyncFnOnce() -> H,
    release: impl AsyncFnOnce(H),
) {
    let ledger = Arc::new(ledger);
    all_works(&*ledger, "before").await;
    let held = hold().await;
    let calls = (0..20).map(|number| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { write(&*ledger, &format!("late-{number}")).await })
    });
    let mut steps = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match ends("a call that waits", call).await.unwrap() {
            Err(LedgerError::Busy(step, _)) => steps.push(step),
            other => panic!("{other:?}"),
        }
    }
    // Those that had a connection, and those that waited for one.
    assert!(steps.contains(&Step::Connect) && steps.iter().any(|step| *step != Step::Connect), "{steps:?}");
    release(held).await;
    all_works(&*ledger, "after").await;
    for number in 0..20 {
        assert!(!is_kept(&*ledger, &format!("late-{number}")).await);
    }
}
