//! How a token is refused: what becomes of its counter and its key, and what the owner hears.

use super::{Desk, outcome};
use crate::code::Code;
use crate::issuer::account::{Account, State};
use crate::issuer::ledger::Records;
use crate::issuer::messages::{Event, Message, Named};
use crate::issuer::payments::held;
use crate::issuer::receipts::{self, Draft};
use crate::issuer::replay::Use;
use crate::wire::calls::{Outcome, PaymentAnswer};
use crate::wire::receipt::Kind;

impl Desk<'_> {
    pub(super) fn draft(&self, kind: Kind) -> Draft {
        let mut draft = Draft::of(kind, self.thumb);
        draft.token = Some((self.token.atc, self.token.random));
        draft.evidence = Some(self.evidence.clone());
        draft.body.amount = Some(self.sale.amount);
        draft.body.currency = Some(self.sale.currency);
        draft.body.shop = Some(self.till.name.clone());
        draft.body.place = self.till.place.clone();
        draft
    }

    fn declined(&self, records: &mut Records, account: &mut Account, code: Code) {
        let mut draft = self.draft(Kind::Declined);
        draft.body.reason = Some(code.into());
        receipts::issue(self.moment, records, account, draft);
    }

    /// Refuses and leaves the counter alone. Writes one receipt for one token, however often it is offered, a few in an hour, and
    /// none for a key that was ended: whoever has a copy of it must not fill the owner's history.
    pub(super) fn refuse_untaken(&self, records: &mut Records, account: &mut Account, code: Code) -> PaymentAnswer {
        let (now, most) = (self.moment.now(), self.moment.settings.policy.untaken_receipts_hour);
        let device = account.device_mut(self.thumb).filter(|device| device.state != State::Revoked);
        if device.is_some_and(|device| device.window.note(self.token, now, most)) {
            self.declined(records, account, code);
        }
        self.answer(outcome(code))
    }

    /// Refuses and takes the counter: a refused code is spent as well.
    pub(super) fn refuse_taken(&self, records: &mut Records, account: &mut Account, code: Code) -> PaymentAnswer {
        self.take(account, outcome(code), None);
        self.declined(records, account, code);
        self.answer(outcome(code))
    }

    /// Suspends the key, of which there is a copy.
    pub(super) fn suspend(&self, records: &mut Records, account: &mut Account) -> PaymentAnswer {
        let mut draft = Draft::of(Kind::DeviceSuspended, self.thumb);
        if let Some(device) = account.device_mut(self.thumb) {
            device.state = State::Suspended;
            device.evidence.suspected_at = Some(self.moment.now());
            device.end_intents();
            draft.body.device_label = Some(device.label.clone());
        }
        let label = draft.body.device_label.clone().unwrap_or_default();
        self.declined(records, account, Code::CloneSuspected);
        receipts::issue(self.moment, records, account, draft);
        records.messages.push(Message::alarm(self.moment, account, &Event::DeviceSuspended(Named(&label))));
        self.answer(Outcome::Declined)
    }

    /// A second till offers a live token that was taken: somebody lifted it. The first payment waits for a person.
    pub(super) fn lifted(&self, records: &mut Records, account: &mut Account, seen: &Use) -> PaymentAnswer {
        held::hold_offered_twice(self.moment, records, account, seen, (self.thumb, self.till));
        self.answer(Outcome::TokenUsed)
    }
}
