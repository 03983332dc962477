#![allow(clippy::unwrap_used)]

use super::*;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

type Waiting<'a> = Pin<Box<dyn Future<Output = Option<Turn>> + 'a>>;

fn wait<'a>(hashing: &'a Hashing, source: &str) -> Waiting<'a> {
    Box::pin(hashing.turn(Some(source.parse().unwrap())))
}

/// The turn, if it has come.
fn turn(waiting: &mut Waiting<'_>) -> Option<Turn> {
    match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Some(turn.unwrap()),
        Poll::Pending => None,
    }
}

#[test]
fn a_network_with_many_logins_keeps_one_place_in_everybody_s_queue() {
    for of_one in [["203.0.113.1", "203.0.113.2"], ["2001:db8:7:1::1", "2001:db8:7:2::1"]] {
        let hashing = Hashing::new();
        let mut crowd: Vec<_> = (0..50).flat_map(|_| of_one).map(|source| wait(&hashing, source)).collect();
        let first = crowd.iter_mut().filter_map(turn).collect::<Vec<_>>();
        assert_eq!(first.len(), 1, "{of_one:?}");
        // Whoever comes after all of them finds a place at once, and the next one behind it the next place.
        let (mut second, mut third) = (wait(&hashing, "198.51.100.1"), wait(&hashing, "192.0.2.1"));
        let held = turn(&mut second).unwrap();
        assert!(turn(&mut third).is_none());
        drop(first);
        let again = crowd.iter_mut().skip(1).map(turn).collect::<Vec<_>>();
        assert!(again.iter().all(Option::is_none));
        let third = turn(&mut third).unwrap();
        drop((held, third));
        assert_eq!(crowd.iter_mut().skip(1).filter_map(turn).collect::<Vec<_>>().len(), 1);
    }
}

#[test]
fn a_caller_who_hangs_up_and_a_queue_where_nobody_waits_leave_nothing() {
    let hashing = Hashing::new();
    let held = turn(&mut wait(&hashing, "203.0.113.1")).unwrap();
    let mut gone = wait(&hashing, "203.0.113.1");
    assert!(turn(&mut gone).is_none());
    drop(gone);
    drop(held);
    assert!(turn(&mut wait(&hashing, "198.51.100.1")).is_some());
    assert_eq!(hashing.networks.lock().unwrap().len(), 1);
}
