#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::entropy::{Seed, SystemEntropy};
use crate::wire::id::Nonce;
use crate::wire::time::Time;

const NOW: u32 = 1_790_000_000;

fn made() -> (StoredKeys, IssuerId) {
    let issuer: IssuerId = "https://issuer.example".parse().unwrap();
    let seed = Seed::draw(&SystemEntropy).unwrap();
    (Keys::make(&Chance::new(&seed), &issuer, NOW).unwrap(), issuer)
}

#[test]
fn stored_keys_open_again_for_their_own_issuer_only() {
    let (stored, issuer) = made();
    let json = serde_json::to_string(&stored).unwrap();
    let keys = Keys::open(&serde_json::from_str(&json).unwrap(), &issuer).unwrap();
    assert_eq!(*keys.set(), stored.set);
    let other = "https://other.example".parse().unwrap();
    assert_eq!(Keys::open(&stored, &other).err(), Some(Code::IssuerUnavailable));
}

#[test]
fn each_use_has_a_key_of_its_own() {
    let (stored, issuer) = made();
    let keys = Keys::open(&stored, &issuer).unwrap();
    let set = keys.set().open(&keys.set().root, &issuer).unwrap();
    let time = Time { issuer, nonce: Nonce([1; 16]), now_ms: Whole::from(5) };
    let signed = keys.sign(Use::Time, &time);
    assert_eq!(*set.open::<Time>(&signed, Use::Time, NOW).unwrap(), time);
    for usage in [Use::Allowance, Use::Receipt, Use::Quote] {
        assert!(set.open::<Time>(&signed, usage, NOW).is_err());
        assert!(set.open::<Time>(&keys.sign(usage, &time), Use::Time, NOW).is_err());
    }
    let kids: alloc::collections::BTreeSet<_> = set.keys.iter().map(|key| key.kid).collect();
    assert_eq!(kids.len(), 4);
}

#[test]
fn a_mac_is_of_one_purpose_and_one_way_to_cut_its_parts() {
    let (stored, issuer) = made();
    let keys = Keys::open(&stored, &issuer).unwrap();
    let tag = keys.mac("a", &[b"xy", b"z"]);
    assert!(keys.mac_holds("a", &[b"xy", b"z"], tag.as_bytes()));
    assert!(!keys.mac_holds("b", &[b"xy", b"z"], tag.as_bytes()));
    assert!(!keys.mac_holds("a", &[b"x", b"yz"], tag.as_bytes()));
    assert!(!keys.mac_holds("a", &[b"xy", b"z"], &tag.as_bytes()[..31]));
    let (other, issuer) = made();
    assert!(!Keys::open(&other, &issuer).unwrap().mac_holds("a", &[b"xy", b"z"], tag.as_bytes()));
}

#[test]
fn the_next_set_is_signed_by_the_root_and_by_the_set_before_and_keeps_what_checks_old_receipts() {
    let (stored, issuer) = made();
    let first = Keys::open(&stored, &issuer).unwrap();
    let seed = Seed::draw(&SystemEntropy).unwrap();
    let next = Keys::next(&stored, &Chance::new(&seed), &issuer, NOW + 1_000).unwrap();
    let second = Keys::open(&next, &issuer).unwrap();
    assert_eq!((second.past(), second.published().seq.get()), (&[first.set().clone()][..], 2));
    let root = first.set().root;
    let followed = second.set().follow(&root, first.published()).unwrap();
    assert_eq!(*followed, *second.published());
    let unsigned = SignedKeySet { by_previous: None, ..second.set().clone() };
    assert!(unsigned.follow(&root, first.published()).is_err());
    // What the old receipt key signed until then holds, and later it signs nothing.
    let time = |at: u32| Time {
        issuer: issuer.clone(),
        nonce: Nonce([1; 16]),
        now_ms: Whole::new(u64::from(at) * 1000).unwrap(),
    };
    let old = first.sign(Use::Receipt, &time(NOW));
    assert!(followed.open::<Time>(&old, Use::Receipt, NOW + 1_000).is_ok());
    assert!(followed.open::<Time>(&old, Use::Receipt, NOW + 1_001).is_err());
    // Other old keys sign nothing any more, whatever date they say.
    for usage in [Use::Allowance, Use::Time, Use::Quote] {
        assert!(followed.open_undated::<Time>(&first.sign(usage, &time(NOW)), usage).is_err());
        assert!(followed.open::<Time>(&second.sign(usage, &time(NOW)), usage, NOW + 1_001).is_ok());
    }
    assert!(!second.mac_holds("a", &[b"x"], first.mac("a", &[b"x"]).as_bytes()), "the old secret opens nothing");

    // Set after set: what checks receipts stays as long as there is room, and the set stays one that can be read.
    let mut stored = next;
    for round in 0..20 {
        let seed = Seed::draw(&SystemEntropy).unwrap();
        stored = Keys::next(&stored, &Chance::new(&seed), &issuer, NOW + 2_000 + round * 86_400).unwrap();
    }
    let last = Keys::open(&stored, &issuer).unwrap();
    assert_eq!((last.past().len(), last.published().keys.len()), (21, 16));
    let receipts = last.published().keys.iter().filter(|key| key.usage == Use::Receipt).count();
    assert_eq!(receipts, 13);
}
