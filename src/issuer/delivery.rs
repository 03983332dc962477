//! A call that changes something has its effect once, however often it is delivered (protocol section 5, *Delivered
//! twice*): what it was answered is kept in the transaction of the effect, and given again.
//!
//! Kept is only what changed something. What is secret in an answer is derived from a secret of its own, which is kept
//! masked by the call's name. The name itself is not in the ledger, so that whoever reads the ledger lacks it. No key of the
//! issuer's takes part: an answer that was lost is given again after they were rotated.

use super::allowance::Fresh;
use super::entropy::Entropy;
use super::error::Refused;
use super::funding::Funding;
use super::keyed::Keyed;
use super::keys::Keys;
use super::ledger::{CLOCK_BACK, Kind, Ledger, Needs, Record, Records};
use super::moment::Moment;
use super::used::Proof;
use crate::code::Code;
use crate::rules::spending::WINDOW as DAY;
use crate::wire::allowance::Allowance;
use crate::wire::calls::{
    AccountFrozen, ByCall, CardProofStarted, CountersNamed, Enrolled, EnrolmentPrepared, HoldReleased, LogInStarted,
    PasskeyFreezePrepared, Refilled, SignedOff, Ticket, TillEnrolled, Unfrozen,
};
use crate::wire::id::{Bytes, Handle, Hash, Thumbprint, Veil, to_base64};
use crate::wire::key_set::Use;
use crate::wire::money::Amount;
use crate::wire::sign1;
use crate::wire::state::Left;
use crate::wire::{sha256, tagged_hash};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const NAME: &str = "jitsuin/v1/call-name";
const MASK: &str = "jitsuin/v1/call-mask";
/// How long a call is known, in seconds.
const KEPT: u32 = DAY;
/// How often a key that nobody registered is given the answer of one call again: each time takes a row for its proof.
const MOST_AGAIN: u32 = 100;

/// A call that changed something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivered {
    /// Hash of its path and body.
    request: Hash,
    /// What it was answered; `None` while only its try is counted.
    answer: Option<Answer>,
    /// What the secrets in its answer are derived from, masked by the call's name.
    masked: Hash,
    /// How often a key that was not registered came again.
    #[serde(default)]
    again: u32,
    /// End, seconds since 1970.
    until: u32,
}

impl Record for Delivered {
    fn until(&self) -> Option<u32> {
        Some(self.until.saturating_add(CLOCK_BACK))
    }
}

/// An answer without its secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Given(serde_json::Value),
    Refused(Refusal),
}

/// A [`Refused`] as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Refusal {
    code: String,
    reason: Option<String>,
    until: Option<u32>,
    left: Option<Amount>,
    resets_at: Option<u32>,
    retry_after: Option<u32>,
}

/// An answer that can be given again from what is kept of it.
pub(super) trait Again: Sized {
    /// What is kept: no secret.
    type Kept: Serialize + DeserializeOwned;

    /// Leaves the secrets out.
    fn keep(&self) -> Self::Kept;

    /// Puts them in again.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] for what is no answer of this kind.
    fn again(kept: Self::Kept, delivery: &Delivery, keys: &Keys) -> Result<Self, Code>;
}

/// One delivery of a call that changes something.
#[derive(Clone)]
pub(super) struct Delivery {
    /// Its key among [`Records::calls`].
    row: String,
    request: Hash,
    /// What the secrets in its answer are derived from, if it is the delivery that has the effect.
    secrets: Zeroizing<[u8; 32]>,
    mask: Zeroizing<[u8; 32]>,
    /// Of whoever calls.
    proof: Proof,
}

impl Delivery {
    /// Of the call that this key, by this proof, named so.
    ///
    /// # Errors
    /// [`Code::NoEntropy`].
    pub(super) fn new(
        entropy: &dyn Entropy,
        (caller, proof): (Thumbprint, &Proof),
        ByCall(name): ByCall,
        path: &str,
        body: &[u8],
    ) -> Result<Self, Code> {
        let named: [&[u8]; 2] = [caller.as_bytes(), name.as_bytes()];
        let mut secrets = Zeroizing::new([0; 32]);
        entropy.fill(secrets.as_mut_slice()).map_err(|_| Code::NoEntropy)?;
        Ok(Self {
            row: to_base64(&tagged_hash(NAME, &named)),
            request: Hash(sha256(&[path.as_bytes(), &[0], body].concat())),
            secrets,
            mask: Zeroizing::new(tagged_hash(MASK, &named)),
            proof: proof.clone(),
        })
    }

    /// The delivery that was answered, with its secrets.
    fn first(&self, kept: &Hash) -> Self {
        let secrets = Zeroizing::new(masked(&kept.0, &self.mask));
        Self { secrets, ..self.clone() }
    }

