//! What the owner's side decides, over ports.
//!
//! [`Wallet`] has one method for each thing an owner does. Everything the user agrees to is prepared first, with all
//! network work, and confirmed inside a tap. No call panics when calls overlap: they wait their turn, and a new
//! ceremony ends the open one.

mod calling;
mod cards;
mod ceremony;
mod change;
mod checks;
pub mod classify;
mod client;
mod clock;
mod dating;
mod enrol;
mod error;
mod freeze;
mod history;
mod keys;
pub mod memory;
mod pay;
pub mod picture;
pub mod ports;
pub mod presentation;
pub mod queue;
pub mod record;
mod refill;
mod room;
mod rotate;
#[cfg(test)]
mod scripted;
pub mod state;
mod step_up;
mod sync;
mod undrawn;
mod unlock;

pub use error::{Confidence, Details, Error};
pub use state::{Alert, CardProof, Ceremony, Confirmed, IntentView, PaymentCode, ReceiptView, Report, State, Status};

use crate::wire::calls::{EnterCode, LogIn};
use crate::wire::enrolment::Custody;
use crate::wire::id::{IssuerId, SourceId, Thumbprint};
use crate::wire::money::{Amount, Currency};
use crate::wire::origin::Origin;
use crate::wire::till_code::Form;
use ports::Platform;
use presentation::ToPresent;
pub use room::Local;
use room::Room;
use std::rc::Rc;

/// What a page says when it opens a wallet.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who the issuer is. Signed into every proof, whatever `endpoint` is.
    pub issuer: IssuerId,
    /// Origin or address prefix that calls are sent to; none: the issuer itself.
    pub endpoint: Option<String>,
    /// The issuer's root key, a constant of the page; none: the first one seen over TLS is pinned.
    pub root: Option<Thumbprint>,
    /// The one custody the page accepts; none: the strongest that works here, never [`Custody::Software`].
    pub custody: Option<Custody>,
    /// Origins on which the card company's page may be, beside the page's own and the issuer's.
    pub card_origins: Vec<Origin>,
    /// What this device is called if `prepare_enrolment` is given no label.
    pub label: String,
}

impl Settings {
    /// The defaults for an issuer.
    #[must_use]
    pub fn new(issuer: IssuerId) -> Self {
        Self {
            issuer,
            endpoint: None,
            root: None,
            custody: None,
            card_origins: Vec::new(),
            label: "This device".into(),
        }
    }
}

/// One opened wallet.
pub struct Wallet<P: Platform> {
    platform: P,
    settings: Settings,
    room: Room<P>,
}

impl<P: Platform> Wallet<P> {
    /// Opens what is stored here. Asks the user for nothing and needs no network.
    ///
    /// # Errors
    /// `upgrade-needed` for a record of a newer version, `bad-argument` for one of another issuer,
    /// `issuer-untrusted` if another root was pinned, `unsupported` or `storage-failed` from the store. A record that
    /// is gone, unreadable or has lost its key is not an error: see [`State::status`].
    pub async fn open(platform: P, settings: Settings) -> Result<Self, Error> {
        Self::open_record(platform, settings).await
    }

    /// A snapshot.
    pub fn state(&self) -> State {
        self.view()
    }

    /// Calls `callback` after every change of [`Wallet::state`].
    pub fn on_change(&self, callback: impl Fn() + 'static) {
        self.room.listen(callback);
    }

