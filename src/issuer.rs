//! The issuer's side: verifier, rules over a ledger, and a desk that answers one JSON call at a time.
//!
//! A rule is a plain function of loaded records, so nothing here knows sockets, threads or a database. A server puts
//! [`Issuer::answer`] behind its HTTP library, gives it a [`ledger::Ledger`] and a [`funding::Funding`], and calls
//! [`Issuer::keep_rp_id`] at start-up, [`Issuer::sweep`] then and every few seconds.
//!
//! ```
//! use jitsuin::issuer::{Issuer, Settings, demo, desk::Request};
//! use jitsuin::issuer::{funding::DemoProcessor, ledger::{Clock, MemoryLedger}};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings::new("http://localhost:8787", &["http://localhost:8787"])?;
//! let ledger = MemoryLedger::new(Clock::movable(1_790_000_000_000));
//! let issuer = Issuer::open(ledger, DemoProcessor::new(), settings).await?;
//! demo::seed(&issuer, &demo::Plan::default()).await?;
//!
//! let call = Request {
//!     method: "GET".into(), path: "/.well-known/jitsuin".into(), body: vec![], proof: None, source: "::1".into(),
//! };
//! let reply = issuer.answer(&call).await;
//! assert_eq!((reply.status, reply.content_type), (200, "application/json"));
//! issuer.audit().await?;
//! # Ok(())
//! # }
//! ```

pub mod account;
mod allowance;
pub mod attestation;
pub mod books;
pub mod buckets;
pub mod cards;
mod dated;
pub mod delivery;
pub mod demo;
pub mod desk;
mod devices;
pub mod enrolment;
pub mod entropy;
mod error;
pub mod evidence;
mod export;
mod freeze;
pub mod funding;
mod handles;
pub mod intents;
pub mod jwks;
mod keyed;
pub mod keys;
pub mod ledger;
mod limits;
pub mod login;
mod logins;
pub mod messages;
mod moment;
mod operator;
pub mod orders;
pub mod password;
pub mod payments;
pub mod receipts;
mod recovery;
mod registration;
mod relying_party;
pub mod replay;
mod rotation;
mod settings;
mod step_up;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod testing;
pub mod tier;
pub mod tills;
pub mod top_ups;
mod typed;
pub mod used;
pub mod verifier;
pub mod warnings;
pub mod webauthn;

pub use error::{Cause, Refused, in_full};
pub use operator::RenewedTillCodes;
pub use settings::{Attempts, PasswordCost, Settings};

use crate::code::Code;
use crate::wire::base::{BASE32, encode};
use crate::wire::id::{AccountId, Audience, Nonce, to_base64};
use alloc::sync::Arc;
use books::Fault;
use entropy::{Chance, Entropy, Seed, SystemEntropy};
use funding::Funding;
use keys::Keys;
use ledger::{Kind, Ledger, Needs, Records};
use messages::Message;
use moment::{Moment, seconds};
use password::Costs;
use std::sync::RwLock;

/// An issuer over a ledger and a card processor.
pub struct Issuer<L, F> {
    ledger: L,
    funding: F,
    settings: Settings,
    /// Those of the newest set that this process has met.
    held: RwLock<Arc<Keys>>,
    costs: Costs,
    entropy: Arc<dyn Entropy>,
}

/// What an audit ended with, where it did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditError {
    /// The books are wrong.
    Fault(Fault),
    /// The ledger could not be read.
    Refused(Refused),
}