    /// The records that it needs.
    pub(super) fn needs(&self) -> Needs {
        self.proof.needs().and(Kind::Calls, &self.row)
    }

    /// The same delivery in its second transaction, after one that began it.
    pub(super) fn begun(&self) -> Self {
        Self { proof: self.proof.used(), ..self.clone() }
    }

    /// A name that its answer gives, with a prefix.
    pub(super) fn name(&self, prefix: &str) -> String {
        format!("{prefix}{}", to_base64(&self.derived::<16>("name")))
    }

    /// Handle and veil of an allowance that its answer gives.
    pub(super) fn fresh(&self) -> Fresh {
        Fresh { handle: Handle(self.derived("handle")), veil: Veil(self.derived("veil")) }
    }

    fn derived<const N: usize>(&self, what: &str) -> [u8; N] {
        const { assert!(N <= 32, "one block is a SHA-256") };
        let block = Zeroizing::new(tagged_hash("jitsuin/v1/call-secret", &[self.secrets.as_slice(), what.as_bytes()]));
        core::array::from_fn(|at| block.get(at).copied().unwrap_or_default())
    }

    /// What an earlier delivery was answered, if it was.
    ///
    /// # Errors
    /// [`Code::ProofReplayed`]; [`Code::IdempotencyMismatch`] if that one had another path or body;
    /// [`Code::TooManyAttempts`] for a key that nobody registered and that came too often.
    pub(super) fn answered<R: Again>(
        &self,
        moment: &Moment<'_>,
        records: &mut Records,
    ) -> Result<Option<Result<R, Refused>>, Refused> {
        self.proof.check(records)?;
        let held = self.held(moment, records)?.cloned();
        let Some(Delivered { answer: Some(answer), masked, .. }) = held else { return Ok(None) };
        self.come_again(moment, records)?;
        Ok(Some(match answer {
            Answer::Given(kept) => {
                let kept = serde_json::from_value(kept).map_err(|_| Refused::failed("a kept answer can't be read"))?;
                Ok(R::again(kept, &self.first(&masked), moment.keys)?)
            }
            Answer::Refused(refusal) => Err(refusal.to_refused()),
        }))
    }

    /// Uses up the proof of a further delivery. Whoever makes up keys has so many of them as one call.
    fn come_again(&self, moment: &Moment<'_>, records: &mut Records) -> Result<(), Refused> {
        if self.proof.is_used() {
            return Ok(());
        }
        if let Some(mut held) = records.calls.get(&self.row).cloned() {
            if held.again >= MOST_AGAIN {
                return Err(Refused::wait(Code::TooManyAttempts, held.until.saturating_sub(moment.now()).max(1)));
            }
            held.again = held.again.saturating_add(1);
            records.calls.put(&self.row, held);
        }
        self.proof.spend(records);
        Ok(())
    }

    /// Whether an earlier delivery was begun.
    ///
    /// # Errors
    /// As [`Delivery::answered`].
    pub(super) fn is_begun(&self, moment: &Moment<'_>, records: &mut Records) -> Result<bool, Refused> {
        let is_begun = self.held(moment, records)?.is_some();
        if is_begun {
            self.come_again(moment, records)?;
        }
        Ok(is_begun)
    }

    fn held<'r>(&self, moment: &Moment<'_>, records: &'r Records) -> Result<Option<&'r Delivered>, Refused> {
        match records.calls.get(&self.row).filter(|held| held.until > moment.now()) {
            Some(held) if held.request != self.request => Err(Code::IdempotencyMismatch.into()),
            held => Ok(held),
        }
    }

    /// Notes that the call is begun, so that its try is not counted again.
    pub(super) fn begin(&self, moment: &Moment<'_>, records: &mut Records) {
        self.put(moment, records, None);
    }

    /// Keeps the answer, if the transaction changed anything: what changed nothing may be asked again.
    pub(super) fn keep<R: Again>(&self, moment: &Moment<'_>, records: &mut Records, result: &Result<R, Refused>) {
        if records.is_changed() {
            let answer = match result {
                Ok(answer) => Answer::Given(serde_json::to_value(answer.keep()).unwrap_or_default()),
                Err(refused) => Answer::Refused(Refusal::of(refused)),
            };
            self.put(moment, records, Some(answer));
        }
    }

    /// Uses up the proof, so that the answer is kept though the call changed nothing else.
    pub(super) fn spend(&self, records: &mut Records) {
        self.proof.spend(records);
    }

