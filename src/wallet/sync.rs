//! News.
use super::error::Error;
use super::ports::Platform;
use super::Wallet;
use crate::code::Code;
impl<P: Platform> Wallet<P> {
    pub(super) async fn fetch_news(&self) -> Result<(), Error> { Err(Code::Unsupported.into()) }
    pub(super) async fn fetch_allowance(&self) -> Result<(), Error> { Err(Code::Unsupported.into()) }
}
