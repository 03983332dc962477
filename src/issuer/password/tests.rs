#![allow(clippy::unwrap_used)]
use super::*;
use core::cell::RefCell;

std::thread_local! {
    /// The cost of each hash that this thread made, and the length of what was hashed.
    pub(super) static WORK: RefCell<Vec<(PasswordCost, usize)>> = RefCell::default();
}

/// What was hashed since this was asked last.
pub(in crate::issuer) fn work() -> Vec<(PasswordCost, usize)> {
    let mut work = WORK.take();
    work.sort_by_key(|(cost, length)| (cost.memory, *length));
    work
}

#[test]
fn only_the_password_matches() {
    let hash = PasswordHash::new("correct horse", [1; 16], PasswordCost::least()).unwrap();
    assert_eq!(hash.compare("correct horse"), Match::Prepared);
    for other in ["correct horsf", "", &"x".repeat(5000)] {
        assert_eq!(hash.compare(other), Match::None);
    }
}

#[test]
fn nothing_matches_the_dummy() {
    let dummy = PasswordHash::dummy(PasswordCost::least());
    for password in ["", "anything", "e\u{301}"] {
        assert_eq!(dummy.compare(password), Match::None);
    }
}

#[test]
fn the_same_password_has_another_hash_under_another_salt() {
    let [a, b] = [1, 2].map(|salt| PasswordHash::new("same", [salt; 16], PasswordCost::least()).unwrap().hash);
    assert!(a != b);
}

#[test]
fn the_default_cost_is_one_that_argon2id_takes() {
    let hash = PasswordHash::new("x", [1; 16], PasswordCost::default()).unwrap();
    assert_eq!(hash.compare("x"), Match::Prepared);
}

#[test]
fn a_hash_of_what_was_typed_matches_what_was_typed() {
    let (raw, cost) = ("Cafe\u{301}", PasswordCost::least());
    let old = PasswordHash::of_what_was_typed(raw, cost);
    assert_eq!(old.compare(raw), Match::Raw);
    assert_eq!(old.compare("Caf\u{e9}"), Match::None);
    let renewed = PasswordHash::new(raw, [2; 16], cost).unwrap();
    assert_eq!(renewed.compare(raw), Match::Prepared);
    assert_eq!(renewed.compare("Caf\u{e9}"), Match::Prepared);
}

impl PasswordHash {
    /// As hashes were made before passwords had one form.
    pub(in crate::issuer) fn of_what_was_typed(typed: &str, cost: PasswordCost) -> Self {
        let PasswordCost { memory, passes, lanes } = cost;
        let made = hash(typed, &[1; 16], cost).unwrap();
        Self { memory, passes, lanes, salt: Bytes(vec![1; 16]), hash: Bytes(made.to_vec()) }
    }
}
