//! Single use in memory: the issuer's own windows, one for each device.

use super::answer::answer;
use super::read;
use crate::code::Code;
use crate::issuer::replay::{Judgement, Use, Window};
use crate::wire::calls::Outcome;
use crate::wire::id::{Audience, Bytes, Hash};
use crate::wire::json::json_object;
use crate::wire::money::Money;
use alloc::collections::BTreeMap;
use core::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

struct Claim {
    device: String,
    counter: u32,
    random: Bytes,
    issued_at: u32,
    claims: Hash,
    till: Audience,
    money: Money,
    at: u32,
}
json_object! { strict Claim { device, counter, random, issued_at = "issuedAt", claims, till, money, at } }

struct Verdict {
    verdict: &'static str,
}
json_object! { written Verdict { verdict } }

/// What was redeemed in this process.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct RawSingleUse {
    windows: RefCell<BTreeMap<String, Window>>,
}

#[wasm_bindgen]
impl RawSingleUse {
    /// Nothing was redeemed yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Claims one use: `first`, `used-here` (this till took this very token), `used`, `too-old` or `clone`.
    #[must_use]
    pub fn claim(&self, claim: &str) -> String {
        answer(self.judge(claim).map(|verdict| Verdict { verdict }))
    }
}

#[wasm_bindgen]
impl RawSingleUse {
    /// Counts every counter of a device up to this one as used, and as evidence of nothing. Whether it did: not more than
    /// 65,536 ahead.
    #[must_use]
    pub fn name(&self, device: String, counter: u32) -> bool {
        self.windows.borrow_mut().entry(device).or_default().name(counter)
    }
}

impl RawSingleUse {
    fn judge(&self, claim: &str) -> Result<&'static str, Code> {
        let Claim { device, counter, random, issued_at, claims, till, money, at } = read(claim)?;
        let random = random.0.try_into().map_err(|_| Code::BadArgument)?;
        let mut windows = self.windows.borrow_mut();
        let window = windows.entry(device).or_default();
        let verdict = match window.judge_claims(counter, issued_at, &claims) {
            Judgement::Fresh => "first",
            Judgement::Repeat(seen) if seen.till == till => "used-here",
            Judgement::Repeat(_) => "used",
            Judgement::Behind => "too-old",
            Judgement::Clone => "clone",
        };
        if verdict == "first" {
            let (amount, outcome) = (money.amount, Outcome::Approved);
            window.take(Use {
                atc: counter,
                random,
                issued_at,
                claims,
                at,
                till,
                amount,
                outcome,
                payment: None,
                seq: 0,
            });
        }
        Ok(verdict)
    }
}
