//! A freeze stops all money but what was under way.

use super::above::entries;
use super::reading::{History, Reading};
use jitsuin::wire::receipt::Kind;

/// Between a freeze and its release no payment is made; a top-up is credited only if its charge was agreed to before; and no
/// code that was drawn before the release is good after it.
pub fn moves_nothing(reading: &Reading<'_>) -> Option<String> {
    for (id, history) in &reading.histories {
        if let Some(seen) = in_history(reading, history).or_else(|| old_code(reading, history)) {
            return Some(format!("{id}: {seen}"));
        }
    }
    None
}

fn in_history(reading: &Reading<'_>, history: &History<'_>) -> Option<String> {
    let mut frozen_at = None;
    let agreed = entries(&history.account.topped_up);
    for receipt in history.readable().map(|said| &said.receipt) {
        let seq = receipt.seq.get();
        match (receipt.kind, frozen_at) {
            (Kind::Frozen, None) => frozen_at = Some(receipt.time),
            (Kind::Frozen, Some(_)) => return Some(format!("receipt {seq} freezes what is frozen")),
            (Kind::Unfrozen, Some(_)) => frozen_at = None,
            (Kind::Unfrozen, None) => return Some(format!("receipt {seq} releases what is not frozen")),
            (Kind::Payment, Some(at)) => return Some(format!("receipt {seq} is a payment, frozen since {at}")),
            (Kind::TopUp, Some(at)) => {
                let amount = history.numbered(seq).and_then(|said| said.body.as_ref()?.amount);
                let amount = amount.map(|amount| amount.minor_units());
                // Agreed to in the freeze: of those that it may be, none was before, and at least one was after.
                let mut same = agreed.iter().filter(|(when, much)| Some(*much) == amount && *when <= receipt.time);
                let was_given_up = history.readable().any(|said| said.receipt.kind == Kind::TopUpFailed);
                let is_later = |when: u32| u64::from(when) * 1000 > reading.latest_ms(at);
                if same.clone().next().is_some() && same.all(|(when, _)| is_later(*when)) && !was_given_up {
                    return Some(format!("receipt {seq} is a top-up that was agreed to after the freeze at {at}"));
                }
            }
            _ => {}
        }
    }
    let held = history.account.frozen_at;
    (held != frozen_at).then(|| format!("frozen since {held:?}, and the receipts say {frozen_at:?}"))
}

fn old_code(reading: &Reading<'_>, history: &History<'_>) -> Option<String> {
    // After a ledger's clock was put back, dates of codes and of releases say nothing of which was first.
    if reading.facts.behind_ms > 0 {
        return None;
    }
    let mut paid = history.paid.iter().peekable();
    for release in history.readable().map(|said| &said.receipt).filter(|receipt| receipt.kind == Kind::Unfrozen) {
        while paid.next_if(|paid| paid.seq < release.seq.get()).is_some() {}
        let made_before = |sale: usize| reading.codes.get(sale)?.as_ref().map(|code| code.issued_at < release.time);
        // All that follow, for codes live for minutes only.
        let dead = paid.clone().take_while(|paid| paid.at <= release.time.saturating_add(300));
        if let Some(paid) = dead.into_iter().find(|paid| paid.sale.and_then(made_before) == Some(true)) {
            return Some(format!(
                "receipt {} is a payment with a code of before the release at {}",
                paid.seq, release.time
            ));
        }
    }
    None
}
