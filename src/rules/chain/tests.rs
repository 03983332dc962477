#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::money::Amount;
use crate::wire::number::Whole;
use crate::wire::receipt::Kind;

fn receipt(seq: u64, prev: Hash, balance: u32) -> Receipt {
    Receipt {
        issuer: "https://issuer.example".parse().unwrap(),
        account: "acc-1".parse().unwrap(),
        seq: Whole::new(seq).unwrap(),
        prev,
        time: 1_790_000_000,
        kind: Kind::Payment,
        thumb: None,
        atc: None,
        random: None,
        body_hash: Hash::ZERO,
        balance: Amount::of(balance),
    }
}

fn head(link: Link) -> Head {
    let account = "acc-1".parse().unwrap();
    Head { account, seq: Whole::new(link.seq).unwrap(), hash: link.hash, time: 1_790_000_000, balance: Amount::ZERO }
}

#[test]
fn receipts_follow_one_by_one() {
    let one = receipt(1, Hash::ZERO, 10);
    let after_one = Link::START.next(&one).unwrap();
    let two = receipt(2, after_one.hash, 20);
    let after_two = after_one.next(&two).unwrap();
    assert_eq!(after_two, Link { seq: 2, hash: two.link() });
    assert_eq!(Link::START.next(&two), Err(Broken::Gap));
    assert_eq!(after_two.next(&two), Err(Broken::Fork));
    assert_eq!(after_one.next(&receipt(2, Hash([9; 32]), 20)), Err(Broken::Fork));
    // A number used before is no next one, even where the hash fits.
    assert_eq!(after_one.next(&receipt(1, after_one.hash, 20)), Err(Broken::Fork));
}

#[test]
fn a_head_shows_a_missing_receipt_and_a_second_history() {
    let one = Link::START.next(&receipt(1, Hash::ZERO, 10)).unwrap();
    assert_eq!(one.meets(&head(one)), Ok(()));
    assert_eq!(Link::START.meets(&head(one)), Err(Broken::Gap));
    assert_eq!(one.meets(&head(Link::START)), Err(Broken::Fork));
    assert_eq!(one.meets(&head(Link { seq: 1, hash: Hash([9; 32]) })), Err(Broken::Fork));
    assert_eq!(one.meets(&head(Link { seq: 0, hash: one.hash })), Err(Broken::Fork));
}
