#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn a_seed_gives_the_same_values_again_and_none_twice() {
    let seed = Seed::draw(&SystemEntropy).unwrap();
    let (first, again) = (Chance::new(&seed), Chance::new(&seed));
    let values: Vec<[u8; 16]> = (0..50).map(|_| first.next()).collect();
    assert!(values.iter().all(|value| *value == again.next::<16>()));
    let distinct: alloc::collections::BTreeSet<_> = values.iter().collect();
    assert_eq!(distinct.len(), 50);
}

#[test]
fn digits_keep_their_leading_zeros() {
    let seed = Seed::draw(&SystemEntropy).unwrap();
    let chance = Chance::new(&seed);
    let codes: Vec<String> = (0..200).map(|_| chance.digits(8)).collect();
    assert!(codes.iter().all(|code| code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit())));
    assert!(codes.iter().any(|code| code.starts_with('0')));
}