impl core::fmt::Display for AuditError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl core::error::Error for AuditError {}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Opens an issuer with the system's random bytes. The first one on a new ledger makes its keys.
    ///
    /// # Errors
    /// [`Code::NoEntropy`]; [`Code::IssuerUnavailable`] if the ledger fails, holds another issuer's keys, which the cause
    /// then names, or has none and was not opened to be new ([`Ledger::may_make_keys`]);
    /// [`Code::LoginTaken`] if it has two logins that are compared alike.
    pub async fn open(ledger: L, funding: F, settings: Settings) -> Result<Self, Refused> {
        Self::open_with(ledger, funding, settings, Arc::new(SystemEntropy)).await
    }

    /// The same with another source of random bytes.
    ///
    /// # Errors
    /// As [`Issuer::open`].
    pub async fn open_with(
        ledger: L,
        funding: F,
        settings: Settings,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Refused> {
        let seed = Seed::draw(&*entropy).map_err(|_| Code::NoEntropy)?;
        let now = seconds(ledger.now_ms());
        let keys = match keyed::newest(&ledger, &settings.issuer).await? {
            Some(keys) => keys,
            None if !ledger.may_make_keys() => return Err(Refused::failed("it has no issuer's keys")),
            None => {
                let stored = ledger
                    .transact(Needs::new().and(Kind::IssuerKeys, Keys::row(1)), |records| {
                        if let Some(stored) = records.issuer_keys.get(Keys::row(1)) {
                            return Ok(stored.clone());
                        }
                        let made = Keys::make(&Chance::new(&seed), &settings.issuer, now)?;
                        records.issuer_keys.put(Keys::row(1), made.clone());
                        Ok::<_, Code>(made)
                    })
                    .await??;
                keyed::opened(&stored, &settings.issuer)?
            }
        };
        let held = RwLock::new(Arc::new(keys));
        logins::map_rows(&ledger).await?;
        let costs = Costs::new(settings.password_cost, logins::costs(&ledger).await?);
        Ok(Self { ledger, funding, settings, held, costs, entropy })
    }

    /// The ledger.
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }

    /// The card processor.
    pub const fn funding(&self) -> &F {
        &self.funding
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Runs one rule in one transaction, with the newest keys. A refusal is kept like any other outcome.
    async fn decide<R: Send>(
        &self,
        now_ms: u64,
        needs: Needs,
        rule: impl Fn(&Moment<'_>, &mut Records) -> Result<R, Refused> + Send + Sync,
    ) -> Result<R, Refused> {
        self.keyed().await?.decide(now_ms, needs, rule).await
    }

    /// A random name with a prefix, drawn before the transaction that needs it as a key.
    fn name(&self, prefix: &str) -> Result<String, Refused> {
        Ok(format!("{prefix}{}", to_base64(self.nonce()?.as_bytes())))
    }

    /// A random nonce, drawn before the transaction that needs it as a key.
    fn nonce(&self) -> Result<Nonce, Refused> {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes).map_err(|_| Code::NoEntropy)?;
        Ok(Nonce(bytes))
    }

    /// A fresh salt of a password's hash.
    fn salt(&self) -> Result<[u8; 16], Refused> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt).map_err(|_| Code::NoEntropy)?;
        Ok(salt)
    }

    /// Ends what can be ended: asks the card processor about open top-ups, takes its later answers, forgets what has
    /// run out, releases held payments whose time has come, and warns owners whose logins are tried many times. To be called at start-up and then every few seconds; how many top-ups it ended is the answer.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails.
    pub async fn sweep(&self) -> Result<usize, Refused> {
        // One that fails keeps no other from its end.
        let (mut ended, mut failed) = (0, None);
        let mut note = |result: Result<bool, Refused>| match result {
            Ok(one) => ended += usize::from(one),
            Err(refused) => failed = failed.take().or(Some(refused)),
        };
        for notice in self.funding.notices().await {
            note(self.take_notice(&notice).await);
        }
        for id in self.ledger.keys(Kind::OpenTopUps).await? {
            note(self.ask_about(&id).await);
        }
        let now = seconds(self.ledger.now_ms());
        for key in self.ledger.keys(Kind::Holds).await? {
            // In the order of their times.
            let Some((due, account, by)) = payments::read_key(&key) else { continue };
            if due > now {
                break;
            }
            note(self.look_at_hold(&key, &account, by).await.map(|()| false));
        }
        for login in self.ledger.keys(Kind::Warnings).await? {
            note(self.warn(&login).await.map(|()| false));
        }
        for account in self.ledger.ended_evidence(now).await? {
            note(self.end_evidence(&account).await.map(|()| false));
        }
        self.ledger.tidy(seconds(self.ledger.now_ms())).await?;
        failed.map_or(Ok(ended), Err)
    }

    /// Releases a held payment whose time has come, or looks at it again later.
    async fn look_at_hold(&self, key: &str, account: &AccountId, by: &str) -> Result<(), Refused> {
        let now_ms = self.ledger.now_ms();
        let needs = Needs::new().and(Kind::Accounts, account).and(Kind::Holds, key);
        let again =
            self.decide(now_ms, needs, |moment, records| payments::look_again(moment, records, account, key)).await?;
        let Some(due) = again else { return Ok(()) };
        let later = payments::hold_key(due, account, by);
        let needs = Needs::new().and(Kind::Holds, key).and(Kind::Holds, &later);
        self.decide(now_ms, needs, |_, records| {
            payments::postpone(records, key, &later);
            Ok(())
        })
        .await
    }

    /// Finishes the proof of a card: what the card company does once its own customer has typed its code.
    ///
    /// # Errors
    /// [`Code::CodeRefused`], whatever was wrong; the state's code.
    pub async fn finish_card_proof(&self, proof: &str, code: &str) -> Result<(), Refused> {
        let now_ms = self.ledger.now_ms();
        let find =
            |_: &Moment<'_>, records: &mut Records| Ok(records.card_proofs.get(proof).map(|held| held.account.clone()));
        let found = self.decide(now_ms, Needs::new().and(Kind::CardProofs, proof), find).await?;
        let account = found.ok_or(Code::CodeRefused)?;
        let needs = Needs::new().and(Kind::CardProofs, proof).and(Kind::Accounts, &account);
        self.decide(now_ms, needs, |moment, records| cards::finish(moment, records, &account, proof, code)).await
    }

    /// Makes a one-time code that registers a key for a till, and sends it to the merchant.
    ///
    /// # Errors
    /// [`Code::NotFound`] without such a till.
    pub async fn send_till_code(&self, till: &Audience) -> Result<String, Refused> {
        let code = self.draw_till_code()?;
        let keyed = self.keyed().await?;
        let needs = Needs::new().and(Kind::Tills, till).and(Kind::TillCodes, tills::code_key(&keyed.keys, &code));
        keyed
            .decide(self.ledger.now_ms(), needs, |moment, records| tills::send_code(moment, records, till, &code))
            .await?;
        Ok(code)
    }

    fn draw_till_code(&self) -> Result<String, Refused> {
        // 80 bits.
        let mut bits = [0; 10];
        self.entropy.fill(&mut bits).map_err(|_| Code::NoEntropy)?;
        Ok(encode(BASE32, &bits))
    }

    /// Messages to people after a number, in order, each with its number: what the demo's inbox shows.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails.
    pub async fn inbox(&self, after: u64) -> Result<Vec<(u64, Message)>, Refused> {
        Ok(self.ledger.messages(after).await?)
    }

    /// Checks the books: each movement sums to zero, and each account's balance is the sum of its entries.
    ///
    /// # Errors
    /// The first [`Fault`]; the ledger's failure.
    pub async fn audit(&self) -> Result<(), AuditError> {
        let refused = |error| AuditError::Refused(Refused::from(error));
        // Accounts are read first: a movement written in between only makes the audit run again.
        let mut balances = Vec::new();
        for key in self.ledger.keys(Kind::Accounts).await.map_err(refused)? {
            let read = |records: &mut Records| records.accounts.get(&key).map(|held| (held.id.clone(), held.balance));
            let needs = Needs::new().and(Kind::Accounts, &key);
            balances.extend(self.ledger.transact(needs, read).await.map_err(refused)?);
        }
        let entries = self.ledger.entries().await.map_err(refused)?;
        books::check(&entries).map_err(AuditError::Fault)?;
        let wrong = balances
            .into_iter()
            .find(|(account, balance)| books::balance(&entries, account) != i128::from(balance.minor_units()));
        wrong.map_or(Ok(()), |(account, _)| Err(AuditError::Fault(Fault::Balance(account))))
    }
}
