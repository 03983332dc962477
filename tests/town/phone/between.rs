//! A backend between a wallet and the issuer that belongs to a thief: it sees every call and answer, changes them, keeps them
//! back, makes some up, and sends old ones again.

use super::road::Deliver;
use crate::town::act::Act;
use crate::town::chance::Chance;
use jitsuin::code::Code;
use jitsuin::issuer::desk::{Reply, Request};
use jitsuin::wire::calls::Problem;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::sleep;

/// Answers of one path that it keeps.
const KEPT: usize = 6;

/// What it does with one call.
#[derive(Clone, Copy)]
enum Does {
    Passes,
    ChangesCall,
    ChangesAnswer,
    GivesOldAnswer,
    GivesOldAnswerUnasked,
    KeepsCall,
    KeepsAnswer,
    MakesUpRefusal,
    ChangesNonce,
}

/// One thief's backend.
pub struct Between {
    chance: Chance,
    /// How often it gives old answers: some thieves live of them.
    old_answers: u64,
    /// A path to whose third call, and all after, it gives the first answer; it leaves all others alone.
    hoards: Option<&'static str>,
    answers: RefCell<BTreeMap<String, Vec<Reply>>>,
}

impl Between {
    /// One that has seen nothing.
    pub fn new(chance: Chance) -> Self {
        let old_answers = chance.weighted(&[(6, 2), (60, 1)]);
        Self { chance, old_answers, hoards: None, answers: RefCell::default() }
    }

    /// One that gives the first answer of this path again from the third call on, and changes nothing else.
    pub fn of_first_answers(chance: Chance, path: &'static str) -> Self {
        Self { hoards: Some(path), ..Self::new(chance) }
    }

    /// Carries one call, in its way.
    pub async fn carry(&self, act: &Arc<Act>, call: Request, deliver: &Deliver) -> Option<Reply> {
        if let Some(path) = self.hoards {
            return self.carry_past_hoard(act, call, deliver, path).await;
        }
        let does = self.chance.weighted(&[
            (Does::Passes, 60),
            (Does::ChangesCall, 5),
            (Does::ChangesAnswer, 10),
            (Does::GivesOldAnswer, self.old_answers),
            (Does::GivesOldAnswerUnasked, 4),
            (Does::KeepsCall, 3),
            (Does::KeepsAnswer, 5),
            (Does::MakesUpRefusal, 5),
            (Does::ChangesNonce, 2),
        ]);
        self.again_later(act, &call, deliver);
        let pass = |call: Request| deliver(Arc::clone(act), call);
        let path = call.path.clone();
        let did = |what: &str| act.say(&format!("[the backend in between {what}: {path}]"));
        match does {
            Does::Passes => self.seen(&path, pass(call).await),
            Does::ChangesCall => {
                let mut call = call;
                did(&format!("changes the call at {:?}", self.change(&mut call.body)));
                pass(call).await
            }
            Does::ChangesAnswer => {
                let mut reply = self.seen(&path, pass(call).await)?;
                did(&format!("changes the answer at {:?}", self.change(&mut reply.body)));
                Some(reply)
            }
            Does::GivesOldAnswer => {
                let old = self.old(&path);
                let reply = self.seen(&path, pass(call).await);
                if old.is_some() {
                    did("gives an old answer");
                }
                old.or(reply)
            }
            Does::GivesOldAnswerUnasked => match self.old(&path) {
                Some(old) => {
                    did("gives an old answer unasked");
                    Some(old)
                }
                None => self.seen(&path, pass(call).await),
            },
            Does::KeepsCall => {
                did("keeps the call");
                None
            }
            Does::KeepsAnswer => {
                self.seen(&path, pass(call).await);
                did("keeps the answer");
                None
            }
            Does::MakesUpRefusal => {
                let reached = self.chance.percent(50);
                let reply = if reached { pass(call).await } else { None };
                let problem = self.refusal();
                did(&format!("says {}{}", problem.code, if reached { "" } else { " unasked" }));
                Some(Reply {
                    status: problem.status,
                    content_type: "application/problem+json",
                    body: serde_json::to_vec(&problem).unwrap(),
                    nonce: reply.and_then(|reply| reply.nonce),
                    retry_after: problem.retry_after,
                    cause: None,
                })
            }
            Does::ChangesNonce => {
                let mut reply = self.seen(&path, pass(call).await)?;
                did("takes the nonce off");
                reply.nonce = None;
                Some(reply)
            }
        }
    }

