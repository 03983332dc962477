//! Checking receipts: signature, chain, body, and whether this wallet made the code that was debited (protocol
//! section 6).

use super::client;
use super::error::Error;
use super::ports::Platform;
use super::record::{Data, Made};
use super::room::ms;
use super::state::{Alert, AlertKind, By, Cause, Missing, ReceiptView};
use super::{Local, Wallet};
use crate::rules::chain::Broken;
use crate::rules::lifetime::LIFETIME;
use crate::rules::spending::Entry;
use crate::wire::calls::{BothMine, ReceiptItem};
use crate::wire::id::{Hash, to_base64};
use crate::wire::json::decimal;
use crate::wire::key_set::{KeySet, Use};
use crate::wire::money::{Amount, Currency, Money};
use crate::wire::number::Whole;
use crate::wire::receipt::{Body, Kind, Receipt};
use crate::wire::sha256;
use std::rc::Rc;

/// A receipt that the issuer signed for this account, with the body it names.
pub(super) struct Checked {
    receipt: Box<Receipt>,
    body: Result<Box<Body>, Missing>,
}

/// Checks one receipt by itself; its place in the chain is [`apply`]'s to check. A receipt may be older than its key's time:
/// the head, whose key has to be valid now, covers it. A body that is missing is no error.
///
/// # Errors
/// [`Cause::Forged`].
pub(super) fn open_receipt(data: &Data, set: &KeySet, item: &ReceiptItem) -> Result<Checked, Cause> {
    let (receipt, _) = set.open_undated::<Receipt>(&item.receipt.0, Use::Receipt).map_err(|_| Cause::Forged)?;
    let receipt = receipt.into_inner();
    if receipt.issuer != data.issuer || data.known_account().is_none_or(|account| receipt.account != account.id) {
        return Err(Cause::Forged);
    }
    let body = read_body(&item.body.0, receipt.body_hash);
    Ok(Checked { receipt, body })
}

fn read_body(bytes: &[u8], signed: Hash) -> Result<Box<Body>, Missing> {
    if bytes.is_empty() {
        return Err(Missing::Erased);
    }
    if Hash(sha256(bytes)) != signed {
        return Err(Missing::Forged);
    }
    Body::from_bytes(bytes).map_err(|_| Missing::Unreadable)
}

impl Checked {
    /// As a page sees it.
    pub(super) fn view(&self, data: &Data) -> ReceiptView {
        let Self { receipt, body } = self;
        let (missing, body) = (body.as_ref().err().copied(), body.as_deref().ok());
        // A known set says a currency; the fallback is never reached once an account is there.
        let currency = data.currency().unwrap_or(Currency::JPY);
        let by = receipt.thumb.map(|thumb| if data.is_own(thumb) { By::ThisDevice } else { By::OtherDevice });
        let moved = self.moved(data).map(|amount| Money { amount, currency });
        let stated = |body: &Body| Some(Money { amount: body.amount?, currency: body.currency.unwrap_or(currency) });
        let listed = |thumb| data.devices.iter().find(|item| item.thumb == thumb).map(|item| item.label.clone());
        ReceiptView {
            id: to_base64(receipt.link().as_bytes()),
            sequence: receipt.seq.get(),
            at: ms(receipt.time),
            kind: receipt.kind,
            balance: Money { amount: receipt.balance, currency },
            money: moved.or_else(|| body.and_then(stated)),
            shop: body.and_then(|body| body.shop.clone()),
            place: body.filter(|_| by != Some(By::OtherDevice)).and_then(|body| body.place.clone()),
            source: body.and_then(|body| body.source.clone()),
            device: receipt.thumb.map(|thumb| to_base64(&thumb.0)),
            device_label: body.and_then(|body| body.device_label.clone()).or_else(|| receipt.thumb.and_then(listed)),
            counter: receipt.atc,
            by,
            undoes: body.and_then(|body| body.undoes).map(Whole::get),
            reason: body.and_then(|body| body.reason.as_ref()).map(ToString::to_string),
            missing,
        }
    }

    /// What the receipt moved, by its signed balance and the one before. None if it moves no money, or if the receipt
    /// before it is not the newest one here.
    fn moved(&self, data: &Data) -> Option<Amount> {
        let Receipt { seq, kind, balance: after, .. } = *self.receipt;
        let before = match data.receipts.last() {
            None if seq == 1 => Amount::ZERO,
            last => last.filter(|last| seq == last.sequence.saturating_add(1))?.balance.amount,
        };
        match kind {
            Kind::Payment => before.minus(after).or(Some(Amount::ZERO)),
            Kind::Refund | Kind::TopUp | Kind::Opening => after.minus(before).or(Some(Amount::ZERO)),
            _ => None,
        }
    }
}

