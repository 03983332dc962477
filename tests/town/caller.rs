//! Whoever holds a key and calls the issuer without a wallet: tills, pages that freeze, thieves.

use super::act::Act;
use super::phone::{Deliver, ORIGIN};
use super::proof::prove;
use super::trouble::{Fault, Port};
use jitsuin::issuer::desk::{Reply, Request};
use jitsuin::wallet::memory::{MemoryEntropy, SoftKey};
use jitsuin::wallet::ports::Entropy as _;
use jitsuin::wire::calls::{Call, Named as _, Problem, body};
use jitsuin::wire::id::AccountId;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::sleep;

/// One key, and its way to the issuer.
pub struct Caller {
    key: SoftKey,
    account: Option<AccountId>,
    entropy: MemoryEntropy,
    nonce: RefCell<String>,
    deliver: Deliver,
    /// Where it is in the network.
    source: String,
}

/// Where tills and pages that freeze are.
const SHOPS: &str = "198.51.100.7";

impl Caller {
    /// A key that nobody has seen.
    pub fn stranger(seed: u64, deliver: Deliver) -> Self {
        let entropy = MemoryEntropy::seeded(seed);
        let key = SoftKey::make(&entropy).unwrap().0;
        Self { key, account: None, entropy, nonce: RefCell::default(), deliver, source: SHOPS.into() }
    }

    /// The same at another place of the network.
    pub fn from(self, source: String) -> Self {
        Self { source, ..self }
    }

    /// The same, said to be of an account.
    pub fn of(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// A key that somebody took.
    pub fn with(key: SoftKey, account: Option<AccountId>, seed: u64, deliver: Deliver) -> Self {
        let (entropy, nonce) = (MemoryEntropy::seeded(seed), RefCell::default());
        Self { key, account, entropy, nonce, deliver, source: SHOPS.into() }
    }

    /// Its key.
    pub const fn key(&self) -> &SoftKey {
        &self.key
    }

    /// Random bytes for a name or a key.
    pub fn random(&self) -> [u8; 16] {
        self.entropy.draw().unwrap()
    }

    /// One call under a name; none, if no answer came, or none of the issuer.
    pub async fn call<C: Call>(
        &self,
        act: &Arc<Act>,
        now_ms: u64,
        (call, name): (&C, [u8; 16]),
    ) -> Option<Result<C::Reply, Problem>> {
        let body = body(call, C::Name::new(name));
        let mut again = vec!["use-dpop-nonce", "proof-replayed"];
        loop {
            let proof = self.prove(C::PATH, &body, now_ms);
            let request = Request {
                method: "POST".into(),
                path: C::PATH.into(),
                body: body.clone(),
                proof: Some(proof),
                source: self.source.clone(),
            };
            let reply = self.carried(act, request).await?;
            self.nonce.replace(reply.nonce.clone().unwrap_or_default());
            if reply.status == 200 {
                return serde_json::from_slice(&reply.body).ok().map(Ok);
            }
            let problem: Problem = serde_json::from_slice(&reply.body).ok()?;
            if !again.contains(&problem.code.as_str()) {
                // What may be tried again says nothing of what was asked.
                return (reply.status < 500).then_some(Err(problem));
            }
            again.retain(|code| *code != problem.code);
        }
    }

    async fn carried(&self, act: &Arc<Act>, request: Request) -> Option<Reply> {
        let fault = act.meets(Port::TillRoad);
        fault.into_iter().for_each(|fault| act.felt(fault));
        sleep(Duration::from_millis(40)).await;
        let deliver = || (self.deliver)(Arc::clone(act), request.clone());
        match fault {
            Some(Fault::TillUnsent) => return None,
            Some(Fault::TillLate) => {
                let late = deliver();
                spawn_local(async move {
                    sleep(Duration::from_secs(40)).await;
                    late.await;
                });
                sleep(Duration::from_secs(15)).await;
                return None;
            }
            Some(Fault::TillTwice) => {
                spawn_local(deliver());
            }
            Some(Fault::TillSlow) => sleep(Duration::from_secs(8)).await,
            // Its answer: below.
            Some(Fault::TillLost) | None => {}
            Some(other) => unreachable!("{other:?} does nothing on the till's network"),
        }
        let reply = deliver().await;
        sleep(Duration::from_millis(40)).await;
        reply.filter(|_| fault != Some(Fault::TillLost))
    }

    fn prove(&self, path: &str, body: &[u8], now_ms: u64) -> String {
        let (url, account) = (format!("{ORIGIN}{path}"), self.account.clone());
        prove(&self.key, self.random(), (url, body), &self.nonce.borrow(), account, now_ms / 1000)
    }
}
