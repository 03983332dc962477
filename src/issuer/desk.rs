//! The desk: one JSON request in, one JSON reply out. Used by the server, by the test kit and by tests alike.

mod proof;
mod safety;
mod till;
mod wallet;

use super::Issuer;
use super::devices;
use super::error::Refused;
use super::funding::Funding;
use super::jwks::{self, Jwks};
use super::ledger::{Kind, Ledger, Needs};
use super::verifier::assertion::leaks;
use crate::code::Code;
use crate::wire::calls::{
    Call, ConfirmEnrolment, ConfirmIntent, ConfirmPasskeyFreeze, ConfirmRecovery, ConfirmRotation, EnrolTill,
    EnterCode, FollowNews, FreezeAccount, FreezeByCode, FreezeByTicket, LogIn, LookUpPayment, LowerLimit, MAX_BODY,
    News, PROBLEM_TYPE, PrepareEnrolment, PrepareLimit, PreparePasskeyFreeze, PrepareRecovery, PrepareRefill,
    PrepareRotation, PrepareTopUp, PrepareUnfreeze, ProveCard, Refill, ReportUse, ReversePayment, SendUnfreezeCode,
    SignOff, Sync, Synced, TakePayment, VERSION, WELL_KNOWN, WellKnown, WhichTill,
};
use crate::wire::id::AccountId;
use crate::wire::json::{self, FromJson, ToJson};
use crate::wire::number::Whole;

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
}

/// Who follows the news, from which receipt on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The account.
    pub account: AccountId,
    /// Number of its newest receipt.
    pub newest: u64,
}

/// Paths whose answer hashes a password: tens of milliseconds of pure computing, for a thread that may block.
pub const SLOW: &[&str] = &[LogIn::PATH];

