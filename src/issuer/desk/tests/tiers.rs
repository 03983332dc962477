//! What a claimed custody earns with which evidence.
#![allow(clippy::unwrap_used, clippy::print_stdout)]
use super::steps::{advance, at, pay};
use super::*;
use crate::issuer::attestation::{Claim, RootSigned};
use crate::issuer::testing::client::world_under;
use crate::issuer::testing::secret;
use crate::wire::allowance::{Allowance, Tier};
use crate::wire::id::Thumbprint;
use crate::wire::key::Signature;
use crate::wire::key_set::Use;
use p256::ecdsa::signature::Signer;

/// The platform's key, which the issuer's checker believes.
const ROOT: u8 = 81;
const MONTH: u32 = 30 * 24 * 3600;
/// UP, UV and BE.
const BACKUP_ELIGIBLE: u8 = 0x0d;

fn attested_world() -> World {
    world_under(|settings| settings.attestation = alloc::sync::Arc::new(RootSigned(public(ROOT))))
}

/// A platform's word for a key.
pub(super) fn attest(root: u8, thumb: Thumbprint, nonce: Nonce) -> Bytes {
    let signed: p256::ecdsa::Signature = secret(root).sign(&RootSigned::message(Claim { thumb, nonce }));
    Bytes(Signature::from_signer(&signed.to_bytes()).unwrap().as_bytes().to_vec())
}

/// The terms of a signed allowance.
pub(super) fn terms(issuer: &World, statement: &Bytes) -> Allowance {
    let keys = issuer.keys();
    let set = keys.set();
    let set = set.open(&set.root, &issuer.settings().issuer).unwrap();
    *set.open::<Allowance>(&statement.0, Use::Allowance, at(issuer)).unwrap().into_inner()
}

/// What speaks for or against a key.
#[derive(Clone, Copy, Debug)]
enum Evidence {
    Nothing,
    Attested,
    AttestedByAnother,
    AnotherKeyAttested,
    Garbage,
    MonthClean,
    MonthLessADay,
    MonthButBackupEligible,
    MonthThenBackupEligible,
    MonthThenReported,
}

impl Evidence {
    const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Attested,
        Self::AttestedByAnother,
        Self::AnotherKeyAttested,
        Self::Garbage,
        Self::MonthClean,
        Self::MonthLessADay,
        Self::MonthButBackupEligible,
        Self::MonthThenBackupEligible,
        Self::MonthThenReported,
    ];

    /// In words.
    const fn text(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Attested => "platform attests this key",
            Self::AttestedByAnother => "attestation by an unknown root",
            Self::AnotherKeyAttested => "platform attests another key",
            Self::Garbage => "bytes that are no attestation",
            Self::MonthClean => "30 clean days, BE = 0",
            Self::MonthLessADay => "29 clean days, BE = 0",
            Self::MonthButBackupEligible => "30 clean days, BE = 1",
            Self::MonthThenBackupEligible => "30 clean days, then BE = 1",
            Self::MonthThenReported => "30 days, then a reported payment",
        }
    }
}

/// Enrols under a claim, lets the evidence happen, and asks for the next allowance.
fn earned(claim: Custody, evidence: Evidence) -> Allowance {
    let issuer = attested_world();
    let (device, prepared) = prepare(&issuer, "hanako");
    let mut passkey = Passkey::new(PASSKEY);
    let eligible = matches!(evidence, Evidence::MonthButBackupEligible);
    if eligible {
        passkey.flags = BACKUP_ELIGIBLE;
    }
    let mut call = confirmation(&prepared, &device, &passkey, |statement| {
        statement.custody = claim;
        statement.backup_eligible = eligible;
    });
    let (thumb, nonce) = (device.key().thumbprint(), prepared.nonce);
    call.attestation = match evidence {
        Evidence::Attested => Some(attest(ROOT, thumb, nonce)),
        Evidence::AttestedByAnother => Some(attest(ROOT + 1, thumb, nonce)),
        Evidence::AnotherKeyAttested => Some(attest(ROOT, public(CHANNEL).thumbprint(), nonce)),
        Evidence::Garbage => Some(Bytes(vec![7; 64])),
        _ => None,
    };
    let first = device.call(&issuer, &call).unwrap();
    let mut channel = Client::new(CHANNEL);
    channel.account.clone_from(&device.account);
    match evidence {
        Evidence::MonthClean | Evidence::MonthButBackupEligible => advance(&issuer, MONTH),
        Evidence::MonthLessADay => advance(&issuer, MONTH - 24 * 3600),
        Evidence::MonthThenBackupEligible => {
            advance(&issuer, MONTH);
            prove_card(&issuer, &device, "card-1");
            let intent = prepare_top_up(&issuer, &device, 1_000, "card-1").unwrap();
            let flipped = Passkey { flags: BACKUP_ELIGIBLE, ..Passkey::new(PASSKEY) };
            device.call(&issuer, &agree(&device, &intent, &flipped)).unwrap();
        }
        Evidence::MonthThenReported => {
            advance(&issuer, MONTH);
            device.call(&issuer, &Refill {}).unwrap();
            let shop = till(&issuer, TILL, "t/1001");
            pay(&issuer, &shop, &token(&issuer, device.account.as_ref().unwrap(), 1), 500, "1");
            let seq = sync(&issuer, &channel).receipts.len() as u64;
            report(&issuer, &channel, seq);
        }
        _ => return terms(&issuer, &first.allowance),
    }
    let refilled = device.call(&issuer, &Refill {});
    match refilled {
        Ok(refilled) => terms(&issuer, &refilled.allowance),
        Err(_) => {
            advance(&issuer, 24 * 3600);
            terms(&issuer, &device.call(&issuer, &Refill {}).unwrap().allowance)
        }
    }
}

