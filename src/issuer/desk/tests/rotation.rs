//! A device key is replaced by one that it signs in itself: rotation, custody upgrade, the cure of a suspension.
#![allow(clippy::unwrap_used)]
use super::freeze::unfreeze;
use super::steps::{advance, at, pay};
use super::tiers::terms;
use super::*;
use crate::issuer::account::{Account, Device};
use crate::wire::approval::Approval;
use crate::wire::intent::Action;

const NEW: u8 = 72;
const NEW_CHANNEL: u8 = 73;

pub(super) fn prepare_rotation(
    issuer: &World,
    device: &Client,
    custody: Custody,
) -> Result<(Intent, KnownCredential), Code> {
    let call = PrepareRotation { new_thumb: public(NEW).thumbprint(), custody, head: Hash::ZERO };
    let prepared = device.call(issuer, &call)?;
    Ok((Intent::from_bytes(&prepared.intent.0).unwrap(), prepared.credential))
}

/// What is sent to confirm a rotation, with changes to its two statements.
pub(super) fn confirmation(
    device: &Client,
    passkey: &Passkey,
    (intent, credential): &(Intent, KnownCredential),
    change: impl Fn(&mut Approval, &mut Enrolment),
) -> ConfirmRotation {
    let Action::Rotate { custody, .. } = intent.action else { panic!("another intent") };
    let mut approval = Approval {
        issuer: intent.issuer.clone(),
        account: intent.account.clone(),
        thumb: intent.thumb,
        new_key: public(NEW),
        custody,
        nonce: intent.nonce,
        issued_at: 0,
    };
    let mut statement = Enrolment {
        issuer: intent.issuer.clone(),
        rp_id: "wallet.example".parse().unwrap(),
        account: intent.account.clone(),
        device_key: public(NEW),
        channel_key: public(NEW_CHANNEL),
        credential: credential.id.clone(),
        credential_key_hash: credential.key_hash,
        backup_eligible: credential.backup_eligible,
        backed_up: false,
        custody,
        nonce: intent.nonce,
        issued_at: 0,
    };
    change(&mut approval, &mut statement);
    let ConfirmIntent { intent: bytes, assertion, co_signature } = agree(device, intent, passkey);
    ConfirmRotation {
        intent: bytes,
        assertion,
        co_signature: co_signature.unwrap(),
        approval: Bytes(device.state(&approval)),
        statement: Bytes(Client::new(NEW).state(&statement)),
        attestation: None,
    }
}

pub(super) fn renewed(issuer: &World, device: &Client, custody: Custody) -> (Client, Client, Enrolled) {
    let prepared = prepare_rotation(issuer, device, custody).unwrap();
    let call = confirmation(device, &Passkey::new(PASSKEY), &prepared, |_, _| {});
    let enrolled = device.call(issuer, &call).unwrap();
    let (mut new, mut channel) = (Client::new(NEW), Client::new(NEW_CHANNEL));
    new.account.clone_from(&device.account);
    channel.account.clone_from(&device.account);
    (new, channel, enrolled)
}

fn new_token(issuer: &World, device: &Client, atc: u32) -> String {
    token_of(issuer, device.account.as_ref().unwrap(), (1, NEW), atc)
}

fn account(issuer: &World, device: &Client) -> Account {
    let id = device.account.clone().unwrap();
    let needs = Needs::new().and(Kind::Accounts, &id);
    now(issuer.ledger().transact(needs, |records| records.accounts.get(&id).unwrap().clone())).unwrap()
}

fn news(issuer: &World, channel: &Client, byte: u8) -> Result<Synced, Code> {
    channel.call(issuer, &Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(byte).thumbprint() })
}

