//! People: who is suspended, what they are told, and what their wallets show.

use super::doctored::*;
use super::facts::{Did, DidKind, Excuse, Facts, LootKind};
use jitsuin::wallet::Status;
use jitsuin::wallet::memory::{MemoryEntropy, SoftKey};
use jitsuin::wallet::ports::SigningKey as _;
use jitsuin::wallet::state::{Alert, AlertKind};
use jitsuin::wire::id::Thumbprint;
use jitsuin::wire::state::DeviceStatus;
use std::rc::Rc;

#[test]
fn nobody_honest_is_suspended() {
    breaks("nobody-honest-is-suspended", suspend);
    // Nor for what a thief without the key can do, or before a thief had it.
    breaks("nobody-honest-is-suspended", |facts| {
        rob(facts, LootKind::Login);
        rob(facts, LootKind::Screen);
        suspend(facts);
    });
    breaks("nobody-honest-is-suspended", |facts| {
        suspend(facts);
        later(facts, 1);
        rob(facts, LootKind::Profile);
    });
    keeps(|facts| {
        rob(facts, LootKind::Profile);
        suspend(facts);
    });
    // Another key was copied than the one that is suspended.
    breaks("nobody-honest-is-suspended", |facts| {
        rob(facts, LootKind::Profile);
        facts.owners[0].copied = ["another".into()].into();
        suspend(facts);
    });
    keeps(|facts| {
        phone(facts).excused.push(Excuse::OlderTerms);
        suspend(facts);
    });
    // With its keys and its allowance an older record is put right by the counter's floor.
    breaks("nobody-honest-is-suspended", |facts| {
        phone(facts).excused.push(Excuse::OlderRecord);
        suspend(facts);
    });
}

fn show(facts: &mut Facts, kind: AlertKind) {
    let at = facts.now_ms;
    let alert = Alert { id: "doctored-1".into(), at, kind, cause: None, receipt: None, skew_ms: None };
    phone(facts).state.alerts.push(Rc::new(alert));
}

fn tell(facts: &mut Facts, subject: &str) {
    let mut message = facts.messages.iter().find(|(_, message)| message.account.is_some()).unwrap().1.clone();
    (message.subject, message.at) = (subject.into(), now(facts));
    facts.messages.push((999, message));
}

#[test]
fn nobody_honest_is_told_of_a_theft() {
    let name = "nobody-honest-is-told-of-a-theft";
    let plain = [AlertKind::LowAllowance, AlertKind::ReceiptsLate, AlertKind::ClockSkew];
    for kind in AlertKind::ALL.iter().copied() {
        // An hour and more after the last thing that this owner did.
        let change = |facts: &mut Facts| {
            later(facts, 7_200);
            show(facts, kind);
        };
        if plain.contains(&kind) { keeps(change) } else { breaks(name, change) }
    }
    keeps(|facts| {
        rob(facts, LootKind::Profile);
        show(facts, AlertKind::UnknownUse);
        show(facts, AlertKind::RotateNeeded);
    });
    keeps(|facts| {
        rob(facts, LootKind::Road);
        show(facts, AlertKind::ReceiptForged);
    });
    // What he saw of the screen tells nobody how to forge.
    breaks(name, |facts| {
        rob(facts, LootKind::Screen);
        show(facts, AlertKind::ReceiptForged);
    });
    keeps(|facts| {
        let at_ms = facts.now_ms;
        facts.owners[0].did.push(Did { what: DidKind::TwoShops, at_ms });
        show(facts, AlertKind::UsedElsewhere);
    });
    breaks(name, |facts| tell(facts, "Many tries to log in with your ID"));
    breaks(name, |facts| tell(facts, "端末を停止しました"));
    breaks(name, |facts| tell(facts, "A word that nobody has thought of"));
    // Said again, and nothing of that kind was written.
    breaks(name, |facts| tell(facts, "Top-up completed"));
    keeps(|facts| tell(facts, "Code to release your account"));
    // To somebody else.
    breaks(name, |facts| {
        let own = facts.messages.iter_mut().find(|(_, message)| message.account.is_some()).unwrap();
        own.1.to = "thief@example.test".into();
    });
}

