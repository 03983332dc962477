//! A frozen account's ways back: what ends a release and what does not, and which key may release in another's place.
#![allow(clippy::unwrap_used)]
use super::freeze::{freeze, order, prepare_unfreeze, unfreeze, unfreeze_code};
use super::replace;
use super::rotation::{self, prepare_rotation, renewed};
use super::steps::{advance, at, confirm, pay};
use super::*;

const DAY: u32 = 24 * 3600;

fn freeze_by_passkey(issuer: &World) {
    let page = Client::new(61);
    let nonce = page.call(issuer, &PreparePasskeyFreeze {}).unwrap().nonce;
    let settings = issuer.settings();
    let challenge = freeze_challenge(&settings.issuer, &settings.rp_id, nonce);
    let assertion = Passkey::new(PASSKEY).assert(&challenge);
    page.call(issuer, &ConfirmPasskeyFreeze { nonce, assertion }).unwrap();
}

fn freeze_by_login(issuer: &World) -> u32 {
    let stranger = Client::new(60);
    let Ticket { ticket } = log_in(issuer, &stranger, "hanako", "hanako-password").unwrap();
    stranger.call(issuer, &FreezeByTicket { ticket }).unwrap().at
}

/// The key that login, contact code and passkey put in the place of the one before.
fn recovered(issuer: &World) -> Client {
    let (device, prepared) = replace::prepared(issuer);
    let call = replace::confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {});
    device.call(issuer, &call).unwrap();
    device
}

#[test]
fn on_a_frozen_account_only_the_passkey_s_freeze_ends_a_release_that_is_under_way() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    let frozen_at = freeze(&issuer, &channel).unwrap().at;
    advance(&issuer, 1);
    let prepared = prepare_unfreeze(&issuer, &device).unwrap();
    let code = unfreeze_code(&issuer, &device).unwrap();
    freeze_by_passkey(&issuer);
    assert_eq!(confirm(&issuer, &device, &prepared).err(), Some(Code::IntentExpired));
    assert_eq!(device.call(&issuer, &code).err(), Some(Code::CodeRefused));
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    // Every weak proof says since when it is frozen, and ends neither what was prepared nor a code that is under way.
    let rotation = prepare_rotation(&issuer, &device, Custody::Software).unwrap();
    let prepared = prepare_unfreeze(&issuer, &device).unwrap();
    let code = unfreeze_code(&issuer, &device).unwrap();
    for key in [&channel, &device] {
        assert_eq!(freeze(&issuer, key).unwrap().at, frozen_at);
    }
    assert_eq!(freeze_by_login(&issuer), frozen_at);
    assert!(confirm(&issuer, &device, &prepared).is_ok());
    device.call(&issuer, &code).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    let call = rotation::confirmation(&device, &Passkey::new(PASSKEY), &rotation, |_, _| {});
    assert!(device.call(&issuer, &call).is_ok());
}

#[test]
fn a_report_on_a_frozen_account_takes_effect_and_neither_counts_nor_ends_a_release() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let paid = pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1").payment.unwrap();
    let seq = sync(&issuer, &channel).receipts.len() as u64;
    advance(&issuer, 1);
    let frozen_at = freeze(&issuer, &channel).unwrap().at;
    let code = unfreeze_code(&issuer, &device).unwrap();
    advance(&issuer, 1);
    // More of them than a day has freezes.
    for _ in 0..5 {
        let call = ReportUse { statement: order(&issuer, &channel), seq: Some(seq) };
        assert_eq!(channel.call(&issuer, &call).unwrap().at, frozen_at);
    }
    let needs = Needs::new().and(Kind::Accounts, &account);
    let owner =
        now(issuer.ledger().transact(needs, |records| records.accounts.get(&account).unwrap().clone())).unwrap();
    let held: Vec<_> = owner.held.iter().map(|held| (&held.payment, held.reported)).collect();
    assert_eq!(held, [(&paid, true)]);
    assert_eq!(owner.devices[0].evidence.suspected_at, Some(at(&issuer)));
    device.call(&issuer, &code).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    // One freeze of the day was used.
    for _ in 0..2 {
        freeze(&issuer, &channel).unwrap();
        unfreeze(&issuer, &device).unwrap();
    }
    assert_eq!(freeze(&issuer, &channel).err(), Some(Code::TooManyAttempts));
}

