//! Step-up: the wallet builds the intent itself, the passkey signs its hash, the device key signs over that
//! (protocol section 4).

use super::Wallet;
use super::ceremony::{DEADLINE, Open, Work, stop_here};
use super::checks::Expected;
use super::error::Error;
use super::history::open_receipt;
use super::ports::{Platform, RequestOptions};
use super::queue::Stop;
use super::record::Data;
use super::room::{ms, source_view};
use super::state::{CardProof, Ceremony, Confirmed, IntentView, ReceiptView};
use crate::code::Code;
use crate::wire::calls::{ConfirmIntent, IntentConfirmed, PrepareTopUp, ProveCard, ReceiptItem};
use crate::wire::co_signature::CoSignature;
use crate::wire::id::{Bytes, RpId, SourceId, to_base64};
use crate::wire::intent::{Action, Intent, MAX_LIFETIME};
use crate::wire::money::{Amount, Currency, Money};
use crate::wire::receipt::Kind;
use crate::wire::sign1;
use core::cell::RefCell;

/// How far the issuer's clock may be ahead of what the wallet thinks it is, in seconds.
const LEEWAY: u32 = 30;

#[derive(Clone)]
pub(super) struct Prepared {
    intent: Intent,
    rp_id: RpId,
    user_handle: Bytes,
    /// Number of the newest checked receipt when it was prepared.
    after: u64,
    /// What was sent, if no answer came.
    sent: Option<ConfirmIntent>,
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn top_up(
        &self,
        amount: Amount,
        currency: Currency,
        source: &SourceId,
    ) -> Result<Ceremony, Error> {
        self.end_open(Stop::Superseded).await;
        self.demand_ready()?;
        if amount.is_zero() {
            return Err(Code::BadAmount.into());
        }
        let rp_id = self.trust().await?.rp_id;
        let (draft, item, device_label, user_handle, after) = self.read(|data| {
            if data.currency() != Some(currency) {
                return Err(Error::new(Code::CurrencyMismatch));
            }
            let account = data.account.as_ref().ok_or(Code::NotEnrolled)?;
            let item = data.sources.iter().find(|item| item.id == *source).ok_or(Code::SourceUnknown)?;
            let source_fingerprint = item.fingerprint;
            let action = Action::TopUp { amount, currency, source: source.clone(), source_fingerprint };
            let draft = self.draft(data, action)?;
            let label = account.device_label.clone();
            Ok((draft, item.clone(), label, account.user_handle.clone(), data.link.seq))
        })??;
        let device = self.device_key()?;
        let call = PrepareTopUp { amount, currency, source: source.clone(), head: draft.head };
        let reply = self.call(&device, &call, Some(&draft.account)).await?;
        let intent = self.complete(draft, &reply.intent.0)?;
        let view = IntentView::TopUp {
            money: Money { amount, currency },
            source: source_view(&item),
            device: device_label,
            expires_at: ms(intent.expires_at),
        };
        let prepared = Prepared { intent, rp_id, user_handle, after, sent: None };
        Ok(self.open_ceremony(view, Work::StepUp(Box::new(RefCell::new(prepared)))).await)
    }

    /// The intent as this wallet means it, but for what only the issuer can say.
    fn draft(&self, data: &Data, action: Action) -> Result<Intent, Error> {
        let account = data.account.as_ref().ok_or(Code::NotEnrolled)?;
        Ok(Intent {
            issuer: self.settings.issuer.clone(),
            account: account.id.clone(),
            thumb: data.device_key.thumbprint(),
            credential: account.credential.clone(),
            head: data.link.hash,
            nonce: crate::wire::id::Nonce([0; 16]),
            expires_at: 0,
            action,
        })
    }

    /// Takes nonce and end from the issuer's copy and demands that nothing else differs.
    fn complete(&self, draft: Intent, theirs: &[u8]) -> Result<Intent, Error> {
        let copy = Intent::from_bytes(theirs).map_err(|_| Error::new(Code::IntentMismatch))?;
        let intent = Intent { nonce: copy.nonce, expires_at: copy.expires_at, ..draft };
        let latest = self.now().saturating_add(MAX_LIFETIME + LEEWAY);
        if intent.to_bytes() != theirs || intent.expires_at > latest {
            return Err(Code::IntentMismatch.into());
        }
        if intent.expires_at <= self.now() { Err(Code::IntentExpired.into()) } else { Ok(intent) }
    }

