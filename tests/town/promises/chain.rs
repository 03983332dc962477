//! Receipts are whole. Whether the issuer's key signed them is every wallet's own check, and an alert where it fails.

use super::reading::{History, Reading};
use jitsuin::wire::id::Hash;

/// 1, 2, 3, … without a gap; each names the one before; the ledger's row and the account say the same.
pub fn whole(reading: &Reading<'_>) -> Option<String> {
    reading.histories.iter().find_map(|(id, history)| fault(id, history))
}

fn fault(id: &str, history: &History<'_>) -> Option<String> {
    let mut before = Hash::ZERO;
    for (seq, (stored, said)) in (1_u64..).zip(history.stored.iter().zip(&history.said)) {
        let Some(said) = said else { return Some(format!("receipt {seq} of {id} can't be read")) };
        let receipt = &said.receipt;
        let number = receipt.seq.get();
        if number != seq {
            return Some(format!("receipt {number} of {id} stands in the place of receipt {seq}"));
        }
        if receipt.prev != before {
            return Some(format!("receipt {seq} of {id} does not name the one before it"));
        }
        if receipt.account != history.account.id || stored.account != receipt.account {
            return Some(format!("receipt {seq} of {id} is another account's"));
        }
        if (stored.seq, stored.kind, stored.at) != (seq, receipt.kind, receipt.time) {
            return Some(format!("the row of receipt {seq} of {id} says something else than the receipt"));
        }
        if said.body.is_none() && !said.is_erased {
            return Some(format!("receipt {seq} of {id} has other details than those it was signed for"));
        }
        before = said.link;
    }
    let newest = history.account.link;
    let count = u64::try_from(history.stored.len()).unwrap();
    ((newest.seq, newest.hash) != (count, before))
        .then(|| format!("{id} goes on from receipt {}, and its newest is {count}", newest.seq))
}
