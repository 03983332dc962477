//! The issuer's checks for servers in Node and other runtimes without a page: the arguments as JSON, the answer as JSON.
//! Nothing is decided here, nothing is remembered, and no random byte is drawn. What waits (the server's own look-ups)
//! waits in `pkg/verifier.js`, between these calls.

mod answer;
mod single_use;

pub use single_use::RawSingleUse;

use crate::code::Code;
use crate::issuer::replay::claims_hash;
use crate::issuer::verifier::assertion::{self, Place};
use crate::issuer::verifier::credential_key::CredentialKey;
use crate::issuer::verifier::{Candidate, Sale, Strictness, authenticate, step_up};
use crate::wire::dpop;
use crate::wire::id::{
    AccountId, Audience, Bytes, CredentialId, Handle, Hash, IssuerId, Nonce, RpId, Thumbprint, Veil,
};
use crate::wire::json::{self, FromJson, json_object};
use crate::wire::key::PublicKey;
use crate::wire::money::Money;
use crate::wire::origin::Origin;
use crate::wire::till_code::read_payment_code;
use crate::wire::token::Limit;
use answer::{answer, bad_argument, refusal};
use wasm_bindgen::prelude::wasm_bindgen;

fn read<T: FromJson>(json: &str) -> Result<T, Code> {
    json::from_slice(json.as_bytes()).map_err(|_| Code::BadArgument)
}

/// What a server is, and what it accepts.
struct Settings {
    issuer: IssuerId,
    rp_id: RpId,
    origins: Vec<Origin>,
}
json_object! { strict Settings { issuer, rp_id = "rpId", origins } }

struct Nothing {}
json_object! { written Nothing {} }

/// Whether these settings make sense: `bad-argument` if not, and `details.argument` says which of them does not.
#[wasm_bindgen]
#[must_use]
pub fn check_settings(settings: &str) -> String {
    let Settings { mut issuer, mut rp_id, mut origins } = FromJson::blank();
    let members: &mut [&mut dyn FromJson] = &mut [&mut issuer, &mut rp_id, &mut origins];
    match json::parse(settings.as_bytes()).map(|json| json.bad_member("issuer rpId origins", members)) {
        Ok(None) if !origins.is_empty() => answer(Ok(Nothing {})),
        Ok(bad) => bad_argument(bad.unwrap_or("origins")),
        Err(_) => refusal(Code::BadArgument),
    }
}

/// What a refusal by this name says: for what the server's own answers lead to.
#[wasm_bindgen]
#[must_use]
pub fn refused(code: &str) -> String {
    refusal(Code::from_name(code).unwrap_or(Code::BadArgument))
}

// ---- payment tokens --------------------------------------------------------------------------------------------------

struct Named {
    handle: Handle,
}
json_object! { written Named { handle } }

/// The handle in a payment code of either form; nothing else of it may be used before its signature held.
#[wasm_bindgen]
#[must_use]
pub fn handle_of(text: &str) -> String {
    answer(read_payment_code(text).map(|token| Named { handle: token.handle() }).map_err(|refusal| refusal.code()))
}

struct Live {
    key: PublicKey,
    veil: Veil,
    per_payment: Money,
}
json_object! { strict Live { key, veil, per_payment = "perPayment" } }

struct Redemption {
    text: String,
    devices: Vec<Live>,
    money: Money,
    till: Audience,
    merchant: Option<Audience>,
    now_ms: u64,
    max_lifetime: u32,
    leeway: u32,
}
json_object! {
    strict Redemption {
        text, devices, money, till, merchant, now_ms = "now", max_lifetime = "maxTtlSeconds", leeway = "leewaySeconds",
    }
}

/// A token that held: `device` is the place in the list that was given, `claims` stands for all that it says.
struct Redeemed {
    device: u32,
    counter: u32,
    random: Bytes,
    issued_at: u32,
    expires_at: u32,
    till: Option<Audience>,
    limit: Option<Money>,
    exact: bool,
    claims: Hash,
}
json_object! {
    written Redeemed {
        device, counter, random, issued_at = "issuedAt", expires_at = "expiresAt", till, limit, exact, claims,
    }
}

