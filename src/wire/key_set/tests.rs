#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::key::Signature;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;

const NOW: u32 = 1_790_000_000;

fn key(byte: u8) -> (SigningKey, PublicKey) {
    let key = SigningKey::from_slice(&[byte; 32]).unwrap();
    let public = PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
    (key, public)
}

fn sign(set: &KeySet, byte: u8) -> Bytes {
    let unsigned = sign1::prepare(set, &key(byte).1);
    let signature: p256::ecdsa::Signature = key(byte).0.sign(unsigned.message());
    Bytes(unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap()))
}

fn set(seq: u64, time_key: u8, prev: Hash) -> KeySet {
    let key = key(time_key).1;
    let keys = vec![IssuerKey { kid: key.kid(), key, usage: Use::Time, not_before: 0, not_after: u32::MAX }];
    KeySet {
        issuer: "https://issuer.example".parse().unwrap(),
        seq: Whole::new(seq).unwrap(),
        keys: keys.try_into().unwrap(),
        prev,
    }
}

fn signed(set: &KeySet, root: u8, previous: Option<u8>) -> SignedKeySet {
    SignedKeySet {
        root: key(root).1,
        by_root: sign(set, root),
        by_previous: previous.map(|previous| sign(set, previous)),
    }
}

#[test]
fn the_next_set_follows_from_root_and_from_the_set_before() {
    let root = key(1).1;
    let first = set(1, 2, Hash::ZERO);
    let second = set(2, 3, first.link());
    assert_eq!(*signed(&first, 1, None).follow(&root, &first).unwrap(), first);
    assert_eq!(*signed(&second, 1, Some(2)).follow(&root, &first).unwrap(), second);
}

#[test]
fn a_set_that_does_not_follow_is_refused() {
    let root = key(1).1;
    let first = set(1, 2, Hash::ZERO);
    let second = set(2, 3, first.link());
    let refused = |signed: SignedKeySet| signed.follow(&root, &first).is_err();
    assert!(refused(signed(&second, 1, None)), "without the set before");
    assert!(refused(signed(&second, 1, Some(9))), "signed by a stranger");
    assert!(refused(signed(&second, 9, Some(2))), "under another root");
    assert!(refused(signed(&set(3, 3, first.link()), 1, Some(2))), "a number left out");
    assert!(refused(signed(&set(2, 3, Hash([9; 32])), 1, Some(2))), "after another set");
    let mut two = signed(&second, 1, Some(2));
    two.by_previous = Some(sign(&set(2, 4, first.link()), 2));
    assert!(refused(two), "two sets under two signatures");
}

#[test]
fn a_key_serves_its_one_use_in_its_time() {
    let set = set(1, 2, Hash::ZERO);
    assert_eq!(set.keys_for(Use::Time, NOW).count(), 1);
    assert_eq!(set.keys_for(Use::Receipt, NOW).count(), 0);
    assert_eq!(set.keys_for(Use::Time, u32::MAX).count(), 0);
}
