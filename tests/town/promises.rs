//! What must always hold in the town, in words of the product: pure functions over what is known of everybody at one moment.
//! None of them is in the product, and none reads more than the issuer's records, what wallets show, what tills heard and what
//! the town itself knows of its people.

#[path = "promises/above.rs"]
mod above;
#[path = "promises/breakers.rs"]
mod breakers;
#[path = "promises/chain.rs"]
mod chain;
#[path = "promises/declined.rs"]
mod declined;
#[path = "promises/frozen.rs"]
mod frozen;
#[path = "promises/honest.rs"]
mod honest;
#[path = "promises/money.rs"]
mod money;
#[path = "promises/once.rs"]
mod once;
#[path = "promises/reading.rs"]
pub mod reading;
#[path = "promises/thief.rs"]
mod thief;
#[path = "promises/tills.rs"]
mod tills;
#[path = "promises/waiting.rs"]
mod waiting;
#[path = "promises/wallets.rs"]
mod wallets;

use super::facts::{Broken, Facts};
use jitsuin::rules::policy::Policy;
use reading::Reading;

/// What was seen, if it does not hold.
pub type Check = fn(&Reading<'_>) -> Option<String>;

/// Every promise: its name, what it says, and its check.
pub const PROMISES: &[(&str, &str, Check)] = &[
    ("receipts-are-whole", "Receipts are numbered without a gap, and each names the one before.", chain::whole),
    (
        "books-balance",
        "Every movement sums to zero, and every balance is the sum of its entries.",
        money::books_balance,
    ),
    ("every-yen-has-a-receipt", "Every yen that moved is where a receipt says.", money::every_yen_has_a_receipt),
    ("a-till-is-told-the-truth", "What a till was told of a sale stays true.", tills::told_the_truth),
    ("nothing-is-charged-twice", "One act of the owner moves money once.", once::charged),
    ("no-token-counts-twice", "A code buys once and counts once against the allowance.", once::token),
    ("nobody-honest-is-suspended", "No device is suspended whose key nobody copied.", honest::suspended),
    (
        "nobody-honest-is-told-of-a-theft",
        "Alerts and messages tell of what a thief or the owner really did.",
        honest::told_of_a_theft,
    ),
    (
        "a-wallet-shows-what-was-signed",
        "A wallet shows no balance, receipt, card, device or limit that the issuer did not sign.",
        wallets::shows_what_was_signed,
    ),
    (
        "a-renewed-key-is-kept",
        "A wallet whose key was replaced has the one that took its place.",
        wallets::keeps_its_key,
    ),
    ("nothing-above-the-allowance", "No payment and no top-up is above what the policy allows.", above::allowance),
    (
        "a-young-shop-takes-at-most",
        "A merchant that was registered lately takes at most the policy's ceilings of an hour and of a day.",
        breakers::young,
    ),
    (
        "nobody-is-kept-waiting",
        "A payment is declined as too fast only shortly after another, whatever became of the clock.",
        declined::too_fast,
    ),
    ("frozen-moves-nothing", "A frozen account moves nothing.", frozen::moves_nothing),
    ("a-thief-takes-at-most", "A thief takes at most what the policy says for what he had.", thief::takes_at_most),
    (
        "what-is-reported-waits",
        "The money of a payment that its owner reported waits until a person of the issuer decides.",
        waiting::reported,
    ),
    (
        "no-shop-waits-for-ever",
        "Money that waits only because of another place waits at most as long as the policy says.",
        waiting::at_most,
    ),
    ("a-wallet-is-right-again", "When faults stop, every wallet is right again by itself.", wallets::right_again),
];

/// Promises that the town holds where things happen, since no fact of one moment shows them: their names, and what they say.
pub const IN_THE_ACT: &[(&str, &str)] = &[
    ("every-promise-settles", "Every call of a wallet ends within its deadline, and every day with its night."),
    ("nothing-panics", "No task panics, whatever it is given."),
    (
        "nothing-secret-is-sent-or-logged",
        "No key, password or code is in anything that is sent or logged, but where it is typed.",
    ),
    (
        "an-owner-can-always-freeze",
        "Whatever thieves do, an owner's passkey stops the account; and the wallet does where one of its keys works.",
    ),
    ("a-repeated-call-is-one-call", "No owner hears of nonces, or that a call came twice."),
    ("one-agreement-one-prompt", "Who has agreed once to what was asked is not asked again."),
    (
        "a-frozen-key-can-be-renewed",
        "The key of a frozen account can be renewed, and then releases it as the old one would.",
    ),
    ("a-wallet-that-stays-is-registered", "Whose wallet could not be forgotten has a device that was not signed off."),
    (
        "an-owner-can-always-log-in",
        "Whoever logged in a few times on a day is not kept waiting by tries from elsewhere.",
    ),
    ("a-freeze-ends-no-release", "A freeze by a copied channel key ends no release that its owner has begun."),
    ("late-means-late", "A wallet says that receipts are late only if it had no news for that long."),
    ("a-code-is-in-time", "A wallet that syncs for a code makes one, and it is in its time at the till."),
    ("an-owner-is-told-the-truth", "A top-up that was refused for certain is not charged."),
];

/// Whether there is a promise of this name.
pub fn is_known(promise: &str) -> bool {
    PROMISES.iter().any(|(name, ..)| *name == promise) || IN_THE_ACT.iter().any(|(name, _)| *name == promise)
}

/// Every promise that is broken at this moment, in the order of [`PROMISES`].
pub fn broken(facts: &Facts, policy: &Policy) -> Vec<Broken> {
    let reading = Reading::of(facts, policy);
    let check =
        |(promise, _, check): &(&'static str, &str, Check)| check(&reading).map(|seen| Broken { promise, seen });
    PROMISES.iter().filter_map(check).collect()
}