/// Checks the next receipt of the chain, keeps it, and raises what it has to raise. All of that follows from its signed
/// part; the body only says more of what a person reads. Nothing changes on an error.
///
/// # Errors
/// Why the history does not hold.
pub(super) fn apply(data: &mut Data, set: &KeySet, item: &ReceiptItem) -> Result<(), Cause> {
    let checked = open_receipt(data, set, item)?;
    let receipt = &checked.receipt;
    let link = data.link.next(receipt).map_err(|broken| match broken {
        Broken::Gap => Cause::Gap,
        Broken::Fork => Cause::Fork,
    })?;
    let view = Rc::new(checked.view(data));
    data.link = link;
    let is_own = view.by == Some(By::ThisDevice);
    let happened_here_before = is_history(data, receipt);
    match receipt.kind {
        Kind::Payment => {
            let moved = view.money.map_or(Amount::ZERO, |money| money.amount);
            let unknown = if is_own { !is_made_here(data, receipt, moved) } else { !is_listed(data, receipt) };
            if unknown && (is_own || !happened_here_before) {
                data.alert(alert(AlertKind::UnknownUse, Some(Cause::NeverMadeHere), &view));
            }
            if is_own {
                count(data, &view);
            }
        }
        Kind::Refund if is_own => take_back(data, &view),
        Kind::Released => data.alerts.retain(|alert| !alert.is_of_hold(view.undoes)),
        Kind::DeviceAdded if is_own => data.added_by = Some(receipt.seq.get()),
        _ => {}
    }
    let raised = match receipt.kind {
        Kind::DeviceAdded if !is_own => Some(AlertKind::NewDevice),
        Kind::DeviceSuspended => Some(AlertKind::DeviceSuspended),
        Kind::Held => Some(AlertKind::UsedElsewhere),
        Kind::Frozen if !is_own => Some(AlertKind::Frozen),
        Kind::RecoveryStarted => Some(AlertKind::RecoveryStarted),
        Kind::ContactChanged => Some(AlertKind::ContactChanged),
        Kind::Unfrozen if !is_own => Some(AlertKind::Unfrozen),
        Kind::LimitsChanged if !is_own => Some(AlertKind::LimitsChanged),
        _ => None,
    };
    if let Some(kind) = raised.filter(|_| !happened_here_before) {
        data.alert(alert(kind, None, &view));
    }
    if view.missing == Some(Missing::Forged) {
        let word = plain_alert(AlertKind::ReceiptForged, "forged-body", view.sequence, view.at);
        data.alert(Alert { receipt: Some(Rc::clone(&view)), ..word });
    }
    data.keep_receipt(view);
    Ok(())
}

/// Whether it happened before this device was added: no news to its owner.
fn is_history(data: &Data, receipt: &Receipt) -> bool {
    data.added_by.is_none_or(|added_by| receipt.seq.get() < added_by)
}

/// Whether the debit is the first one of a token that this wallet made, and no more than that token allowed.
fn is_made_here(data: &mut Data, receipt: &Receipt, amount: Amount) -> bool {
    let Receipt { seq, atc: Some(atc), random: Some(random), time, .. } = *receipt else { return false };
    match data.made.iter_mut().find(|made| made.atc == atc && made.random == random) {
        Some(made) if made.spent.is_none() && amount <= made.most && was_alive(made, time) => {
            made.spent = Some(seq.get());
            true
        }
        Some(_) => false,
        None => atc <= data.forgotten,
    }
}

/// Whether a token of this wallet could be taken then. One with the same counter and random part and a later date is
/// what a thief makes of a copied record.
fn was_alive(made: &Made, taken_at: u32) -> bool {
    /// A clock that was put back in between, in seconds.
    const SLACK: u64 = 300;
    u64::from(taken_at) <= made.at / 1000 + u64::from(LIFETIME) + SLACK
}

fn is_listed(data: &Data, receipt: &Receipt) -> bool {
    receipt.thumb.is_some_and(|thumb| data.devices.iter().any(|item| item.thumb == thumb))
}

