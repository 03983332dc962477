//! The proof of a stored card: it goes on at the card company's page, whose address comes in an answer that is not signed.

use super::Wallet;
use super::client::By;
use super::error::Error;
use super::ports::Platform;
use super::state::CardProof;
use crate::code::Code;
use crate::wire::calls::ProveCard;
use crate::wire::id::SourceId;
use crate::wire::origin::Origin;

impl<P: Platform> Wallet<P> {
    pub(super) async fn card_proof(&self, source: SourceId) -> Result<CardProof, Error> {
        self.demand_ready()?;
        let reply = self.call_by_newest_key(By::Device, &ProveCard { source }).await?;
        let own = self.platform.origin();
        let named = self.settings.card_origins.iter().map(Origin::as_str);
        let allowed = [own, self.settings.issuer.as_str()].into_iter().chain(named);
        let page = address_on(&reply.page, own, allowed).ok_or(Code::IssuerUntrusted)?;
        Ok(CardProof { page, proof: reply.proof })
    }
}

/// The whole address of a page, if it is on one of these origins; a path alone is on the page's own.
fn address_on<'a>(page: &str, own: &str, allowed: impl Iterator<Item = &'a str>) -> Option<String> {
    // Browsers drop tabs and line ends from an address and take a backslash for a slash.
    if !page.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return None;
    }
    if page.starts_with('/') && !page.starts_with("//") {
        return Some([own, page].concat());
    }
    let is_on = |origin: &str| {
        page.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    };
    allowed.into_iter().any(is_on).then(|| page.into())
}

#[cfg(test)]
mod tests;
