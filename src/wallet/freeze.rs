//! Freeze.
use super::error::Error;
use super::ports::Platform;
use super::Wallet;
use crate::code::Code;
impl<P: Platform> Wallet<P> {
    pub(super) async fn send_freeze(&self) -> Result<(), Error> { Err(Code::Unsupported.into()) }
}
