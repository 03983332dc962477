//! What the town itself knows of its people: the ground truth that promises are held against. Nothing here is read by the
//! product.

use jitsuin::issuer::account::Account;
use jitsuin::issuer::books::Entry;
use jitsuin::issuer::messages::Message;
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::wallet::State;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::id::{AccountId, Thumbprint};
use std::collections::{BTreeMap, BTreeSet};

/// Everything at one moment.
#[derive(Clone)]
pub struct Facts {
    /// True time, milliseconds since 1970.
    pub now_ms: u64,
    /// By how much the ledger's clock was behind the true time, at most, in milliseconds: receipts may be dated so much too early.
    pub behind_ms: u64,
    /// Accounts with their receipts in order, by id: the issuer's own records.
    pub accounts: BTreeMap<String, (Account, Vec<StoredReceipt>)>,
    /// The issuer's books.
    pub entries: Vec<Entry>,
    /// Messages to people, in order, each with its number.
    pub messages: Vec<(u64, Message)>,
    /// People with an account.
    pub owners: Vec<OwnerFacts>,
    /// What tills asked and were told, in order.
    pub sales: Vec<Sale>,
    /// Merchants that were registered when the story began.
    pub young: Vec<String>,
    /// What the card company did.
    pub charges: Vec<ChargeFacts>,
    /// Whether nothing is under way: no call, no prompt, no open fault.
    pub calm: bool,
}

/// One owner.
#[derive(Clone)]
pub struct OwnerFacts {
    /// `owner-1`.
    pub name: String,
    /// Whose account.
    pub account: AccountId,
    /// Wallets that are open on this owner's phones.
    pub wallets: Vec<WalletFacts>,
    /// What thieves had of this owner so far.
    pub robbed: Vec<Loot>,
    /// Ids of device keys that a thief copied.
    pub copied: BTreeSet<String>,
    /// What this owner agreed to with a passkey and sent: one for each top-up that was confirmed by a tap, whatever was heard of
    /// it. Minor units.
    pub top_ups_agreed: Vec<u64>,
    /// What this owner did that the issuer may rightly warn of.
    pub did: Vec<Did>,
    /// Payments that this owner reported as somebody else's, and the issuer said that it heard so.
    pub disowned: Vec<Disowned>,
    /// Receipts of this owner's payments of which a person of the issuer decided.
    pub settled: Vec<u64>,
}

/// A payment that its owner reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disowned {
    /// Number of its receipt.
    pub seq: u64,
    /// When the issuer had said so, milliseconds since 1970.
    pub at_ms: u64,
}

/// What a thief had, and when he got it, milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loot {
    /// What.
    pub what: LootKind,
    /// When.
    pub at_ms: u64,
}

/// What a thief can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LootKind {
    /// Login and password.
    Login,
    /// A picture of a code on the screen.
    Screen,
    /// A copy of the profile's files: record and keys, no passkey.
    Profile,
    /// Calls pass through his hands.
    Road,
    /// A till of his own.
    Till,
}

/// What an honest owner did of which the product may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Did {
    /// What.
    pub what: DidKind,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

/// Things of which messages and alerts are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DidKind {
    /// Paid.
    Paid,
    /// Had one code read at two tills.
    OneCodeTwoTills,
    /// Paid at two shops within minutes.
    TwoShops,
    /// Froze the account.
    Froze,
    /// Registered a device, or put a new key in its place.
    NewKey,
    /// Signed a device off.
    SignedOff,
    /// Set the limit.
    SetLimit,
    /// Released the account.
    Released,
    /// Had an older record put back on a phone that was replaced since.
    PutBack,
}

/// One opened wallet.
#[derive(Clone)]
pub struct WalletFacts {
    /// `owner-1's phone 2`.
    pub name: String,
    /// What it shows.
    pub state: State,
    /// Why it need not be right by itself.
    pub excused: Vec<Excuse>,
    /// How far its clock is off now, in milliseconds.
    pub clock_off_ms: i64,
    /// When the last of its codes that nobody was paid with ends, seconds since 1970.
    pub codes_until: u32,
    /// Device keys that its record names: the one in use first, then the one that is to take its place.
    pub keys: Vec<Thumbprint>,
}

/// Exceptions from "right again within one sync": each needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excuse {
    /// Somebody has a copy of its keys.
    Cloned,
    /// The platform took its record.
    Evicted,
    /// Its owner signed it off, lost it, or put another in its place.
    GivenUp,
    /// An older record was put back: it does not know the newest codes as its own.
    OlderRecord,
    /// One with other keys or another allowance was.
    OlderTerms,
    /// Its passkey derived a secret when the key was sealed that it never derives again.
    OtherSecret,
}

/// One sale at a till: one idempotency key.
#[derive(Clone, Debug)]
pub struct Sale {
    /// Which step of the story.
    pub step: usize,
    /// `t/1001`.
    pub till: String,
    /// `m/1001`.
    pub merchant: String,
    /// Its idempotency key.
    pub key: String,
    /// The code's text.
    pub code: String,
    /// Minor units that the till asked for.
    pub amount: u64,
    /// Whose code it was.
    pub owner: usize,
    /// Whether the owner meant it: not a thief's, not a second reading of the same code.
    pub meant: bool,
    /// Whether a thief offered the code or changed the sale.
    pub by_thief: bool,
    /// Each answer that the till heard, in order, with the payment's id.
    pub told: Vec<(Outcome, Option<String>)>,
}

/// One charge, as the card company has it.
#[derive(Clone, Debug)]
pub struct ChargeFacts {
    /// The issuer's idempotency key.
    pub key: String,
    /// Minor units.
    pub amount: u64,
    /// Whether the card was charged.
    pub charged: bool,
    /// Whether that is final.
    pub settled: bool,
}

/// A promise that broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name, such as `books-balance`.
    pub promise: &'static str,
    /// What was seen.
    pub seen: String,
}
