//! Open ceremonies: one at a time, the old one aborted and awaited first, and every one settles.

use super::calling::may_have_landed;
use super::checks::Expected;
use super::classify::{Asked, classify};
use super::client::By;
use super::error::Error;
use super::ports::{Answer, Authenticator, Clock, Platform, RequestOptions};
use super::queue::{Signal, Stop};
use super::room::{Local, Secret};
use super::state::{Ceremony, Confirmed, IntentView};
use super::{Wallet, enrol, rotate, step_up, unlock};
use crate::code::Code;
use crate::wire::id::Bytes;
use crate::wire::sign1::Unsigned;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::rc::Rc;

/// Own deadline of one prompt.
pub(super) const DEADLINE: Duration = Duration::from_secs(120);
/// After this the wallet no longer waits for a platform that ignores its deadline.
const PATIENCE: Duration = Duration::from_secs(DEADLINE.as_secs() + 5);

pub(super) struct Open {
    pub(super) id: u64,
    /// What the user is asked to agree to, in one word.
    pub(super) kind: &'static str,
    pub(super) signal: Signal,
    running: Cell<bool>,
    /// Nobody is asked now: it was cancelled, and may be confirmed again.
    rests: Cell<bool>,
    work: Rc<Work>,
}

impl Open {
    /// What a page shows as open.
    pub(super) fn shown(&self) -> Option<&'static str> {
        (!self.rests.get()).then_some(self.kind)
    }
}

pub(super) enum Work {
    Enrol(Box<enrol::Prepared>),
    StepUp(Box<step_up::Prepared>),
    Rotate(Box<rotate::Prepared>),
    Unlock(Box<unlock::Prepared>),
}

/// Resets the flag however the run ends.
struct Running<'o>(&'o Open);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.set(false);
    }
}

/// After these the user may simply try again.
fn may_try_again(error: &Error) -> bool {
    let of_the_prompt = matches!(
        error.code,
        Code::Cancelled
            | Code::TimedOut
            | Code::TapAgain
            | Code::NotFocused
            | Code::UvFailed
            | Code::NoCredential
            | Code::UserNotVerified
    );
    // The next try learns what became of what the platform did not answer.
    of_the_prompt || error.code == Code::PlatformSilent || may_have_landed(error)
}

