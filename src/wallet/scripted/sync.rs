//! The scripted issuer's answer to a sync.

use super::issuer::ok;
use super::*;

impl Issuer {
    pub(super) fn sync(&self, call: &Sync) -> Response {
        let trick = self.trick.get();
        if trick == Some(Trick::OtherHistory) {
            self.book.borrow_mut().receipts.first_mut().unwrap().0.time += 1;
            let mut prev = Hash::ZERO;
            for (receipt, _) in &mut self.book.borrow_mut().receipts {
                receipt.prev = prev;
                prev = receipt.link();
            }
        }
        let book = self.book.borrow();
        let mut receipts: Vec<_> = book
            .receipts
            .iter()
            .filter(|(receipt, _)| receipt.seq.get() > call.after)
            .take(50)
            .map(|pair| self.item(pair))
            .collect();
        if trick == Some(Trick::ReceiptLeftOut) {
            receipts.remove(0);
        }
        let last = book.receipts.last().map(|(receipt, _)| receipt);
        let head = Head {
            account: account(),
            seq: last.map_or(Whole::default(), |last| last.seq),
            hash: last.map_or(Hash::ZERO, Receipt::link),
            time: if trick == Some(Trick::OldHead) { self.now() - 61 } else { self.now() },
            balance: amount(book.balance),
        };
        let nonce = if trick == Some(Trick::OtherTimeNonce) { Nonce([0; 16]) } else { call.nonce };
        if let (Some(Trick::SlowAnswer), Some(clock)) = (trick, self.other_clock.borrow().as_ref()) {
            clock.advance(Duration::from_secs(11));
            self.clock.advance(Duration::from_secs(11));
        }
        let time = Time { issuer: issuer_id(), nonce, now_ms: Whole::new(self.clock.true_ms()).unwrap() };
        let mut state = DeviceState {
            issuer: issuer_id(),
            account: account(),
            thumb: call.thumb,
            nonce: call.nonce,
            seq: head.seq,
            status: book.status,
            floor: book.floor,
            devices: book.devices.clone().try_into().unwrap(),
            sources: book.sources.clone().try_into().unwrap(),
            left: Left {
                resets_at: if book.left.resets_at == 0 { self.now() } else { book.left.resets_at },
                ..book.left
            },
            limit: book.limit,
        };
        match trick {
            Some(Trick::StateOfIssuer) => state.issuer = "https://other.example".parse().unwrap(),
            Some(Trick::StateOfAccount) => state.account = "acc-2".parse().unwrap(),
            Some(Trick::StateOfDevice) => state.thumb = Thumbprint([9; 32]),
            Some(Trick::StateOfCall) => state.nonce = Nonce([9; 16]),
            Some(Trick::StateOfSeq) => state.seq = Whole::new(state.seq.get() + 1).unwrap(),
            _ => {}
        }
        let usage = if trick == Some(Trick::StateWrongKey) { Use::Time } else { Use::Receipt };
        ok(&Synced {
            time: self.sign(Use::Time, &time),
            head: self.sign(Use::Receipt, &head),
            state: self.sign(usage, &state),
            receipts,
            key_set: None,
        })
    }
}
