//! A card processor for demo and tests: each card shows one behaviour of real ones. It forgets when it ends.

use super::{Answer, Charge, Funding, LookUp, Notice};
use alloc::collections::BTreeMap;
use core::future::{Future, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How late the late card is answered, in milliseconds.
const LATE_MS: u64 = 5_000;
/// How long a queued card's charge is unknown to whoever asks, in milliseconds.
const QUEUED_MS: u64 = 180_000;
/// From when a charge that is unknown never comes, in seconds.
const FINAL: u32 = 300;

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
    /// Is charged after three minutes in a queue, of which whoever asks hears that nobody has ever seen the charge.
    Queued,
    /// Is charged, and a notice alone says so.
    Notifies,
}

impl CardKind {
    /// Every behaviour.
    pub const ALL: [Self; 7] =
        [Self::Normal, Self::Declines, Self::Late, Self::Twice, Self::Never, Self::Queued, Self::Notifies];

    /// What the processor knows such a card by.
    #[must_use]
    pub const fn card(self) -> &'static str {
        match self {
            Self::Normal => "demo:normal",
            Self::Declines => "demo:declines",
            Self::Late => "demo:late",
            Self::Twice => "demo:twice",
            Self::Never => "demo:never",
            Self::Queued => "demo:queued",
            Self::Notifies => "demo:notifies",
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
    /// Notices that were ever made.
    noticed: u64,
    charged: u64,
}

impl Desk {
    fn notify(&mut self, key: &str) {
        self.noticed = self.noticed.saturating_add(1);
        let id = format!("notice-{}", self.noticed);
        self.notices.push(Notice { id, key: key.into(), answer: Answer::Accepted });
    }
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
        Some(CardKind::Queued) if since_ms >= QUEUED_MS => Answer::Accepted,
        Some(CardKind::Late | CardKind::Never | CardKind::Queued | CardKind::Notifies) => Answer::Unknown,
    }
}

impl Funding for DemoProcessor {
    fn charge(&self, charge: &Charge, now_ms: u64) -> impl Future<Output = Answer> + Send {
        let mut desk = self.desk();
        let kind = CardKind::of(&charge.card);
        if !desk.charges.contains_key(&charge.key) {
            desk.charges.insert(charge.key.clone(), (kind, now_ms));
            if !matches!(kind, None | Some(CardKind::Declines | CardKind::Never)) {
                desk.charged = desk.charged.saturating_add(charge.amount.minor_units());
            }
            let notices = match kind {
                Some(CardKind::Twice) => 2,
                Some(CardKind::Notifies) => 1,
                _ => 0,
            };
            (0..notices).for_each(|_| desk.notify(&charge.key));
        }
        let at = desk.charges.get(&charge.key).map_or(now_ms, |(_, at)| *at);
        ready(answer(kind, now_ms.saturating_sub(at)))
    }

    fn look_up(&self, key: &str, now_ms: u64) -> impl Future<Output = LookUp> + Send {
        let found = self.desk().charges.get(key).map(|(kind, at)| (*kind, answer(*kind, now_ms.saturating_sub(*at))));
        ready(match found {
            None | Some((Some(CardKind::Queued), Answer::Unknown)) => LookUp::NeverSeen,
            Some((_, answer)) => LookUp::Found(answer),
        })
    }

    fn never_seen_is_final_after(&self) -> u32 {
        FINAL
    }

    fn notices(&self) -> impl Future<Output = Vec<Notice>> + Send {
        ready(self.desk().notices.clone())
    }

    fn acknowledge(&self, notice: &Notice) -> impl Future<Output = ()> + Send {
        self.desk().notices.retain(|held| held.id != notice.id);
        ready(())
    }
}
