//! A till of a pretend world: a real key, real proofs, calls over the road that the test gave.

use crate::browser::{Fetch, promise};
use crate::code::Code;
use crate::js::convert::{parse, to_js};
use crate::js::error::thrown;
use crate::wallet::memory::{MemoryClock, MemoryEntropy, SoftKey};
use crate::wallet::ports::{Clock as _, Entropy as _, Request, Response, SigningKey as _, Transport as _, Unreachable};
use crate::wire::calls::{
    Call, EnrolTill, LookUpPayment, Named as _, PaymentAnswer, Problem, ReversePayment, TakePayment, UsedHere, body,
};
use crate::wire::dpop::{self, Claims};
use crate::wire::id::{Audience, Hash, IssuerId, Nonce};
use crate::wire::json::json_object;
use crate::wire::money::Money;
use crate::wire::sha256;
use alloc::rc::Rc;
use alloc::vec;
use core::cell::{Cell, RefCell};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// One till with a key of its own.
#[wasm_bindgen]
pub struct RawTill {
    till: Audience,
    caller: Caller,
}

impl core::fmt::Debug for RawTill {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RawTill")
    }
}

/// What a till's calls need.
pub(super) struct Caller {
    pub(super) issuer: IssuerId,
    pub(super) key: SoftKey,
    pub(super) road: Rc<Fetch>,
    pub(super) clock: MemoryClock,
    pub(super) entropy: MemoryEntropy,
    pub(super) nonce: RefCell<String>,
}

struct View {
    outcome: &'static str,
    payment: Option<String>,
    money: Money,
    at: u64,
    used_here: Option<Earlier>,
}
json_object! { written View { outcome, payment, money, at, used_here = "usedHere" } }

/// The payment that this till made with the code before.
struct Earlier {
    payment: String,
    money: Money,
    at: u64,
}
json_object! { written Earlier { payment, money, at } }

fn milliseconds(at: u32) -> u64 {
    u64::from(at).saturating_mul(1000)
}

impl From<PaymentAnswer> for View {
    fn from(answer: PaymentAnswer) -> Self {
        let earlier = |UsedHere { payment, amount, currency, at }| Earlier {
            payment,
            money: Money { amount, currency },
            at: milliseconds(at),
        };
        let used_here = answer.used_here.map(earlier);
        Self {
            outcome: if used_here.is_some() { Code::UsedHere.name() } else { answer.outcome.name() },
            payment: answer.payment,
            money: Money { amount: answer.amount, currency: answer.currency },
            at: milliseconds(answer.at),
            used_here,
        }
    }
}

fn refused(code: Code) -> JsValue {
    thrown(&code.into())
}

/// Sends from outside of a task, which alone hears of the answer: an exported `async fn` is none.
async fn sent(road: Rc<Fetch>, request: Request) -> Result<Response, Unreachable> {
    let answer = Rc::new(Cell::new(Err(Unreachable::Offline)));
    let given = Rc::clone(&answer);
    let done = promise(Box::pin(async move {
        given.set(road.send(&request).await);
        Ok(JsValue::UNDEFINED)
    }));
    // Never rejected.
    let _ = JsFuture::from(done.unchecked_into::<js_sys::Promise>()).await;
    answer.replace(Err(Unreachable::Offline))
}

impl Caller {
    fn prove(&self, path: &str, body: &[u8]) -> Result<String, Code> {
        let claims = Claims {
            htm: "POST".into(),
            htu: [self.issuer.as_str(), path].concat(),
            iat: self.clock.now_ms() / 1000,
            jti: Nonce(self.entropy.draw().map_err(|_| Code::NoEntropy)?),
            nonce: self.nonce.borrow().clone(),
            bdy: Hash(sha256(body)),
            acc: None,
        };
        let proof = dpop::prepare(&claims, self.key.public());
        let signature = self.key.sign_now(proof.message()).map_err(|_| Code::KeyLost)?;
        Ok(proof.finish(&signature))
    }

    async fn send(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Code> {
        let request = Request {
            method: "POST",
            url: [self.issuer.as_str(), path].concat(),
            body: body.into(),
            proof: Some(self.prove(path, body)?),
        };
        let answer = sent(Rc::clone(&self.road), request).await.map_err(|_| Code::Offline)?;
        if let Some(nonce) = answer.nonce {
            self.nonce.replace(nonce);
        }
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let problem: Problem = serde_json::from_slice(&answer.body).map_err(|_| Code::IssuerUnavailable)?;
        Err(Code::from_name(&problem.code).unwrap_or(Code::IssuerRefused))
    }

    async fn call<C: Call>(&self, call: &C) -> Result<C::Reply, JsValue> {
        self.call_as(call, self.name::<C>()?).await
    }

    fn name<C: Call>(&self) -> Result<C::Name, JsValue> {
        Ok(C::Name::new(self.entropy.draw().map_err(|_| refused(Code::NoEntropy))?))
    }

    /// The same under a name of the caller's: once more with another nonce, and once more under a new proof after a second
    /// delivery by the network.
    async fn call_as<C: Call>(&self, call: &C, name: C::Name) -> Result<C::Reply, JsValue> {
        let body = body(call, name);
        let mut again = vec![Code::UseDpopNonce, Code::ProofReplayed];
        let answer = loop {
            match self.send(C::PATH, &body).await {
                Err(code) if again.contains(&code) => again.retain(|held| *held != code),
                answer => break answer,
            }
        };
        serde_json::from_slice(&answer.map_err(refused)?).map_err(|_| refused(Code::IssuerUnavailable))
    }
}

impl RawTill {
    /// Registers the caller's key with a one-time code.
    pub(super) async fn enrol(caller: Caller, code: String) -> Result<Self, JsValue> {
        // Once more after an answer that was lost, as tills do: the code is used up then.
        let name = caller.name::<EnrolTill>()?;
        let call = EnrolTill { code };
        let enrolled = match caller.call_as(&call, name).await {
            Ok(enrolled) => enrolled,
            Err(_) => caller.call_as(&call, name).await?,
        };
        Ok(Self { till: enrolled.till, caller })
    }
}

#[wasm_bindgen]
impl RawTill {
    /// `t/…`
    #[must_use]
    pub fn id(&self) -> String {
        self.till.as_str().into()
    }

    /// Takes a payment: `{ outcome, payment, money, at, usedHere }`. `amount` is a decimal text of minor units.
    ///
    /// # Errors
    /// `offline` without an answer; what the issuer refuses.
    pub async fn charge(
        &self,
        token: String,
        amount: String,
        currency: String,
        key: String,
    ) -> Result<JsValue, JsValue> {
        let (amount, currency) = (parse(&amount, Code::BadAmount)?, parse(&currency, Code::BadAmount)?);
        to_js(&View::from(self.caller.call(&TakePayment { token, amount, currency, key }).await?))
    }

    /// Looks a payment up by its idempotency key.
    ///
    /// # Errors
    /// As above.
    pub async fn look_up(&self, key: String) -> Result<JsValue, JsValue> {
        to_js(&View::from(self.caller.call(&LookUpPayment { key }).await?))
    }

    /// Reverses a payment in full.
    ///
    /// # Errors
    /// As above.
    pub async fn reverse(&self, payment: String, key: String) -> Result<JsValue, JsValue> {
        to_js(&View::from(self.caller.call(&ReversePayment { payment, key }).await?))
    }
}
