//! What must never be in anything that is sent or logged: the town knows the secrets of its people, and looks for them in every
//! body and path that leaves a phone or a till, in every answer, and in what the issuer says to its operator's log.

use super::chance::Chance;
use super::plan::Plan;
use jitsuin::issuer::desk::{Reply, Request};
use jitsuin::issuer::messages::Message;
use jitsuin::wallet::memory::MemoryEntropy;
use jitsuin::wallet::ports::Entropy as _;
use jitsuin::wire::calls::{Call as _, EnrolTill, EnterCode, FreezeByCode, LogIn, Unfreeze};
use jitsuin::wire::id::to_base64;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Bytes that a search begins with.
const HEAD: usize = 8;

/// A text that may be in the body of these calls and nowhere else.
struct Word {
    what: String,
    text: String,
    may: &'static [&'static str],
    /// Digits may be in other numbers: only where they stand by themselves are they this word.
    alone: bool,
}

/// Everything that is secret in a town.
pub struct Secrets {
    /// Keys, by their first bytes in each form in which they could be written.
    keys: RefCell<HashMap<[u8; HEAD], Vec<(String, Vec<u8>)>>>,
    words: RefCell<Vec<Word>>,
    heard: Cell<u64>,
}

/// Phones of one owner that are known beforehand.
const PHONES: usize = 6;
/// What a phone draws for its keys: a few for each time that it registers or renews.
const DRAWS: usize = 48;

impl Secrets {
    /// Those of everybody in a plan: passwords, and what each phone will draw for its keys.
    pub fn of(plan: &Plan) -> Self {
        let secrets = Self { keys: RefCell::default(), words: RefCell::default(), heard: Cell::new(0) };
        for owner in 1..=plan.owners {
            let text = format!("owner-{owner}-password");
            secrets.word(Word { what: format!("owner-{owner}'s password"), text, may: &[LogIn::PATH], alone: false });
            for phone in 1..=PHONES {
                secrets.phone(plan.seed, &format!("owner-{owner}/phone-{phone}"));
            }
        }
        secrets
    }

    /// What a phone of this name draws for its device and channel keys.
    fn phone(&self, seed: u64, name: &str) {
        let drawn = MemoryEntropy::seeded(Chance::new(seed, &format!("{name}/keys")).number());
        for nth in 0..DRAWS {
            let key = drawn.draw::<32>().unwrap();
            self.key(&format!("draw {nth} for the keys of {name}"), &key);
        }
    }

    fn key(&self, what: &str, key: &[u8; 32]) {
        let hex = |upper: bool| -> Vec<u8> {
            let byte = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
            key.iter().map(byte).collect::<String>().into_bytes()
        };
        // In base64 it looks otherwise where it begins at another place of three.
        let base64 = |before: usize| {
            let text = to_base64(&[vec![0; before], key.to_vec()].concat());
            let (first, last) = ((before * 8).div_ceil(6), (before + key.len()) * 8 / 6);
            text.as_bytes()[first..last].to_vec()
        };
        for form in [key.to_vec(), hex(false), hex(true), base64(0), base64(1), base64(2)] {
            let head = form[..HEAD].try_into().unwrap();
            self.keys.borrow_mut().entry(head).or_default().push((what.into(), form));
        }
    }

    fn word(&self, word: Word) {
        self.words.borrow_mut().push(word);
    }

    /// Number of the newest message that it learned of.
    pub fn heard(&self) -> u64 {
        self.heard.get()
    }

    /// Codes in messages are secrets too. What mail programs show of a message before it is opened is its subject: a secret in
    /// one.
    pub fn learn(&self, messages: Vec<(u64, Message)>) -> Option<String> {
        let mut seen = None;
        for (number, message) in messages {
            self.heard.set(number);
            let subject = message.subject.clone();
            if let Some(text) = message.code {
                let what = format!("the code of message {number}");
                self.word(Word { what, text, may: &[EnterCode::PATH, Unfreeze::PATH, EnrolTill::PATH], alone: true });
            }
            if let Some((_, code)) = message.text.rsplit_once("minutes:\n") {
                let (what, text) = (format!("the stop code of message {number}"), code.trim().into());
                self.word(Word { what, text, may: &[FreezeByCode::PATH], alone: false });
            }
            let told = self.found(subject.as_bytes(), "");
            seen = seen.or(told.map(|what| format!("the subject {subject:?} tells {what}")));
        }
        seen
    }

    /// A secret in a request that must not be there.
    pub fn told(&self, request: &Request) -> Option<String> {
        let parts = [request.body.as_slice(), request.path.as_bytes(), request.proof.as_deref().unwrap_or("").as_bytes()];
        let mut seen = parts.iter().find_map(|part| self.found(part, &request.path));
        // A path is logged, and a proof is not for passwords: no call may have them there.
        seen = seen.or_else(|| parts[1..].iter().find_map(|part| self.found(part, "")));
        seen.map(|what| format!("a call of {} tells {what}", request.path))
    }

    /// A secret in an answer, or in what is said to the log.
    pub fn answered(&self, path: &str, reply: &Reply) -> Option<String> {
        let in_cause = reply.cause.as_ref().and_then(|cause| self.found(cause.as_bytes(), ""));
        let in_cause = in_cause.map(|what| format!("the log of {path} tells {what}"));
        in_cause.or_else(|| self.found(&reply.body, "").map(|what| format!("an answer of {path} tells {what}")))
    }

    fn found(&self, bytes: &[u8], path: &str) -> Option<String> {
        let keys = self.keys.borrow();
        for at in 0..bytes.len().saturating_sub(HEAD - 1) {
            let head: [u8; HEAD] = bytes[at..at + HEAD].try_into().unwrap();
            let Some(held) = keys.get(&head) else { continue };
            if let Some((what, _)) = held.iter().find(|(_, form)| bytes[at..].starts_with(form)) {
                return Some(what.clone());
            }
        }
        let words = self.words.borrow();
        let forbidden = words.iter().filter(|word| !word.may.contains(&path));
        let mut found = forbidden.filter(|word| contains(bytes, word));
        found.next().map(|word| word.what.clone())
    }
}

fn contains(bytes: &[u8], word: &Word) -> bool {
    let text = word.text.as_bytes();
    let is_part = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let first = text.first().copied().unwrap_or_default();
    (0..bytes.len()).filter(|at| bytes[*at] == first && bytes[*at..].starts_with(text)).any(|at| {
        !word.alone || !(at.checked_sub(1).is_some_and(is_part) || is_part(at + text.len()))
    })
}