    /// Sends a call again minutes later, from a place of his own, as often as he likes.
    async fn carry_past_hoard(&self, act: &Arc<Act>, call: Request, deliver: &Deliver, path: &str) -> Option<Reply> {
        let reply = deliver(Arc::clone(act), call.clone()).await?;
        if call.path != path || reply.status != 200 {
            return Some(reply);
        }
        self.seen(path, Some(reply.clone()));
        let answers = self.answers.borrow();
        let of_path = &answers[path];
        if of_path.len() < 3 {
            return Some(reply);
        }
        act.say(&format!("[the backend in between gives the first answer again: {path}]"));
        Some(of_path[0].clone())
    }

    fn again_later(&self, act: &Arc<Act>, call: &Request, deliver: &Deliver) {
        if !self.chance.percent(15) {
            return;
        }
        let (act, deliver) = (Arc::clone(act), Deliver::clone(deliver));
        let call = Request { source: "203.0.113.66".into(), ..call.clone() };
        let waits = [self.chance.from_to(1, 200), self.chance.from_to(200, 1_500)];
        spawn_local(async move {
            for wait in waits {
                sleep(Duration::from_secs(wait)).await;
                let reply = deliver(Arc::clone(&act), call.clone()).await;
                let status = reply.map(|reply| reply.status);
                act.say(&format!("[the backend in between sends it again: {}: {status:?}]", call.path));
            }
        });
    }

    /// Another character of the same kind at one place of a body: it stays JSON.
    fn change(&self, body: &mut [u8]) -> Option<usize> {
        let places: Vec<_> = (0..body.len()).filter(|at| body[*at].is_ascii_alphanumeric()).collect();
        if places.is_empty() {
            return None;
        }
        // Numbers that stand by themselves are few, and say the most.
        let digits: Vec<_> = places.iter().copied().filter(|at| is_number(body, *at)).collect();
        let from = if self.chance.percent(40) && !digits.is_empty() { &digits } else { &places };
        let at = self.chance.one_of(from);
        body[at] = match body[at] {
            byte @ b'0'..=b'8' => byte + 1,
            b'9' => b'8',
            b'z' => b'y',
            b'Z' => b'Y',
            byte => byte + 1,
        };
        Some(at)
    }

    fn refusal(&self) -> Problem {
        let mut problem = Problem::new(self.chance.one_of(Code::ALL));
        if problem.status == 0 || problem.status == 200 {
            problem.status = self.chance.one_of(&[400, 401, 403, 404, 409, 429, 500, 503]);
        }
        if self.chance.percent(50) {
            problem.retry_after = Some(self.chance.one_of(&[0, 60, 4_000_000_000]));
            problem.until = Some(4_000_000_000);
            problem.resets_at = Some(self.chance.one_of(&[0, 4_000_000_000]));
        }
        problem
    }

    fn seen(&self, path: &str, reply: Option<Reply>) -> Option<Reply> {
        let reply = reply?;
        let mut answers = self.answers.borrow_mut();
        let of_path = answers.entry(path.to_owned()).or_default();
        of_path.push(reply.clone());
        let surplus = of_path.len().saturating_sub(KEPT);
        of_path.drain(..surplus);
        Some(reply)
    }

    fn old(&self, path: &str) -> Option<Reply> {
        let answers = self.answers.borrow();
        let of_path = answers.get(path)?;
        Some(of_path[usize::try_from(self.chance.below(of_path.len() as u64)).unwrap()].clone())
    }
}

/// Whether a digit belongs to a number of JSON and not to a text.
fn is_number(body: &[u8], at: usize) -> bool {
    let is_digit = |at: usize| body.get(at).is_some_and(u8::is_ascii_digit);
    let mut first = at;
    while is_digit(first) && first > 0 {
        first -= 1;
    }
    is_digit(at) && matches!(body[first], b':' | b',' | b'[')
}