macro_rules! verbs {
    ($($verb:ident)*) => {
        /// Every proved call.
        #[derive(Clone, Copy)]
        enum Verb { $($verb,)* }

        impl Verb {
            fn at(path: &str) -> Option<Self> {
                [$((<$verb as Call>::PATH, Self::$verb),)*].into_iter().find(|(held, _)| *held == path).map(|(_, verb)| verb)
            }
        }
    };
}
verbs! {
    LogIn EnterCode PrepareEnrolment ConfirmEnrolment Sync Refill PrepareTopUp ConfirmIntent ProveCard FreezeAccount SignOff
    ReportUse FreezeByTicket FreezeByCode PreparePasskeyFreeze ConfirmPasskeyFreeze SendUnfreezeCode PrepareUnfreeze
    PrepareRefill PrepareLimit LowerLimit PrepareRecovery ConfirmRecovery PrepareRotation ConfirmRotation
    EnrolTill WhichTill TakePayment LookUpPayment ReversePayment
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Answers one call. Never fails: a refusal is a reply with an RFC 9457 problem.
    pub async fn answer(&self, request: &Request) -> Reply {
        let now_ms = self.ledger.now_ms();
        let content_type = if request.path == jwks::PATH { jwks::TYPE } else { JSON };
        let (result, proved) = if let Err(code) = acceptable(&request.body) {
            (Err(code.into()), true)
        } else {
            match (request.method.as_str(), Verb::at(&request.path)) {
                ("GET", None) if request.path == WELL_KNOWN => (self.well_known(), false),
                ("GET", None) if request.path == jwks::PATH => (self.published(), false),
                ("POST", None) if request.path == FollowNews::PATH => return self.follow(request).await.0,
                ("POST", Some(verb)) => (self.proved(verb, request, now_ms).await, true),
                _ => (Err(Code::NotFound.into()), false),
            }
        };
        let nonce = proved.then(|| proof::nonce(&self.keys, now_ms));
        match result {
            Ok(body) => Reply { status: 200, content_type, body, nonce, retry_after: None },
            Err(refused) => problem(&refused, nonce),
        }
    }

    fn published(&self) -> Result<Vec<u8>, Refused> {
        serde_json::to_vec(&Jwks::of(self.keys.published())).map_err(|_| Code::IssuerUnavailable.into())
    }

    /// Answers [`FollowNews`], and says whose news whoever keeps the connection open is to watch with
    /// [`Issuer::newest`]; none, if the call was refused.
    pub async fn follow(&self, request: &Request) -> (Reply, Option<Following>) {
        let now_ms = self.ledger.now_ms();
        let nonce = Some(proof::nonce(&self.keys, now_ms));
        match self.following(request, now_ms).await {
            Ok(following) => {
                let body = write(&News { newest: Whole::saturating(following.newest) }).unwrap_or_default();
                (Reply { status: 200, content_type: JSON, body, nonce, retry_after: None }, Some(following))
            }
            Err(refused) => (problem(&refused, nonce), None),
        }
    }

    async fn following(&self, request: &Request, now_ms: u64) -> Result<Following, Refused> {
        acceptable(&request.body)?;
        let caller = self.caller(request, now_ms).await?;
        let (account, thumb) = caller.channel()?;
        let FollowNews { after } = read(&request.body)?;
        let needs = Needs::new().and(Kind::Accounts, account);
        self.decide(now_ms, needs, |_, records| devices::require_reader(records, account, thumb)).await?;
        Ok(Following { newest: self.newest(account, after).await?, account: account.clone() })
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

    fn well_known(&self) -> Result<Vec<u8>, Refused> {
        write(&WellKnown {
            issuer: self.settings.issuer.clone(),
            rp_id: self.settings.rp_id.clone(),
            rp_name: self.settings.rp_name.clone().into(),
            currency: self.settings.currency,
            versions: vec![VERSION],
            key_set: self.keys.set().clone(),
            past: Some(self.keys.past().to_vec()),
        })
    }

    async fn proved(&self, verb: Verb, request: &Request, now_ms: u64) -> Result<Vec<u8>, Refused> {
        let caller = self.caller(request, now_ms).await?;
        let Request { body, path, source, .. } = request;
        match verb {
            Verb::LogIn => write(&self.log_in(&caller, read(body)?, source).await?),
            Verb::EnterCode => write(&self.enter_code(&caller, read(body)?, source).await?),
            Verb::PrepareEnrolment => write(&self.prepare_enrolment(&caller, read(body)?).await?),
            Verb::ConfirmEnrolment => write(&self.confirm_enrolment(&caller, read(body)?).await?),
            Verb::Sync => write(&self.sync(&caller, read(body)?).await?),
            Verb::Refill => {
                let Refill {} = read(body)?;
                write(&self.refill(&caller).await?)
            }
            Verb::PrepareTopUp => write(&self.prepare_top_up(&caller, read(body)?).await?),
            Verb::ConfirmIntent => write(&self.confirm_intent(&caller, read(body)?).await?),
            Verb::ProveCard => write(&self.prove_card(&caller, read(body)?).await?),
            Verb::SignOff => {
                let SignOff {} = read(body)?;
                write(&self.sign_off(&caller).await?)
            }
            Verb::FreezeAccount => write(&self.freeze(&caller, read(body)?).await?),
            Verb::ReportUse => write(&self.report_use(&caller, read(body)?).await?),
            Verb::FreezeByTicket => write(&self.freeze_by_ticket(&caller, read(body)?).await?),
            Verb::FreezeByCode => write(&self.freeze_by_code(&caller, read(body)?, source).await?),
            Verb::PreparePasskeyFreeze => {
                let PreparePasskeyFreeze {} = read(body)?;
                write(&self.prepare_passkey_freeze(&caller, source).await?)
            }
            Verb::ConfirmPasskeyFreeze => write(&self.confirm_passkey_freeze(&caller, read(body)?).await?),
            Verb::SendUnfreezeCode => {
                let SendUnfreezeCode {} = read(body)?;
                write(&self.send_unfreeze_code(&caller).await?)
            }
            Verb::PrepareUnfreeze => write(&self.prepare_unfreeze(&caller, read(body)?, source).await?),
            Verb::PrepareRefill => write(&self.prepare_refill(&caller, read(body)?).await?),
            Verb::PrepareLimit => write(&self.prepare_limit(&caller, read(body)?).await?),
            Verb::LowerLimit => write(&self.lower_limit(&caller, read(body)?).await?),
            Verb::PrepareRecovery => write(&self.prepare_recovery(&caller, read(body)?).await?),
            Verb::ConfirmRecovery => write(&self.confirm_recovery(&caller, read(body)?).await?),
            Verb::PrepareRotation => write(&self.prepare_rotation(&caller, read(body)?).await?),
            Verb::ConfirmRotation => write(&self.confirm_rotation(&caller, read(body)?).await?),
            Verb::EnrolTill => write(&self.enrol_till(&caller, read(body)?, source).await?),
            Verb::WhichTill => {
                let WhichTill {} = read(body)?;
                write(&self.which_till(&caller).await?)
            }
            Verb::TakePayment => write(&self.take_payment(&caller, read(body)?, path, body).await?),
            Verb::LookUpPayment => write(&self.look_up_payment(&caller, read(body)?).await?),
            Verb::ReversePayment => write(&self.reverse_payment(&caller, read(body)?, path, body).await?),
        }
    }
}

fn problem(refused: &Refused, nonce: Option<String>) -> Reply {
    let problem = refused.to_problem();
    Reply {
        status: problem.status,
        content_type: PROBLEM_TYPE,
        body: json::to_vec(&problem),
        nonce,
        retry_after: refused.retry_after,
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

/// Reads a call's body.
fn read<T: FromJson>(body: &[u8]) -> Result<T, Refused> {
    // No text of a call has this character, and some ledgers can't keep it.
    if body.windows(NUL.len()).any(|six| six == NUL) {
        return Err(crate::wire::Refusal::BadJson.into());
    }
    json::from_slice(body).map_err(|_| crate::wire::Refusal::BadJson.into())
}

const NUL: &[u8] = b"\\u0000";

#[cfg(test)]
mod tests;
