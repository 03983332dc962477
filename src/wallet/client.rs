//! Typed calls over the transport: proof, nonce, one retry, problems; and whom the wallet believes.

use super::Wallet;
use super::error::Error;
use super::ports::{Entropy, Platform, Request, Response, SigningKey, Transport};
use super::record::Trust;
use super::room::Key;
use crate::code::Code;
use crate::wire::calls::{self, Call, Problem, WELL_KNOWN, WellKnown};
use crate::wire::dpop::{self, Claims};
use crate::wire::id::{AccountId, Hash, Nonce};
use crate::wire::json;
use crate::wire::key_set::{KeySet, SignedKeySet};
use crate::wire::sha256;
use serde::de::DeserializeOwned;

impl<P: Platform> Wallet<P> {
    /// Sends one call under proof of `key`.
    ///
    /// # Errors
    /// `offline`; what the issuer refused; `issuer-refused` for an answer of another shape.
    pub(super) async fn call<C: Call>(
        &self,
        key: &Key<P>,
        call: &C,
        account: Option<&AccountId>,
    ) -> Result<C::Reply, Error>
    where
        C::Reply: DeserializeOwned,
    {
        let body = json::to_vec(call).map_err(|_| Error::new(Code::BadArgument))?;
        self.call_again::<C>(key, body, account).await
    }

    /// Sends a call whose body was written before.
    pub(super) async fn call_again<C: Call>(
        &self,
        key: &Key<P>,
        body: Vec<u8>,
        account: Option<&AccountId>,
    ) -> Result<C::Reply, Error>
    where
        C::Reply: DeserializeOwned,
    {
        parse(&self.send_proved(key, C::PATH, body, account).await?)
    }

    async fn send_proved(
        &self,
        key: &Key<P>,
        path: &str,
        body: Vec<u8>,
        account: Option<&AccountId>,
    ) -> Result<Vec<u8>, Error> {
        let mut may_retry = true;
        loop {
            let proof = self.proof(key, path, &body, account).await?;
            let request = Request { method: "POST", url: self.address(path), body: body.clone(), proof: Some(proof) };
            let response = self.send(request).await?;
            if (200..300).contains(&response.status) {
                return Ok(response.body);
            }
            let has_nonce = response.nonce.is_some();
            let error = self.refusal(&response);
            if error.code != Code::UseDpopNonce || !has_nonce || !may_retry {
                return Err(error);
            }
            may_retry = false;
        }
    }

    async fn proof(&self, key: &Key<P>, path: &str, body: &[u8], account: Option<&AccountId>) -> Result<String, Error> {
        let claims = Claims {
            htm: "POST".into(),
            htu: [self.settings.issuer.as_str(), path].concat(),
            iat: u64::from(self.now()),
            jti: Nonce(self.platform.entropy().draw()?),
            nonce: self.room.nonce.borrow().clone(),
            bdy: Hash(sha256(body)),
            acc: account.cloned(),
        };
        let unsigned = dpop::prepare(&claims, key.public()).map_err(|_| Error::new(Code::BadArgument))?;
        let signature = self.sign_with(key, unsigned.message()).await?;
        Ok(unsigned.finish(&signature))
    }

    fn address(&self, path: &str) -> String {
        let endpoint = self.settings.endpoint.as_deref().unwrap_or(self.settings.issuer.as_str());
        [endpoint.trim_end_matches('/'), path].concat()
    }

    /// Sends, and notes nonce and whether the issuer was reached.
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let answer = self.platform.transport().send(request).await;
        if self.room.online.replace(answer.is_ok()) != answer.is_ok() {
            self.room.changed();
        }
        let response = answer?;
        if let Some(nonce) = &response.nonce {
            self.room.nonce.replace(nonce.clone());
        }
        Ok(response)
    }

    fn refusal(&self, response: &Response) -> Error {
        let currency = self.read(|data| data.currency()).ok().flatten();
        let mut error = match json::from_slice::<Problem>(&response.body) {
            Ok(problem) => Error::from_problem(&problem, currency),
            Err(_) => Error::new(match response.status {
                413 => Code::TooLarge,
                426 => Code::UpgradeNeeded,
                429 => Code::TooManyAttempts,
                500..=599 => Code::IssuerUnavailable,
                _ => Code::IssuerRefused,
            }),
        };
        if error.details.retry_after_ms.is_none() {
            error.details.retry_after_ms = response.retry_after.map(|seconds| u64::from(seconds) * 1000);
        }
        error
    }

    async fn well_known(&self) -> Result<WellKnown, Error> {
        let request = Request { method: "GET", url: self.address(WELL_KNOWN), body: Vec::new(), proof: None };
        let response = self.send(request).await?;
        if response.status != 200 {
            return Err(self.refusal(&response));
        }
        let known: WellKnown = parse(&response.body)?;
        if known.issuer != self.settings.issuer {
            return Err(Code::IssuerUntrusted.into());
        }
        if known.versions.contains(&calls::VERSION) { Ok(known) } else { Err(Code::UpgradeNeeded.into()) }
    }

    /// What the wallet believes of its issuer; learned and pinned at the first call.
    pub(super) async fn trust(&self) -> Result<Trust, Error> {
        if let Some(trust) = self.read(|data| data.trust.clone())? {
            return Ok(trust);
        }
        let known = self.well_known().await?;
        if self.settings.root.is_some_and(|root| root != known.key_set.root.thumbprint()) {
            return Err(Code::IssuerUntrusted.into());
        }
        known.key_set.open(&known.key_set.root, &self.settings.issuer).map_err(Error::untrusted)?;
        let WellKnown { rp_id, rp_name, currency, key_set, .. } = known;
        let trust = Trust { key_set, rp_id, rp_name, currency };
        // Another tab may have pinned meanwhile; what was pinned first stays.
        self.change(|data| Ok(data.trust.get_or_insert(trust).clone())).await
    }

    /// The pinned key set.
    pub(super) async fn key_set(&self) -> Result<KeySet, Error> {
        let trust = self.trust().await?;
        let held = self.room.key_set.borrow().clone();
        if let Some((signed, set)) = held
            && signed == trust.key_set
        {
            return Ok(set);
        }
        let set = trust.key_set.open(&trust.key_set.root, &self.settings.issuer).map_err(Error::untrusted)?;
        self.room.key_set.replace(Some((trust.key_set, set.clone())));
        Ok(set)
    }

    /// Follows the issuer to its next key set: signed by the pinned root and by the set before.
    pub(super) async fn follow(&self, next: SignedKeySet) -> Result<KeySet, Error> {
        let pinned = self.key_set().await?;
        let root = self.trust().await?.key_set.root;
        let set = next.follow(&root, &pinned, self.now()).map_err(Error::untrusted)?;
        if set == pinned {
            return Ok(set);
        }
        // The root inside is only a claim; what was pinned stays.
        let next = SignedKeySet { root, ..next };
        self.change(|data| {
            if let Some(trust) = data.trust.as_mut() {
                trust.key_set = next;
            }
            Ok(())
        })
        .await?;
        Ok(set)
    }

    /// Asks the issuer for its newest key set and follows it.
    pub(super) async fn follow_newest(&self) -> Result<KeySet, Error> {
        let known = self.well_known().await?;
        self.follow(known.key_set).await
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    json::from_slice(body).map_err(|_| Error::new(Code::IssuerRefused))
}

#[cfg(test)]
mod tests;
