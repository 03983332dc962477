//! Once is once.

use super::reading::{History, Reading};
use jitsuin::rules::spending::WINDOW;
use jitsuin::wire::id::Thumbprint;
use jitsuin::wire::receipt::Kind;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One code of one key makes one payment; one agreed top-up makes one charge and one credit; when nothing is under way, what
/// cards were charged is what accounts were credited.
pub fn charged(reading: &Reading<'_>) -> Option<String> {
    for (id, history) in &reading.histories {
        let mut seen = HashMap::new();
        for paid in &history.paid {
            if let Some(first) = seen.insert((*paid.thumb.as_bytes(), paid.token), paid.seq) {
                return Some(format!("receipts {first} and {} of {id} are payments with one code", paid.seq));
            }
        }
    }
    for (owner, history) in reading.owners() {
        let credited = history.readable().filter(|said| said.receipt.kind == Kind::TopUp);
        let amounts = credited.filter_map(|said| Some(said.body.as_ref()?.amount?.minor_units()));
        if let Some(amount) = more_than(amounts, owner.top_ups_agreed.iter().copied()) {
            return Some(format!("{} was credited {amount} more often than agreed to", owner.name));
        }
    }
    let charges = reading.facts.charges.iter().filter(|charge| charge.charged);
    let agreed = reading.facts.owners.iter().flat_map(|owner| owner.top_ups_agreed.iter().copied());
    if let Some(amount) = more_than(charges.map(|charge| charge.amount), agreed) {
        return Some(format!("cards were charged {amount} more often than agreed to"));
    }
    credits(reading)
}

fn credits(reading: &Reading<'_>) -> Option<String> {
    let mut credits = BTreeMap::<&str, i64>::new();
    for entry in reading.histories.values().flat_map(|history| &history.entries) {
        if let Some(key) = entry.movement.strip_prefix("top-up/")
            && credits.insert(key, entry.amount).is_some()
        {
            return Some(format!("the charge {key} was credited twice"));
        }
    }
    let mut charged = HashSet::new();
    for charge in reading.facts.charges.iter().filter(|charge| charge.charged) {
        charged.insert(charge.key.as_str());
        let credit = credits.get(charge.key.as_str()).copied();
        if credit.is_some_and(|credit| u64::try_from(credit) != Ok(charge.amount)) {
            return Some(format!("the charge {} took {} and credited {credit:?}", charge.key, charge.amount));
        }
        if reading.facts.calm && charge.settled && credit.is_none() {
            return Some(format!("the charge {} took {} and credited nobody", charge.key, charge.amount));
        }
    }
    let unpaid = credits.keys().find(|key| !charged.contains(*key));
    unpaid.map(|key| format!("the charge {key} was credited and no card was charged"))
}

/// The first amount that is more often in `these` than in `those`.
fn more_than(these: impl Iterator<Item = u64>, those: impl Iterator<Item = u64>) -> Option<u64> {
    let mut left = BTreeMap::<u64, i64>::new();
    those.for_each(|amount| *left.entry(amount).or_default() += 1);
    these.into_iter().find(|amount| {
        let left = left.entry(*amount).or_default();
        *left -= 1;
        *left < 0
    })
}

/// A counter of a key makes one payment; one code is approved in one sale; and what counts against the allowance is what was
/// paid, each payment once.
pub fn token(reading: &Reading<'_>) -> Option<String> {
    for (id, history) in &reading.histories {
        let mut seen = HashMap::new();
        for paid in &history.paid {
            if let Some((random, first)) = seen.insert((*paid.thumb.as_bytes(), paid.token.0), (paid.token.1, paid.seq))
                && random != paid.token.1
            {
                let counter = paid.token.0;
                return Some(format!("receipts {first} and {} of {id} are payments with counter {counter}", paid.seq));
            }
        }
        if let Some(seen) = miscounted(reading, history) {
            return Some(format!("{id}: {seen}"));
        }
    }
    let mut sold = HashMap::<(usize, &str), (&str, usize)>::new();
    let mut payments = HashMap::<&str, usize>::new();
    for (at, sale) in reading.facts.sales.iter().enumerate() {
        let Some(payment) = sale.told.iter().find_map(|(_, payment)| payment.as_deref()) else { continue };
        if let Some((first, step)) = sold.insert((sale.owner, &sale.code), (payment, sale.step))
            && first != payment
        {
            return Some(format!("one code bought {first} in step {step} and {payment} in step {}", sale.step));
        }
        if let Some(other) = payments.insert(payment, at).map(|other| &reading.facts.sales[other])
            && (&other.till, &other.key) != (&sale.till, &sale.key)
        {
            return Some(format!("{payment} is the payment of sale {} and of sale {}", other.key, sale.key));
        }
    }
    None
}

/// Meters against receipts. What a till gave back counts no more; what a person of the issuer gave back was spent.
fn miscounted(reading: &Reading<'_>, history: &History<'_>) -> Option<String> {
    let counted = |line: Option<Thumbprint>| {
        let in_window = |at: u32| at.saturating_add(WINDOW) > reading.now;
        // Not only the newest: after a ledger's clock was put back, older ones stand behind younger.
        let paid = history.paid.iter().filter(|paid| in_window(paid.at));
        paid.filter(|paid| !paid.given_back.is_some_and(|(_, by_till)| by_till))
            .filter(|paid| line.is_none_or(|line| history.line(paid.thumb) == line))
            .fold((0, 0), |(sum, count), paid| (sum + paid.amount, count + 1))
    };
    let (sum, count) = history.account.spent.used(reading.now);
    let (metered, paid) = ((sum.minor_units(), count), counted(None));
    if metered != paid {
        return Some(format!("{metered:?} counts against the account's limit, and {paid:?} was paid in 24 hours"));
    }
    for device in history.account.devices.iter().filter(|device| device.replaced_by.is_none()) {
        let (sum, count) = device.spent.used(reading.now);
        let (metered, paid) = ((sum.minor_units(), count), counted(Some(history.line(device.thumb))));
        if metered != paid {
            let label = device.label.as_str();
            return Some(format!("{metered:?} counts against the allowance of {label}, and {paid:?} was paid"));
        }
    }
    None
}
