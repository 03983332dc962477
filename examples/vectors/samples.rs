//! One right example of each statement.

use crate::NOW;
use crate::signer::Signer;
use jitsuin::wire::Field;
use jitsuin::wire::allowance::{Allowance, Offline, Tier};
use jitsuin::wire::approval::Approval;
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::enrolment::{Custody, Enrolment};
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::{AccountId, Bytes, Handle, Hash, IssuerId, Nonce, Thumbprint, Veil};
use jitsuin::wire::intent::{Action, Intent};
use jitsuin::wire::key_set::{IssuerKey, KeySet, Use};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::number::Whole;
use jitsuin::wire::quote::Quote;
use jitsuin::wire::receipt::{Body, Kind, Receipt};
use jitsuin::wire::sign1::encode;
use jitsuin::wire::state::{DeviceItem, DeviceState, DeviceStatus, Left, SourceItem};
use jitsuin::wire::time::Time;

pub(crate) const HANDLE: Handle = Handle([0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71]);
pub(crate) const VEIL: Veil = Veil(*b"a veil of 16 B..");

fn issuer() -> IssuerId {
    "https://issuer.example".parse().unwrap()
}

fn account() -> AccountId {
    "acc-5f2c".parse().unwrap()
}

pub(crate) fn device() -> Signer {
    Signer::new(7)
}

fn thumb() -> Thumbprint {
    device().public().thumbprint()
}

pub(crate) fn enrol() -> Vec<u8> {
    encode(&Enrolment {
        issuer: issuer(),
        rp_id: "wallet.example".parse().unwrap(),
        account: account(),
        device_key: device().public(),
        channel_key: Signer::new(8).public(),
        credential: Bytes(vec![0xc1; 32]).try_into().unwrap(),
        credential_key_hash: Hash([0xc2; 32]),
        backup_eligible: true,
        backed_up: false,
        custody: Custody::Browser,
        nonce: Nonce([3; 16]),
        issued_at: NOW,
    })
}

pub(crate) fn step_up() -> Vec<u8> {
    encode(&CoSignature::over(
        &intents()[0].to_bytes(),
        b"authenticator data",
        b"client data",
        b"signature",
        &Bytes(vec![0xc1; 32]).try_into().unwrap(),
    ))
}

pub(crate) fn approval() -> Vec<u8> {
    encode(&Approval {
        issuer: issuer(),
        account: account(),
        thumb: thumb(),
        new_key: Signer::new(9).public(),
        custody: Custody::Passkey,
        nonce: Nonce([4; 16]),
        issued_at: NOW,
    })
}

pub(crate) fn freeze() -> Vec<u8> {
    encode(&Freeze { issuer: issuer(), account: account(), thumb: thumb(), nonce: Nonce([5; 16]), issued_at: NOW })
}

pub(crate) fn allowance() -> Vec<u8> {
    encode(&Allowance {
        issuer: issuer(),
        account: account(),
        thumb: thumb(),
        handle: HANDLE,
        veil: VEIL,
        per_payment: Amount::of(10_000),
        count: 10,
        total: Amount::of(20_000),
        offline: Offline { per_payment: Amount::of(5_000), count: 2, total: Amount::of(10_000) },
        currency: Currency::JPY,
        until: NOW + 604_800,
        cooled_at: NOW,
        tier: Tier::Browser,
    })
}

pub(crate) fn body() -> Body {
    Body {
        salt: [6; 16],
        amount: Some(Amount::of(540)),
        currency: Some(Currency::JPY),
        shop: Some("みなと商店".parse().unwrap()),
        place: Some("横浜市".parse().unwrap()),
        source: None,
        device_label: Some("Pixel".parse().unwrap()),
        undoes: None,
        reason: None,
    }
}

pub(crate) fn receipt() -> Vec<u8> {
    encode(&Receipt {
        issuer: issuer(),
        account: account(),
        seq: Whole::from(2),
        prev: Hash([0x11; 32]),
        time: NOW,
        kind: Kind::Payment,
        thumb: Some(thumb()),
        atc: Some(7),
        random: Some([1, 2, 3, 4]),
        body_hash: body().hash(),
        balance: Amount::of(1_460),
    })
}

pub(crate) fn head() -> Vec<u8> {
    encode(&Head {
        account: account(),
        seq: Whole::from(2),
        hash: Hash([0x12; 32]),
        time: NOW,
        balance: Amount::of(1_460),
    })
}

