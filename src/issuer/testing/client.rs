//! Calls the desk as a wallet or a till does, one key at a time.

use super::{now, public, secret, sign};
use crate::code::Code;
use crate::issuer::desk::{Reply, Request};
use crate::issuer::funding::{DemoProcessor, Funding};
use crate::issuer::ledger::{Ledger, MemoryLedger};
use crate::issuer::settings::{Attempts, Settings};
use crate::issuer::{Issuer, demo};
use crate::wire::calls::{Call, Named as _, Problem, body};
use crate::wire::dpop;
use crate::wire::id::{AccountId, Hash, Nonce};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::sha256;
use crate::wire::sign1::{self, Statement};
use core::cell::RefCell;
use p256::ecdsa::signature::Signer;

pub(in crate::issuer) type World = Issuer<MemoryLedger, DemoProcessor>;

/// An issuer with the demo's people, in memory.
pub(in crate::issuer) fn world() -> World {
    world_with(|_| {})
}

/// The same under other attempts.
pub(in crate::issuer) fn world_with(change: impl Fn(&mut Attempts)) -> World {
    world_under(|settings| change(&mut settings.attempts))
}

/// The same under other settings.
pub(in crate::issuer) fn world_under(change: impl Fn(&mut Settings)) -> World {
    let mut stage = super::Stage::new();
    change(&mut stage.settings);
    let issuer = now(Issuer::open(stage.ledger, DemoProcessor::new(), stage.settings)).unwrap();
    now(demo::seed(&issuer, &demo::Plan::default())).unwrap();
    issuer
}

/// One key with its nonce.
pub(in crate::issuer) struct Client {
    byte: u8,
    source: String,
    pub(in crate::issuer) account: Option<AccountId>,
    nonce: RefCell<String>,
}

impl Client {
    pub(in crate::issuer) fn new(byte: u8) -> Self {
        Self::at(byte, "::1")
    }

    /// The same at an address.
    pub(in crate::issuer) fn at(byte: u8, source: &str) -> Self {
        Self { byte, source: source.into(), account: None, nonce: RefCell::default() }
    }

    pub(in crate::issuer) fn key(&self) -> PublicKey {
        public(self.byte)
    }

    /// Signs a statement with this key.
    pub(in crate::issuer) fn state<S: Statement>(&self, statement: &S) -> Vec<u8> {
        let unsigned = sign1::prepare(statement, &self.key());
        unsigned.finish(&sign(self.byte, &unsigned))
    }

    /// A request with a proof.
    pub(in crate::issuer) fn request(&self, path: &str, body: Vec<u8>) -> Request {
        let mut jti = [0; 16];
        getrandom::fill(&mut jti).unwrap();
        let claims = dpop::Claims {
            htm: "POST".into(),
            htu: format!("https://issuer.example{path}"),
            iat: 0,
            jti: Nonce(jti),
            nonce: self.nonce.borrow().clone(),
            bdy: Hash(sha256(&body)),
            acc: self.account.clone(),
        };
        let unsigned = dpop::prepare(&claims, &self.key());
        let signature: p256::ecdsa::Signature = secret(self.byte).sign(unsigned.message());
        let proof = unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap());
        Request { method: "POST".into(), path: path.into(), body, proof: Some(proof), source: self.source.clone() }
    }

    /// Sends a body, with the nonce of whichever process answered last.
    pub(in crate::issuer) fn send_once<L: Ledger, F: Funding>(
        &self,
        issuer: &Issuer<L, F>,
        path: &str,
        body: &[u8],
    ) -> Reply {
        let reply = now(issuer.answer(&self.request(path, body.into())));
        self.nonce.replace(reply.nonce.clone().unwrap());
        reply
    }

    /// Sends a body, once more if the nonce was not a live one.
    pub(in crate::issuer) fn send<L: Ledger, F: Funding>(
        &self,
        issuer: &Issuer<L, F>,
        path: &str,
        body: &[u8],
    ) -> Reply {
        let reply = self.send_once(issuer, path, body);
        if code(&reply) != Some(Code::UseDpopNonce) {
            return reply;
        }
        now(issuer.answer(&self.request(path, body.into())))
    }

    pub(in crate::issuer) fn call<C: Call, L: Ledger, F: Funding>(
        &self,
        issuer: &Issuer<L, F>,
        call: &C,
    ) -> Result<C::Reply, Code> {
        let reply = self.send(issuer, C::PATH, &text(call));
        match code(&reply) {
            None => Ok(serde_json::from_slice(&reply.body).unwrap()),
            Some(code) => Err(code),
        }
    }
}

/// The text of a call that was not made before.
pub(in crate::issuer) fn text<C: Call>(call: &C) -> Vec<u8> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).unwrap();
    body(call, C::Name::new(random))
}

/// The code of a problem.
pub(in crate::issuer) fn code(reply: &Reply) -> Option<Code> {
    let problem: Problem = serde_json::from_slice(&reply.body).ok()?;
    assert_eq!((reply.content_type, reply.status), ("application/problem+json", problem.status));
    Code::from_name(&problem.code)
}

/// The newest code in the inbox that was sent to somebody.
pub(in crate::issuer) fn newest_code(issuer: &World, to: &str) -> Option<String> {
    let inbox = now(issuer.inbox(0)).unwrap();
    inbox.into_iter().rev().find_map(|(_, message)| message.code.filter(|_| message.to == to))
}
