//! A card processor for demo and tests: each card shows one behaviour of real ones. It forgets when it ends.

use super::{Answer, Charge, Funding, Notice};
use alloc::collections::BTreeMap;
use core::future::{Future, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How late the late card is answered, in milliseconds.
const LATE_MS: u64 = 5_000;

/// What a demo card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKind {
    /// Is charged at once.
    Normal,
    /// Is declined.
    Declines,
    /// Is charged, and the processor says so 5 seconds later.
    Late,
    /// Is charged, and the processor says so twice.
    Twice,
    /// Is never answered.
    Never,
}

impl CardKind {
    /// Every behaviour.
    pub const ALL: [Self; 5] = [Self::Normal, Self::Declines, Self::Late, Self::Twice, Self::Never];

    /// What the processor knows such a card by.
    #[must_use]
    pub const fn card(self) -> &'static str {
        match self {
            Self::Normal => "demo:normal",
            Self::Declines => "demo:declines",
            Self::Late => "demo:late",
            Self::Twice => "demo:twice",
            Self::Never => "demo:never",
        }
    }

    fn of(card: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.card() == card)
    }
}

#[derive(Default)]
struct Desk {
    charges: BTreeMap<String, (Option<CardKind>, u64)>,
    notices: Vec<Notice>,
    charged: u64,
}

/// The demo's card processor.
#[derive(Default)]
pub struct DemoProcessor {
    desk: Mutex<Desk>,
}

impl DemoProcessor {
    /// A processor that has charged nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Minor units taken from cards in all, whatever was answered.
    #[must_use]
    pub fn charged(&self) -> u64 {
        self.desk().charged
    }
}

const fn answer(kind: Option<CardKind>, since_ms: u64) -> Answer {
    match kind {
        Some(CardKind::Normal | CardKind::Twice) => Answer::Accepted,
        Some(CardKind::Declines) | None => Answer::Declined,
        Some(CardKind::Late) if since_ms >= LATE_MS => Answer::Accepted,
        Some(CardKind::Late | CardKind::Never) => Answer::Unknown,
    }
}

impl Funding for DemoProcessor {
    fn charge(&self, charge: &Charge, now_ms: u64) -> impl Future<Output = Answer> + Send {
        let mut desk = self.desk();
        let kind = CardKind::of(&charge.card);
        if !desk.charges.contains_key(&charge.key) {
            desk.charges.insert(charge.key.clone(), (kind, now_ms));
            if matches!(kind, Some(CardKind::Normal | CardKind::Late | CardKind::Twice)) {
                desk.charged = desk.charged.saturating_add(charge.amount.minor_units());
            }
            if kind == Some(CardKind::Twice) {
                let notice = Notice { key: charge.key.clone(), answer: Answer::Accepted };
                desk.notices.extend([notice.clone(), notice]);
            }
        }
        let at = desk.charges.get(&charge.key).map_or(now_ms, |(_, at)| *at);
        ready(answer(kind, now_ms.saturating_sub(at)))
    }

    fn look_up(&self, key: &str, now_ms: u64) -> impl Future<Output = Option<Answer>> + Send {
        ready(self.desk().charges.get(key).map(|(kind, at)| answer(*kind, now_ms.saturating_sub(*at))))
    }

    fn notices(&self) -> impl Future<Output = Vec<Notice>> + Send {
        ready(core::mem::take(&mut self.desk().notices))
    }
}
