//! Step-up: the wallet builds the intent itself, the passkey signs its hash, the device key signs over that
//! (protocol section 4).

use super::Wallet;
use super::calling::{Body, may_have_landed};
use super::ceremony::{DEADLINE, Open, Work};
use super::client::{By, parse, parsed};
use super::clock::LEEWAY;
use super::enrol::registration::is_unanswered;
use super::error::Error;
use super::history::open_receipt;
use super::ports::{Answer, Platform, RequestOptions};
use super::record::{Data, Terms};
use super::refill::AgreedTerms;
use super::room::{Local, Secret, ms, source_view};
use super::state::{Ceremony, Confirmed, IntentView, Missing, ReceiptView};
use crate::code::Code;
use crate::wire::calls::{
    ConfirmIntent, Confirming, IntentConfirmed, IntentPrepared, PrepareLimit, PrepareRefill, PrepareTopUp,
    PrepareUnfreeze, ReceiptItem, Unfreeze, Unfrozen,
};
use crate::wire::co_signature::CoSignature;
use crate::wire::id::{Bytes, Hash, Nonce, RpId, SourceId, to_base64};
use crate::wire::intent::{Action, Intent};
use crate::wire::key::PublicKey;
use crate::wire::key_set::KeySet;
use crate::wire::money::{Amount, Currency, Money};
use crate::wire::receipt::Kind;
use crate::wire::sign1::{self, Unsigned};
use crate::wire::webauthn::Assertion;
use core::cell::RefCell;
use core::slice;
use core::time::Duration;
use std::rc::Rc;

pub(super) struct Prepared {
    intent: Intent,
    /// This device's label.
    device: String,
    rp_id: RpId,
    user_handle: Bytes,
    /// Number of the newest checked receipt when it was prepared.
    after: u64,
    /// When the intent ends, by the monotonic clock.
    ends: Duration,
    /// What was sent, unless it was refused.
    sent: RefCell<Option<Body>>,
}

impl<P: Platform> Wallet<P> {
    pub(super) async fn top_up(&self, amount: Amount, currency: Currency, source: SourceId) -> Result<Ceremony, Error> {
        self.demand_ready()?;
        if amount.is_zero() {
            return Err(Code::BadAmount.into());
        }
        let item = self.read(|data| {
            if data.currency() != Some(currency) {
                return Err(Error::new(Code::CurrencyMismatch));
            }
            Ok(data.sources.iter().find(|item| item.id == source).ok_or(Code::SourceUnknown)?.clone())
        })??;
        // Over what is shown: with another label, id or card behind it the issuer has another fingerprint.
        let source_fingerprint = item.fingerprint();
        let action = Action::TopUp { amount, currency, source: source.clone(), source_fingerprint };
        let call = |head| self.body::<PrepareTopUp>(&PrepareTopUp { amount, currency, source: source.clone(), head });
        let view = |device, expires_at| IntentView::TopUp {
            money: Money { amount, currency },
            source: source_view(&item),
            device,
            expires_at,
        };
        self.step_up(action, &call, &view).await
    }

    /// The same limits again, for as long again: the step-up is what a second refill in a day takes.
    pub(super) async fn agree_to_refill(&self) -> Result<Ceremony, Error> {
        self.demand_ready()?;
        // Its end is reckoned by the issuer's clock. If that can't be learned now, the call itself says why.
        let _ = self.learn_time().await;
        self.demand_ready()?;
        let terms = self.read(|data| data.allowance.clone())?.ok_or(Code::OverAllowance)?;
        let Terms { per_payment, count, total, currency, .. } = terms;
        let now = self.now();
        let since = if terms.since == 0 { now } else { terms.since };
        // A little less than the issuer grants: its clock and this one differ by the road between them. And no earlier than the one
        // that is here, for an allowance that ends before it is not taken.
        let until = now.saturating_add(terms.until.saturating_sub(since)).saturating_sub(LEEWAY);
        let until = until.max(terms.until);
        let action = Action::Refill { per_payment, count, total, until };
        let call = |head| self.body::<PrepareRefill>(&PrepareRefill { per_payment, count, total, until, head });
        let money = |amount| Money { amount, currency };
        let view = |device, expires_at| IntentView::Refill {
            per_payment: money(per_payment),
            total: money(total),
            count,
            until: ms(until),
            device,
            expires_at,
        };
        self.step_up(action, &call, &view).await
    }