    pub(super) async fn confirm_step_up(&self, open: &Open, prepared: &RefCell<Prepared>) -> Result<Confirmed, Error> {
        let Prepared { intent, after, sent, .. } = prepared.borrow().clone();
        let again = sent.is_some();
        let call = match sent {
            Some(call) => call,
            None => self.agree(open, prepared).await?,
        };
        let device = self.device_key()?;
        match self.call(&device, &call, Some(&intent.account)).await {
            Ok(IntentConfirmed::Done { receipt }) => {
                let receipt = self.accept(&intent, after, &receipt).await?;
                // The chain is brought up to it; if that fails now, the next sync does it.
                let _ = self.fetch_news().await;
                Ok(Confirmed::Receipt { receipt })
            }
            Ok(IntentConfirmed::Pending { top_up }) => Ok(Confirmed::Pending { id: top_up }),
            Err(error) if matches!(error.code, Code::Offline | Code::IssuerUnavailable) => {
                prepared.borrow_mut().sent = Some(call);
                Err(error)
            }
            // The first answer was lost, and the intent is used: what it did stands in the receipts.
            Err(error) if again && error.code == Code::IntentExpired => {
                self.fetch_news().await?;
                Ok(match self.find(&intent, after)? {
                    Some(receipt) => Confirmed::Receipt { receipt },
                    None => Confirmed::Pending { id: to_base64(intent.nonce.as_bytes()) },
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The passkey's assertion, checked, and the device key's co-signature over it.
    async fn agree(&self, open: &Open, prepared: &RefCell<Prepared>) -> Result<ConfirmIntent, Error> {
        let Prepared { intent, rp_id, user_handle, .. } = prepared.borrow().clone();
        self.demand_ready()?;
        if intent.expires_at <= self.now() {
            return Err(Code::IntentExpired.into());
        }
        let challenge = intent.challenge();
        let credential = intent.credential.clone();
        let options =
            RequestOptions { rp_id: rp_id.clone(), challenge, credential: credential.clone(), deadline: DEADLINE };
        let assertion = self.ask_to_get(open, &options).await?;
        let expected =
            Expected { kind: "webauthn.get", challenge: &challenge, origin: self.platform.origin(), rp_id: &rp_id };
        expected.check_assertion(&assertion, &credential, &user_handle)?;
        stop_here(open)?;
        // Locked or frozen while the prompt was open.
        self.demand_ready()?;
        let response = &assertion.response;
        let statement = CoSignature::over(
            &intent.to_bytes(),
            &response.authenticator_data.0,
            &response.client_data.0,
            &response.signature.0,
            &credential.0,
        );
        let device = self.device_key()?;
        let public = self.read(|data| data.device_key)?;
        let unsigned = sign1::prepare(&statement, &public);
        let signature = self.sign_with(&device, unsigned.message()).await?;
        let co_signature = Some(Bytes(unsigned.finish(&signature)));
        Ok(ConfirmIntent { nonce: intent.nonce, assertion, co_signature })
    }

    /// Checks that a receipt is the issuer's, and for exactly this intent.
    async fn accept(&self, intent: &Intent, after: u64, item: &ReceiptItem) -> Result<ReceiptView, Error> {
        let set = self.key_set().await?;
        let view = match self.read(|data| open_receipt(data, &set, item))? {
            Ok(checked) => self.read(|data| checked.view(data))?,
            Err(_) => {
                // Signed by a key that is newer than the pinned set, or forged.
                let set = self.follow_newest().await?;
                let checked = self.read(|data| open_receipt(data, &set, item))?;
                let checked = checked.map_err(|_| Error::new(Code::ReceiptForged))?;
                self.read(|data| checked.view(data))?
            }
        };
        if view.kind == Kind::TopUpFailed {
            return Err(Code::CardDeclined.into());
        }
        if is_for(&view, intent, after) { Ok(view) } else { Err(Code::ReceiptForged.into()) }
    }

    fn find(&self, intent: &Intent, after: u64) -> Result<Option<ReceiptView>, Error> {
        self.read(|data| data.receipts.iter().find(|receipt| is_for(receipt, intent, after)).cloned())
    }

    pub(super) async fn card_proof(&self, source: &SourceId) -> Result<CardProof, Error> {
        self.demand_ready()?;
        let account = self.read(|data| data.account.as_ref().map(|account| account.id.clone()))?;
        let device = self.device_key()?;
        let reply = self.call(&device, &ProveCard { source: source.clone() }, account.as_ref()).await?;
        Ok(CardProof { page: reply.page, proof: reply.proof })
    }
}

fn is_for(receipt: &ReceiptView, intent: &Intent, after: u64) -> bool {
    let Action::TopUp { amount, currency, source, .. } = &intent.action else { return false };
    receipt.kind == Kind::TopUp
        && receipt.sequence > after
        && receipt.device.as_ref().is_some_and(|device| *device == intent.thumb.to_string())
        && receipt.money == Some(Money { amount: *amount, currency: *currency })
        && receipt.source.as_ref().is_none_or(|named| named == source)
}

#[cfg(test)]
mod tests;
