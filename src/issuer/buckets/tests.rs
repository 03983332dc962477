#![allow(clippy::unwrap_used)]

use super::*;
use crate::issuer::ledger::{Kind, Ledger as _, Needs};
use crate::issuer::testing::client::world;
use crate::issuer::testing::now as done;

/// Runs a rule over the tries under these keys.
fn over<const N: usize>(keys: [&str; N], rule: impl Fn(&mut Records) + Send + Sync) {
    let needs = keys.into_iter().fold(Needs::new(), |needs, key| needs.and(Kind::Tries, key));
    done(world().ledger().transact(needs, |records| rule(records))).unwrap();
}

/// One try in a bucket that slows.
fn slow(records: &mut Records, key: &str, free: u32, now: u32) -> Result<(), Refused> {
    let mut counts = Counts::at(now);
    counts.slow(records, key, free)?;
    counts.add(records);
    Ok(())
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
    let (all, own) = (codes_keys(&account, None), codes_keys(&account, Some(Thumbprint([1; 32]))));
    assert_eq!(own[1..], all);
    over([&all[0], &own[0], "a row", "another"], |records| {
        // A minute apart, so that none is in a row with the one before.
        let sent: Vec<_> = (0..4).map(|number| count_code(records, &all, "a row", 100 + 60 * number)).collect();
        assert_eq!(sent, [Some(false), Some(false), Some(true), None]);
        assert_eq!(count_code(records, &own, "another", 200), Some(false));
        assert_eq!(count_code(records, &all, "a row", 100 + DAY), Some(true));
        // Where its own are used up, a known key has what all have.
        let sent: Vec<_> =
            (0..7).map(|number| count_code(records, &own, "another", 1_000 + 2 * DAY + 60 * number)).collect();
        assert_eq!(sent[..5], [Some(false); 5]);
        assert_eq!(sent[5..], [Some(true), None]);
    });
}

#[test]
fn what_one_key_asks_for_in_several_tabs_counts_once_and_has_an_end() {
    over(["all", "row of one", "row of another", ""], |records| {
        let ask = |records: &mut Records, row, now| count_code(records, &["all".into()], row, now);
        let tabs: Vec<_> = (0..6).map(|number| ask(records, "row of one", 100 + number)).collect();
        assert_eq!(tabs, [Some(false), Some(false), Some(false), Some(false), Some(false), None]);
        assert_eq!(ask(records, "row of another", 110), Some(false));
        assert_eq!(ask(records, "row of one", 170), Some(true), "the third of the day");
        assert_eq!(
            [300, 301, 302].map(|now| ask(records, "row of another", now)),
            [None; 3],
            "a refused one begins no row"
        );
    });
}

#[test]
fn a_row_ends_a_minute_after_its_first_code_however_it_is_kept_going() {
    over(["all", "row"], |records| {
        let sent = (0..60).filter_map(|number| count_code(records, &["all".into()], "row", 1_000 + 13 * number));
        assert_eq!(sent.count(), 15, "three rows of five, in thirteen minutes");
    });
}

#[test]
fn a_row_is_no_row_any_more_once_the_ledgers_clock_was_put_back() {
    over(["all", "row"], |records| {
        let ask = |records: &mut Records, now| count_code(records, &["all".into()], "row", now);
        let sent: Vec<_> = (0..6).map(|number| ask(records, 10_000 + number)).collect();
        assert_eq!(sent[5], None, "the row is full");
        // Or its owner would get no code until that time has come again.
        assert_eq!(ask(records, 10_000 - 3_600), Some(false));
    });
}

/// What was tried before the clock was put back would be in the window until that time has come again, and a window more.
#[test]
fn tries_of_a_time_that_is_still_to_come_keep_nobody_waiting() {
    let (then, now) = (100_000, 100_000 - 6 * 3_600);
    over(["login", "source", "freezes"], |records| {
        for number in 0..9 {
            let _ = slow(records, "login", 3, then + number);
            let _ = count(records, "source", 5, 3_600, then + number);
        }
        assert!(slow(records, "login", 3, then + 9).is_err());
        assert!(count(records, "source", 5, 3_600, then + 9).is_err());
        // Another server's clock may be a little behind: the same tries count there.
        assert!(slow(records, "login", 3, then - 20).is_err());
        assert!(count(records, "source", 5, 3_600, then - 20).is_err());
        assert!(slow(records, "login", 3, now).is_ok());
        assert!(count(records, "source", 5, 3_600, now).is_ok());
    });
}

#[test]
fn no_login_and_no_address_is_written_so_that_two_buckets_are_one() {
    let thumb = Thumbprint([1; 32]);
    let texts = ["a", "a/b", "b", "", "a/by/AQEB", "a/from/::1", "::1", "7:a", "a\0b"];
    let mut keys = std::collections::BTreeSet::new();
    let mut made = 0;
    for bucket in ["login", "day"] {
        for first in texts {
            keys.insert(key(bucket, &[first]));
            keys.insert(known_key(&[bucket, first].concat(), thumb));
            for second in texts {
                keys.insert(key(bucket, &[first, second]));
                keys.insert(key(bucket, &[first, second, "c"]));
                made += 2;
            }
            made += 2;
        }
    }
    assert_eq!(keys.len(), made);
}

#[test]
fn networks_are_cut_at_their_length_and_what_is_no_address_is_one_of_its_own() {
    let cut = |source| [network(source), wide_network(source)];
    assert_eq!(cut("203.0.113.255"), ["203.0.113.255/32", "203.0.113.0/24"]);
    assert_eq!(cut("::ffff:203.0.113.255"), ["203.0.113.255/32", "203.0.113.0/24"]);
    assert_eq!(cut("2001:db8:1:ff2:3::4"), ["2001:db8:1:ff2::/64", "2001:db8:1::/48"]);
    assert_eq!(cut("somebody"), ["somebody", "somebody"]);
}