    pub(super) async fn change_limit(&self, new: Amount) -> Result<Ceremony, Error> {
        let limit = || self.read(|data| data.limit);
        let known = limit();
        match self.ask_for_limit(new).await {
            // The limit moves with time too, as when a cool-off ends: the owner is asked about the one that is.
            Err(error) if error.code == Code::IntentMismatch => {
                self.fetch_news().await?;
                if limit() == known { Err(error) } else { self.ask_for_limit(new).await }
            }
            asked => asked,
        }
    }

    async fn ask_for_limit(&self, new: Amount) -> Result<Ceremony, Error> {
        self.demand_ready()?;
        let (old, currency) = self.read(|data| data.limit.zip(data.currency()))?.ok_or(Code::NotEnrolled)?;
        let call = |head| self.body::<PrepareLimit>(&PrepareLimit { old, new, head });
        let money = |amount| Money { amount, currency };
        let view = |device, expires_at| IntentView::Limit { old: money(old), new: money(new), device, expires_at };
        self.step_up(Action::Limit { old, new }, &call, &view).await
    }

    /// The passkey first; its confirmation sends the contact code.
    pub(super) async fn release(&self) -> Result<Ceremony, Error> {
        let call = |head| self.body::<PrepareUnfreeze>(&PrepareUnfreeze { head });
        let view = |device, expires_at| IntentView::Unfreeze { device, expires_at };
        self.step_up(Action::Unfreeze, &call, &view).await
    }

    /// The contact code second: it releases the account.
    pub(super) async fn enter_unfreeze_code(&self, attempt: &str, code: &str) -> Result<Rc<ReceiptView>, Error> {
        self.demand_for(&Action::Unfreeze)?;
        let (after, thumb) = self.read(|data| (data.link.seq, data.device_key.thumbprint()))?;
        let call = Unfreeze { attempt: attempt.into(), code: code.into() };
        let body = self.body::<Unfreeze>(&call)?;
        let id = body.id();
        let item = parsed::<Unfrozen>(self.send_proved(By::Device, body).await)?.receipt;
        let own = to_base64(&thumb.0);
        let made = |receipt: &ReceiptView| {
            receipt.kind == Kind::Unfrozen && receipt.sequence > after && receipt.device.as_ref() == Some(&own)
        };
        let accepted = self.accept(&made, &item).await;
        let receipt = accepted.inspect_err(|error| self.ask_again::<Unfreeze>(&call, id, error))?;
        self.change(|data| {
            // Its owner let it go: the next state may say so.
            data.froze = false;
            Ok(())
        })
        .await?;
        // The chain is brought up to it; if that fails now, the next sync does it.
        let _ = self.fetch_news().await;
        Ok(receipt)
    }

