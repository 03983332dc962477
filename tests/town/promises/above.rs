//! The allowance: what the policy lets a key and an account pay and top up.

use super::reading::{History, Paid, Reading};
use jitsuin::code::Code;
use jitsuin::issuer::account::Device;
use jitsuin::rules::policy::{Limits, Policy};
use jitsuin::rules::spending::{Meter, WINDOW};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::Thumbprint;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::token::Limit;

/// The most that a key may have been allowed at a time, by what is known of it now.
pub fn most<'p>(policy: &'p Policy, device: &Device, at: u32) -> &'p Limits {
    if at < device.cooled_at {
        return &policy.cool_off;
    }
    let suspected = device.evidence.suspected_at.filter(|suspected| *suspected < at);
    let from = device.evidence.since.unwrap_or(device.added_at).max(suspected.unwrap_or_default());
    match device.custody {
        Custody::Native if device.evidence.attested => &policy.native,
        Custody::Passkey if at >= from.saturating_add(policy.clean_seconds) => &policy.passkey,
        _ => &policy.browser,
    }
}

/// Payments of each key and of each account in every 24 hours, each payment, each code, offline payments, and top-ups.
pub fn allowance(reading: &Reading<'_>) -> Option<String> {
    for (id, history) in &reading.histories {
        let seen = history
            .paid
            .iter()
            .enumerate()
            .find_map(|(at, paid)| payment(reading, history, paid, &history.paid[..at]))
            .or_else(|| offline(reading, history))
            .or_else(|| top_ups(reading, history));
        if let Some(seen) = seen {
            return Some(format!("{id}: {seen}"));
        }
    }
    None
}

/// Sum and count of a window that this payment is the last of.
#[derive(Default)]
struct Window {
    sum: u64,
    count: u32,
}

impl Window {
    fn add(&mut self, paid: &Paid<'_>) {
        self.sum += paid.amount;
        self.count += 1;
    }
}

fn payment(reading: &Reading<'_>, history: &History<'_>, paid: &Paid<'_>, before: &[Paid<'_>]) -> Option<String> {
    let (seq, amount) = (paid.seq, paid.amount);
    let Some(device) = history.account.device(paid.thumb) else {
        return Some(format!("receipt {seq} is a payment with a key of no device"));
    };
    let limits = most(reading.policy, device, paid.at);
    let (mut key, mut account) = (Window::default(), Window::default());
    let line = history.line(paid.thumb);
    // What a meter has forgotten it does not remember when the ledger's clock is put back.
    let behind = u32::try_from(reading.facts.behind_ms / 1000).unwrap();
    let in_window = |earlier: &&Paid<'_>| earlier.at.saturating_add(WINDOW) > paid.at.saturating_add(behind);
    let counts = |earlier: &&Paid<'_>| !earlier.given_back.is_some_and(|(back, by_till)| by_till && back < seq);
    for earlier in before.iter().filter(in_window).filter(counts).chain([paid]) {
        account.add(earlier);
        if history.line(earlier.thumb) == line {
            key.add(earlier);
        }
    }
    let of_account = own_limit(history, seq).map_or(u64::MAX, |own| own).min(limits.per_account.minor_units());
    let mut caps = vec![
        ("one payment", amount, limits.per_payment.minor_units()),
        ("a key's 24 hours", key.sum, limits.per_key.minor_units()),
        ("a key's payments in 24 hours", key.count.into(), limits.count.into()),
        ("the account's 24 hours", account.sum, of_account),
    ];
    let granted = &device.allowance;
    if paid.at > granted.at {
        caps.push(("one payment of what was granted", amount, granted.per_payment.minor_units()));
        caps.push(("24 hours of what was granted", key.sum, granted.total.minor_units()));
        caps.push(("payments of what was granted", key.count.into(), granted.count.into()));
        let is_past = paid.at >= granted.until;
        caps.push(("an allowance that has ended", u64::from(is_past), 0));
    }
    let code = paid.sale.and_then(|sale| reading.codes.get(sale)?.as_deref());
    match code.map(|code| &code.limit) {
        Some(Limit::UpTo { amount: most, .. }) => caps.push(("what its code allows", amount, most.minor_units())),
        Some(Limit::Exact { amount: exact, .. }) => caps.push(("what its code says", amount, exact.minor_units())),
        _ => {}
    }
    let over = caps.into_iter().find(|(_, value, most)| value > most);
    over.map(|(what, value, most)| format!("receipt {seq} pays {amount}: {value}, and {what} is {most} at most"))
}