fn entry(view: &ReceiptView) -> Option<Entry> {
    Some(Entry { at: u32::try_from(view.at / 1000).unwrap_or(u32::MAX), amount: view.money?.amount })
}

/// A payment counts instead of the worst that its presentation could have become.
fn count(data: &mut Data, view: &ReceiptView) {
    if let Some(entry) = entry(view) {
        data.meter.add(entry.amount, entry.at);
    }
    if let Some(counter) = view.counter {
        data.shown.retain(|shown| !(shown.first..=shown.last).contains(&counter));
    }
}

fn take_back(data: &mut Data, view: &ReceiptView) {
    // The signed part names the payment's device and counter.
    let Some(counter) = view.counter else { return };
    let undoes = |kept: &&Rc<ReceiptView>| {
        kept.kind == Kind::Payment && kept.device == view.device && kept.counter == Some(counter)
    };
    let undone = data.receipts.iter().rev().find(undoes).and_then(|kept| entry(kept));
    if let Some(undone) = undone {
        data.meter.take_back(undone);
    }
}

fn alert(kind: AlertKind, cause: Option<Cause>, view: &Rc<ReceiptView>) -> Alert {
    Alert { cause, receipt: Some(Rc::clone(view)), ..plain_alert(kind, "receipt", view.sequence, view.at) }
}

/// The alert of a history that does not hold after `after`.
pub(super) fn broken_alert(cause: Cause, after: u64, now_ms: u64) -> Alert {
    Alert { cause: Some(cause), ..plain_alert(AlertKind::UnknownUse, cause.name(), after, now_ms) }
}

/// An alert that says no more; the same cause gives the same id.
pub(super) fn plain_alert(kind: AlertKind, word: &str, cause: u64, at: u64) -> Alert {
    Alert { id: [word, "-", &decimal(cause)].concat(), at, kind, cause: None, receipt: None, skew_ms: None }
}

/// The newest receipts, newest first, those below sequence `before` if given.
pub(super) fn newest(data: &Data, before: Option<u64>, limit: usize) -> Vec<Rc<ReceiptView>> {
    let mut newest = Vec::new();
    for receipt in data.receipts.iter().rev() {
        if newest.len() < limit && before.is_none_or(|before| receipt.sequence < before) {
            newest.push(Rc::clone(receipt));
        }
    }
    newest
}

impl<P: Platform> Wallet<P> {
    pub(super) fn kept_receipts(&self, before: Option<u64>, limit: usize) -> Vec<Rc<ReceiptView>> {
        self.read(|data| newest(data, before, limit)).unwrap_or_default()
    }

    /// Keeps what the page has drawn, and tells the issuer at once where a payment of this device is among it. If that call
    /// does not come through, the next sync says it.
    pub(super) async fn note_shown(&self, sequence: u64) -> Result<(), Error> {
        let mut is_payment = false;
        self.change(|data| {
            let before = data.drawn.unwrap_or_default();
            let now = sequence.min(data.link.seq).max(before);
            let is_news = |receipt: &&Rc<ReceiptView>| receipt.sequence > before && receipt.sequence <= now;
            is_payment = data
                .receipts
                .iter()
                .filter(is_news)
                .any(|receipt| receipt.kind == Kind::Payment && receipt.by == Some(By::ThisDevice));
            data.drawn = Some(now);
            Ok(())
        })
        .await?;
        if is_payment {
            let _ = self.fetch_news().await;
        }
        Ok(())
    }

    /// "Both were mine": releases the payment that a `held` receipt of this sequence says waits.
    ///
    /// # Errors
    /// As for signing; `cooling-off`; `not-found` for a payment that does not wait, or waits for a person of the issuer.
    pub fn both_mine(&self, sequence: u64) -> Local<'_, Result<(), Error>> {
        Box::pin(self.release_held(sequence))
    }

    /// Tells the issuer that both payments were the owner's, and fetches the receipt of it.
    pub(super) async fn release_held(&self, seq: u64) -> Result<(), Error> {
        self.demand_ready()?;
        self.call_by_newest_key(client::By::Device, &BothMine { seq }).await?;
        // The receipt takes the alert away; if it does not come now, the next sync brings it.
        let _ = self.fetch_news().await;
        Ok(())
    }

    pub(super) async fn drop_alert(&self, alert: &str) -> Result<(), Error> {
        self.change(|data| {
            data.alerts.retain(|kept| kept.id != alert);
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