    /// From what is wanted to the open ceremony: `call` writes the call's body for the newest link, `view` what the user
    /// sees for this device's label and the end.
    fn step_up<'a>(
        &'a self,
        action: Action,
        call: &'a dyn Fn(Hash) -> Result<Body, Error>,
        view: &'a dyn Fn(String, u64) -> IntentView,
    ) -> Local<'a, Result<Ceremony, Error>> {
        Box::pin(async move {
            let id = self.begin_ceremony().await;
            let mut read = |reply: &[u8]| Ok(parse::<IntentPrepared>(reply)?.intent);
            let prepared = self.begin(action, call, &mut read).await?;
            let view = view(prepared.device.clone(), ms(prepared.intent.expires_at));
            self.open_ceremony(id, view, Work::StepUp(prepared))
        })
    }

    /// The intent, agreed with the issuer; `read` finds the issuer's copy in its answer.
    pub(super) fn begin<'a>(
        &'a self,
        action: Action,
        call: &'a dyn Fn(Hash) -> Result<Body, Error>,
        read: &'a mut dyn FnMut(&[u8]) -> Result<Bytes, Error>,
    ) -> Local<'a, Result<Box<Prepared>, Error>> {
        Box::pin(async move {
            self.demand_for(&action)?;
            let mut prepared = self.read(|data| self.draft(data, action))??;
            let mut reply = self.send_proved(By::Device, call(prepared.intent.head)?).await;
            if self.is_of_old_key(&reply).await {
                // The intent names the key: it is another one now.
                self.demand_for(&prepared.intent.action)?;
                prepared = self.read(|data| self.draft(data, prepared.intent.action))??;
                reply = self.send_proved(By::Device, call(prepared.intent.head)?).await;
            }
            complete(&mut prepared.intent, &read(&reply?)?.0)?;
            prepared.ends = self.end_of(&prepared.intent).await?;
            // Frozen or suspended, as the sync may have told that the clock took.
            self.demand_for(&prepared.intent.action)?;
            Ok(prepared)
        })
    }

    /// That the wallet can do what is asked: a release and a rotation are for a frozen account too, a rotation for a
    /// suspended key.
    pub(super) fn demand_for(&self, action: &Action) -> Result<(), Error> {
        match (self.demand_ready(), action) {
            (Err(error), Action::Unfreeze | Action::Rotate { .. }) if error.code == Code::Frozen => Ok(()),
            (Err(error), Action::Rotate { .. }) if error.code == Code::Suspended => Ok(()),
            (other, _) => other,
        }
    }

    /// The intent as this wallet means it, but for what only the issuer can say.
    fn draft(&self, data: &Data, action: Action) -> Result<Box<Prepared>, Error> {
        let rp_id = data.trust.as_ref().ok_or(Code::IssuerUntrusted)?.rp_id.clone();
        let account = data.account.as_ref().ok_or(Code::NotEnrolled)?;
        let intent = Intent {
            issuer: self.settings.issuer.clone(),
            account: account.id.clone(),
            thumb: data.device_key.thumbprint(),
            credential: account.credential.clone(),
            head: data.link.hash,
            nonce: Nonce([0; 16]),
            expires_at: 0,
            action,
        };
        Ok(Box::new(Prepared {
            intent,
            device: account.device_label.clone(),
            rp_id,
            user_handle: account.user_handle.clone(),
            after: data.link.seq,
            ends: Duration::ZERO,
            sent: RefCell::default(),
        }))
    }

    pub(super) async fn confirm_step_up(&self, open: &Open, prepared: &Prepared) -> Result<Confirmed, Error> {
        let kept = prepared.sent.borrow().clone();
        let again = kept.is_some();
        let call = match kept {
            Some(call) => call,
            None => {
                let (answer, co_signature) = self.agree(open, prepared, None).await?;
                let intent = Bytes(prepared.intent.to_bytes());
                let call = Confirming { intent: &intent, assertion: &answer.0, co_signature: &co_signature };
                let call = self.body::<ConfirmIntent>(&call)?;
                prepared.sent.replace(Some(call.clone()));
                call
            }
        };
        let answer = self.send_proved(By::Device, call).await;
        let receipt = match parsed(answer).map(|answer| *answer) {
            Ok(IntentConfirmed::Done { receipt }) => self.accept(&|receipt| prepared.made(receipt), &receipt).await?,
            Ok(IntentConfirmed::CodeSent { attempt }) if matches!(prepared.intent.action, Action::Unfreeze) => {
                return Ok(Confirmed::CodeSent { attempt });
            }
            // The issuer's word for something else than what was asked.
            Ok(IntentConfirmed::CodeSent { .. }) => return Err(Code::IssuerRefused.into()),
            Ok(IntentConfirmed::Pending { top_up }) => return Ok(Confirmed::Pending { id: top_up.to_string() }),
            // The issuer answers a call that had its effect as it did before. This one had none unless a receipt says so: its
            // intent ended, by time or by a freeze, and nothing is under way.
            Err(error)
                if again
                    && error.code == Code::IntentExpired
                    && !matches!(prepared.intent.action, Action::Unfreeze) =>
            {
                let synced = self.fetch_news().await;
                match self.find(&|receipt| prepared.made(receipt))? {
                    Some(receipt) => receipt,
                    None => {
                        synced?;
                        prepared.sent.take();
                        return Err(error);
                    }
                }
            }
            Err(error) => {
                // Sent before, it may have had its effect, unless it is this call that was refused.
                let stays = if again { is_unanswered(&error) } else { may_have_landed(&error) };
                if !stays {
                    prepared.sent.take();
                }
                return Err(error);
            }
        };
        if let Action::Refill { per_payment, count, total, until } = prepared.intent.action {
            // What was agreed to waits at the issuer: if it does not come now, the next confirm fetches it, without a prompt.
            self.fetch_allowance(Some(AgreedTerms { per_payment, count, total, until })).await?;
        }
        // The chain is brought up to it; if that fails now, the next sync does it.
        let _ = self.fetch_news().await;
        Ok(Confirmed::Receipt { receipt })
    }

    /// The passkey's assertion, checked, with what it derived from `prf`; and the device key's co-signature over it.
    pub(super) async fn agree(
        &self,
        open: &Open,
        prepared: &Prepared,
        prf: Option<&[u8; 32]>,
    ) -> Result<(Answer<Secret<P>>, Bytes), Error> {
        let Prepared { intent, rp_id, user_handle, .. } = prepared;
        self.demand_for(&intent.action)?;
        self.check_alive(intent, prepared.ends).await?;
        let credentials = slice::from_ref(&intent.credential);
        let options = RequestOptions { rp_id, challenge: &intent.challenge(), credentials, prf, deadline: DEADLINE };
        let answer = self.ask_to_get(open, &options, user_handle).await?;
        // Locked or frozen while the prompt was open.
        self.demand_for(&intent.action)?;
        let unsigned = self.read(|data| co_signature(intent, &answer.0, &data.device_key))?;
        Ok((answer, self.signed(By::Device, unsigned).await?))
    }

    /// Checks that a receipt is the issuer's, and the one that `made` knows.
    async fn accept(&self, made: &dyn Fn(&ReceiptView) -> bool, item: &ReceiptItem) -> Result<Rc<ReceiptView>, Error> {
        let look = |set: &KeySet| self.read(|data| Some(Rc::new(open_receipt(data, set, item).ok()?.view(data))));
        let mut view = look(&*self.key_set()?)?;
        if view.is_none() {
            // Signed by a key that is newer than the pinned set, or forged.
            view = look(&*self.follow(None).await?)?;
        }
        let view = view.ok_or(Code::ReceiptForged)?;
        if view.kind == Kind::TopUpFailed {
            return Err(Code::CardDeclined.into());
        }
        let found = match view.missing {
            None => made(&view).then_some(view),
            Some(Missing::Forged) => None,
            // Without its details, what it moved shows once the receipts before it are here.
            Some(Missing::Erased | Missing::Unreadable) => {
                self.fetch_news().await?;
                self.find(made)?
            }
        };
        found.ok_or_else(|| Code::ReceiptForged.into())
    }

    fn find(&self, made: &dyn Fn(&ReceiptView) -> bool) -> Result<Option<Rc<ReceiptView>>, Error> {
        self.read(|data| data.receipts.iter().find(|receipt| made(receipt)).cloned())
    }
}

