//! Where the money is.

use super::reading::{History, Reading, moves};
use jitsuin::issuer::books::{Book, Entry, check};
use jitsuin::wire::receipt::Kind;
use std::collections::BTreeMap;

/// Every movement sums to zero, every balance is the sum of its entries, and nobody has less than nothing.
pub fn books_balance(reading: &Reading<'_>) -> Option<String> {
    // Movements stand in pairs, and where each pair is even all is; else the product's own audit says which is not.
    let (pairs, rest) = reading.facts.entries.as_chunks::<2>();
    let is_even = |[one, other]: &[Entry; 2]| {
        one.movement == other.movement && one.currency == other.currency && one.amount + other.amount == 0
    };
    if !(rest.is_empty() && pairs.iter().all(is_even))
        && let Err(fault) = check(&reading.facts.entries)
    {
        return Some(fault.to_string());
    }
    let mut sums = BTreeMap::<(Book, &str), i128>::new();
    for entry in &reading.facts.entries {
        *sums.entry((entry.book, &entry.account)).or_default() += i128::from(entry.amount);
    }
    for (id, history) in &reading.histories {
        let sum = sums.get(&(Book::Accounts, id)).copied().unwrap_or_default();
        let balance = history.account.balance.minor_units();
        if sum != i128::from(balance) {
            return Some(format!("{id} has {balance}, and its entries sum to {sum}"));
        }
    }
    for ((book, line), sum) in &sums {
        if matches!(book, Book::Accounts | Book::Merchants) && *sum < 0 {
            return Some(format!("{line} has {sum} in the book of {}", book.name()));
        }
        if *book == Book::Accounts && !reading.histories.contains_key(line) {
            return Some(format!("{line} is in the books and is no account"));
        }
    }
    None
}

/// The balance is that of the newest receipt; neighbouring receipts differ by what the later one says that it moved; each of
/// those stands in the books, and nothing else does.
pub fn every_yen_has_a_receipt(reading: &Reading<'_>) -> Option<String> {
    reading.histories.iter().find_map(|(id, history)| of_account(id, history))
}

fn of_account(id: &str, history: &History<'_>) -> Option<String> {
    let mut balance = 0;
    let mut entries = history.entries.iter();
    for said in history.readable() {
        let receipt = &said.receipt;
        let (seq, kind) = (receipt.seq.get(), receipt.kind.name());
        let after = i128::from(receipt.balance.minor_units());
        let moved = after - balance;
        balance = after;
        let Some((movement, gains)) = moves(receipt.kind) else {
            if moved != 0 {
                return Some(format!(
                    "receipt {seq} of {id} is of the kind {kind}, and the balance changed by {moved}"
                ));
            }
            continue;
        };
        let stated = said.body.as_ref().map(|body| body.amount.map_or(0, |amount| i128::from(amount.minor_units())));
        let stated = stated.map(|stated| if gains { stated } else { -stated });
        if stated.is_some_and(|stated| stated != moved) || moved == 0 || (moved > 0) != gains {
            return Some(format!("receipt {seq} of {id} ({kind}) says {stated:?}, and the balance changed by {moved}"));
        }
        let Some(entry) = entries.next() else {
            return Some(format!("receipt {seq} of {id} ({kind}) stands in no books"));
        };
        let is_that =
            entry.movement.starts_with(movement) && i128::from(entry.amount) == moved && entry.at == receipt.time;
        if !is_that {
            let (name, amount, at) = (&entry.movement, entry.amount, entry.at);
            let time = receipt.time;
            return Some(format!(
                "receipt {seq} of {id} ({kind}) moved {moved} at {time}, and the books say {name}: {amount} at {at}"
            ));
        }
    }
    if let Some(entry) = entries.next() {
        return Some(format!("{} moved {} of {id} and has no receipt", entry.movement, entry.amount));
    }
    let held = i128::from(history.account.balance.minor_units());
    if held != balance {
        return Some(format!("{id} has {held}, and its newest receipt says {balance}"));
    }
    given_back_once(id, history)
}

/// What is given back is the whole of one payment, once.
fn given_back_once(id: &str, history: &History<'_>) -> Option<String> {
    let mut back = Vec::new();
    for said in history.readable().filter(|said| said.receipt.kind == Kind::Refund) {
        let receipt = &said.receipt;
        let seq = receipt.seq.get();
        let token = (receipt.thumb, receipt.atc, receipt.random);
        let of = |said: &&jitsuin::wire::receipt::Receipt| {
            said.kind == Kind::Payment && (said.thumb, said.atc, said.random) == token
        };
        let payment = history.readable().map(|said| &said.receipt).find(of);
        let Some(payment) = payment.filter(|payment| payment.seq.get() < seq) else {
            return Some(format!("receipt {seq} of {id} gives back what nobody paid"));
        };
        let amount = |seq: u64| history.numbered(seq)?.body.as_ref()?.amount;
        if let (Some(paid), Some(given)) = (amount(payment.seq.get()), amount(seq))
            && paid != given
        {
            return Some(format!("receipt {seq} of {id} gives back {given} of {paid}"));
        }
        if said.body.as_ref().is_some_and(|body| body.undoes != Some(payment.seq)) {
            return Some(format!("receipt {seq} of {id} names another receipt than that of its payment"));
        }
        if back.contains(&payment.seq.get()) {
            return Some(format!("receipt {} of {id} was given back twice", payment.seq.get()));
        }
        back.push(payment.seq.get());
    }
    None
}
