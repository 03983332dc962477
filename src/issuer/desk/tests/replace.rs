//! A lost or suspended key is replaced by login, contact code and passkey together.
#![allow(clippy::unwrap_used)]
use super::steps::pay;
use super::*;

pub(super) const NEW: u8 = 62;
const NEW_CHANNEL: u8 = 63;

fn preparation(ticket: String) -> PrepareRecovery {
    PrepareRecovery { ticket, channel_key: public(NEW_CHANNEL), label: "new phone".into() }
}

pub(super) fn prepared(issuer: &World) -> (Client, EnrolmentPrepared) {
    let mut device = Client::new(NEW);
    let Ticket { ticket } = log_in(issuer, &device, "hanako", "hanako-password").unwrap();
    let prepared = device.call(issuer, &preparation(ticket)).unwrap();
    device.account = Some(prepared.account.clone());
    (device, prepared)
}

pub(super) fn confirmation(
    prepared: &EnrolmentPrepared,
    device: &Client,
    passkey: &Passkey,
    change: impl Fn(&mut Enrolment),
) -> ConfirmRecovery {
    let known = &prepared.credentials.as_ref().unwrap()[0];
    let mut statement = Enrolment {
        issuer: "https://issuer.example".parse().unwrap(),
        rp_id: "wallet.example".parse().unwrap(),
        account: prepared.account.clone(),
        device_key: device.key(),
        channel_key: public(NEW_CHANNEL),
        credential: known.id.clone(),
        credential_key_hash: known.key_hash,
        backup_eligible: known.backup_eligible,
        backed_up: false,
        custody: Custody::Software,
        nonce: prepared.nonce,
        issued_at: 0,
    };
    change(&mut statement);
    let statement = device.state(&statement);
    let assertion = passkey.assert(&enrolment::confirmation_challenge(&statement));
    ConfirmRecovery { statement: Bytes(statement), assertion }
}

fn new_token(issuer: &World, account: &crate::wire::id::AccountId, atc: u32) -> String {
    token_of(issuer, account, (1, NEW), atc)
}

#[test]
fn a_suspended_device_is_replaced_its_old_key_is_dead_and_the_new_one_cools_off() {
    let issuer = world();
    let (old, old_channel) = enrolled(&issuer, "hanako");
    let account = old.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1").outcome, Outcome::Approved);
    let paid = sync(&issuer, &old_channel).receipts.len() as u64;
    // A copy of the key: a counter that jumps too far.
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 90_000), 500, "2").outcome, Outcome::Declined);
    assert_eq!(standing(&issuer, &old_channel).status, DeviceStatus::Suspended);

    let (device, prepared) = prepared(&issuer);
    let call = confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {});
    let first = device.call(&issuer, &call).unwrap();
    assert_eq!(device.call(&issuer, &call).unwrap().allowance, first.allowance, "a lost answer is given again");
    assert_eq!(old.call(&issuer, &Refill {}).err(), Some(Code::Revoked));
    issuer.ledger().clock().advance(61_000);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 100, "3").outcome, Outcome::Declined);
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::CoolingOff));
    assert_eq!(pay(&issuer, &shop, &new_token(&issuer, &account, 1), 1_000, "4").outcome, Outcome::Approved);
    // The old key's payment still counts in the window: 3,000 a day, of which 1,500 are gone.
    issuer.ledger().clock().advance(61_000);
    assert_eq!(pay(&issuer, &shop, &new_token(&issuer, &account, 2), 501, "5").outcome, Outcome::Declined);
    let mut channel = Client::new(NEW_CHANNEL);
    channel.account = Some(account);
    let call = Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: device.key().thumbprint() };
    let synced = state_of(&issuer, &channel.call(&issuer, &call).unwrap());
    assert_eq!(synced.status, DeviceStatus::Active);
    assert_eq!(synced.left.amount, Amount::of(1_500));
    let freeze = Freeze {
        issuer: "https://issuer.example".parse().unwrap(),
        account: old.account.clone().unwrap(),
        thumb: public(DEVICE).thumbprint(),
        nonce: Nonce([7; 16]),
        issued_at: u32::try_from(issuer.ledger().now_ms() / 1000).unwrap(),
    };
    let order = FreezeAccount { statement: Bytes(old_channel.state(&freeze)) };
    assert_eq!(old_channel.call(&issuer, &order).err(), Some(Code::Revoked), "a copied profile can't stop the new one");
    // "It was not me", said of what the old key paid: the new one's clean history begins anew.
    let report = Freeze { thumb: device.key().thumbprint(), nonce: Nonce([8; 16]), ..freeze };
    let call = ReportUse { statement: Bytes(channel.state(&report)), seq: Some(paid) };
    channel.call(&issuer, &call).unwrap();
    let account = device.account.clone().unwrap();
    let needs = Needs::new().and(Kind::Accounts, &account);
    let owner =
        now(issuer.ledger().transact(needs, |records| records.accounts.get(&account).unwrap().clone())).unwrap();
    let suspected = |thumb| owner.device(thumb).unwrap().evidence.suspected_at;
    assert_eq!(suspected(device.key().thumbprint()), Some(report.issued_at));
    assert_ne!(suspected(public(DEVICE).thumbprint()), Some(report.issued_at));
}

