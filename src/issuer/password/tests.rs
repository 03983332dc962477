#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn only_the_password_matches() {
    let hash = PasswordHash::new("correct horse", [1; 16], PasswordCost::least()).unwrap();
    assert!(hash.is("correct horse"));
    assert!(!hash.is("correct horsf"));
    assert!(!hash.is(""));
    assert!(!hash.is(&"x".repeat(5000)));
}

#[test]
fn nothing_matches_the_dummy() {
    let dummy = PasswordHash::dummy(PasswordCost::least());
    assert!(!dummy.is(""));
    assert!(!dummy.is("anything"));
}

#[test]
fn the_same_password_has_another_hash_under_another_salt() {
    let [a, b] = [1, 2].map(|salt| PasswordHash::new("same", [salt; 16], PasswordCost::least()).unwrap().hash);
    assert!(a != b);
}

#[test]
fn the_default_cost_is_one_that_argon2id_takes() {
    assert!(PasswordHash::new("x", [1; 16], PasswordCost::default()).unwrap().is("x"));
}