    fn put(&self, moment: &Moment<'_>, records: &mut Records, answer: Option<Answer>) {
        let until = moment.now().saturating_add(KEPT);
        let again = records.calls.get(&self.row).map_or(0, |held| held.again);
        let masked = Hash(masked(&self.secrets, &self.mask));
        records.calls.put(&self.row, Delivered { request: self.request, answer, masked, again, until });
        self.proof.spend(records);
    }
}

/// A secret under its mask, or without it.
fn masked(secret: &[u8; 32], mask: &[u8; 32]) -> [u8; 32] {
    let mut bytes = *secret;
    bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    bytes
}

impl<L: Ledger, F: Funding> Keyed<'_, L, F> {
    /// Runs the rule of a call that changes something, in one transaction with its answer. A further delivery waits for
    /// that transaction and gets the same answer.
    pub(super) async fn once<R: Again + Send>(
        &self,
        now_ms: u64,
        delivery: &Delivery,
        needs: Needs,
        rule: impl Fn(&Moment<'_>, &mut Records) -> Result<R, Refused> + Send + Sync,
    ) -> Result<R, Refused> {
        self.decide(now_ms, needs.with(delivery.needs()), |moment, records| {
            if let Some(before) = delivery.answered(moment, records)? {
                return before;
            }
            let result = rule(moment, records);
            delivery.keep(moment, records, &result);
            result
        })
        .await
    }
}

impl Refusal {
    fn of(refused: &Refused) -> Self {
        let Refused { code, reason, until, left, resets_at, retry_after, cause: _ } = refused.clone();
        Self { code: code.name().into(), reason: reason.map(Into::into), until, left, resets_at, retry_after }
    }

    fn to_refused(&self) -> Refused {
        let Self { code, reason, until, left, resets_at, retry_after } = self.clone();
        let code = Code::from_name(&code).unwrap_or(Code::IssuerUnavailable);
        Refused { reason: reason.map(Into::into), until, left, resets_at, retry_after, ..Refused::new(code) }
    }
}

/// Answers without a secret.
macro_rules! plain {
    ($($answer:ident)*) => {$(
        impl Again for $answer {
            type Kept = Self;

            fn keep(&self) -> Self {
                self.clone()
            }

            fn again(kept: Self, _: &Delivery, _: &Keys) -> Result<Self, Code> {
                Ok(kept)
            }
        }
    )*};
}
plain! {
    AccountFrozen CountersNamed EnrolmentPrepared HoldReleased PasskeyFreezePrepared SignedOff TillEnrolled Unfrozen
}

/// Answers that are one name, drawn for this call.
macro_rules! names {
    ($($answer:ident $name:ident;)*) => {$(
        impl Again for $answer {
            type Kept = ();

            fn keep(&self) {}

            fn again((): (), delivery: &Delivery, _: &Keys) -> Result<Self, Code> {
                Ok(Self { $name: delivery.name("") })
            }
        }
    )*};
}
names! { LogInStarted attempt; Ticket ticket; }

impl Again for CardProofStarted {
    type Kept = String;

    fn keep(&self) -> String {
        self.page.clone()
    }

    fn again(page: String, delivery: &Delivery, _: &Keys) -> Result<Self, Code> {
        Ok(Self { page, proof: delivery.name(super::cards::PREFIX) })
    }
}

impl Again for Enrolled {
    type Kept = Bytes;

    fn keep(&self) -> Self::Kept {
        without_secrets(&self.allowance)
    }

    fn again(allowance: Self::Kept, delivery: &Delivery, keys: &Keys) -> Result<Self, Code> {
        Ok(Self { allowance: with_secrets(&allowance, delivery, keys)? })
    }
}

impl Again for Refilled {
    type Kept = (Bytes, Left);

    fn keep(&self) -> Self::Kept {
        (without_secrets(&self.allowance), self.left)
    }

    fn again((allowance, left): Self::Kept, delivery: &Delivery, keys: &Keys) -> Result<Self, Code> {
        Ok(Self { allowance: with_secrets(&allowance, delivery, keys)?, left })
    }
}

/// What a signed allowance says, but for handle and veil. Empty for bytes that are none, which the issuer never signs.
fn without_secrets(allowance: &Bytes) -> Bytes {
    let Ok(said) = sign1::claimed::<Allowance>(&allowance.0) else { return Bytes::default() };
    Bytes(sign1::encode(&Allowance { handle: Handle([0; 8]), veil: Veil([0; 16]), ..*said }))
}

fn with_secrets(said: &Bytes, delivery: &Delivery, keys: &Keys) -> Result<Bytes, Code> {
    let said = sign1::decode_payload::<Allowance>(&said.0).map_err(|_| Code::IssuerUnavailable)?;
    let Fresh { handle, veil } = delivery.fresh();
    Ok(Bytes(keys.sign(Use::Allowance, &Allowance { handle, veil, ..*said })))
}
