use super::{HandleUse, MOST, forget_ended};
use crate::issuer::account::Retired;
use crate::rules::lifetime::OUT_OF_ORDER;
use crate::wire::id::{Handle, Veil};
use crate::wire::money::Amount;

/// The end of the first allowance. Each after it ends a second later.
const END: u32 = 1_000;

fn given(count: u8, retired: u8) -> Vec<HandleUse> {
    let used = |number: u8| HandleUse {
        handle: Handle([number; 8]),
        veil: Veil([number; 16]),
        until: END + u32::from(number),
        per_payment: Amount::MAX,
        retired: (number < retired).then_some(Retired { at: 1, issued_at: 1 }),
    };
    (0..count).map(used).collect()
}

fn left(count: u8, retired: u8, now: u32) -> Vec<u8> {
    let mut handles = given(count, retired);
    forget_ended(&mut handles, now);
    handles.iter().map(|used| used.handle.0[0]).collect()
}

#[test]
fn a_handle_is_known_until_its_last_tokens_are_dead() {
    assert_eq!(left(6, 4, END), [0, 1, 2, 3, 4, 5]);
    assert_eq!(left(6, 4, END + OUT_OF_ORDER), [1, 2, 3, 4, 5]);
    assert_eq!(left(6, 4, END + OUT_OF_ORDER + 2), [3, 4, 5]);
}

#[test]
fn the_handle_in_use_is_known_after_its_end() {
    assert_eq!(left(3, 0, END + OUT_OF_ORDER + 1), [0, 2]);
    assert_eq!(left(3, 1, END + OUT_OF_ORDER + 9), [1]);
}

#[test]
fn not_more_than_the_most_are_kept_and_the_one_in_use_is_among_them() {
    let count = u8::try_from(MOST).unwrap();
    assert_eq!(left(count, 0, END).len(), MOST);
    assert_eq!(left(count + 1, 0, END)[..3], [0, 2, 3]);
    assert_eq!(left(count + 1, 1, END)[..3], [1, 2, 3]);
}

#[test]
fn a_handle_of_an_earlier_version_is_read_and_stays() {
    let old = r#"{"handle":"AAAAAAAAAAA","veil":"AAAAAAAAAAAAAAAAAAAAAA","retired":null}"#;
    let read: HandleUse = serde_json::from_str(old).unwrap();
    assert_eq!((read.until, read.per_payment), (u32::MAX, Amount::MAX));
}