#[test]
fn a_copied_key_freezes_three_times_a_day_and_keeps_nobody_from_releasing_renewing_or_freezing() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    // The thief freezes as often as he can: while it is frozen nothing comes of it, and each release goes through.
    for _ in 0..3 {
        for _ in 0..5 {
            freeze(&issuer, &channel).unwrap();
        }
        let code = unfreeze_code(&issuer, &device).unwrap();
        freeze(&issuer, &channel).unwrap();
        device.call(&issuer, &code).unwrap();
        assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    }
    let statement = FreezeAccount { statement: order(&issuer, &channel) };
    let refused = channel.send(&issuer, FreezeAccount::PATH, &text(&statement));
    assert_eq!((code(&refused), refused.retry_after), (Some(Code::TooManyAttempts), Some(24 * 3600)));
    // The same key reads; the device's other key, another weak proof, and the passkey at all times, freeze.
    freeze(&issuer, &device).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    unfreeze(&issuer, &device).unwrap();
    freeze_by_login(&issuer);
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    unfreeze(&issuer, &device).unwrap();
    for _ in 0..5 {
        freeze_by_passkey(&issuer);
        assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
        unfreeze(&issuer, &device).unwrap();
    }
    advance(&issuer, DAY);
    freeze(&issuer, &channel).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    // A new key, put in its place while the account is frozen, ends the copy for good.
    let (new, ..) = renewed(&issuer, &device, Custody::Software);
    unfreeze(&issuer, &new).unwrap();
    assert_eq!(freeze(&issuer, &channel).err(), Some(Code::Revoked));
}

#[test]
fn signed_off_by_a_copied_key_and_frozen_it_is_released_by_the_passkey_s_next_key_after_its_first_day() {
    let issuer = world();
    let (copied, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    copied.call(&issuer, &SignOff {}).unwrap();
    assert_eq!(prepare_unfreeze(&issuer, &copied).err(), Some(Code::Revoked));
    assert_eq!(prepare_rotation(&issuer, &copied, Custody::Software).err(), Some(Code::Revoked));
    let device = recovered(&issuer);
    advance(&issuer, DAY - 1);
    assert_eq!(prepare_unfreeze(&issuer, &device).err(), Some(Code::CoolingOff));
    advance(&issuer, 1);
    unfreeze(&issuer, &device).unwrap();
    assert!(device.call(&issuer, &Refill {}).is_ok());
}

#[test]
fn a_place_is_handed_on_from_key_to_key_and_gains_nothing() {
    let issuer = world();
    let (first, channel) = enrolled(&issuer, "hanako");
    let id = first.account.clone().unwrap();
    freeze(&issuer, &channel).unwrap();
    renewed(&issuer, &first, Custody::Software);
    let third = recovered(&issuer);
    advance(&issuer, DAY);
    unfreeze(&issuer, &third).unwrap();
    let needs = Needs::new().and(Kind::Accounts, &id);
    let places = now(issuer.ledger().transact(needs, |records| {
        records.accounts.get(&id).unwrap().devices.iter().map(|device| device.added_seq).collect::<Vec<_>>()
    }))
    .unwrap();
    assert_eq!(places, [places[0]; 3]);
    // A device that came after the freeze is no older for having been renewed.
    let issuer = world();
    let (late, channel) = enrolled(&issuer, "hanako");
    let id = late.account.clone().unwrap();
    freeze(&issuer, &channel).unwrap();
    now(issuer.ledger().transact(Needs::new().and(Kind::Accounts, &id), |records| {
        let mut owner = records.accounts.get(&id).cloned().unwrap();
        owner.devices[0].added_seq = owner.link.seq + 1;
        records.accounts.put(&id, owner);
    }))
    .unwrap();
    let (new, ..) = renewed(&issuer, &late, Custody::Software);
    assert_eq!(prepare_unfreeze(&issuer, &new).err(), Some(Code::NotFirstDevice));
}

#[test]
fn password_messages_and_both_copied_keys_lead_nowhere_without_the_passkey() {
    let issuer = world();
    let (copied, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    let his = Passkey { secret: 70, ..Passkey::new(PASSKEY) };
    let rotation = prepare_rotation(&issuer, &copied, Custody::Software).unwrap();
    let call = rotation::confirmation(&copied, &his, &rotation, |_, _| {});
    assert_eq!(copied.call(&issuer, &call).err(), Some(Code::AssertionRefused));
    let release = Intent::from_bytes(&prepare_unfreeze(&issuer, &copied).unwrap().intent.0).unwrap();
    assert_eq!(copied.call(&issuer, &agree(&copied, &release, &his)).err(), Some(Code::AssertionRefused));
    // Not before and not after he has signed the device off.
    let tries = || {
        let (device, prepared) = replace::prepared(&issuer);
        let call = replace::confirmation(&prepared, &device, &his, |_| {});
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::AssertionRefused));
        assert_eq!(prepare_unfreeze(&issuer, &device).err(), Some(Code::NotEnrolled));
    };
    tries();
    copied.call(&issuer, &SignOff {}).unwrap();
    advance(&issuer, DAY);
    tries();
    let Ticket { ticket } = log_in(&issuer, &Client::new(63), "hanako", "hanako-password").unwrap();
    let first = Client::new(63).call(&issuer, &preparation(ticket, 64));
    assert_eq!(first.err(), Some(Code::Frozen));
    // The owner's way stands open.
    let device = recovered(&issuer);
    advance(&issuer, DAY);
    unfreeze(&issuer, &device).unwrap();
}

