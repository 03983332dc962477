//! When a page may draw a code (protocol section 6): codes rotate for a while, and after a debit, a refusal or a blur
//! none is drawn until the user taps. Pure: the page tells what happened and draws what [`View`] says.

use super::state::{By, PaymentCode, ReceiptView};
use crate::wire::json::{ToJson, Writer, json_words};
use crate::wire::receipt::Kind;

/// A shown code is replaced after this many milliseconds.
pub const ROTATION_MS: u64 = 30_000;
/// Codes rotate for this many milliseconds after a tap.
pub const LONGEST_MS: u64 = 5 * 60_000;

json_words! {
    /// Why no code is drawn.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Wait {
        /// Nothing was asked for yet.
        Start "start",
        /// A payment was made with the code.
        Paid "paid",
        /// A payment with the code was declined.
        Declined "declined",
        /// The page was not in front.
        Blurred "blurred",
        /// Codes rotated long enough.
        Rested "rested",
        /// No code could be made.
        Failed "failed",
    }
}

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Nothing but an invitation to tap.
    Waiting {
        /// Why.
        reason: Wait,
    },
    /// Ask the wallet for a code now, then tell [`Presentation::made`], [`Presentation::too_soon`] or
    /// [`Presentation::failed`].
    Making,
    /// The wallet may not make the next code yet (protocol section 6: one a second, ten a minute).
    Soon {
        /// Until it is asked again.
        seconds_left: u32,
    },
    /// The code that was made last.
    Showing {
        /// Until the code is replaced.
        seconds_left: u32,
    },
}

impl ToJson for View {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Waiting { reason } => to.object("phase reason", &[&"waiting", reason]),
            Self::Making => to.object("phase", &[&"making"]),
            Self::Soon { seconds_left } => to.object("phase secondsLeft", &[&"soon", seconds_left]),
            Self::Showing { seconds_left } => to.object("phase secondsLeft", &[&"showing", seconds_left]),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting(Wait),
    /// The code that is on screen stays there until the new one is made.
    Making {
        since: u64,
        /// Not before this.
        from: u64,
        /// When the code that is on screen ends.
        ends: Option<u64>,
    },
    Showing {
        since: u64,
        made: u64,
        ends: u64,
    },
}

/// What tells the receipts of a presentation from others with the same counters: the key that makes its codes, and that they come
/// after what was known before the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeOrigin {
    /// Thumbprint of the device key, base64url.
    pub device: String,
    /// Sequence of the newest receipt that is known.
    pub newest: u64,
}

/// A code, and what a presentation has to know of it.
#[derive(Debug)]
pub struct ToPresent {
    /// The code.
    pub code: PaymentCode,
    /// What tells its receipts from others.
    pub origin: CodeOrigin,
    /// When it was made, in milliseconds of the page's steady clock.
    pub made: u64,
}

/// Codes that were made.
#[derive(Clone, Debug)]
struct Codes {
    origin: CodeOrigin,
    first: u32,
    last: u32,
}

/// One place where codes are drawn. Times are milliseconds of one steady clock of the page.
#[derive(Clone, Debug)]
pub struct Presentation {
    phase: Phase,
    codes: Option<Codes>,
}

impl Default for Presentation {
    fn default() -> Self {
        Self::new()
    }
}

impl Presentation {
    /// Waits for the first tap.
    #[must_use]
    pub const fn new() -> Self {
        Self { phase: Phase::Waiting(Wait::Start), codes: None }
    }

    /// The user tapped.
    pub fn tapped(&mut self, now: u64) -> View {
        if let Phase::Waiting(_) = self.phase {
            self.codes = None;
            self.phase = Phase::Making { since: now, from: now, ends: None };
        }
        self.at(now)
    }

    /// The code that was asked for is here. It is not drawn if something ended the presentation meanwhile.
    pub fn made(&mut self, ready: &ToPresent, now: u64) -> View {
        let ToPresent { code, origin, made } = ready;
        let last = code.counter;
        // Also when the code comes too late to be drawn: it is a token of this presentation all the same.
        match &mut self.codes {
            Some(codes) if codes.origin.device == origin.device => codes.last = last,
            _ => self.codes = Some(Codes { origin: origin.clone(), first: last, last }),
        }
        if let Phase::Making { since, .. } = self.phase {
            let life = code.expires_at.saturating_sub(code.made_at);
            self.phase = Phase::Showing { since, made: now, ends: made.saturating_add(life) };
        }
        self.at(now)
    }

    /// Counter of the newest code that was made for this place.
    #[must_use]
    pub fn newest(&self) -> Option<u32> {
        self.codes.as_ref().map(|codes| codes.last)
    }

    /// The code that was asked for comes too soon after the one before: it is asked for again after `wait` milliseconds.
    pub fn too_soon(&mut self, wait: u64, now: u64) -> View {
        if let Phase::Making { from, .. } = &mut self.phase {
            *from = now.saturating_add(wait);
        }
        self.at(now)
    }

    /// The code that was asked for could not be made.
    pub fn failed(&mut self, now: u64) -> View {
        if matches!(self.phase, Phase::Making { .. }) {
            self.phase = Phase::Waiting(Wait::Failed);
        }
        self.at(now)
    }

    /// The page lost the front, was locked, frozen or closed.
    pub fn blurred(&mut self, now: u64) -> View {
        if !matches!(self.phase, Phase::Waiting(_)) {
            self.phase = Phase::Waiting(Wait::Blurred);
        }
        self.at(now)
    }

    /// A checked receipt came. Whether it ended this presentation.
    pub fn noticed(&mut self, receipt: &ReceiptView) -> bool {
        let reason = match receipt.kind {
            Kind::Payment => Wait::Paid,
            Kind::Declined => Wait::Declined,
            _ => return false,
        };
        let is_of = |codes: &Codes| {
            let CodeOrigin { device, newest } = &codes.origin;
            receipt.sequence > *newest
                && receipt.device.as_ref() == Some(device)
                && receipt.counter.is_some_and(|counter| (codes.first..=codes.last).contains(&counter))
        };
        let ours = receipt.by == Some(By::ThisDevice) && self.codes.as_ref().is_some_and(is_of);
        if !ours || matches!(self.phase, Phase::Waiting(Wait::Paid)) {
            return false;
        }
        self.phase = Phase::Waiting(reason);
        true
    }

    /// What to draw at `now`; call it each second.
    pub fn at(&mut self, now: u64) -> View {
        let is_over = |since: u64, ends: u64| now.saturating_sub(since) >= LONGEST_MS || now >= ends;
        self.phase = match self.phase {
            Phase::Showing { since, ends, .. } if is_over(since, ends) => Phase::Waiting(Wait::Rested),
            Phase::Showing { since, made, ends } if now.saturating_sub(made) >= ROTATION_MS => {
                Phase::Making { since, from: now, ends: Some(ends) }
            }
            Phase::Making { since, ends, .. } if is_over(since, ends.unwrap_or(u64::MAX)) => {
                Phase::Waiting(Wait::Rested)
            }
            phase => phase,
        };
        match self.phase {
            Phase::Waiting(reason) => View::Waiting { reason },
            Phase::Making { from, .. } if now < from => View::Soon { seconds_left: seconds(now, from) },
            Phase::Making { .. } => View::Making,
            Phase::Showing { made, .. } => {
                View::Showing { seconds_left: seconds(now, made.saturating_add(ROTATION_MS)) }
            }
        }
    }
}

/// Seconds that are left of the time until `end`, begun ones too.
fn seconds(now: u64, end: u64) -> u32 {
    u32::try_from(end.saturating_sub(now).div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
