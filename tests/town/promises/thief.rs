//! What a thief can take.

use super::super::facts::{LootKind, OwnerFacts};
use super::above::most;
use super::honest::is_robbed;
use super::reading::{History, Paid, Reading};
use jitsuin::rules::spending::WINDOW;
use jitsuin::wire::receipt::Kind;

/// Nothing with a login alone. One payment for each code that he saw, carried or was shown. With a copied profile the key's
/// limit of 24 hours, until the key is suspended or replaced; a freeze is [`super::frozen`]'s.
pub fn takes_at_most(reading: &Reading<'_>) -> Option<String> {
    reading.owners().find_map(|(owner, history)| {
        let seen = of_owner(reading, owner, history).or_else(|| dead_key(history))?;
        Some(format!("{}: {seen}", owner.name))
    })
}

fn of_owner(reading: &Reading<'_>, owner: &OwnerFacts, history: &History<'_>) -> Option<String> {
    let by_thief = |paid: &&Paid<'_>| paid.sale.is_some_and(|sale| reading.facts.sales[sale].by_thief);
    let taken: Vec<&Paid<'_>> = history.paid.iter().filter(by_thief).collect();
    for (at, paid) in taken.iter().enumerate() {
        let (seq, amount) = (paid.seq, paid.amount);
        let at_ms = reading.latest_ms(paid.at);
        let Some(device) = history.account.device(paid.thumb) else { continue };
        let limits = most(reading.policy, device, paid.at);
        if amount > limits.per_payment.minor_units() {
            return Some(format!("receipt {seq}: a thief took {amount} at once"));
        }
        if is_robbed(owner, LootKind::Profile, at_ms) {
            let in_window = |other: &&&Paid<'_>| other.at.saturating_add(WINDOW) > paid.at && other.thumb == paid.thumb;
            let sum: u64 = taken[..=at].iter().filter(in_window).map(|other| other.amount).sum();
            if sum > limits.per_key.minor_units() {
                return Some(format!("receipt {seq}: a thief took {sum} in 24 hours with a copied profile"));
            }
            continue;
        }
        let is_code = |what| matches!(what, LootKind::Screen | LootKind::Road | LootKind::Till);
        let codes = owner.robbed.iter().filter(|loot| is_code(loot.what) && loot.at_ms / 1000 <= at_ms / 1000).count();
        if at >= codes {
            let had: Vec<_> = owner.robbed.iter().map(|loot| loot.what).collect();
            return Some(format!(
                "receipt {seq}: a thief who had {had:?} took {amount}, his payment number {}",
                at + 1
            ));
        }
    }
    None
}

/// A key that was suspended, signed off or replaced pays no more, whoever holds it.
fn dead_key(history: &History<'_>) -> Option<String> {
    let mut dead = Vec::new();
    for receipt in history.readable().map(|said| &said.receipt) {
        match receipt.kind {
            Kind::DeviceSuspended | Kind::DeviceRevoked => dead.extend(receipt.thumb),
            Kind::Payment if receipt.thumb.is_some_and(|thumb| dead.contains(&thumb)) => {
                return Some(format!("receipt {} is a payment with a key that was ended before", receipt.seq.get()));
            }
            _ => {}
        }
    }
    None
}
