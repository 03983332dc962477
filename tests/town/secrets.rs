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
use std::rc::Rc;

/// Bytes that a search begins with.
const HEAD: usize = 8;
/// Places of the table that says where no search need begin.
const PLACES: usize = 1 << 18;
/// What a phone draws for its keys: a few for each time that it registers or renews.
const DRAWS: usize = 32;

/// A secret in one form in which it could be written.
struct Held {
    what: Rc<str>,
    form: Vec<u8>,
    /// The calls whose body may have it.
    may: &'static [&'static str],
    /// Digits may be in other numbers: only where they stand by themselves are they this secret.
    alone: bool,
}

/// Everything that is secret in a town, by its first bytes.
pub struct Secrets {
    held: RefCell<HashMap<[u8; HEAD], Vec<Held>>>,
    begins: RefCell<Vec<bool>>,
    heard: Cell<u64>,
}

fn place(head: &[u8]) -> usize {
    let number = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    usize::try_from(number.wrapping_mul(0x9e37_79b1) >> 14).unwrap()
}

impl Secrets {
    /// The passwords of everybody in a plan.
    pub fn of(plan: &Plan) -> Self {
        let secrets = Self { held: RefCell::default(), begins: RefCell::new(vec![false; PLACES]), heard: Cell::new(0) };
        for owner in 1..=plan.owners {
            let text = format!("owner-{owner}-password");
            secrets.hold(&format!("owner-{owner}'s password"), text.into(), &[LogIn::PATH], false);
        }
        secrets
    }

    /// What a phone of this name draws for its device and channel keys, now and later.
    pub fn of_phone(&self, seed: u64, name: &str) {
        let drawn = MemoryEntropy::seeded(Chance::new(seed, &format!("{name}/keys")).number());
        for nth in 0..DRAWS {
            let key = drawn.draw::<32>().unwrap();
            self.key(&format!("draw {nth} for the keys of {name}"), &key);
        }
    }

    fn hold(&self, what: &str, form: Vec<u8>, may: &'static [&'static str], alone: bool) {
        let head: [u8; HEAD] = form[..HEAD].try_into().unwrap();
        self.begins.borrow_mut()[place(&head)] = true;
        self.held.borrow_mut().entry(head).or_default().push(Held { what: what.into(), form, may, alone });
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
            self.hold(what, form, &[], false);
        }
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
                self.hold(&what, text.into(), &[EnterCode::PATH, Unfreeze::PATH, EnrolTill::PATH], true);
            }
            if let Some((_, code)) = message.text.rsplit_once("minutes:\n") {
                let what = format!("the stop code of message {number}");
                self.hold(&what, code.trim().into(), &[FreezeByCode::PATH], false);
            }
            let told = self.found(subject.as_bytes(), "");
            seen = seen.or(told.map(|what| format!("the subject {subject:?} tells {what}")));
        }
        seen
    }

    /// A secret in a request that must not be there.
    pub fn told(&self, request: &Request) -> Option<String> {
        let parts =
            [request.body.as_slice(), request.path.as_bytes(), request.proof.as_deref().unwrap_or("").as_bytes()];
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
        let (held, begins) = (self.held.borrow(), self.begins.borrow());
        bytes.windows(HEAD).enumerate().filter(|(_, head)| begins[place(head)]).find_map(|(at, head)| {
            let found = held.get(head)?.iter().find(|held| held.is_at(bytes, at) && !held.may.contains(&path))?;
            Some(found.what.to_string())
        })
    }
}

impl Held {
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let is_part = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let stands_alone = || !at.checked_sub(1).is_some_and(is_part) && !is_part(at + self.form.len());
        bytes[at..].starts_with(&self.form) && (!self.alone || stands_alone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::plan::Size;

    const SYNC: &str = jitsuin::wire::calls::Sync::PATH;

    /// Secrets of seed 1, and the second key that the first phone draws.
    fn secrets() -> (Secrets, [u8; 32]) {
        let secrets = Secrets::of(&Plan::new(1, Size { days: 1, owners: 1 }));
        secrets.of_phone(1, "owner-1/phone-1");
        let drawn = MemoryEntropy::seeded(Chance::new(1, "owner-1/phone-1/keys").number());
        let _first: [u8; 32] = drawn.draw().unwrap();
        (secrets, drawn.draw().unwrap())
    }

    fn request(path: &str, body: &[u8]) -> Request {
        let (method, source) = ("POST".into(), String::new());
        Request { method, path: path.into(), body: body.into(), proof: Some("a proof".into()), source }
    }

    #[test]
    fn a_key_is_found_in_each_form_and_at_each_place() {
        let (secrets, key) = secrets();
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut bodies = vec![key.to_vec(), hex.clone().into_bytes(), hex.to_uppercase().into_bytes()];
        bodies.extend(
            (0..7).map(|before| to_base64(&[vec![0xa5; before], key.to_vec(), vec![1; 9]].concat()).into_bytes()),
        );
        for body in bodies {
            let body = [b"{\"x\":\"".as_slice(), &body, b"\"}"].concat();
            let seen = secrets.told(&request(SYNC, &body)).unwrap();
            assert_eq!(seen, "a call of /v1/sync tells draw 1 for the keys of owner-1/phone-1");
            let reply = Reply {
                status: 200,
                content_type: "application/json",
                body,
                nonce: None,
                retry_after: None,
                cause: None,
            };
            assert!(secrets.answered(SYNC, &reply).is_some());
        }
        assert_eq!(secrets.told(&request(SYNC, &[7; 4_000])), None);
    }

    #[test]
    fn a_password_is_sent_in_the_body_of_a_login_alone_and_never_logged() {
        let secrets = secrets().0;
        let body = br#"{"login":"owner-1","password":"owner-1-password"}"#;
        assert_eq!(secrets.told(&request(LogIn::PATH, body)), None);
        assert!(secrets.told(&request(SYNC, body)).is_some());
        assert!(secrets.told(&request("/v1/login?password=owner-1-password", b"")).is_some());
        let cause = Some("no account with owner-1-password".into());
        let (status, content_type) = (500, "application/problem+json");
        let reply = Reply { status, content_type, body: vec![], nonce: None, retry_after: None, cause };
        assert!(secrets.answered(LogIn::PATH, &reply).is_some());
    }

    #[test]
    fn a_code_is_sent_where_it_is_typed_and_a_longer_number_is_none() {
        let secrets = secrets().0;
        let message = Message {
            account: None,
            to: "owner-1@example.test".into(),
            at: 0,
            subject: "Code".into(),
            text: "12345678".into(),
            code: Some("12345678".into()),
        };
        assert_eq!(secrets.learn(vec![(1, message.clone())]), None);
        assert_eq!(secrets.told(&request(EnterCode::PATH, br#"{"code":"12345678"}"#)), None);
        assert!(secrets.told(&request(SYNC, br#"{"code":"12345678"}"#)).is_some());
        assert_eq!(secrets.told(&request(SYNC, br#"{"at":1123456780}"#)), None);
        let told = secrets.learn(vec![(2, Message { subject: "Your code is 12345678".into(), ..message })]);
        assert!(told.is_some(), "a subject is seen by whoever sees the screen");
    }
}
