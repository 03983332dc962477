use super::*;
use crate::wire::key::{PublicKey, Signature};
use crate::wire::sign1::{encode, open, prepare};
use p256::ecdsa::signature::Signer as _;

fn signer() -> (p256::ecdsa::SigningKey, PublicKey) {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let public = PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
    (key, public)
}

fn signed(state: &DeviceState) -> Vec<u8> {
    let (key, public) = signer();
    let unsigned = prepare(state, &public);
    let signature: p256::ecdsa::Signature = key.sign(unsigned.message());
    unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap())
}

fn device(label: &str) -> DeviceItem {
    DeviceItem {
        thumb: Thumbprint([1; 32]),
        label: label.parse().unwrap(),
        custody: Custody::Software,
        status: DeviceStatus::Suspended,
        added_at: u32::MAX,
        cooled_at: u32::MAX,
        last_used_at: Some(u32::MAX),
    }
}

fn source(id: &str, label: &str) -> SourceItem {
    SourceItem {
        id: id.parse().unwrap(),
        kind: "card".parse().unwrap(),
        label: label.parse().unwrap(),
        random: [9; 16],
        usable_from: Some(u32::MAX),
    }
}

fn state(devices: Vec<DeviceItem>, sources: Vec<SourceItem>) -> DeviceState {
    DeviceState {
        issuer: "https://issuer.example".parse().unwrap(),
        account: "acc-1".parse().unwrap(),
        thumb: Thumbprint([1; 32]),
        nonce: Nonce([2; 16]),
        seq: Whole::from(7),
        status: DeviceStatus::Active,
        floor: u32::MAX,
        devices: devices.try_into().unwrap(),
        sources: sources.try_into().unwrap(),
        left: Left { amount: Amount::MAX, count: u32::MAX, resets_at: u32::MAX },
        limit: Amount::MAX,
    }
}

/// The longest text that a statement may hold.
fn longest() -> String {
    "あ".repeat(85)
}

#[test]
fn the_largest_state_is_read_and_anything_above_the_bound_is_not() {
    let mut largest = state(
        vec![device(&longest()); Devices::MOST],
        vec![SourceItem { kind: longest().parse().unwrap(), ..source(&"c".repeat(64), &longest()) }; Sources::MOST],
    );
    largest.issuer = ["https://", &"a".repeat(60), ".", &"b".repeat(59)].concat().parse().unwrap();
    largest.account = "a".repeat(64).parse().unwrap();
    largest.seq = Whole::MAX;
    let bytes = signed(&largest);
    assert!(bytes.len() > crate::wire::MAX_BYTES && bytes.len() <= DeviceState::MOST_BYTES, "{}", bytes.len());
    assert_eq!(*open::<DeviceState>(&bytes, &signer().1).unwrap(), largest);
    let padded = [bytes.as_slice(), &vec![0; DeviceState::MOST_BYTES - bytes.len()]].concat();
    assert_eq!(open::<DeviceState>(&padded, &signer().1), Err(Refusal::TrailingBytes));
    assert_eq!(open::<DeviceState>(&[padded.as_slice(), &[0]].concat(), &signer().1), Err(Refusal::TooLong));
}

#[test]
fn a_list_that_is_too_long_is_neither_built_nor_read() {
    let devices = vec![device("Phone"); Devices::MOST + 1];
    assert_eq!(Devices::try_from(devices.clone()), Err(Refusal::OutOfRange));
    assert_eq!(Devices::of_first(devices).len(), Devices::MOST);
    let mut written = Writer::new();
    written.array(Devices::MOST as u64 + 1);
    let bytes = written.into_bytes();
    assert_eq!(Devices::blank().read(&mut Reader::new(&bytes).unwrap()), Err(Refusal::OutOfRange));
}

#[test]
fn the_fingerprint_covers_everything_that_is_shown_and_nothing_else() {
    let card = source("card-1", "VISA 4242");
    let others = [
        source("card-2", "VISA 4242"),
        source("card-1", "VISA 4243"),
        SourceItem { kind: "bank".parse().unwrap(), ..card.clone() },
        SourceItem { random: [8; 16], ..card.clone() },
    ];
    for other in others {
        assert_ne!(other.fingerprint(), card.fingerprint(), "{other:?}");
    }
    assert_eq!(SourceItem { usable_from: None, ..card.clone() }.fingerprint(), card.fingerprint());
    // Text and number stand under their own keys: nothing moves from one field to the next.
    let (one, other) =
        (source("card-1", "VISA"), SourceItem { kind: "car".parse().unwrap(), ..source("card-1", "dVISA") });
    assert_ne!(one.fingerprint(), other.fingerprint());
    assert_ne!(card.fingerprint().0.to_vec(), encode(&card));
}