fn redeem(call: &str) -> Result<Redeemed, Code> {
    let call: Redemption = read(call)?;
    let token = read_payment_code(&call.text).map_err(|refusal| refusal.code())?;
    let candidate = |live: &Live| Candidate { thumb: live.key.thumbprint(), key: live.key, veil: live.veil };
    let candidates: Vec<_> = call.devices.iter().map(candidate).collect();
    let (token, thumb) = authenticate(&token, &candidates)?;
    let at = candidates.iter().position(|candidate| candidate.thumb == thumb).ok_or(Code::TokenUnknown)?;
    let bound = call.devices.get(at).ok_or(Code::TokenUnknown)?.per_payment;
    Strictness { max_lifetime: call.max_lifetime, leeway: call.leeway }.check(&token, call.now_ms)?;
    let Money { amount, currency } = call.money;
    let merchant = call.merchant.unwrap_or_else(|| call.till.clone());
    if amount.is_zero() {
        return Err(Code::BadAmount);
    }
    Sale { till: call.till, merchant, amount, currency, now_ms: call.now_ms }.check(&token, bound.amount)?;
    if bound.currency != currency {
        return Err(Code::CurrencyMismatch);
    }
    let (till, limit) = match &token.limit {
        Limit::Allowance => (None, None),
        Limit::UpTo { amount, currency } => (None, Some(Money { amount: *amount, currency: *currency })),
        Limit::Exact { amount, currency, audience } => {
            (Some(audience.clone()), Some(Money { amount: *amount, currency: *currency }))
        }
    };
    Ok(Redeemed {
        device: u32::try_from(at).map_err(|_| Code::TokenUnknown)?,
        counter: token.atc,
        random: Bytes(token.random.into()),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        exact: till.is_some(),
        till,
        limit,
        claims: claims_hash(&token),
    })
}

/// Checks a payment code against the devices that its handle may mean, then time, audience, currency and amount.
#[wasm_bindgen]
#[must_use]
pub fn check_token(call: &str) -> String {
    answer(redeem(call))
}

// ---- step-ups --------------------------------------------------------------------------------------------------------

struct Passkey {
    id: CredentialId,
    key: CredentialKey,
    backup_eligible: bool,
    user_handle: Option<Bytes>,
}
json_object! {
    strict Passkey { id, key, backup_eligible = "backupEligible", user_handle = "userHandle" }
}

struct StepUp {
    settings: Settings,
    account: AccountId,
    key: PublicKey,
    passkeys: Vec<Passkey>,
    intent: Bytes,
    assertion: String,
    co_signature: Bytes,
    now_ms: u64,
}
json_object! {
    strict StepUp {
        settings, account, key, passkeys, intent, assertion, co_signature = "coSignature", now_ms = "now",
    }
}

/// What a passkey said of itself.
struct Agreed {
    credential: CredentialId,
    counter: u32,
    backed_up: bool,
}
json_object! { written Agreed { credential, counter, backed_up = "backedUp" } }

fn agree(call: &str) -> Result<Agreed, Code> {
    let StepUp { settings, account, key, passkeys, intent, assertion, co_signature, now_ms } = read(call)?;
    let assertion = assertion::read(assertion.as_bytes())?;
    let passkeys: Vec<_> = passkeys
        .into_iter()
        .map(|Passkey { id, key, backup_eligible, user_handle }| assertion::Passkey {
            id,
            key,
            backup_eligible,
            user_handle,
        })
        .collect();
    let signer = step_up::Signer {
        issuer: &settings.issuer,
        place: Place { rp_id: &settings.rp_id, origins: &settings.origins },
        account: &account,
        key: &key,
        passkeys: &passkeys,
        now_ms,
    };
    let given = step_up::Answer { assertion: &assertion, co_signature: &co_signature.0 };
    let asserted = signer.check(&intent.0, &given)?;
    Ok(Agreed { credential: assertion.raw_id, counter: asserted.counter, backed_up: asserted.backed_up })
}

/// Checks a passkey's answer and the device key's co-signature over one stored intent.
#[wasm_bindgen]
#[must_use]
pub fn check_step_up(call: &str) -> String {
    answer(agree(call))
}

// ---- proofs of possession --------------------------------------------------------------------------------------------

struct Call {
    issuer: IssuerId,
    method: String,
    url: String,
    proof: String,
    nonces: Vec<String>,
    key: PublicKey,
}
json_object! { strict Call { issuer, method, url, proof, nonces, key } }

struct Proved {
    jti: Nonce,
    issued_at: u64,
    account: Option<AccountId>,
    thumb: Thumbprint,
}
json_object! { written Proved { jti, issued_at = "issuedAt", account, thumb } }

fn prove(call: &str, body: &[u8]) -> Result<Proved, Code> {
    let call: Call = read(call)?;
    let url = call.url.split(['?', '#']).next().unwrap_or_default();
    // A server behind a proxy that builds the URL from `Host` must hear of it, not refuse every caller.
    let path = url.strip_prefix(call.issuer.as_str()).ok_or(Code::BadArgument)?;
    if !path.starts_with('/') || call.nonces.iter().any(String::is_empty) {
        return Err(Code::BadArgument);
    }
    let proof = dpop::verify(&call.proof, &call.method, url, body).map_err(|_| Code::ProofRefused)?;
    if proof.key != call.key {
        return Err(Code::ProofRefused);
    }
    if !call.nonces.contains(&proof.claims.nonce) {
        return Err(Code::UseDpopNonce);
    }
    let claims = proof.claims;
    Ok(Proved { jti: claims.jti, issued_at: claims.iat, account: claims.acc, thumb: proof.key.thumbprint() })
}

/// Checks a proof of possession of one key for one exact call.
#[wasm_bindgen]
#[must_use]
pub fn check_proof(call: &str, body: &[u8]) -> String {
    answer(prove(call, body))
}
