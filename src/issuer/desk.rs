//! The desk: one JSON request in, one JSON reply out. Used by the server, by the test kit and by tests alike.

mod proof;
mod safety;
mod till;
mod wallet;

use super::Issuer;
use super::delivery::Delivery;
use super::devices;
use super::error::{Cause, Refused};
use super::funding::Funding;
use super::jwks::{self, Jwks};
use super::keyed::Keyed;
use super::keys::Keys;
use super::ledger::{Kind, Ledger, Needs};
use super::verifier::assertion::leaks;
use crate::code::Code;
use crate::wire::calls::{
    BothMine, ByKey, Call, ConfirmEnrolment, ConfirmIntent, ConfirmPasskeyFreeze, ConfirmRecovery, ConfirmRotation,
    Effect, EnrolTill, EnterCode, FollowNews, FreezeAccount, FreezeByCode, FreezeByTicket, LogIn, LookUpPayment,
    MAX_BODY, NameCounters, Named, News, PROBLEM_TYPE, PrepareEnrolment, PrepareLimit, PreparePasskeyFreeze,
    PrepareRecovery, PrepareRefill, PrepareRotation, PrepareTopUp, PrepareUnfreeze, ProveCard, Reading, Refill,
    ReportUse, ReversePayment, SignOff, Sync, Synced, TakePayment, Unfreeze, VERSION, WELL_KNOWN, WellKnown, WhichTill,
    read_body,
};
use crate::wire::id::{AccountId, Thumbprint};
use crate::wire::json::{self, ToJson};
use crate::wire::number::Whole;
use alloc::sync::Arc;

const JSON: &str = "application/json";

/// One call, without its transport.
#[derive(Clone)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// Path below the issuer's public URL; no query.
    pub path: String,
    /// Body.
    pub body: Vec<u8>,
    /// The `DPoP` header.
    pub proof: Option<String>,
    /// Who sends it, as far as the server can tell: an IP address. Only counts attempts.
    pub source: String,
}

/// One answer. An answer with a nonce is `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
    /// `DPoP-Nonce`: for the caller's next proof.
    pub nonce: Option<String>,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u32>,
    /// What failed, for the log of whoever runs the issuer. Never sent.
    pub cause: Option<String>,
}

/// Who follows the news, from which receipt on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub thumb: Thumbprint,
    /// Number of the account's newest receipt.
    pub newest: u64,
}

/// Paths whose answer hashes a password: tens of milliseconds of pure computing, for a thread that may block.
pub const SLOW: &[&str] = &[LogIn::PATH];

/// Paths of the calls that stop something. No other call is served before one that waits.
pub const URGENT: &[&str] = &[
    FreezeAccount::PATH,
    ReportUse::PATH,
    SignOff::PATH,
    FreezeByTicket::PATH,
    FreezeByCode::PATH,
    PreparePasskeyFreeze::PATH,
    ConfirmPasskeyFreeze::PATH,
];

fn is_urgent(path: &str) -> bool {
    URGENT.contains(&path)
}

/// Needs of a call at this path.
fn needs_at(path: &str) -> Needs {
    if is_urgent(path) { Needs::new().urgent() } else { Needs::new() }
}

