//! What ends the nonces that were made before it.
#![allow(clippy::unwrap_used)]
use super::rotation::{confirmation, prepare_rotation, renewed};
use super::steps::pay;
use super::*;

#[test]
fn a_suspension_ends_what_was_prepared_before_it_and_nothing_that_comes_after_in_the_same_second() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let before = prepare_rotation(&issuer, &device, Custody::Software).unwrap();
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &id, 1), 500, "1").outcome, Outcome::Approved);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &id, 90_000), 500, "2").outcome, Outcome::Declined);
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Suspended);
    let after = prepare_rotation(&issuer, &device, Custody::Software).unwrap();
    assert_eq!(before.0.expires_at, after.0.expires_at, "the clock stands");
    let call = |prepared| confirmation(&device, &Passkey::new(PASSKEY), prepared, |_, _| {});
    assert_eq!(device.call(&issuer, &call(&before)).err(), Some(Code::IntentExpired));
    assert!(device.call(&issuer, &call(&after)).is_ok());
}

#[test]
fn a_rotation_ends_what_the_old_key_prepared_for_either_key() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let passkey = Passkey::new(PASSKEY);
    let top_up = prepare_top_up(&issuer, &device, 5_000, "card-1").unwrap();
    let (new, ..) = renewed(&issuer, &device, Custody::Software);
    assert_eq!(device.call(&issuer, &agree(&device, &top_up, &passkey)).err(), Some(Code::Revoked));
    assert_eq!(new.call(&issuer, &agree(&new, &top_up, &passkey)).err(), Some(Code::IntentExpired));
    let renamed = Intent { thumb: new.key().thumbprint(), ..top_up };
    assert_eq!(new.call(&issuer, &agree(&new, &renamed, &passkey)).err(), Some(Code::IntentExpired));
}

#[test]
fn an_intent_moved_to_another_account_is_none() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let mine = prepare_top_up(&issuer, &device, 5_000, "card-1").unwrap();
    let passkey = Passkey::new(PASSKEY);
    let other = "acc-somebody-else".parse().unwrap();
    let moved = Intent { account: other, ..mine.clone() };
    assert_eq!(device.call(&issuer, &agree(&device, &moved, &passkey)).err(), Some(Code::IntentExpired));
    assert!(device.call(&issuer, &agree(&device, &mine, &passkey)).is_ok());
}