#[test]
fn the_new_key_goes_on_where_the_old_one_was_and_the_old_one_is_dead() {
    let issuer = world();
    let (device, old_channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    prove_card(&issuer, &device, "card-1");
    top_up(&issuer, &device, 30_000, "card-1").unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &id, 7), 9_000, "1").outcome, Outcome::Approved);
    let stock = token(&issuer, &id, 8);
    let before = account(&issuer, &device).devices[0].clone();

    let (new, channel, answer) = renewed(&issuer, &device, Custody::Browser);
    let allowance = terms(&issuer, &answer.allowance);
    assert_eq!(allowance.thumb, public(NEW).thumbprint());
    let owner = account(&issuer, &device);
    let [old, renewed] = owner.devices.as_slice() else { panic!("two keys") };
    let inherited = |device: &Device| {
        (device.cooled_at, device.spent.clone(), device.topped_up.clone(), device.window.floor(), device.label.clone())
    };
    assert_eq!(inherited(renewed), inherited(&before));
    assert_eq!((renewed.added_at, renewed.credential.id.clone()), (at(&issuer), before.credential.id));
    assert_eq!(old.replaced_by, Some(renewed.thumb));
    assert_ne!(renewed.handles[0].handle, before.handles[0].handle);

    // The old keys do nothing any more, and their codes are worth nothing.
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::Revoked));
    assert_eq!(prepare_rotation(&issuer, &device, Custody::Browser).err(), Some(Code::Revoked));
    assert_eq!(news(&issuer, &old_channel, DEVICE).err(), Some(Code::Revoked));
    advance(&issuer, 30);
    assert_eq!(pay(&issuer, &shop, &stock, 100, "2").outcome, Outcome::Declined);

    // The new one pays what is left of the same window, above the old counter.
    advance(&issuer, 31);
    assert_eq!(pay(&issuer, &shop, &new_token(&issuer, &device, 7), 100, "3").outcome, Outcome::TokenUsed);
    assert_eq!(state_of(&issuer, &news(&issuer, &channel, NEW).unwrap()).left.amount, Amount::of(11_000));
    assert_eq!(state_of(&issuer, &news(&issuer, &channel, NEW).unwrap()).floor, 7);
    // The card belongs to the key that proved it.
    assert_eq!(prepare_top_up(&issuer, &new, 1_000, "card-1").err(), Some(Code::CardProofNeeded));
    now(issuer.audit()).unwrap();
}

#[test]
fn a_lost_answer_is_given_again_to_either_key_and_a_second_rotation_is_refused() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let prepared = prepare_rotation(&issuer, &device, Custody::Browser).unwrap();
    let call = confirmation(&device, &Passkey::new(PASSKEY), &prepared, |_, _| {});
    let first = device.call(&issuer, &call).unwrap();
    let mut new = Client::new(NEW);
    assert_eq!(new.call(&issuer, &call).err(), Some(Code::ProofRefused), "the account must be named");
    new.account.clone_from(&device.account);
    for key in [&device, &new] {
        assert_eq!(key.call(&issuer, &call).unwrap().allowance, first.allowance);
    }
    // The same nonce with another statement is another rotation.
    let other = confirmation(&device, &Passkey::new(PASSKEY), &prepared, |_, statement| statement.issued_at = 5);
    assert_eq!(device.call(&issuer, &other).err(), Some(Code::Revoked));
    assert_eq!(account(&issuer, &device).devices.len(), 2);
    // Nobody else hears anything.
    let mut other = Client::new(74);
    other.account.clone_from(&device.account);
    assert_eq!(other.call(&issuer, &call).err(), Some(Code::NotEnrolled));
}

