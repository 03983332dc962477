//! Typed calls over the transport: proof, nonce, one retry, problems; and whom the wallet believes.

use super::Wallet;
use super::calling::Body;
use super::error::{Confidence, Error};
use super::ports::{Clock, Entropy, Platform, Request, Response, SigningKey, Transport, Unreachable};
use super::record::Trust;
use super::room::Local;
use crate::code::Code;
use crate::wire::calls::{self, Call, FreezeAccount, Problem, ReportUse, WELL_KNOWN, WellKnown};
use crate::wire::dpop::{self, OwnClaims};
use crate::wire::id::{Hash, Nonce};
use crate::wire::json::{self, FromJson};
use crate::wire::key::PublicKey;
use crate::wire::key_set::{KeySet, SignedKeySet};
use crate::wire::origin::host;
use crate::wire::sha256;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// After this a nonce is not counted on: the issuer takes it for five minutes.
const NONCE_LIFE: Duration = Duration::from_secs(240);

/// Whose key proves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The device key, before the wallet knows its account.
    NewDevice,
    /// The device key.
    Device,
    /// The channel key, which works while the wallet is locked.
    Channel,
}

/// A call under way. Its state is the one pointer of what every call goes through; only the reading differs.
pub(super) struct Calling<'a, C: Call> {
    answer: Local<'a, Result<Vec<u8>, Error>>,
    reply: PhantomData<fn() -> C::Reply>,
}

impl<C: Call> Future for Calling<'_, C> {
    type Output = Result<Box<C::Reply>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer.as_mut().poll(context).map(parsed)
    }
}

/// A key set, and what pins it.
type Walked<'a> = (Box<KeySet>, Option<Local<'a, Result<(), Error>>>);