#[test]
fn a_freeze_that_is_refused_uses_up_and_changes_nothing() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let paid = pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1").payment;
    let seq = sync(&issuer, &channel).receipts.len() as u64;
    let held = || {
        let needs = Needs::new().and(Kind::Accounts, &account);
        now(issuer.ledger().transact(needs, |records| records.accounts.get(&account).unwrap().held.len())).unwrap()
    };
    for _ in 0..3 {
        advance(&issuer, 1);
        freeze_by_login(&issuer);
        unfreeze(&issuer, &device).unwrap();
        freeze(&issuer, &channel).unwrap();
        unfreeze(&issuer, &device).unwrap();
    }
    let report = ReportUse { statement: order(&issuer, &channel), seq: Some(seq) };
    assert_eq!(channel.call(&issuer, &report).err(), Some(Code::TooManyAttempts));
    assert_eq!((paid.is_some(), held()), (true, 0));
    // The ticket still leads to a recovery.
    let page = Client::new(60);
    let Ticket { ticket } = log_in(&issuer, &page, "hanako", "hanako-password").unwrap();
    assert_eq!(page.call(&issuer, &FreezeByTicket { ticket: ticket.clone() }).err(), Some(Code::TooManyAttempts));
    let recovery = PrepareRecovery { ticket, channel_key: public(65), label: "new phone".into() };
    assert!(page.call(&issuer, &recovery).is_ok());
    // The same order and report hold once the account is frozen by what has no limit.
    freeze_by_passkey(&issuer);
    channel.call(&issuer, &report).unwrap();
    assert_eq!(held(), 1);
}

#[test]
fn messages_of_a_frozen_account_say_that_it_stays_frozen_and_from_when_this_device_can_release_it() {
    let newest = |issuer: &World| now(issuer.inbox(0)).unwrap().pop().unwrap().1.text;
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    assert_eq!(at(&issuer), 1_790_000_000, "2026-09-21 14:13:20 UTC");
    freeze(&issuer, &channel).unwrap();
    renewed(&issuer, &device, Custody::Software);
    let rotated = newest(&issuer);
    assert!(rotated.contains("stays frozen. This device can release it now"), "{rotated}");

    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    freeze(&issuer, &channel).unwrap();
    device.call(&issuer, &SignOff {}).unwrap();
    let signed_off = newest(&issuer);
    assert!(signed_off.contains("stays frozen"), "{signed_off}");
    recovered(&issuer);
    let replaced = newest(&issuer);
    assert!(replaced.contains("stays frozen. This device can release it from 2026-09-22 14:14 UTC"), "{replaced}");
    for text in [rotated, signed_off, replaced] {
        assert!(!text.contains("small amounts") && !text.contains("freeze the account"), "{text}");
    }
}

#[test]
fn a_ticket_that_meets_a_frozen_account_is_still_good_for_a_recovery() {
    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    let frozen_at = freeze(&issuer, &channel).unwrap().at;
    let page = Client::new(60);
    let Ticket { ticket } = log_in(&issuer, &page, "hanako", "hanako-password").unwrap();
    assert_eq!(page.call(&issuer, &FreezeByTicket { ticket: ticket.clone() }).unwrap().at, frozen_at);
    let recovery = PrepareRecovery { ticket, channel_key: public(65), label: "new phone".into() };
    assert!(page.call(&issuer, &recovery).is_ok());
}