#[test]
fn a_wallet_shows_what_was_signed() {
    let name = "a-wallet-shows-what-was-signed";
    breaks(name, |facts| {
        later(facts, 1);
        phone(facts).state.balance.as_mut().unwrap().amount = amount(123_456);
    });
    // A key that is signed off comes back under no name, so a wallet may not say so of one that is not.
    breaks(name, |facts| {
        later(facts, 1);
        phone(facts).state.status = Status::Revoked;
    });
    // Receipts, cards, devices and limits that are not the ledger's.
    breaks(name, |facts| {
        let first = &mut phone(facts).state.recent[0];
        let mut forged = (**first).clone();
        forged.balance.amount = amount(123_456);
        *first = Rc::new(forged);
    });
    breaks(name, |facts| {
        later(facts, 1);
        phone(facts).state.sources[0].label = "VISA ···· 6666".into();
    });
    breaks(name, |facts| {
        later(facts, 1);
        phone(facts).state.devices[0].status = DeviceStatus::Suspended;
    });
    breaks(name, |facts| {
        later(facts, 1);
        phone(facts).state.limit.as_mut().unwrap().amount = amount(99_999);
    });
    // What was true once is none of these, and when all is quiet it is wrong.
    let raise = |facts: &mut Facts| phone(facts).state.limit.as_mut().unwrap().amount = amount(100_000);
    keeps(|facts| {
        later(facts, 1);
        raise(facts);
    });
    breaks(name, raise);
    keeps(|facts| {
        phone(facts).excused.push(Excuse::OlderRecord);
        raise(facts);
    });
    breaks(name, |facts| phone(facts).state.sources[0].usable_from = None);
}

/// Hanako's key is replaced at the issuer; the next one.
fn replace(facts: &mut Facts) -> Thumbprint {
    let next = SoftKey::make(&MemoryEntropy::of_system()).unwrap().0.public().thumbprint();
    later(facts, 1);
    own(facts).0.devices[0].replaced_by = Some(next);
    next
}

#[test]
fn a_renewed_key_is_kept() {
    let name = "a-renewed-key-is-kept";
    breaks(name, |facts| {
        replace(facts);
    });
    // Whatever a thief has, the owner's wallet keeps its keys.
    breaks(name, |facts| {
        rob(facts, LootKind::Road);
        phone(facts).excused.push(Excuse::Cloned);
        replace(facts);
    });
    keeps(|facts| {
        // The answer has not come.
        let next = replace(facts);
        phone(facts).keys.push(next);
    });
    for excuse in [Excuse::Evicted, Excuse::GivenUp, Excuse::OlderRecord, Excuse::OlderTerms] {
        keeps(|facts| {
            replace(facts);
            phone(facts).excused.push(excuse);
        });
    }
}

#[test]
fn a_wallet_is_right_again() {
    let name = "a-wallet-is-right-again";
    breaks(name, |facts| phone(facts).state.allowance = None);
    for status in [Status::KeyLost, Status::StorageCorrupt, Status::Suspended, Status::Frozen] {
        breaks(name, |facts| phone(facts).state.status = status);
        // While something is under way it may be so, and a record that the platform took needs a person.
        keeps(|facts| {
            phone(facts).state.status = status;
            phone(facts).excused.push(Excuse::Evicted);
        });
        keeps(|facts| {
            phone(facts).state.status = status;
            later(facts, 0);
        });
    }
    keeps(|facts| phone(facts).state.status = Status::Locked);
    // A balance that was signed, and is no more.
    breaks(name, |facts| phone(facts).state.balance.as_mut().unwrap().amount = amount(2_000));
    breaks(name, |facts| {
        phone(facts).state.recent.remove(0);
    });
    breaks(name, |facts| phone(facts).state.devices.clear());
    breaks(name, |facts| phone(facts).state.device.as_mut().unwrap().id = "other".into());
    // Less to pay with than the issuer's meters leave, and more than the policy ever gives.
    breaks(name, |facts| {
        let left = &mut phone(facts).state.allowance.as_mut().unwrap().left.amount;
        *left = left.minus(amount(1)).unwrap();
    });
    breaks(name, |facts| phone(facts).state.allowance.as_mut().unwrap().count_left -= 1);
    breaks(name, |facts| phone(facts).state.allowance.as_mut().unwrap().left.amount = amount(20_001));
}
