//! Calls wait their turn: a first-come mutex for one thread, and the signal that ends an open ceremony.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// One lane. Whoever holds its [`Turn`] is alone in it.
#[derive(Debug, Default)]
pub struct Queue {
    lane: RefCell<Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    /// In the order of asking; there are never many. The first one has the turn, or is woken to take it.
    tickets: Vec<(u64, Option<Waker>)>,
    next: u64,
}

/// The right to be alone in a lane, given back when dropped.
#[derive(Debug)]
pub struct Turn<'q> {
    queue: &'q Queue,
}

impl Queue {
    /// Waits for the turn.
    pub fn turn(&self) -> Wait<'_> {
        let mut lane = self.lane.borrow_mut();
        lane.next += 1;
        let ticket = lane.next;
        lane.tickets.push((ticket, None));
        Wait { queue: self, ticket, taken: false }
    }

    /// The turn, if nobody has it or waits for it.
    pub fn try_turn(&self) -> Option<Turn<'_>> {
        let mut lane = self.lane.borrow_mut();
        if !lane.tickets.is_empty() {
            return None;
        }
        lane.next += 1;
        let ticket = lane.next;
        lane.tickets.push((ticket, None));
        Some(Turn { queue: self })
    }

    /// Takes one out of the lane. The turn, if that one had it, goes on.
    fn leave(&self, at: usize) {
        let woken = {
            let mut lane = self.lane.borrow_mut();
            lane.tickets.remove(at);
            lane.tickets.first_mut().filter(|_| at == 0).and_then(|(_, waker)| waker.take())
        };
        if let Some(waker) = woken {
            waker.wake();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.queue.leave(0);
    }
}

/// Waiting for a [`Turn`], in the order of asking.
#[derive(Debug)]
pub struct Wait<'q> {
    queue: &'q Queue,
    ticket: u64,
    taken: bool,
}

impl Wait<'_> {
    /// How many are before this one.
    fn place(&self) -> Option<usize> {
        self.queue.lane.borrow().tickets.iter().position(|(ticket, _)| *ticket == self.ticket)
    }
}

impl<'q> Future for Wait<'q> {
    type Output = Turn<'q>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Turn<'q>> {
        let (queue, place) = (self.queue, self.place());
        if place == Some(0) {
            self.taken = true;
            return Poll::Ready(Turn { queue });
        }
        let mut lane = queue.lane.borrow_mut();
        if let Some((_, waker)) = place.and_then(|place| lane.tickets.get_mut(place)) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    /// Whoever gives up while waiting leaves the lane.
    fn drop(&mut self) {
        if let Some(place) = self.place().filter(|_| !self.taken) {
            self.queue.leave(place);
        }
    }
}

/// Why a ceremony must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A newer ceremony takes its place.
    Superseded,
    /// The page called `cancel`.
    Cancelled,
    /// The wallet is closed.
    Closed,
}

/// Told once, heard by whoever waits in [`Signal::stopped`].
#[derive(Debug, Default)]
pub struct Signal {
    inner: RefCell<(Option<Stop>, Option<Waker>)>,
}

impl Signal {
    /// Says stop. The first reason stays.
    pub fn stop(&self, why: Stop) {
        let waker = {
            let mut inner = self.inner.borrow_mut();
            inner.0.get_or_insert(why);
            inner.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether stop was said.
    pub fn reason(&self) -> Option<Stop> {
        self.inner.borrow().0
    }

    /// Resolves once stop is said.
    pub fn stopped(&self) -> impl Future<Output = Stop> {
        poll_fn(|context| self.poll_stopped(context))
    }

    /// Whether stop was said; whoever asked last is woken once it is.
    pub fn poll_stopped(&self, context: &Context<'_>) -> Poll<Stop> {
        let mut inner = self.inner.borrow_mut();
        match inner.0 {
            Some(why) => Poll::Ready(why),
            None => {
                inner.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Which of two futures was first.
#[derive(Debug)]
pub enum First<A, B> {
    /// The first one.
    Left(A),
    /// The second one.
    Right(B),
}

/// Waits for the first of two; the other is dropped. The left one wins where both are ready.
pub async fn first<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> First<A, B> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(|context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(value));
        }
        right.as_mut().poll(context).map(First::Right)
    })
    .await
}

#[cfg(test)]
mod tests;
