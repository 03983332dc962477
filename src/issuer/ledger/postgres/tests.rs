#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use super::*;

#[test]
fn a_lock_names_kind_and_key() {
    let names = [lock_name("keys", "a"), lock_name("keys", "b"), lock_name("used", "a"), lock_name("keysa", "")];
    let mut distinct = names.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len());
    assert_eq!(lock_name("keys", "a"), names[0]);
}