impl<P: Platform> Wallet<P> {
    /// Sends one call under proof.
    ///
    /// # Errors
    /// `offline`; what the issuer refused; `issuer-refused` for an answer of another shape.
    pub(super) fn call<C: Call>(&self, by: By, call: &C) -> Calling<'_, C> {
        let answer: Local<'_, _> = match self.body::<C>(call) {
            Ok(body) => self.send_proved(by, body),
            Err(error) => Box::pin(core::future::ready(Err(error))),
        };
        Calling { answer, reply: PhantomData }
    }

    /// Sends one call under proof, and once more under the new key if another tab has renewed the one that was refused. For calls
    /// that name no key.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(super) fn call_by_newest_key<C: Call>(&self, by: By, call: &C) -> Calling<'_, C> {
        Calling { answer: self.send_by_newest_key(by, self.body::<C>(call)), reply: PhantomData }
    }

    fn send_by_newest_key(&self, by: By, body: Result<Body, Error>) -> Local<'_, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let body = body?;
            let answer = self.send_proved(by, body.clone()).await;
            if self.is_of_old_key(&answer).await { self.send_proved(by, body).await } else { answer }
        })
    }

    /// Whether a call was refused because another tab has renewed the key that proved it. The new keys are then in memory.
    pub(super) fn is_of_old_key<'a, R>(&'a self, answer: &Result<R, Error>) -> Local<'a, bool> {
        // A statement that names the new key was signed by the old one: `wrong-key`.
        let may_be = answer.as_ref().is_err_and(|error| matches!(error.code, Code::Revoked | Code::WrongKey));
        // What hinders the reading of the record leaves the refusal as it is.
        Box::pin(async move { may_be && self.take_renewed().await.unwrap_or(false) })
    }

    /// Sends a call whose body was written before.
    pub(super) fn send_proved(&self, by: By, body: Body) -> Local<'_, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let (id, reader, path) = (body.id(), body.reader(), body.path());
            let mut answer = self.exchange(Some(by), path, body.into_text()).await;
            if let (Ok(bytes), Some(read)) = (&answer, reader)
                && let Err(unreadable) = read(bytes)
            {
                answer = Err(unreadable.on_the_road(&self.address(path)));
            }
            self.note_answer(id, &answer);
            answer
        })
    }

    /// Sends a call, under proof if a key is named: once more if the issuer wants another nonce in it, and once more under
    /// a new proof if the network below has delivered it twice and the second answer is the one that came.
    fn exchange(&self, by: Option<By>, path: &'static str, body: Vec<u8>) -> Local<'_, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let method = if by.is_some() { "POST" } else { "GET" };
            let mut request = Request { method, url: self.address(path), body, proof: None };
            let mut tries = vec![Code::UseDpopNonce, Code::ProofReplayed];
            // Who freezes waits for nothing: the refusal for want of a nonce brings one.
            if by.is_some() && path != FreezeAccount::PATH && path != ReportUse::PATH {
                self.have_nonce().await?;
            }
            loop {
                if let Some(by) = by {
                    self.have_key(by).await?;
                    let unsigned = self.unproved(by, path, &request.body)?;
                    let signature = self.sign_with(by, unsigned.message()).await?;
                    request.proof = Some(unsigned.finish(&signature));
                }
                match self.delivered(&request).await {
                    Err(error) if by.is_some() && tries.contains(&error.code) => {
                        tries.retain(|code| *code != error.code);
                    }
                    answer => return answer,
                }
            }
        })
    }

    fn delivered<'a>(&'a self, request: &'a Request) -> Local<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let answer = self.platform.transport().send(request).await;
            self.taken(answer).map_err(|error| error.on_the_road(&request.url))
        })
    }

    /// Sees to a nonce that is still good. The issuer's description brings one, and no page has a refusal in its console for it;
    /// where it brings none, the refusal of the call does.
    async fn have_nonce(&self) -> Result<(), Error> {
        let since = self.room.nonce_since.get();
        if since.is_some_and(|since| self.platform.clock().running().saturating_sub(since) < NONCE_LIFE) {
            return Ok(());
        }
        match self.ask_who().await {
            // Nor would the call itself come through.
            Err(error)
                if matches!(
                    error.code,
                    Code::Offline | Code::IssuerUnreachable | Code::ConnectBlocked | Code::WrongOrigin
                ) =>
            {
                // It says nothing of the call itself, which was not sent, nor of what came of it earlier.
                Err(error.with_confidence(Confidence::Likely))
            }
            _ => Ok(()),
        }
    }

    fn unproved(&self, by: By, path: &str, body: &[u8]) -> Result<dpop::UnsignedProof, Error> {
        let jti = Nonce(self.platform.entropy().draw()?);
        let data = if by == By::NewDevice { None } else { Some(self.held()?) };
        let account = data.as_ref().and_then(|data| data.known_account());
        let claims = OwnClaims {
            htm: "POST",
            htu: &[self.settings.issuer.as_str(), path].concat(),
            iat: u64::from(self.now()),
            jti,
            nonce: &self.room.nonce.borrow(),
            bdy: Hash(sha256(body)),
            acc: account.map(|account| account.id.as_str()),
        };
        Ok(dpop::prepare(claims, self.key(by)?.public()))
    }

    fn address(&self, path: &str) -> String {
        let mut endpoint = self.settings.endpoint.as_deref().unwrap_or(self.settings.issuer.as_str());
        while let Some(shorter) = endpoint.strip_suffix("/") {
            endpoint = shorter;
        }
        [endpoint, path].concat()
    }

    /// What was answered. Notes the nonce and whether the issuer was reached.
    fn taken(&self, answer: Result<Response, Unreachable>) -> Result<Vec<u8>, Error> {
        if self.room.online.replace(answer.is_ok()) != answer.is_ok() {
            self.room.changed();
        }
        let Response { status, body, nonce, retry_after } = answer?;
        if let Some(nonce) = nonce {
            self.room.nonce.replace(nonce);
            self.room.nonce_since.set(Some(self.platform.clock().running()));
        }
        if (200..300).contains(&status) {
            return Ok(body);
        }
        Err(self.refusal(status, &body).or_retry_after(retry_after))
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Error {
        let mut problem = Problem::blank();
        match json::read_into(&mut problem, body) {
            Ok(()) => {
                // The body's is a copy for whoever keeps the body alone (RFC 9457 section 3.1.2).
                problem.status = status;
                let data = self.room.data.borrow();
                let error = Error::from_problem(&problem, data.as_ref().and_then(|data| data.currency()));
                if error.code == Code::ClockSkew {
                    return Error::clock_skew(data.as_ref().map_or(0, |data| data.offset_ms / 1000));
                }
                error
            }
            // The network's answer and not the issuer's: what was sent may have had its effect all the same.
            Err(_) => Error::new(match status {
                413 => Code::TooLarge,
                426 => Code::UpgradeNeeded,
                429 => Code::TooManyAttempts,
                500..=599 => Code::IssuerUnavailable,
                _ => Code::ForeignAnswer,
            })
            .with_confidence(Confidence::Likely),
        }
    }

    /// The issuer's own description, checked as far as that is possible before anything is pinned.
    fn known(&self, body: &[u8]) -> Result<Box<WellKnown>, Error> {
        let at = |error: Error| error.on_the_road(&self.address(WELL_KNOWN));
        let known: Box<WellKnown> = parse(body).map_err(at)?;
        if known.issuer != self.settings.issuer {
            return Err(at(Code::WrongIssuer.into()));
        }
        if known.versions.iter().all(|version| *version != calls::VERSION) {
            return Err(Code::UpgradeNeeded.into());
        }
        Ok(known)
    }

    /// Asks the issuer for its own description.
    pub(super) fn ask_who(&self) -> Local<'_, Result<Vec<u8>, Error>> {
        self.exchange(None, WELL_KNOWN, Vec::new())
    }

    /// Asks a new wallet's issuer for its description, so that what is wrong with the page's set-up is told before anybody types
    /// anything. Nothing is stored; the next call needs no description.
    pub(super) fn meet_issuer(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(async move {
            let answer = self.ask_who().await?;
            let known = self.first_known(&answer)?;
            if host(self.platform.origin()) != known.rp_id.as_str() {
                return Err(Code::WrongRp.into());
            }
            self.room.known.replace(Some(answer));
            Ok(())
        })
    }

    /// Pins whom to believe from now on, at the first call.
    pub(super) fn pin(&self, answer: &[u8]) -> Result<Local<'_, Result<(), Error>>, Error> {
        let known = self.first_known(answer)?;
        Ok(self.change(|data| {
            let WellKnown { rp_id, currency, key_set, .. } = *known;
            // Another tab may have pinned meanwhile; what was pinned first stays.
            data.trust.get_or_insert(Trust { key_set, rp_id, currency });
            Ok(())
        }))
    }

    /// Whom to believe, by an answer that came before anything was pinned.
    fn first_known(&self, answer: &[u8]) -> Result<Box<WellKnown>, Error> {
        let known = self.known(answer)?;
        let root = &known.key_set.root;
        if self.settings.root.is_some_and(|pinned| pinned != root.thumbprint()) {
            return Err(Code::IssuerUntrusted.into());
        }
        self.under_root(&known.key_set, root)?;
        Ok(known)
    }

    /// Reads something of what the wallet believes of its issuer.
    ///
    /// # Errors
    /// Why there is no record; `issuer-untrusted` before anything is pinned.
    pub(super) fn trust<R>(&self, read: impl FnOnce(&Trust) -> R) -> Result<R, Error> {
        self.read(|data| data.trust.as_ref().map(read))?.ok_or_else(|| Code::IssuerUntrusted.into())
    }

    /// The pinned key set.
    pub(super) fn key_set(&self) -> Result<Box<KeySet>, Error> {
        self.trust(|trust| self.under_root(&trust.key_set, &trust.key_set.root))?
    }

    fn under_root(&self, signed: &SignedKeySet, root: &PublicKey) -> Result<Box<KeySet>, Error> {
        signed.open(root, &self.settings.issuer).map_err(Error::untrusted)
    }

    /// Follows the issuer to its next key set, or to the newest it has if none is given or several lie between: each signed
    /// by the pinned root and by the set before.
    pub(super) fn follow(&self, next: Option<SignedKeySet>) -> Local<'_, Result<Box<KeySet>, Error>> {
        Box::pin(async move {
            let steps = match self.leading_on(next)? {
                Some(steps) => steps,
                None => self.published(&self.ask_who().await?)?,
            };
            let (set, renewed) = self.walked(steps)?;
            if let Some(renewed) = renewed {
                renewed.await?;
            }
            Ok(set)
        })
    }

    /// The step, if there is one and no other one between the pinned set and it.
    fn leading_on(&self, next: Option<SignedKeySet>) -> Result<Option<Vec<SignedKeySet>>, Error> {
        let Some(next) = next else { return Ok(None) };
        let set = self.trust(|trust| self.under_root(&next, &trust.key_set.root))??;
        let leads_on = set.seq.get() <= self.key_set()?.seq.get().saturating_add(1);
        Ok(leads_on.then(|| vec![next]))
    }

    /// All steps that the issuer's own description names.
    fn published(&self, answer: &[u8]) -> Result<Vec<SignedKeySet>, Error> {
        let known = self.known(answer)?;
        let mut steps = known.past.unwrap_or_default();
        steps.push(known.key_set);
        Ok(steps)
    }

    /// Where steps lead from the pinned set, and what pins the set there if it is another one. Steps before the pinned set
    /// are passed over, but for the last.
    fn walked(&self, mut steps: Vec<SignedKeySet>) -> Result<Walked<'_>, Error> {
        let newest = steps.pop();
        let mut set = self.key_set()?;
        let pinned = set.seq;
        self.trust(|trust| {
            steps.retain(|step| !self.under_root(step, &trust.key_set.root).is_ok_and(|set| set.seq <= pinned));
            for step in steps.iter().chain(&newest) {
                set = step.follow(&trust.key_set.root, &set).map_err(Error::untrusted)?;
            }
            Ok::<_, Error>(())
        })??;
        let pin = |newest: SignedKeySet| {
            self.change(|data| {
                if let Some(trust) = data.trust.as_mut() {
                    // The root inside is only a claim; what was pinned stays.
                    trust.key_set.by_root = newest.by_root;
                    trust.key_set.by_previous = newest.by_previous;
                }
                Ok(())
            })
        };
        let renewed = newest.filter(|_| set.seq != pinned).map(pin);
        Ok((set, renewed))
    }
}

/// What was answered, behind one pointer: it is filled where it stands.
pub(super) fn parsed<T: FromJson>(answer: Result<Vec<u8>, Error>) -> Result<Box<T>, Error> {
    let mut value = Box::new(T::blank());
    fill(&mut *value, answer)?;
    Ok(value)
}

/// The same of bytes that are here.
pub(super) fn parse<T: FromJson>(body: &[u8]) -> Result<Box<T>, Error> {
    let mut value = Box::new(T::blank());
    fill_from(&mut *value, body)?;
    Ok(value)
}

fn fill(value: &mut dyn FromJson, answer: Result<Vec<u8>, Error>) -> Result<(), Error> {
    fill_from(value, &answer?)
}

fn fill_from(value: &mut dyn FromJson, body: &[u8]) -> Result<(), Error> {
    json::read_into(value, body).map_err(|_| Error::new(Code::ForeignAnswer).with_confidence(Confidence::Likely))
}

#[cfg(test)]
mod tests;
