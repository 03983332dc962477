use super::*;
use crate::wallet::memory::run;
use std::rc::Rc;

#[test]
fn turns_come_in_order() {
    let queue = Queue::default();
    let order = RefCell::new(Vec::new());
    let step = async |name| {
        let _turn = queue.turn().await;
        order.borrow_mut().push(name);
    };
    run(async {
        let held = queue.turn().await;
        let all = first(first(step(1), core::future::pending::<()>()), core::future::pending::<()>());
        let mut all = pin!(all);
        let mut second = pin!(step(2));
        core::future::poll_fn(|context| {
            assert!(all.as_mut().poll(context).is_pending());
            assert!(second.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(held);
        all.await;
        second.await;
    });
    assert_eq!(order.into_inner(), [1, 2]);
    assert!(queue.try_turn().is_some());
}

#[test]
fn who_gives_up_leaves_the_lane() {
    let queue = Queue::default();
    run(async {
        let held = queue.turn().await;
        {
            let mut waiting = pin!(queue.turn());
            core::future::poll_fn(|context| {
                assert!(waiting.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        assert!(queue.try_turn().is_none());
        drop(held);
        drop(queue.turn().await);
    });
}

#[test]
fn who_was_given_the_turn_and_is_gone_hands_it_on() {
    let queue = Queue::default();
    run(async {
        let held = queue.turn().await;
        let mut third = Box::pin(queue.turn());
        {
            let mut second = pin!(queue.turn());
            core::future::poll_fn(|context| {
                assert!(second.as_mut().poll(context).is_pending());
                assert!(third.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            drop(held);
        }
        drop(third.await);
    });
    assert!(queue.try_turn().is_some());
}

#[test]
fn the_first_reason_stays() {
    let signal = Rc::new(Signal::default());
    signal.stop(Stop::Superseded);
    signal.stop(Stop::Closed);
    assert_eq!(signal.reason(), Some(Stop::Superseded));
    assert_eq!(run(signal.stopped()), Stop::Superseded);
}