#[test]
fn a_recovery_needs_ticket_passkey_and_a_statement_that_says_exactly_this() {
    let issuer = world();
    enrolled(&issuer, "hanako");
    let (device, prepared) = prepared(&issuer);
    let good = || confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {});
    let mut thief = Client::new(64);
    thief.account.clone_from(&device.account);
    assert_eq!(thief.call(&issuer, &good()).err(), Some(Code::TicketExpired));
    let other_passkey = confirmation(&prepared, &device, &Passkey { secret: 70, ..Passkey::new(PASSKEY) }, |_| {});
    assert_eq!(device.call(&issuer, &other_passkey).err(), Some(Code::AssertionRefused));
    let unverified = confirmation(&prepared, &device, &Passkey { flags: 0x01, ..Passkey::new(PASSKEY) }, |_| {});
    assert_eq!(device.call(&issuer, &unverified).err(), Some(Code::UserNotVerified));
    type Change = (fn(&mut Enrolment), Code);
    let changes: &[Change] = &[
        (|statement| statement.issuer = "https://other.example".parse().unwrap(), Code::IntentMismatch),
        (|statement| statement.rp_id = "example".parse().unwrap(), Code::IntentMismatch),
        (|statement| statement.account = "acc-other".parse().unwrap(), Code::IntentMismatch),
        (|statement| statement.credential_key_hash = Hash::ZERO, Code::IntentMismatch),
        (|statement| statement.nonce = Nonce([0; 16]), Code::IntentMismatch),
        (|statement| statement.channel_key = public(65), Code::IntentMismatch),
        (|statement| statement.credential = Bytes(vec![9; 16]).try_into().unwrap(), Code::CredentialUnknown),
    ];
    for (change, code) in changes {
        let call = confirmation(&prepared, &device, &Passkey::new(PASSKEY), change);
        assert_eq!(device.call(&issuer, &call).err(), Some(*code));
    }
    issuer.ledger().clock().advance(600_000);
    assert_eq!(device.call(&issuer, &good()).err(), Some(Code::TicketExpired));
}

#[test]
fn a_bad_label_is_refused_before_the_ticket_is_used_and_the_prepared_one_is_registered() {
    let issuer = world();
    let (old, channel) = enrolled(&issuer, "hanako");
    let mut device = Client::new(NEW);
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    for label in BAD_LABELS {
        let call = PrepareRecovery { label: label.to_string(), ..preparation(ticket.clone()) };
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::BadLabel), "{label:?}");
    }
    let prepared = device.call(&issuer, &preparation(ticket)).unwrap();
    device.account = Some(prepared.account.clone());
    device.call(&issuer, &confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {})).unwrap();
    assert_eq!(channel.call(&issuer, &FollowNews { after: 0 }).err(), Some(Code::Revoked));
    assert_eq!(labels(&issuer, old.account.as_ref().unwrap()), ["phone", "new phone"]);
}

#[test]
fn a_ticket_alone_replaces_nothing_and_a_frozen_account_stays_frozen() {
    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    let stranger = Client::new(60);
    let Ticket { ticket } = log_in(&issuer, &stranger, "hanako", "hanako-password").unwrap();
    issuer.ledger().clock().advance(1_000);
    stranger.call(&issuer, &FreezeByTicket { ticket }).unwrap();
    let (device, prepared) = prepared(&issuer);
    let call = confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {});
    device.call(&issuer, &call).unwrap();
    // The profile may be another's by now: it hears that it is signed off and nothing more.
    let news = Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(DEVICE).thumbprint() };
    assert_eq!(channel.call(&issuer, &news).err(), Some(Code::Revoked));
    assert_eq!(channel.call(&issuer, &FollowNews { after: 0 }).err(), Some(Code::Revoked));
    // In the old one's place it may release the account, once it has cooled off.
    assert_eq!(device.call(&issuer, &PrepareUnfreeze { head: Hash::ZERO }).err(), Some(Code::CoolingOff));
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::Frozen));
}

#[test]
fn an_account_without_a_device_has_nothing_to_replace() {
    let issuer = world();
    let device = Client::new(NEW);
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    let call = preparation(ticket.clone());
    assert_eq!(device.call(&issuer, &call).err(), Some(Code::NoCredential));
    // Nor is the ticket used up by that: the same login registers a first device, once one key is not to be both.
    let both = PrepareEnrolment { ticket: ticket.clone(), channel_key: public(NEW), label: "new phone".into() };
    assert_eq!(device.call(&issuer, &both).err(), Some(Code::BadArgument));
    let first = PrepareEnrolment { ticket, channel_key: public(NEW_CHANNEL), label: "new phone".into() };
    assert!(device.call(&issuer, &first).is_ok());
}