macro_rules! verbs {
    ($($verb:ident)*) => {
        /// Every proved call that has one answer.
        #[derive(Clone, Copy)]
        enum Verb { $($verb,)* }

        impl Verb {
            fn at(path: &str) -> Option<Self> {
                [$((<$verb as Call>::PATH, Self::$verb),)*].into_iter().find(|(held, _)| *held == path).map(|(_, verb)| verb)
            }
        }

        /// Every proved call: its path, and what a second delivery of it would do.
        pub const CALLS: &[(&str, Effect)] = &[
            (FollowNews::PATH, <<FollowNews as Call>::Name as Named>::EFFECT),
            $((<$verb as Call>::PATH, <<$verb as Call>::Name as Named>::EFFECT),)*
        ];
    };
}
verbs! {
    LogIn EnterCode PrepareEnrolment ConfirmEnrolment Sync NameCounters Refill PrepareTopUp ConfirmIntent ProveCard FreezeAccount SignOff
    ReportUse BothMine FreezeByTicket FreezeByCode PreparePasskeyFreeze ConfirmPasskeyFreeze PrepareUnfreeze Unfreeze
    PrepareRefill PrepareLimit PrepareRecovery ConfirmRecovery PrepareRotation ConfirmRotation
    EnrolTill WhichTill TakePayment LookUpPayment ReversePayment
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Answers one call. Never fails: a refusal is a reply with an RFC 9457 problem.
    pub async fn answer(&self, request: &Request) -> Reply {
        let now_ms = self.ledger.now_ms();
        let content_type = if request.path == jwks::PATH { jwks::TYPE } else { JSON };
        if let Err(code) = acceptable(&request.body) {
            return problem(&code.into(), Some(proof::nonce(&self.keys(), now_ms)));
        }
        let verb = match (request.method.as_str(), Verb::at(&request.path)) {
            ("POST", None) if request.path == FollowNews::PATH => return self.follow(request).await.0,
            ("GET", None) if [WELL_KNOWN, jwks::PATH].contains(&request.path.as_str()) => None,
            ("POST", Some(verb)) => Some(verb),
            _ => return problem(&Code::NotFound.into(), None),
        };
        let keyed = if is_urgent(&request.path) { self.keyed_urgently().await } else { self.keyed().await };
        // What is published needs no ledger: the newest keys that are known here do.
        let keys = keyed.as_ref().map_or_else(|_| self.keys(), |keyed| Arc::clone(&keyed.keys));
        let result = match (verb, &keyed) {
            (Some(verb), Ok(keyed)) => keyed.proved(verb, request, now_ms).await,
            (Some(_), Err(refused)) => Err(refused.clone()),
            (None, _) if request.path == jwks::PATH => published(&keys),
            (None, _) => self.well_known(&keys),
        };
        let nonce = (request.path != jwks::PATH).then(|| proof::nonce(&keys, now_ms));
        match result {
            Ok(body) => Reply { status: 200, content_type, body, nonce, retry_after: None, cause: None },
            Err(refused) => problem(&refused, nonce),
        }
    }

    /// Answers [`FollowNews`], and says whose news whoever keeps the connection open is to watch with
    /// [`Issuer::newer`]; none, if the call was refused.
    pub async fn follow(&self, request: &Request) -> (Reply, Option<Following>) {
        let now_ms = self.ledger.now_ms();
        let keyed = match self.keyed().await {
            Ok(keyed) => keyed,
            Err(refused) => return (problem(&refused, None), None),
        };
        let nonce = Some(proof::nonce(&keyed.keys, now_ms));
        match keyed.following(request, now_ms).await {
            Ok(following) => {
                let body = write(&News { newest: Whole::saturating(following.newest) }).unwrap_or_default();
                (
                    Reply { status: 200, content_type: JSON, body, nonce, retry_after: None, cause: None },
                    Some(following),
                )
            }
            Err(refused) => (problem(&refused, nonce), None),
        }
    }

    /// Number of the newest receipt of whoever follows, as [`Issuer::newest`].
    ///
    /// # Errors
    /// [`Code::Revoked`] once the device was signed off or its key was replaced: the stream ends with it, unheard.
    /// [`Code::NotEnrolled`] once the account has no such device; [`Code::IssuerUnavailable`] if the ledger fails.
    pub async fn newer(&self, following: &Following) -> Result<u64, Refused> {
        let Following { account, thumb, newest } = following;
        let found = self.newest(account, *newest).await?;
        // Whatever ends a device writes a receipt, so only new ones are worth a look.
        if found > *newest {
            let needs = Needs::new().and(Kind::Accounts, account);
            self.decide(self.ledger.now_ms(), needs, |_, records| devices::require_reader(records, account, *thumb))
                .await?;
        }
        Ok(found)
    }

    /// Number of an account's newest receipt, from `after` on.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails.
    pub async fn newest(&self, account: &AccountId, after: u64) -> Result<u64, Refused> {
        let mut newest = after;
        loop {
            let next = self.ledger.receipts(account, newest, Synced::MOST).await?;
            match next.last() {
                Some(last) => newest = last.seq,
                None => return Ok(newest),
            }
        }
    }

    fn well_known(&self, keys: &Keys) -> Result<Vec<u8>, Refused> {
        write(&WellKnown {
            issuer: self.settings.issuer.clone(),
            rp_id: self.settings.rp_id.clone(),
            currency: self.settings.currency,
            versions: vec![VERSION],
            key_set: keys.set().clone(),
            past: Some(keys.past().to_vec()),
        })
    }
}

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    async fn following(&self, request: &Request, now_ms: u64) -> Result<Following, Refused> {
        acceptable(&request.body)?;
        let caller = self.caller(request, now_ms).await?;
        let (account, thumb) = caller.channel()?;
        let (FollowNews { after }, Reading) = read(&request.body)?;
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(now_ms, needs, |_, records| devices::require_reader(records, account, thumb)).await?;
        Ok(Following { newest: self.newest(account, after).await?, account: account.clone(), thumb })
    }

    async fn proved(&self, verb: Verb, request: &Request, now_ms: u64) -> Result<Vec<u8>, Refused> {
        let caller = self.caller(request, now_ms).await?;
        let Request { body, path, source, .. } = request;
        /// The answer of a call that changes something.
        macro_rules! once {
            ($answer:ident $(, $more:expr)*) => {{
                let (call, name) = read(body)?;
                let delivery =
                    Delivery::new(&*self.entropy, (caller.thumb, &caller.proof), name, path, body)?;
                write(&self.$answer(&caller, &delivery, call $(, $more)*).await?)
            }};
        }
        /// The answer of a call that changes nothing.
        macro_rules! read_only {
            ($answer:ident) => {{
                let (call, Reading) = read(body)?;
                write(&self.$answer(&caller, call).await?)
            }};
        }
        match verb {
            Verb::LogIn => once!(log_in, source),
            Verb::EnterCode => once!(enter_code),
            Verb::PrepareEnrolment => once!(prepare_enrolment),
            Verb::ConfirmEnrolment => once!(confirm_enrolment),
            Verb::NameCounters => once!(name_counters),
            Verb::Refill => once!(refill),
            Verb::PrepareTopUp => read_only!(prepare_top_up),
            Verb::ConfirmIntent => once!(confirm_intent),
            Verb::ProveCard => once!(prove_card),
            Verb::SignOff => once!(sign_off),
            Verb::FreezeAccount => once!(freeze),
            Verb::ReportUse => once!(report_use),
            Verb::BothMine => once!(both_mine),
            Verb::FreezeByTicket => once!(freeze_by_ticket),
            Verb::FreezeByCode => once!(freeze_by_code),
            Verb::PreparePasskeyFreeze => once!(prepare_passkey_freeze),
            Verb::ConfirmPasskeyFreeze => once!(confirm_passkey_freeze),
            Verb::PrepareUnfreeze => read_only!(prepare_unfreeze),
            Verb::Unfreeze => once!(unfreeze),
            Verb::PrepareRefill => read_only!(prepare_refill),
            Verb::PrepareLimit => read_only!(prepare_limit),
            Verb::PrepareRecovery => once!(prepare_recovery),
            Verb::ConfirmRecovery => once!(confirm_recovery),
            Verb::PrepareRotation => read_only!(prepare_rotation),
            Verb::ConfirmRotation => once!(confirm_rotation),
            Verb::EnrolTill => once!(enrol_till, source),
            Verb::Sync => read_only!(sync),
            Verb::WhichTill => {
                let (WhichTill {}, Reading) = read(body)?;
                write(&self.which_till(&caller).await?)
            }
            Verb::TakePayment => {
                let (call, ByKey) = read(body)?;
                write(&self.take_payment(&caller, call, path, body).await?)
            }
            Verb::LookUpPayment => {
                let (call, ByKey) = read(body)?;
                write(&self.look_up_payment(&caller, call).await?)
            }
            Verb::ReversePayment => {
                let (call, ByKey) = read(body)?;
                write(&self.reverse_payment(&caller, call, path, body).await?)
            }
        }
    }
}

