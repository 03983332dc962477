//! Double entry: the entries of one movement sum to zero, in every currency, and are never changed.

use crate::wire::id::{AccountId, Audience};
use crate::wire::money::{Amount, Currency};
use alloc::collections::BTreeMap;
use serde::{Deserialize, Serialize};

/// The book an entry stands in. What the issuer owes stands positive, what it is owed negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Book {
    /// Owed to account owners.
    Accounts,
    /// Owed to merchants.
    Merchants,
    /// Owed by the card processor.
    Cards,
    /// Balances that were brought in when an account moved to this issuer.
    Openings,
}

impl Book {
    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Merchants => "merchants",
            Self::Cards => "cards",
            Self::Openings => "openings",
        }
    }

    /// The book with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accounts, Self::Merchants, Self::Cards, Self::Openings].into_iter().find(|book| book.name() == name)
    }
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The movement it belongs to.
    pub movement: String,
    /// The book.
    pub book: Book,
    /// Whose line in the book.
    pub account: String,
    /// Minor units; at most 2^53 - 1 either way.
    pub amount: i64,
    /// Currency.
    pub currency: Currency,
    /// Seconds since 1970.
    pub at: u32,
}

/// A movement between two lines.
#[derive(Clone, Debug)]
pub struct Movement {
    /// Names it: one thing that happened, such as `payment/…`.
    pub name: String,
    /// Loses.
    pub from: Line,
    /// Gains.
    pub to: Line,
    /// Minor units.
    pub amount: Amount,
    /// Currency.
    pub currency: Currency,
    /// Seconds since 1970.
    pub at: u32,
}

/// Whose line in which book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    book: Book,
    account: String,
}

impl Line {
    /// An account.
    #[must_use]
    pub fn account(id: &AccountId) -> Self {
        Self { book: Book::Accounts, account: id.as_str().into() }
    }

    /// A merchant.
    #[must_use]
    pub fn merchant(id: &Audience) -> Self {
        Self { book: Book::Merchants, account: id.as_str().into() }
    }

    /// The card processor.
    #[must_use]
    pub fn cards() -> Self {
        Self { book: Book::Cards, account: "processor".into() }
    }

    /// Where balances come from that were there before.
    #[must_use]
    pub fn openings() -> Self {
        Self { book: Book::Openings, account: "brought-in".into() }
    }
}

impl Movement {
    /// Its two entries.
    #[must_use]
    pub fn entries(self) -> [Entry; 2] {
        let Self { name, from, to, amount, currency, at } = self;
        // An amount is below 2^53, so it fits and so does its negative.
        let amount = i64::try_from(amount.minor_units()).unwrap_or(i64::MAX);
        let entry = |movement, line: Line, amount| Entry {
            movement,
            book: line.book,
            account: line.account,
            amount,
            currency,
            at,
        };
        [entry(name.clone(), from, -amount), entry(name, to, amount)]
    }
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The first movement whose entries do not sum to zero.
    Unbalanced(String),
    /// An account's balance is not the sum of its entries.
    Balance(AccountId),
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unbalanced(movement) => write!(f, "movement {movement} does not sum to zero"),
            Self::Balance(account) => write!(f, "the balance of {account} is not the sum of its entries"),
        }
    }
}

impl core::error::Error for Fault {}

/// Checks that each movement sums to zero.
///
/// # Errors
/// [`Fault::Unbalanced`] with the first one, in the order they were written, that does not.
pub fn check(entries: &[Entry]) -> Result<(), Fault> {
    let mut sums = BTreeMap::<(&str, Currency), i128>::new();
    for entry in entries {
        *sums.entry((&entry.movement, entry.currency)).or_default() += i128::from(entry.amount);
    }
    let uneven = |entry: &&Entry| sums.get(&(entry.movement.as_str(), entry.currency)).is_some_and(|sum| *sum != 0);
    entries.iter().find(uneven).map_or(Ok(()), |entry| Err(Fault::Unbalanced(entry.movement.clone())))
}

/// The sum of an account's entries.
#[must_use]
pub fn balance(entries: &[Entry], account: &AccountId) -> i128 {
    let own = |entry: &&Entry| entry.book == Book::Accounts && entry.account == account.as_str();
    entries.iter().filter(own).map(|entry| i128::from(entry.amount)).sum()
}

#[cfg(test)]
mod tests;