#[test]
fn a_suspended_key_may_do_this_one_thing_also_on_a_frozen_account_which_stays_frozen() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let id = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &id, 1), 500, "1").outcome, Outcome::Approved);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &id, 90_000), 500, "2").outcome, Outcome::Declined);
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Suspended);
    assert_eq!(prepare_top_up(&issuer, &device, 1_000, "card-1").err(), Some(Code::Suspended));
    let suspected_at = account(&issuer, &device).devices[0].evidence.suspected_at;
    assert_eq!(suspected_at, Some(at(&issuer)));

    let frozen = prepare_rotation(&issuer, &device, Custody::Software).unwrap();
    let order = Freeze {
        issuer: "https://issuer.example".parse().unwrap(),
        account: id.clone(),
        thumb: public(DEVICE).thumbprint(),
        nonce: Nonce([6; 16]),
        issued_at: at(&issuer),
    };
    channel.call(&issuer, &FreezeAccount { statement: Bytes(channel.state(&order)) }).unwrap();
    let call = confirmation(&device, &Passkey::new(PASSKEY), &frozen, |_, _| {});
    assert_eq!(device.call(&issuer, &call).err(), Some(Code::IntentExpired), "a freeze ends open intents");
    let release = PrepareUnfreeze { head: Hash::ZERO };
    assert_eq!(device.call(&issuer, &release).err(), Some(Code::Suspended));

    let before = account(&issuer, &device).devices[0].added_seq;
    let (new, channel, _) = renewed(&issuer, &device, Custody::Software);
    assert_eq!(state_of(&issuer, &news(&issuer, &channel, NEW).unwrap()).status, DeviceStatus::Frozen);
    assert_eq!(new.call(&issuer, &Refill {}).err(), Some(Code::Frozen));
    assert_eq!(account(&issuer, &device).devices[1].added_seq, before, "it stands where the old one stood");
    unfreeze(&issuer, &new).unwrap();
    assert_eq!(state_of(&issuer, &news(&issuer, &channel, NEW).unwrap()).status, DeviceStatus::Active);
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shop, &new_token(&issuer, &device, 2), 500, "3").outcome, Outcome::Approved);
    // The suspicion goes along: it is no clean key, however long the old one was there.
    assert_eq!(account(&issuer, &device).devices[1].evidence.suspected_at, suspected_at);
    use receipt::Kind::*;
    let synced = news(&issuer, &channel, NEW).unwrap();
    let keys = issuer.keys();
    let set = keys.set();
    let set = set.open(&set.root, &issuer.settings().issuer).unwrap();
    let kind = |item: &ReceiptItem| {
        set.open::<Receipt>(&item.receipt.0, crate::wire::key_set::Use::Receipt, at(&issuer)).unwrap().kind
    };
    let kinds: Vec<_> = synced.receipts.iter().map(kind).collect();
    assert_eq!(kinds[kinds.len() - 5..], [Frozen, DeviceRevoked, DeviceAdded, Unfrozen, Payment]);
    let inbox = now(issuer.inbox(0)).unwrap();
    assert!(inbox.iter().any(|(_, message)| message.subject == "A device's key was renewed"));
}

#[test]
fn both_statements_say_exactly_what_was_agreed_to() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    type Change = fn(&mut Approval, &mut Enrolment);
    let changes: &[(&str, Change, Code)] = &[
        ("issuer", |approval, _| approval.issuer = "https://other.example".parse().unwrap(), Code::IntentMismatch),
        ("account", |approval, _| approval.account = "acc-other".parse().unwrap(), Code::IntentMismatch),
        ("signer", |approval, _| approval.thumb = public(NEW).thumbprint(), Code::IntentMismatch),
        ("key", |approval, _| approval.new_key = public(80), Code::IntentMismatch),
        ("custody", |approval, _| approval.custody = Custody::Native, Code::IntentMismatch),
        ("nonce", |approval, _| approval.nonce = Nonce([0; 16]), Code::IntentMismatch),
        ("issuer", |_, statement| statement.issuer = "https://other.example".parse().unwrap(), Code::IntentMismatch),
        ("party", |_, statement| statement.rp_id = "example".parse().unwrap(), Code::IntentMismatch),
        ("account", |_, statement| statement.account = "acc-other".parse().unwrap(), Code::IntentMismatch),
        ("channel", |_, statement| statement.channel_key = statement.device_key, Code::IntentMismatch),
        ("channel", |_, statement| statement.channel_key = public(CHANNEL), Code::AlreadyEnrolled),
        (
            "credential",
            |_, statement| statement.credential = Bytes(vec![1; 16]).try_into().unwrap(),
            Code::IntentMismatch,
        ),
        ("passkey", |_, statement| statement.credential_key_hash = Hash::ZERO, Code::IntentMismatch),
        ("custody", |_, statement| statement.custody = Custody::Native, Code::IntentMismatch),
        ("nonce", |_, statement| statement.nonce = Nonce([0; 16]), Code::IntentMismatch),
        // Its own key did not sign it.
        ("possession", |_, statement| statement.device_key = public(80), Code::WrongKey),
    ];
    let before = account(&issuer, &device).devices.len();
    for (what, change, code) in changes {
        let prepared = prepare_rotation(&issuer, &device, Custody::Browser).unwrap();
        let call = confirmation(&device, &Passkey::new(PASSKEY), &prepared, change);
        assert_eq!(device.call(&issuer, &call).err(), Some(*code), "{what}");
        advance(&issuer, 301);
    }
    // An approval by anybody but the old key, a co-signature by anybody else, a passkey that is another.
    let prepared = prepare_rotation(&issuer, &device, Custody::Browser).unwrap();
    let good = || confirmation(&device, &Passkey::new(PASSKEY), &prepared, |_, _| {});
    let mut by_new = good();
    let approval = *sign1::open::<Approval>(&by_new.approval.0, &device.key()).unwrap().into_inner();
    by_new.approval = Bytes(Client::new(NEW).state(&approval));
    assert_eq!(device.call(&issuer, &by_new).err(), Some(Code::WrongKey));
    let other = agree(&Client::new(NEW), &prepared.0, &Passkey::new(PASSKEY));
    let call = ConfirmRotation { co_signature: other.co_signature.unwrap(), ..good() };
    assert_eq!(device.call(&issuer, &call).err(), Some(Code::CoSignatureRefused));
    let passkey = Passkey { secret: 90, ..Passkey::new(PASSKEY) };
    let call = confirmation(&device, &passkey, &prepared, |_, _| {});
    assert_eq!(device.call(&issuer, &call).err(), Some(Code::AssertionRefused));
    // The bare step-up call does not rotate.
    let bare = agree(&device, &prepared.0, &Passkey::new(PASSKEY));
    assert_eq!(device.call(&issuer, &bare).err(), Some(Code::Unsupported));
    assert_eq!(account(&issuer, &device).devices.len(), before, "nothing half done");
    device.call(&issuer, &good()).unwrap();
    assert_eq!(account(&issuer, &device).devices.len(), before + 1);
}

