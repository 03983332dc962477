//! The card company. What it charges it charges once for a key, however often it is asked; what it says of it may be late, come
//! twice or never.

use super::act::SERVED;
use super::facts::ChargeFacts;
use super::trouble::{Fault, Port};
use jitsuin::issuer::funding::{Answer, Charge, Funding, LookUp, Notice};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How late it answers, and how long a charge is in its queue, in milliseconds.
const LATE_MS: u64 = 60_000;
const QUEUED_MS: u64 = 180_000;
/// When it charges what it had said would never come.
const AFTER_ALL_MS: u64 = 420_000;
/// By then every notice was taken, though a process died over it.
const TAKEN_MS: u64 = 1_800_000;
/// From when a charge that is unknown never comes, in seconds.
const FINAL: u32 = 300;

struct Known {
    amount: u64,
    mood: Option<Fault>,
    at_ms: u64,
}

#[derive(Default)]
struct Books {
    charges: BTreeMap<String, Known>,
    /// Each from when it is there.
    notices: Vec<(Instant, Notice)>,
}

/// Shared by all processes of the issuer.
#[derive(Clone, Default)]
pub struct Cards {
    books: Arc<Mutex<Books>>,
}

impl Known {
    fn truth(&self, now_ms: u64) -> LookUp {
        match self.mood {
            None | Some(Fault::AnswersTwice) => LookUp::Found(Answer::Accepted),
            Some(Fault::Declines) => LookUp::Found(Answer::Declined),
            Some(Fault::AnswersLate | Fault::LostNotice) if now_ms < self.at_ms + LATE_MS => {
                LookUp::Found(Answer::Unknown)
            }
            Some(Fault::Queued) if now_ms < self.at_ms + QUEUED_MS => LookUp::NeverSeen,
            Some(Fault::AfterAll) if now_ms < self.at_ms + AFTER_ALL_MS => LookUp::NeverSeen,
            Some(Fault::Never) => LookUp::NeverSeen,
            _ => LookUp::Found(Answer::Accepted),
        }
    }

    /// Its notices: how often each comes, and after how many milliseconds.
    fn notices(&self) -> &'static [u64] {
        match self.mood {
            Some(Fault::AnswersTwice) => &[0, 0],
            Some(Fault::AfterAll) => &[AFTER_ALL_MS],
            _ => &[],
        }
    }

    fn settled_ms(&self) -> u64 {
        let last = self.notices().iter().max().copied().unwrap_or_default();
        self.at_ms + if last > 0 { last + TAKEN_MS } else { u64::from(FINAL) * 1000 }
    }
}

impl Cards {
    /// What it did, by key.
    pub fn facts(&self, now_ms: u64) -> Vec<ChargeFacts> {
        let books = self.books.lock().unwrap();
        let facts = |(key, known): (&String, &Known)| ChargeFacts {
            key: key.clone(),
            amount: known.amount,
            charged: known.truth(now_ms) == LookUp::Found(Answer::Accepted),
            settled: now_ms > known.settled_ms(),
        };
        books.charges.iter().map(facts).collect()
    }
}

impl Cards {
    /// When the next notice comes that is not there yet.
    pub fn next_notice(&self) -> Option<Instant> {
        let now = Instant::now();
        self.books.lock().unwrap().notices.iter().map(|(from, _)| *from).filter(|from| *from > now).min()
    }
}

impl Funding for Cards {
    async fn charge(&self, charge: &Charge, now_ms: u64) -> Answer {
        let act = SERVED.try_with(Arc::clone).ok();
        let mood = act.as_ref().and_then(|act| act.meets(Port::Card));
        sleep(Duration::from_millis(30)).await;
        let answer = {
            let mut books = self.books.lock().unwrap();
            let Books { charges, notices } = &mut *books;
            let is_new = !charges.contains_key(&charge.key);
            if let (Some(act), Some(mood), true) = (&act, mood, is_new) {
                act.felt(mood);
            }
            let known = charges.entry(charge.key.clone()).or_insert(Known {
                amount: charge.amount.minor_units(),
                mood,
                at_ms: now_ms,
            });
            let answer = match known.truth(now_ms) {
                // Its notices say it.
                LookUp::Found(_) if known.mood == Some(Fault::AnswersTwice) => Answer::Unknown,
                LookUp::Found(answer) => answer,
                LookUp::NeverSeen | LookUp::Unreachable => Answer::Unknown,
            };
            if is_new {
                for (nth, late) in known.notices().iter().enumerate() {
                    let (id, key) = (format!("{}/{nth}", charge.key), charge.key.clone());
                    let from = Instant::now() + Duration::from_millis(*late);
                    notices.push((from, Notice { id, key, answer: Answer::Accepted }));
                }
            }
            answer
        };
        sleep(Duration::from_millis(30)).await;
        answer
    }

    async fn look_up(&self, key: &str, now_ms: u64) -> LookUp {
        sleep(Duration::from_millis(20)).await;
        self.books.lock().unwrap().charges.get(key).map_or(LookUp::NeverSeen, |known| known.truth(now_ms))
    }

    fn never_seen_is_final_after(&self) -> u32 {
        FINAL
    }

    async fn notices(&self) -> Vec<Notice> {
        let now = Instant::now();
        let there = |(from, notice): &(Instant, Notice)| (*from <= now).then(|| notice.clone());
        self.books.lock().unwrap().notices.iter().filter_map(there).collect()
    }

    async fn acknowledge(&self, notice: &Notice) {
        self.books.lock().unwrap().notices.retain(|(_, held)| held != notice);
    }
}
