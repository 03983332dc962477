//! The heads that calls name are found among the links of an account.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use super::open;
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::Ledger;
use jitsuin::issuer::{Issuer, demo};
use jitsuin::wire::id::{AccountId, Hash};

/// An issuer with the demo's people, and who they are.
pub(crate) async fn seeded<L: Ledger + 'static>(ledger: L) -> (Issuer<L, DemoProcessor>, Vec<AccountId>) {
    let issuer = open(ledger).await;
    let seeded = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    (issuer, seeded.accounts.into_iter().map(|(_, account)| account).collect())
}

/// Each link of each account is found under that account and under no other one.
pub(crate) async fn all_are_found(ledger: &impl Ledger, accounts: &[AccountId]) {
    assert!(accounts.len() > 1);
    for account in accounts {
        let receipts = ledger.receipts(account, 0, 100).await.unwrap();
        assert!(!receipts.is_empty());
        for receipt in receipts {
            let link = receipt.link().unwrap();
            for other in accounts {
                assert_eq!(ledger.is_link(other, link).await, Ok(other == account));
            }
        }
        assert_eq!(ledger.is_link(account, Hash::ZERO).await, Ok(false));
    }
}

pub(crate) async fn a_link_is_found_under_its_own_account_alone<L: Ledger + 'static>(ledger: L) {
    let (issuer, accounts) = seeded(ledger).await;
    all_are_found(issuer.ledger(), &accounts).await;
}