/// "It was not me", and the release of the account after it.
fn report(issuer: &World, channel: &Client, seq: u64) {
    let order = Freeze {
        issuer: "https://issuer.example".parse().unwrap(),
        account: channel.account.clone().unwrap(),
        thumb: public(DEVICE).thumbprint(),
        nonce: Nonce([6; 16]),
        issued_at: at(issuer),
    };
    let call = ReportUse { statement: Bytes(channel.state(&order)), seq: Some(seq) };
    channel.call(issuer, &call).unwrap();
    let account = channel.account.clone().unwrap();
    now(issuer.ledger().transact(Needs::new().and(Kind::Accounts, &account), |records| {
        let mut owner = records.accounts.get(&account).unwrap().clone();
        owner.frozen_at = None;
        records.accounts.put(&account, owner);
    }))
    .unwrap();
}

/// Tier a row must come to: only two pairs of claim and evidence are worth more than `browser`.
const fn expected(claim: Custody, evidence: Evidence) -> Tier {
    match (claim, evidence) {
        (Custody::Native, Evidence::Attested) => Tier::Native,
        (Custody::Passkey, Evidence::MonthClean) => Tier::Passkey,
        _ => Tier::Browser,
    }
}

#[test]
fn a_claim_alone_gains_nothing_and_evidence_counts_for_its_own_claim_only() {
    println!("| claim | evidence | tier | a payment | 24 h, key | 24 h, account | count |");
    println!("|---|---|---|---|---|---|---|");
    let policy = crate::rules::policy::Policy::default();
    let honest = earned(Custody::Browser, Evidence::Nothing);
    for claim in [Custody::Software, Custody::Browser, Custody::Passkey, Custody::Native] {
        for evidence in Evidence::ALL {
            let allowance = earned(claim, evidence);
            let Allowance { tier, per_payment, total, count, .. } = allowance;
            let account = policy.of(tier).per_account;
            let (claimed, evident) = (claim.name(), evidence.text());
            println!("| {claimed} | {evident} | {tier:?} | {per_payment} | {total} | {account} | {count} |");
            assert_eq!(tier, expected(claim, evidence), "{claim:?} {evidence:?}");
            if tier == Tier::Browser {
                assert_eq!((per_payment, total, count), (honest.per_payment, honest.total, honest.count));
            }
        }
    }
}

#[test]
fn a_tier_that_is_lost_does_not_live_on_in_an_allowance() {
    let issuer = world();
    let (device, prepared) = prepare(&issuer, "hanako");
    let claim = |statement: &mut Enrolment| statement.custody = Custody::Passkey;
    device.call(&issuer, &confirmation(&prepared, &device, &Passkey::new(PASSKEY), claim)).unwrap();
    prove_card(&issuer, &device, "card-1");
    top_up(&issuer, &device, 30_000, "card-1").unwrap();
    advance(&issuer, MONTH);
    let refilled = device.call(&issuer, &Refill {}).unwrap();
    assert_eq!(terms(&issuer, &refilled.allowance).tier, Tier::Passkey);
    assert_eq!(refilled.left.amount, Amount::of(50_000));
    let shop = till(&issuer, TILL, "t/1001");
    let account = device.account.clone().unwrap();
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 12_000, "1").outcome, Outcome::Approved);
    // The passkey says that it may be copied: no refusal, but the limits of a browser from now on.
    let intent = prepare_top_up(&issuer, &device, 1_000, "card-1").unwrap();
    let flipped = Passkey { flags: BACKUP_ELIGIBLE, ..Passkey::new(PASSKEY) };
    device.call(&issuer, &agree(&device, &intent, &flipped)).unwrap();
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 12_000, "2").outcome, Outcome::AmountOver);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 3), 8_000, "3").outcome, Outcome::Approved);
    advance(&issuer, 61);
    // 20,000 of 20,000 are gone.
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 4), 1, "4").outcome, Outcome::Declined);
}
