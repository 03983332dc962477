//! A code that was made and never drawn: the place that asked for it went away first, as when a framework mounts a view twice. The next
//! place takes it over, so that no second counter is used and nobody waits for the next code (protocol section 6).

use super::Wallet;
use super::error::Error;
use super::pay::check_may_pay;
use super::ports::{Clock, Platform, millis};
use super::presentation::{CodeOrigin, ROTATION_MS, ToPresent};
use crate::wire::id::to_base64;
use crate::wire::money::Amount;
use crate::wire::till_code::Form;
use core::cell::{Cell, RefCell};
use std::rc::Rc;

/// What all places of one wallet where codes are drawn know together.
#[derive(Default)]
pub(super) struct Screen {
    /// The newest code, until somebody draws it.
    undrawn: RefCell<Option<Undrawn>>,
    /// How often the undrawn code was dropped: one that was asked for before is not kept.
    drops: Cell<u32>,
    /// Whether a place has begun to draw codes since the last tap elsewhere on the page.
    began: Cell<bool>,
    /// Whether no code is drawn until the next tap.
    owes_tap: Cell<bool>,
}

struct Undrawn {
    ready: Rc<ToPresent>,
    form: Form,
    max: Option<Amount>,
}

impl Screen {
    pub(super) fn drop_undrawn(&self) {
        self.drops.set(self.drops.get().wrapping_add(1));
        self.undrawn.replace(None);
    }
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn make_code_to_present(&self, form: Form, max: Option<Amount>) -> Result<Rc<ToPresent>, Error> {
        let screen = &self.room.screen;
        let drops = screen.drops.get();
        let turn = self.room.codes.turn().await;
        if let Some(ready) = self.take_over(form, max).await? {
            return Ok(ready);
        }
        let code = self.make_code_in_turn(max, form, &turn).await?;
        // Nobody has seen the code yet, so no receipt that is here is its own.
        let origin = self.read(|data| {
            let device = to_base64(&data.device_key.thumbprint().0);
            CodeOrigin { device, newest: data.link.seq }
        })?;
        let made = millis(self.platform.clock().running());
        let ready = Rc::new(ToPresent { code, origin, made });
        if screen.drops.get() == drops {
            screen.undrawn.replace(Some(Undrawn { ready: Rc::clone(&ready), form, max }));
        }
        Ok(ready)
    }

    /// The code that nobody drew, if it is what is asked for now and may still be drawn for as long as any other.
    async fn take_over(&self, form: Form, max: Option<Amount>) -> Result<Option<Rc<ToPresent>>, Error> {
        let find = || {
            let undrawn = self.room.screen.undrawn.borrow();
            undrawn.as_ref().filter(|code| code.form == form && code.max == max).map(|code| Rc::clone(&code.ready))
        };
        if find().is_none() {
            return Ok(None);
        }
        // Another tab may have made a code, paid or renewed the key meanwhile.
        self.take_stored().await?;
        self.demand_ready()?;
        let Some(ready) = find() else { return Ok(None) };
        let ToPresent { code, origin, .. } = &*ready;
        let is_newest = self.read(|data| {
            check_may_pay(data).is_ok()
                && data.atc == code.counter
                && data.link.seq == origin.newest
                && to_base64(&data.device_key.thumbprint().0) == origin.device
        })?;
        let left = code.expires_at.saturating_sub(self.now_ms());
        Ok((is_newest && left >= ROTATION_MS).then_some(ready))
    }
}

impl<P: Platform> Wallet<P> {
    /// The code of this counter is drawn: no other place takes it over.
    pub fn drawn(&self, counter: u32) {
        self.room.screen.undrawn.borrow_mut().take_if(|code| code.ready.code.counter == counter);
    }

    /// A debit, a refusal or a blur ended a presentation: no code is drawn until the user taps.
    pub fn interrupt(&self) {
        self.room.screen.drop_undrawn();
        self.room.screen.owes_tap.set(true);
    }

    /// The page lost the front. This demands a tap only where codes were drawn, or were about to be, since the last one: the prompt for
    /// a passkey takes the front too.
    pub fn blurred(&self) {
        self.room.screen.drop_undrawn();
        if self.room.screen.began.get() {
            self.room.screen.owes_tap.set(true);
        }
    }

    /// The user tapped somewhere on the page.
    pub fn tapped(&self) {
        self.room.screen.began.set(false);
        self.room.screen.owes_tap.set(false);
    }

    /// A place begins to draw codes, after a tap.
    pub fn began(&self) {
        self.room.screen.began.set(true);
        self.room.screen.owes_tap.set(false);
    }

    /// Whether no code is drawn until the next tap.
    pub fn owes_tap(&self) -> bool {
        self.room.screen.owes_tap.get()
    }
}

#[cfg(test)]
mod tests;
