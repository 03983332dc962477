//! Enrolling the first device.
use super::ceremony::Open;
use super::error::Error;
use super::ports::Platform;
use super::state::{Ceremony, Confirmed};
use super::Wallet;
use crate::code::Code;
use core::cell::RefCell;
pub(super) struct Prepared;
impl<P: Platform> Wallet<P> {
    pub(super) async fn start_login(&self, _: &str, _: &str, _: &str) -> Result<String, Error> { Err(Code::Unsupported.into()) }
    pub(super) async fn finish_login(&self, _: &str, _: &str) -> Result<String, Error> { Err(Code::Unsupported.into()) }
    pub(super) async fn enrolment(&self, _: &str, _: &str, _: Option<&str>) -> Result<Ceremony, Error> { Err(Code::Unsupported.into()) }
    pub(super) async fn confirm_enrolment(&self, _: &Open, _: &RefCell<Prepared>) -> Result<Confirmed, Error> { Err(Code::Unsupported.into()) }
}
