//! Payment codes.
use super::error::Error;
use super::ports::Platform;
use super::record::{Data, Terms};
use super::state::{PaymentCode, Remaining};
use super::Wallet;
use crate::code::Code;
use crate::wire::money::Amount;
pub(super) fn left_at_worst(_: &Data, terms: &Terms, now_ms: u64) -> Remaining { Remaining { amount: terms.total, each: terms.per_payment, count: terms.count, resets_at: (now_ms/1000) as u32 } }
impl<P: Platform> Wallet<P> {
    pub(super) async fn make_code(&self, _: Option<Amount>) -> Result<PaymentCode, Error> { Err(Code::Unsupported.into()) }
}
