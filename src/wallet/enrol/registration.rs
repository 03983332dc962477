//! What the issuer answers to the registration of a key, by enrolment, recovery or rotation: a first allowance.

use crate::code::Code;
use crate::wallet::Wallet;
use crate::wallet::client::parsed;
use crate::wallet::error::Error;
use crate::wallet::ports::Platform;
use crate::wallet::record::{Data, Terms};
use crate::wallet::room::Local;
use crate::wire::Refusal;
use crate::wire::allowance::Allowance;
use crate::wire::calls::Enrolled;
use crate::wire::id::{Bytes, Thumbprint};
use crate::wire::key_set::{IssuerKey, Use};
use crate::wire::sign1;

/// What a key that was registered begins with.
pub(in crate::wallet) struct Begun {
    terms: Option<Terms>,
    unopened: Option<Bytes>,
    atc_floor: u32,
    now: u32,
}

impl<P: Platform> Wallet<P> {
    /// What the issuer's answer to a key's registration comes to. Its first allowance is opened later if only its time does
    /// not fit, for this device's clock may not be learned.
    pub(in crate::wallet) fn begun(
        &self,
        enrolled: Box<Enrolled>,
        thumb: Thumbprint,
    ) -> Local<'_, Result<Box<Begun>, Error>> {
        Box::pin(async move {
            let now = self.now();
            let Enrolled { allowance, atc_floor } = *enrolled;
            let (terms, unopened) = match self.open_allowance(&allowance.0, thumb, now).await {
                Err(error) if error.code == Code::ClockSkew => (None, Some(allowance)),
                opened => (Some(*opened?), None),
            };
            Ok(Box::new(Begun { terms, unopened, atc_floor, now }))
        })
    }

    /// Checks an allowance: signature, issuer, account, device key, currency.
    ///
    /// # Errors
    /// `issuer-untrusted`; `clock-skew` if only the key's time does not fit this device's clock.
    pub(in crate::wallet) fn open_allowance<'a>(
        &'a self,
        bytes: &'a [u8],
        thumb: Thumbprint,
        now: u32,
    ) -> Local<'a, Result<Box<Terms>, Error>> {
        Box::pin(async move {
            let mut set = self.key_set()?;
            let mut allowance = set.open::<Allowance>(bytes, Use::Allowance, now);
            let mut in_time = true;
            if matches!(allowance, Err(Refusal::WrongKey)) {
                let at = |key: &IssuerKey| (Ok(key.kid) == sign1::kid_of::<Allowance>(bytes)).then_some(key.not_before);
                match set.keys.iter().find_map(at) {
                    // The signature has to hold, whatever this device's clock says.
                    Some(at) => {
                        in_time = false;
                        allowance = set.open(bytes, Use::Allowance, at);
                    }
                    None => {
                        set = self.follow(None).await?;
                        allowance = set.open(bytes, Use::Allowance, now);
                    }
                }
            }
            let allowance = allowance.map_err(Error::untrusted)?.into_inner();
            let is_ours = self.read(|data| {
                allowance.issuer == data.issuer
                    && data.known_account().is_some_and(|account| allowance.account == account.id)
                    && allowance.thumb == thumb
                    && Some(allowance.currency) == data.currency()
            })?;
            match (is_ours, in_time) {
                (false, _) => Err(Code::IssuerUntrusted.into()),
                (true, false) => Err(Code::ClockSkew.into()),
                (true, true) => Ok(Box::new(Terms::new(&allowance, now))),
            }
        })
    }
}

impl Begun {
    /// Takes its place in the record.
    pub(in crate::wallet) fn enter(self, data: &mut Data) {
        data.allowance = self.terms;
        data.unopened = self.unopened;
        data.atc = data.atc.max(self.atc_floor);
        data.last_contact = self.now;
    }
}

/// The answer to a registration that is on disk, read. Inside is what the issuer refused, which ends it.
pub(in crate::wallet) fn judged(answer: Result<Vec<u8>, Error>) -> Result<Result<Box<Enrolled>, Error>, Error> {
    match parsed(answer) {
        Err(error) if is_unanswered(&error) => Err(error),
        judged => Ok(judged),
    }
}

/// Whether this is no answer to the call itself, which may have had its effect before: nothing came back, it was not read,
/// or it was not even sent, for want of the key or of its signature.
pub(super) fn is_unanswered(error: &Error) -> bool {
    matches!(
        error.code,
        Code::Offline
            | Code::IssuerUnavailable
            | Code::TooManyAttempts
            | Code::UseDpopNonce
            | Code::ProofReplayed
            | Code::Locked
            | Code::Closed
            | Code::Cancelled
            | Code::HostSilent
            | Code::HostRefused
            | Code::NoEntropy
            | Code::StorageFailed
    )
}