/// The owner's own limit when the receipt with this number was written.
fn own_limit(history: &History<'_>, seq: u64) -> Option<u64> {
    history.account.own_limit?;
    let set =
        history.readable().rev().find(|said| said.receipt.kind == Kind::LimitsChanged && said.receipt.seq.get() < seq);
    Some(set?.body.as_ref()?.amount?.minor_units())
}

fn offline(reading: &Reading<'_>, history: &History<'_>) -> Option<String> {
    let most = &reading.policy.offline;
    history.account.devices.iter().find_map(|device| {
        let (sum, count) = device.spent_offline.used(reading.now);
        let is_cooling = reading.now < device.cooled_at && history.line(device.thumb) == device.thumb;
        let is_over = sum > most.total || count > most.count || (is_cooling && count > 0);
        is_over.then(|| format!("{} paid {sum} offline in {count} payments", device.label))
    })
}

/// Top-ups count from when they were agreed to, which meters say and receipts do not.
fn top_ups(reading: &Reading<'_>, history: &History<'_>) -> Option<String> {
    let most = &reading.policy.top_up;
    let each = most.limits.per_payment;
    let mut was_given_up = false;
    for said in history.readable() {
        let (receipt, body) = (&said.receipt, said.body.as_ref());
        if receipt.kind == Kind::TopUpFailed {
            was_given_up |= said.is_because(Code::IssuerUnavailable);
        }
        if receipt.kind == Kind::TopUp {
            let seq = receipt.seq.get();
            if body.and_then(|body| body.amount).is_some_and(|amount| amount > each) {
                return Some(format!("receipt {seq} tops up more than {each}"));
            }
            let is_cooling =
                |thumb: Thumbprint| history.account.device(thumb).is_some_and(|it| receipt.time < it.cooled_at);
            if receipt.thumb.is_some_and(is_cooling) {
                return Some(format!("receipt {seq} tops up in the cool-off"));
            }
        }
    }
    // What was given up and charged after all is credited whatever the limits say: the card's owner has paid.
    if was_given_up {
        return None;
    }
    let over = |meter: &Meter, total| {
        let (sum, count) = meter.used(reading.now);
        (sum > total || count > most.limits.count)
            .then(|| format!("{sum} was topped up in {count} top-ups in 24 hours"))
    };
    over(&history.account.topped_up, most.limits.per_account)
        .or_else(|| history.account.devices.iter().find_map(|device| over(&device.topped_up, most.limits.per_key)))
        .or_else(|| {
            let times: Vec<u32> = entries(&history.account.topped_up).into_iter().map(|(at, _)| at).collect();
            let close = times.windows(2).find(|two| two[0].abs_diff(two[1]) < most.apart)?;
            Some(format!("top-ups at {} and {} are too close", close[0], close[1]))
        })
}

/// A meter's entries: time, and amount in minor units.
pub fn entries(meter: &Meter) -> Vec<(u32, u64)> {
    if *meter == Meter::default() {
        return Vec::new();
    }
    let json = serde_json::to_value(meter).unwrap();
    let entry = |entry: &serde_json::Value| {
        let amount = &entry["amount"];
        let amount = amount.as_u64().or_else(|| amount.as_str()?.parse().ok()).unwrap();
        (u32::try_from(entry["at"].as_u64().unwrap()).unwrap(), amount)
    };
    json["entries"].as_array().unwrap().iter().map(entry).collect()
}