impl<P: Platform> Wallet<P> {
    /// Ends the open ceremony, if there is one, and waits until its prompt is closed.
    pub(super) fn end_open(&self, why: Stop) -> Local<'_, ()> {
        Box::pin(async move {
            let open = self.room.open.borrow_mut().take();
            if let Some(open) = open {
                self.stop(&open, why);
                self.room.changed();
            }
            drop(self.room.prompts.turn().await);
        })
    }

    fn stop(&self, open: &Open, why: Stop) {
        open.signal.stop(why);
        if open.running.get() {
            self.platform.authenticator().abort();
        }
    }

    /// Ends what is about to open the device key, and its prompt.
    pub(super) fn stop_unlocking(&self) {
        self.room.stops.set(self.room.stops.get().wrapping_add(1));
        let open = self.room.open.borrow().clone();
        if let Some(open) = open
            && matches!(*open.work, Work::Unlock(_))
            && open.signal.reason().is_none()
        {
            open.signal.stop(Stop::Cancelled);
            self.platform.authenticator().abort();
        }
    }

    /// Opens a ceremony, the one before being ended. Its id.
    pub(super) fn put_open(&self, kind: &'static str, work: Work) -> u64 {
        let id = self.next_id();
        self.hold_open(id, kind, false, Rc::new(work));
        id
    }

    fn hold_open(&self, id: u64, kind: &'static str, rests: bool, work: Rc<Work>) {
        let (signal, running, rests) = (Signal::default(), Cell::new(false), Cell::new(rests));
        self.room.open.replace(Some(Rc::new(Open { id, kind, signal, running, rests, work })));
        self.room.changed();
    }

    fn next_id(&self) -> u64 {
        let id = self.room.next_id.get();
        self.room.next_id.set(id.saturating_add(1));
        id
    }

    /// Begins to prepare a ceremony, the one before being ended. The id that it will have.
    pub(super) fn begin_ceremony(&self) -> Local<'_, u64> {
        Box::pin(async move {
            let id = self.next_id();
            self.end_open(Stop::Superseded).await;
            id
        })
    }

    /// Opens a ceremony, unless a newer one was begun while this one was being prepared.
    pub(super) fn open_ceremony(&self, id: u64, intent: IntentView, work: Work) -> Result<Ceremony, Error> {
        if self.room.next_id.get() > id.saturating_add(1) {
            return Err(Code::Superseded.into());
        }
        self.hold_open(id, intent.kind(), false, Rc::new(work));
        Ok(Ceremony { id, intent })
    }

    pub(super) async fn run_ceremony(&self, id: u64) -> Result<Confirmed, Error> {
        if self.room.closed.get() {
            return Err(Code::Closed.into());
        }
        let open = self.room.open.borrow().clone();
        let open = match open {
            Some(open) if open.id == id => open,
            Some(open) if id < open.id => return Err(Code::Superseded.into()),
            _ => return Err(Code::IntentExpired.into()),
        };
        if open.running.replace(true) {
            return Err(Code::Busy.into());
        }
        let running = Running(&open);
        if open.rests.replace(false) {
            self.room.changed();
        }
        // A run that was cancelled before this one is let end.
        let turn = self.room.prompts.turn().await;
        let work: Local<'_, Result<Confirmed, Error>> = match &*open.work {
            Work::Enrol(prepared) => Box::pin(self.confirm_enrolment(&open, prepared)),
            Work::StepUp(prepared) => Box::pin(self.confirm_step_up(&open, prepared)),
            Work::Rotate(prepared) => Box::pin(self.confirm_rotation(&open, prepared)),
            Work::Unlock(prepared) => Box::pin(self.confirm_unlock(&open, prepared)),
        };
        let result = work.await.map_err(|error| match open.signal.reason() {
            Some(Stop::Superseded) => Code::Superseded.into(),
            Some(Stop::Cancelled) => Code::Cancelled.into(),
            Some(Stop::Closed) => Code::Closed.into(),
            None => error,
        });
        drop(turn);
        drop(running);
        if !result.as_ref().is_err_and(may_try_again) {
            // One that was cancelled meanwhile is held by another, which may be confirmed: what was sent is then sent again.
            self.room.open.borrow_mut().take_if(|held| Rc::ptr_eq(held, &open));
        }
        self.room.changed();
        result
    }

    /// Ends the prompt. The ceremony stays, for another tap.
    pub(super) async fn cancel_ceremony(&self, id: u64) {
        let open = self.room.open.borrow().clone().filter(|open| open.id == id);
        if let Some(open) = open {
            self.stop(&open, Stop::Cancelled);
            self.hold_open(id, open.kind, true, Rc::clone(&open.work));
            drop(self.room.prompts.turn().await);
        }
    }

    /// Asks one of a user's passkeys, and checks its answer.
    pub(super) fn ask_to_get<'a>(
        &'a self,
        open: &'a Open,
        options: &'a RequestOptions<'a>,
        user_handle: &'a Bytes,
    ) -> Local<'a, Result<Answer<Secret<P>>, Error>> {
        Box::pin(async move {
            let mut answer = None;
            let prompt = async {
                let given = self.platform.authenticator().get(options).await;
                answer = Some(given.map_err(|ended| classify(&ended, Asked::Get))?);
                Ok(())
            };
            self.patiently(open, None, Box::pin(prompt)).await?;
            let answer = answer.ok_or(Code::TimedOut)?;
            let RequestOptions { rp_id, challenge, credentials, .. } = *options;
            let expected = Expected { kind: "webauthn.get", challenge, origin: self.platform.origin(), rp_id };
            expected.check_assertion(&answer.0, credentials, user_handle)?;
            stop_here(open)?;
            Ok(answer)
        })
    }

    /// Waits for a prompt, or for what ends without it where stop is said, for as long as either may take.
    pub(super) fn patiently<'a>(
        &'a self,
        open: &'a Open,
        stop: Option<&'a Signal>,
        work: Local<'a, Result<(), Error>>,
    ) -> Local<'a, Result<(), Error>> {
        Box::pin(async move {
            stop_here(open)?;
            let (mut work, mut time) = (work, pin!(self.platform.clock().sleep(PATIENCE)));
            poll_fn(|context| {
                if let Poll::Ready(done) = work.as_mut().poll(context) {
                    return Poll::Ready(done);
                }
                if stop.is_some_and(|stop| stop.poll_stopped(context).is_ready()) {
                    return Poll::Ready(Err(Code::Cancelled.into()));
                }
                time.as_mut().poll(context).map(|()| {
                    self.platform.authenticator().abort();
                    Err(Code::TimedOut.into())
                })
            })
            .await
        })
    }

    /// A statement under the key that proves.
    pub(super) fn signed(&self, by: By, unsigned: Unsigned) -> Local<'_, Result<Bytes, Error>> {
        Box::pin(async move {
            let signature = self.sign_with(by, unsigned.message()).await?;
            Ok(Bytes(unsigned.finish(&signature)))
        })
    }
}

/// Refuses to go on once stop was said.
pub(super) fn stop_here(open: &Open) -> Result<(), Error> {
    if open.signal.reason().is_some() { Err(Code::Cancelled.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