pub(crate) fn state() -> Vec<u8> {
    let phone = DeviceItem {
        thumb: thumb(),
        label: "Pixel".parse().expect("a text"),
        custody: Custody::Browser,
        status: DeviceStatus::Active,
        added_at: NOW - 100_000,
        cooled_at: NOW - 13_600,
        last_used_at: Some(NOW - 60),
    };
    let gone = DeviceItem {
        thumb: Thumbprint([0x16; 32]),
        label: "古い端末".parse().expect("a text"),
        status: DeviceStatus::Revoked,
        last_used_at: None,
        ..phone.clone()
    };
    let card = SourceItem {
        id: "card-1".parse().expect("an id"),
        kind: "card".parse().expect("a text"),
        label: "VISA ···· 4242".parse().expect("a text"),
        random: [0x1a; 16],
        usable_from: Some(NOW - 500),
    };
    encode(&DeviceState {
        issuer: issuer(),
        account: account(),
        thumb: thumb(),
        nonce: Nonce([7; 16]),
        seq: 2.into(),
        status: DeviceStatus::Active,
        floor: 7,
        devices: vec![gone, phone].try_into().expect("a list"),
        sources: vec![card].try_into().expect("a list"),
        left: Left { amount: Amount::of(19_460), count: 9, resets_at: NOW + 86_340 },
        limit: Amount::of(50_000),
    })
}

pub(crate) fn time() -> Vec<u8> {
    encode(&Time { issuer: issuer(), nonce: Nonce([7; 16]), now_ms: Whole::new(u64::from(NOW) * 1000 + 123).unwrap() })
}

/// The keys that sign the issuer's statements among the vectors.
pub(crate) fn issuer_keys() -> KeySet {
    let key = |byte, usage| {
        let key = Signer::new(byte).public();
        IssuerKey { kid: key.kid(), key, usage, not_before: NOW - 1000, not_after: NOW + 31_536_000 }
    };
    let keys: Vec<_> = (21..).zip(Use::ALL).map(|(byte, usage)| key(byte, usage)).collect();
    KeySet { issuer: issuer(), seq: Whole::from(1), keys: keys.try_into().unwrap(), prev: Hash::ZERO }
}

pub(crate) fn key_set() -> Vec<u8> {
    encode(&issuer_keys())
}

pub(crate) fn quote() -> Vec<u8> {
    encode(&Quote {
        issuer: issuer(),
        merchant: "みなと商店".parse().unwrap(),
        place: Some("横浜市".parse().unwrap()),
        audience: "m/minato".parse().unwrap(),
        currency: Currency::JPY,
        amount: Some(Amount::of(540)),
        code_hash: Hash([0x13; 32]),
        until: NOW + 120,
    })
}

/// One intent of each kind.
pub(crate) fn intents() -> Vec<Intent> {
    let source = || "card-1".parse().unwrap();
    let actions = [
        Action::TopUp {
            amount: Amount::of(5_000),
            currency: Currency::JPY,
            source: source(),
            source_fingerprint: Hash([0x14; 32]),
        },
        Action::Refill { per_payment: Amount::of(10_000), count: 10, total: Amount::of(20_000), until: NOW + 604_800 },
        Action::Pay {
            audience: "t/minato-1".parse().unwrap(),
            amount: Amount::of(8_000),
            currency: Currency::JPY,
            quote_hash: Hash([0x15; 32]),
        },
        Action::Approve {
            new_thumb: Thumbprint([0x16; 32]),
            new_credential: Bytes(vec![0xc3; 16]).try_into().unwrap(),
            custody: Custody::Native,
        },
        Action::Revoke { target_thumb: Thumbprint([0x17; 32]) },
        Action::Rotate { new_thumb: Thumbprint([0x18; 32]), custody: Custody::Passkey },
        Action::Limit { old: Amount::of(10_000), new: Amount::of(30_000) },
        Action::Contact { hash: Hash([0x19; 32]), wait_until: NOW + 259_200 },
        Action::Card { source: source() },
        Action::Codes,
        Action::Unfreeze,
    ];
    let intent = |action| Intent {
        issuer: issuer(),
        account: account(),
        thumb: thumb(),
        credential: Bytes(vec![0xc1; 32]).try_into().unwrap(),
        head: Hash([0x12; 32]),
        nonce: Nonce([9; 16]),
        expires_at: NOW + 300,
        action,
    };
    actions.into_iter().map(intent).collect()
}

/// The canonical bytes of any field.
pub(crate) fn bytes(field: &dyn Field) -> Vec<u8> {
    let mut to = jitsuin::wire::cbor::Writer::new();
    field.write(&mut to);
    to.into_bytes()
}
