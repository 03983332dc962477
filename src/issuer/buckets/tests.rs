#![allow(clippy::unwrap_used)]

use super::*;
use crate::issuer::ledger::{Kind, Ledger as _, Needs};
use crate::issuer::testing::client::world;
use crate::issuer::testing::now as done;

/// Runs a rule over the tries under these keys.
fn over(keys: [&str; 2], rule: impl Fn(&mut Records) + Send + Sync) {
    let needs = keys.into_iter().fold(Needs::new(), |needs, key| needs.and(Kind::Tries, key));
    done(world().ledger().transact(needs, |records| rule(records))).unwrap();
}

#[test]
fn a_wait_grows_to_an_hour_is_said_and_a_refused_try_adds_nothing() {
    over(["login", "another"], |records| {
        let mut now = 1_000_000;
        for _ in 0..5 {
            slow(records, "login", 5, now).unwrap();
        }
        for expected in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
            for _ in 0..3 {
                assert_eq!(slow(records, "login", 5, now).unwrap_err().retry_after, Some(expected));
            }
            now += expected - 1;
            assert_eq!(slow(records, "login", 5, now).unwrap_err().retry_after, Some(1));
            now += 1;
            slow(records, "login", 5, now).unwrap();
        }
        slow(records, "login", 5, now + DAY).unwrap();
        slow(records, "another", 5, now).unwrap();
    });
}

#[test]
fn the_third_code_of_a_day_is_the_last_and_a_known_key_has_its_own() {
    let account: AccountId = "acc-1".parse().unwrap();
    let (all, own) = (codes_key(&account, None), codes_key(&account, Some(Thumbprint([1; 32]))));
    over([&all, &own], |records| {
        let sent: Vec<_> = (0..4).map(|number| count_code(records, &all, 100 + number)).collect();
        assert_eq!(sent, [Some(false), Some(false), Some(true), None]);
        assert_eq!(count_code(records, &own, 200), Some(false));
        assert_eq!(count_code(records, &all, 100 + DAY), Some(true));
    });
}