fn published(keys: &Keys) -> Result<Vec<u8>, Refused> {
    serde_json::to_vec(&Jwks::of(keys.published())).map_err(Refused::failed)
}

fn problem(refused: &Refused, nonce: Option<String>) -> Reply {
    let problem = refused.to_problem();
    Reply {
        status: problem.status,
        content_type: PROBLEM_TYPE,
        body: json::to_vec(&problem),
        nonce,
        retry_after: refused.retry_after,
        cause: refused.cause.as_ref().map(Cause::in_full),
    }
}

fn write(answer: &dyn ToJson) -> Result<Vec<u8>, Refused> {
    Ok(json::to_vec(answer))
}

/// Looks at a body before anything is done with it, and before it is known who sent it.
///
/// # Errors
/// [`Code::TooLarge`]; [`Code::PrfLeaked`] for one that carries what must stay in the page.
fn acceptable(body: &[u8]) -> Result<(), Code> {
    if body.len() > MAX_BODY {
        return Err(Code::TooLarge);
    }
    if leaks(body) { Err(Code::PrfLeaked) } else { Ok(()) }
}

/// Reads a call's body, and what names the call.
fn read<C: Call>(body: &[u8]) -> Result<(C, C::Name), Refused> {
    // No text of a call has this character, and some ledgers can't keep it.
    if body.windows(NUL.len()).any(|six| six == NUL) {
        return Err(crate::wire::Refusal::BadJson.into());
    }
    Ok(read_body(body)?)
}

const NUL: &[u8] = b"\\u0000";

#[cfg(test)]
mod tests;
