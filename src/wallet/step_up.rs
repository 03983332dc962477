//! Step-up.
use super::ceremony::Open;
use super::error::Error;
use super::ports::Platform;
use super::state::{Ceremony, Confirmed, CardProof};
use super::Wallet;
use crate::code::Code;
use crate::wire::id::SourceId;
use crate::wire::money::{Amount, Currency};
use core::cell::RefCell;
pub(super) struct Prepared;
impl<P: Platform> Wallet<P> {
    pub(super) async fn top_up(&self, _: Amount, _: Currency, _: &SourceId) -> Result<Ceremony, Error> { Err(Code::Unsupported.into()) }
    pub(super) async fn card_proof(&self, _: &SourceId) -> Result<CardProof, Error> { Err(Code::Unsupported.into()) }
    pub(super) async fn confirm_step_up(&self, _: &Open, _: &RefCell<Prepared>) -> Result<Confirmed, Error> { Err(Code::Unsupported.into()) }
}