#[test]
fn five_failed_confirms_end_it_and_neither_channel_key_nor_a_known_key_starts_it() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let prepared = prepare_rotation(&issuer, &device, Custody::Browser).unwrap();
    let wrong = Passkey { origin: "https://wallet.example:8788".into(), ..Passkey::new(PASSKEY) };
    for _ in 0..5 {
        let call = confirmation(&device, &wrong, &prepared, |_, _| {});
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::WrongOrigin));
    }
    let call = confirmation(&device, &Passkey::new(PASSKEY), &prepared, |_, _| {});
    assert_eq!(device.call(&issuer, &call).err(), Some(Code::IntentExpired));
    let start = |by: &Client, new_thumb| {
        by.call(&issuer, &PrepareRotation { new_thumb, custody: Custody::Browser, head: Hash::ZERO }).err()
    };
    assert_eq!(start(&channel, public(NEW).thumbprint()), Some(Code::NotEnrolled));
    for known in [DEVICE, CHANNEL] {
        assert_eq!(start(&device, public(known).thumbprint()), Some(Code::BadArgument));
    }
}

#[test]
fn a_rotation_gains_no_day_and_no_tier() {
    // In its cool-off a key may be renewed, and the new one cools off just as long.
    let issuer = world();
    let (device, _) = enrolled(&issuer, "taro");
    let cooled_at = account(&issuer, &device).devices[0].cooled_at;
    advance(&issuer, 3_600);
    let (new, _, answer) = renewed(&issuer, &device, Custody::Passkey);
    let allowance = terms(&issuer, &answer.allowance);
    assert_eq!((allowance.cooled_at, allowance.tier), (cooled_at, crate::wire::allowance::Tier::CoolOff));
    assert_eq!(new.call(&issuer, &Refill {}).err(), Some(Code::CoolingOff));
    // The passkey's month begins with the custody, not with the account.
    let month = issuer.settings().policy.clean_seconds;
    advance(&issuer, month - 2);
    let refilled = new.call(&issuer, &Refill {}).unwrap();
    assert_eq!(terms(&issuer, &refilled.allowance).tier, crate::wire::allowance::Tier::Browser);
    advance(&issuer, 24 * 3600);
    let refilled = new.call(&issuer, &Refill {}).unwrap();
    assert_eq!(terms(&issuer, &refilled.allowance).tier, crate::wire::allowance::Tier::Passkey);
}
