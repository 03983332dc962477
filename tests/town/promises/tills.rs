//! What tills were told.

use super::super::facts::Sale;
use super::reading::{Paid, Reading, is_no};
use jitsuin::wire::calls::Outcome;
use std::collections::HashMap;

/// Approved: the owner paid that till's merchant that amount, and it stays so unless a receipt gave it back. Anything else: no
/// payment was made in that sale. Two answers of one sale never contradict: a payment may be given back, and that is all.
pub fn told_the_truth(reading: &Reading<'_>) -> Option<String> {
    let mut payments = HashMap::<&str, (&str, &Paid<'_>)>::new();
    for (id, history) in &reading.histories {
        payments.extend(history.paid.iter().filter_map(|paid| Some((paid.id?, (*id, paid)))));
    }
    for sale in &reading.facts.sales {
        if let Some(seen) = contradiction(sale).or_else(|| untruth(reading, sale, &payments)) {
            return Some(format!("step {}: {} was told of sale {}: {seen}", sale.step, sale.till, sale.key));
        }
    }
    unasked(reading)
}

fn contradiction(sale: &Sale) -> Option<String> {
    let final_ones = sale.told.iter().filter(|(outcome, _)| *outcome != Outcome::TillBlocked);
    let mut last: Option<&(Outcome, Option<String>)> = None;
    for told in final_ones {
        if let Some(before) = last {
            let is_reversal = (before.0, told.0) == (Outcome::Approved, Outcome::Reversed) && before.1 == told.1;
            if before != told && !is_reversal {
                return Some(format!("{:?}, and then {:?}", before, told));
            }
        }
        last = Some(told);
    }
    None
}

fn untruth(reading: &Reading<'_>, sale: &Sale, payments: &HashMap<&str, (&str, &Paid<'_>)>) -> Option<String> {
    for (outcome, payment) in &sale.told {
        let Some(payment) = payment else {
            if !is_no(*outcome) && *outcome != Outcome::TillBlocked {
                return Some(format!("{} without a payment", outcome.name()));
            }
            continue;
        };
        if is_no(*outcome) {
            return Some(format!("{} of payment {payment}", outcome.name()));
        }
        let Some((account, paid)) = payments.get(payment.as_str()) else {
            return Some(format!("{} of {payment}, which no receipt says", outcome.name()));
        };
        let owner = reading.facts.owners.get(sale.owner);
        if owner.is_some_and(|owner| owner.account.as_str() != *account) {
            return Some(format!("{payment} is {}, and {account} paid it", outcome.name()));
        }
        let merchant = paid.merchant.unwrap_or_default();
        if (paid.amount, merchant) != (sale.amount, sale.merchant.as_str()) {
            return Some(format!(
                "{payment} is {} of {} for {}, and {} went to {merchant}",
                outcome.name(),
                sale.amount,
                sale.merchant,
                paid.amount
            ));
        }
        if *outcome == Outcome::Reversed && paid.given_back.is_none() {
            return Some(format!("{payment} is reversed, and no receipt gave it back"));
        }
    }
    None
}

/// A payment that no till can have asked for: each one that has its code was told that there is none.
fn unasked(reading: &Reading<'_>) -> Option<String> {
    for (id, history) in &reading.histories {
        for paid in history.paid.iter().filter(|paid| paid.sale.is_none()) {
            let has_code = |code: &&std::rc::Rc<jitsuin::wire::token::Token>| (code.atc, code.random) == paid.token;
            let offered = reading.codes.iter().flatten().any(|code| has_code(&code));
            let unread = reading.codes.iter().any(Option::is_none);
            if offered || !unread {
                let (seq, amount) = (paid.seq, paid.amount);
                let why = if offered { "each till that had its code was told there is none" } else { "no till asked" };
                return Some(format!("receipt {seq} of {id} is a payment of {amount}, and {why}"));
            }
        }
    }
    None
}