/// Takes nonce and end from the issuer's copy and demands that nothing else differs.
fn complete(intent: &mut Intent, theirs: &[u8]) -> Result<(), Error> {
    (intent.nonce, intent.expires_at) = Intent::drawn(theirs).map_err(|_| Error::new(Code::IntentMismatch))?;
    if intent.to_bytes() == theirs { Ok(()) } else { Err(Code::IntentMismatch.into()) }
}

/// The device key's word over an intent and the passkey's answer to it.
fn co_signature(intent: &Intent, assertion: &Assertion, public: &PublicKey) -> Unsigned {
    let response = &assertion.response;
    let statement = CoSignature::over(
        &intent.to_bytes(),
        &response.authenticator_data.0,
        &response.client_data.0,
        &response.signature.0,
        &intent.credential,
    );
    sign1::prepare(&statement, public)
}

impl Prepared {
    pub(super) const fn intent(&self) -> &Intent {
        &self.intent
    }

    pub(super) const fn device(&self) -> &String {
        &self.device
    }

    pub(super) const fn rp_id(&self) -> &RpId {
        &self.rp_id
    }

    /// Whether a receipt is for exactly this intent.
    fn made(&self, receipt: &ReceiptView) -> bool {
        let own = receipt.sequence > self.after
            && receipt.device.as_ref().is_some_and(|device| *device == to_base64(&self.intent.thumb.0));
        let amount = receipt.money.map(|money| money.amount);
        let (kind, same) = match &self.intent.action {
            Action::TopUp { amount, currency, source, .. } => {
                let money = Some(Money { amount: *amount, currency: *currency });
                let named = receipt.source.as_ref().is_none_or(|named| named == source);
                (Kind::TopUp, receipt.money == money && named)
            }
            Action::Limit { new, .. } => (Kind::LimitsChanged, amount == Some(*new) || receipt.missing.is_some()),
            _ => (Kind::Refilled, true),
        };
        own && receipt.kind == kind && same
    }
}

#[cfg(test)]
mod tests;
