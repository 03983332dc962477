//! The scripted issuer's step-ups.

use super::issuer::{ok, refused};
use super::*;

impl Issuer {
    fn fingerprint(&self, source: &SourceId) -> Hash {
        let book = self.book.borrow();
        book.sources.iter().find(|item| item.id == *source).map_or(Hash::ZERO, SourceItem::fingerprint)
    }

    pub(super) fn top_up(&self, call: &PrepareTopUp, thumb: Thumbprint) -> Response {
        let trick = self.trick.get();
        let asked = if trick == Some(Trick::IntentAmount) { amount(30_000) } else { call.amount };
        let intent = Intent {
            issuer: issuer_id(),
            account: account(),
            thumb,
            credential: self.book.borrow().credential.clone(),
            head: if trick == Some(Trick::IntentHead) { Hash::ZERO } else { call.head },
            nonce: Nonce(self.entropy.draw().unwrap()),
            expires_at: self.now() + 300,
            action: Action::TopUp {
                amount: asked,
                currency: call.currency,
                source: call.source.clone(),
                source_fingerprint: self.fingerprint(&call.source),
            },
        };
        let bytes = Bytes(intent.to_bytes());
        self.book.borrow_mut().intent = Some((intent, false));
        ok(&IntentPrepared { intent: bytes })
    }

    pub(super) fn confirm(&self, call: &ConfirmIntent) -> Response {
        let held = self.book.borrow_mut().intent.take();
        let Some((intent, used)) = held else { return refused(Code::IntentExpired) };
        self.book.borrow_mut().intent = Some((intent.clone(), true));
        if used || call.intent.0 != intent.to_bytes() {
            return refused(Code::IntentExpired);
        }
        assert!(call.co_signature.is_some());
        if self.trick.get() == Some(Trick::NeverSettles) {
            return ok(&IntentConfirmed::Pending { top_up: "top-up-1".parse().unwrap() });
        }
        let Action::TopUp { amount: credited, .. } = intent.action else { return refused(Code::Malformed) };
        let mut credited = u32::try_from(credited.minor_units()).unwrap();
        if self.trick.get() == Some(Trick::ReceiptForOtherAmount) {
            credited -= 1;
        }
        self.record(Kind::TopUp, Some(intent.thumb), None, Some(credited));
        let receipt = self.item(self.book.borrow().receipts.last().unwrap());
        ok(&IntentConfirmed::Done { receipt })
    }
}