    /// Looks whether a new wallet's page is set up as its issuer expects, before anybody types anything. Nothing is stored.
    ///
    /// # Errors
    /// `offline`, `issuer-unreachable`, `connect-blocked`, `wrong-origin`, `foreign-answer`, `wrong-issuer`, `wrong-rp`,
    /// `issuer-untrusted`, `upgrade-needed`.
    pub fn meet(&self) -> Local<'_, Result<(), Error>> {
        self.meet_issuer()
    }

    /// Starts a login, making this device's keys first if there are none. The answer names the attempt and says
    /// nothing about login or password.
    ///
    /// # Errors
    /// `already-enrolled`; `unsupported` where no accepted custody works; the store's and the issuer's codes.
    pub fn log_in<'a>(
        &'a self,
        login: &'a str,
        password: &'a str,
        language: &'a str,
    ) -> Local<'a, Result<String, Error>> {
        self.start_login(&LogIn { login: login.into(), password: password.into(), language: language.into() })
    }

    /// Shows the contact code and gets the ticket for [`Wallet::prepare_enrolment`].
    ///
    /// # Errors
    /// `code-refused` alike for a wrong login, password or code.
    pub fn enter_code<'a>(&'a self, attempt: &'a str, code: &'a str) -> Local<'a, Result<String, Error>> {
        self.finish_login(&EnterCode { attempt: attempt.into(), code: code.into() })
    }

    /// Prepares to register this device. `label` is parsed as a [`Label`](crate::wire::text::Label); an empty one stands
    /// for the one of the settings.
    ///
    /// # Errors
    /// `bad-label`; `ticket-expired`, `not-first-device`, `already-enrolled`; `wrong-account` if the ticket is for another account
    /// than `expected_account_label`, which is what the wallet shows (without one, the account's id: a label that comes
    /// from the network is never shown); `wrong-rp` if the issuer's relying party is not this page's host.
    pub fn prepare_enrolment<'a>(
        &'a self,
        ticket: &'a str,
        label: &'a str,
        expected_account_label: Option<&'a str>,
    ) -> Local<'a, Result<Ceremony, Error>> {
        Box::pin(self.enrolment(ticket, label, expected_account_label, false))
    }

    /// Prepares to put this device in the place of one whose key is gone or suspended and whose passkey is here.
    ///
    /// # Errors
    /// As [`Wallet::prepare_enrolment`]; `no-credential` if the account has no device to replace.
    pub fn prepare_recovery<'a>(
        &'a self,
        ticket: &'a str,
        label: &'a str,
        expected_account_label: Option<&'a str>,
    ) -> Local<'a, Result<Ceremony, Error>> {
        Box::pin(self.enrolment(ticket, label, expected_account_label, true))
    }

    /// Prepares to charge a source and credit the account.
    ///
    /// # Errors
    /// `not-enrolled`, `locked`, `frozen` and so on; `bad-amount`; `source-unknown`; `cooling-off`, `over-limit`,
    /// `card-proof-needed` from the issuer; `intent-mismatch` if the issuer's intent says anything else; `clock-skew` if its end
    /// fits no clock even after a sync.
    pub fn prepare_top_up<'a>(
        &'a self,
        amount: Amount,
        currency: Currency,
        source: SourceId,
    ) -> Local<'a, Result<Ceremony, Error>> {
        Box::pin(self.top_up(amount, currency, source))
    }

    /// Runs an open ceremony: prompts, checks, signs, sends. After `cancelled`, `timed-out`, `tap-again`,
    /// `not-focused`, `uv-failed` and `offline` it may be called again with the same id.
    ///
    /// # Errors
    /// `superseded` if a newer ceremony took its place, `busy` while it runs, `intent-expired` if it is over; the
    /// prompt's and the issuer's codes.
    pub fn confirm(&self, id: u64) -> Local<'_, Result<Confirmed, Error>> {
        Box::pin(self.run_ceremony(id))
    }

    /// Ends a ceremony. Resolves once its prompt is closed; safe for any id at any time.
    pub fn cancel(&self, id: u64) -> Local<'_, ()> {
        Box::pin(self.cancel_ceremony(id))
    }

    /// One payment code, on disk as used before it is returned. Needs no network, but once after a clock was far ahead, and once
    /// with a new key.
    ///
    /// # Errors
    /// `not-enrolled`, `locked`, `frozen`, `suspended`, `revoked`, `key-lost`; `rotate-needed` for a full counter, or one that
    /// the issuer says is further than this wallet has counted; after a rotation whose first sync did not come through, what
    /// [`Self::sync`] ends with; `too-fast` above 1 a second and 10 a minute; `over-allowance` if at worst nothing is left, or `max` is above it, or the allowance ended;
    /// `sync-needed` if the newest code is dated far ahead and the issuer can't be reached.
    pub fn payment_code(&self, max: Option<Amount>) -> Local<'_, Result<PaymentCode, Error>> {
        Box::pin(self.make_code(max, Form::default()))
    }

    /// The same in a form that the till is known to read.
    ///
    /// # Errors
    /// Those of [`Self::payment_code`].
    pub fn payment_code_as(&self, form: Form, max: Option<Amount>) -> Local<'_, Result<PaymentCode, Error>> {
        Box::pin(self.make_code(max, form))
    }

    /// The same for [`presentation::Presentation::made`]. A code that was made in this way and never drawn ([`Self::drawn`]) is given
    /// again, with no further counter: if form and `max` are the same, 30 seconds of its life are left, no other code and no receipt
    /// came after it, and since it was asked for nobody locked and nothing demanded a tap ([`Self::interrupt`], [`Self::blurred`]).
    ///
    /// # Errors
    /// Those of [`Self::payment_code`].
    pub fn code_to_present(&self, form: Form, max: Option<Amount>) -> Local<'_, Result<Rc<ToPresent>, Error>> {
        Box::pin(self.make_code_to_present(form, max))
    }

    /// Asks the issuer to follow what is new with an answer that stays open; resolves with its first line, the number of the
    /// newest receipt. Works while locked.
    ///
    /// # Errors
    /// `not-enrolled`, `offline`, and what the issuer refuses.
    pub fn follow_news(&self) -> Local<'_, Result<u64, Error>> {
        Box::pin(self.ask_for_news())
    }

    /// Fetches and checks what is new. Works while locked.
    ///
    /// # Errors
    /// `not-enrolled`, `offline`, `issuer-untrusted`, `clock-skew`, `chain-gap`, `chain-fork`, `receipt-forged`; the
    /// last three stay as an alert too.
    pub fn sync(&self) -> Local<'_, Result<(), Error>> {
        self.fetch_news()
    }

    /// Takes what another tab, or the platform, has made of the record since it was read here.
    ///
    /// # Errors
    /// `closed`, and as for [`Wallet::open`]. A record that is gone or unreadable is not an error: see [`State::status`].
    pub fn read_again(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(self.take_stored())
    }

    /// Fetches a fresh allowance with the device key.
    ///
    /// # Errors
    /// As for signing, and what the issuer refuses.
    pub fn refill(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(self.fetch_allowance(None))
    }

    /// Prepares a refill beyond the silent one a day: the same limits again, after a step-up. It gives no new window.
    ///
    /// # Errors
    /// As for signing; `over-allowance` without an allowance to renew; `cooling-off`.
    pub fn prepare_refill(&self) -> Local<'_, Result<Ceremony, Error>> {
        Box::pin(self.agree_to_refill())
    }

    /// Prepares to lower or raise what all devices may pay in 24 hours, within what the issuer allows.
    ///
    /// # Errors
    /// As for signing; `bad-amount` for nothing or the same as now; `over-limit` with what the issuer allows; `cooling-off`;
    /// `clock-skew`. What was changed elsewhere since the last sync is learned first.
    pub fn prepare_limit(&self, amount: Amount) -> Local<'_, Result<Ceremony, Error>> {
        Box::pin(self.change_limit(amount))
    }

    /// Takes an alert off [`State::alerts`].
    ///
    /// # Errors
    /// The store's codes.
    pub fn acknowledge<'a>(&'a self, alert: &'a str) -> Local<'a, Result<(), Error>> {
        Box::pin(self.drop_alert(alert))
    }

    /// Starts the proof of a stored card on this device.
    ///
    /// # Errors
    /// As for signing, and what the issuer refuses; `issuer-untrusted` for a page on another origin than this page's, the
    /// issuer's and [`Settings::card_origins`].
    pub fn prove_card<'a>(&'a self, source: SourceId) -> Local<'a, Result<CardProof, Error>> {
        Box::pin(self.card_proof(source))
    }

    /// Notes that the page has drawn the checked receipts up to this one for its owner, and tells the issuer: a code made from
    /// then on is an ordinary payment wherever it is used. Works while locked; offline the next sync tells it.
    ///
    /// # Errors
    /// The store's codes.
    pub fn shown(&self, sequence: u64) -> Local<'_, Result<(), Error>> {
        Box::pin(self.note_shown(sequence))
    }

    /// Prepares the release of a frozen account: its confirmation, the passkey's, sends the contact code that
    /// [`Wallet::unfreeze`] takes. While a code lives, none is sent.
    ///
    /// # Errors
    /// `not-first-device` on a device from after the freeze, `cooling-off`, `not-found` if the account is not frozen;
    /// `code-refused` if the contact was changed within 30 days.
    pub fn prepare_unfreeze(&self) -> Local<'_, Result<Ceremony, Error>> {
        Box::pin(self.release())
    }

    /// Lets the account work again.
    ///
    /// # Errors
    /// `code-refused`; as [`Wallet::prepare_unfreeze`].
    pub fn unfreeze<'a>(&'a self, attempt: &'a str, code: &'a str) -> Local<'a, Result<Rc<ReceiptView>, Error>> {
        Box::pin(self.enter_unfreeze_code(attempt, code))
    }

    /// Prepares to put a new device key in the place of this one, which signs it in: after clone evidence, or into another
    /// custody; none: as it is. Meters, counters, cool-off and suspicion go along.
    ///
    /// # Errors
    /// The state's code, but not `suspended`, which it cures, nor `frozen`, which stays; `unsupported` for a custody that does not work here.
    /// `too-many-attempts`, with the time to wait, if a refused rotation may still land and its keys can't serve for this one:
    /// they are of another custody, or sealed and the page was loaded again, or nine of its calls were refused.
    pub fn prepare_rotation(&self, custody: Option<Custody>) -> Local<'_, Result<Ceremony, Error>> {
        Box::pin(self.rotation(custody))
    }

    /// Drops the device key from memory.
    pub fn lock(&self) {
        self.drop_device_key();
    }

    /// Ends an [`Self::unlock`] that is under way, and its prompt: what it was about to open stays as it is.
    pub fn stop_unlock(&self) -> Local<'_, ()> {
        Box::pin(async { self.stop_unlocking() })
    }

    /// Opens the device key again. Needs no network. A sealed key asks for its passkey: call it inside a tap. Whatever is
    /// refused, the sealed key stays as it is.
    ///
    /// # Errors
    /// `not-enrolled`, `key-lost`, `storage-failed`; the prompt's codes; `prf-unavailable`, `prf-unusable` and `seal-mismatch`
    /// by what the passkey derives; `seal-broken` if the seal is damaged or of another account.
    pub fn unlock(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(self.open_device_key(false))
    }

    /// Opens a sealed device key and seals it again: another input for the passkey, another salt. The passkey is asked twice. The
    /// old seal counts until the new one was opened and has signed. A key that is not sealed is opened and left as it is.
    ///
    /// # Errors
    /// As [`Wallet::unlock`].
    pub fn reseal(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(self.open_device_key(true))
    }

    /// Checked receipts that are kept here, newest first, those below sequence `before` if given.
    pub fn receipts(&self, before: Option<u64>, limit: usize) -> Vec<Rc<ReceiptView>> {
        self.kept_receipts(before, limit)
    }

    /// Erases all that is kept here: keys, receipts, alerts. The wallet is new afterwards. An unlocked wallet signs this
    /// device off where the issuer can be reached, and erases all the same where not. A locked one asks for no passkey and
    /// leaves the device registered. Its passkey still leads back into the account.
    ///
    /// # Errors
    /// The store's codes.
    pub fn forget(&self) -> Local<'_, Result<(), Error>> {
        Box::pin(self.erase())
    }

    /// Ends the open ceremony and drops the keys from memory.
    pub fn close(&self) -> Local<'_, ()> {
        Box::pin(self.shut())
    }

    /// For support: no key, no token, nothing personal.
    pub fn report(&self) -> Report {
        self.describe()
    }

    /// The ports.
    pub const fn platform(&self) -> &P {
        &self.platform
    }
}
