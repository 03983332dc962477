//! Freeze and release: who may stop an account with how little, and who may let it go on.
#![allow(clippy::unwrap_used)]
use super::steps::{advance, at, confirm, pay};
use super::*;

pub(super) fn order(issuer: &World, client: &Client) -> Bytes {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).unwrap();
    Bytes(client.state(&Freeze {
        issuer: "https://issuer.example".parse().unwrap(),
        account: client.account.clone().unwrap(),
        thumb: public(DEVICE).thumbprint(),
        nonce: Nonce(nonce),
        issued_at: at(issuer),
    }))
}

pub(super) fn freeze(issuer: &World, channel: &Client) -> Result<AccountFrozen, Code> {
    channel.call(issuer, &FreezeAccount { statement: order(issuer, channel) })
}

/// The stop codes of all messages, oldest first.
fn stop_codes(issuer: &World) -> Vec<String> {
    let texts = now(issuer.inbox(0)).unwrap().into_iter().map(|(_, message)| message.text);
    let alarms = texts.filter(|text| text.contains("To stop everything"));
    alarms.map(|text| text.lines().last().unwrap().into()).collect()
}

pub(super) fn stop_code(issuer: &World) -> String {
    stop_codes(issuer).pop().unwrap()
}

/// What the passkey has to agree to.
pub(super) fn prepare_unfreeze(issuer: &World, device: &Client) -> Result<IntentPrepared, Code> {
    device.call(issuer, &PrepareUnfreeze { head: Hash::ZERO })
}

/// The passkey has agreed, and the code is here.
pub(super) fn unfreeze_code(issuer: &World, device: &Client) -> Result<Unfreeze, Code> {
    let prepared = prepare_unfreeze(issuer, device)?;
    let IntentConfirmed::CodeSent { attempt } = confirm(issuer, device, &prepared)? else { panic!("no code") };
    Ok(Unfreeze { attempt, code: newest_code(issuer, "hanako@example.test").unwrap() })
}

pub(super) fn unfreeze(issuer: &World, device: &Client) -> Result<Unfrozen, Code> {
    let call = unfreeze_code(issuer, device)?;
    device.call(issuer, &call)
}

/// Codes of a release that were sent.
fn sent(issuer: &World) -> usize {
    now(issuer.inbox(0)).unwrap().into_iter().filter(|(_, message)| message.code.is_some()).count()
}

#[test]
fn login_and_contact_code_are_enough_to_freeze_and_the_ticket_is_used_up() {
    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    // On a borrowed machine, with a key that is registered nowhere.
    let stranger = Client::new(60);
    let Ticket { ticket } = log_in(&issuer, &stranger, "hanako", "hanako-password").unwrap();
    let call = FreezeByTicket { ticket };
    assert_eq!(Client::new(61).call(&issuer, &call).err(), Some(Code::TicketExpired));
    let at = stranger.call(&issuer, &call).unwrap().at;
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    assert_eq!(stranger.call(&issuer, &call).err(), Some(Code::TicketExpired));
    assert_eq!(freeze(&issuer, &channel).unwrap().at, at);
}

#[test]
fn any_passkey_of_the_account_is_enough_to_freeze_once_for_each_challenge() {
    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    let stranger = Client::new(60);
    let prepared = stranger.call(&issuer, &PreparePasskeyFreeze {}).unwrap();
    let settings = issuer.settings();
    let challenge = freeze_challenge(&settings.issuer, &settings.rp_id, prepared.nonce);
    let signed = |passkey: &Passkey, challenge: &Hash| ConfirmPasskeyFreeze {
        nonce: prepared.nonce,
        assertion: passkey.assert(challenge),
    };
    let good = signed(&Passkey::new(PASSKEY), &challenge);
    assert_eq!(Client::new(61).call(&issuer, &good).err(), Some(Code::IntentExpired));
    // A passkey that nobody has, and a signature over something else, are refused alike.
    for bad in [signed(&Passkey::new(70), &challenge), signed(&Passkey::new(PASSKEY), &Hash::ZERO)] {
        assert_eq!(stranger.call(&issuer, &bad).err(), Some(Code::AssertionRefused));
    }
    let unverified = Passkey { flags: 0x01, ..Passkey::new(PASSKEY) };
    assert_eq!(stranger.call(&issuer, &signed(&unverified, &challenge)).err(), Some(Code::AssertionRefused));
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    assert!(stranger.call(&issuer, &good).is_ok());
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    assert_eq!(stranger.call(&issuer, &good).err(), Some(Code::IntentExpired));
}

#[test]
fn a_message_of_alarm_carries_a_code_that_freezes_once_within_five_minutes_and_only_by_post() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let code = stop_code(&issuer);
    let stranger = Client::new(60);
    let stop = |code: &str| stranger.call(&issuer, &FreezeByCode { code: code.into() });
    let by_get = Request {
        method: "GET".into(),
        path: FreezeByCode::PATH.into(),
        body: text(&FreezeByCode { code: code.clone() }),
        proof: None,
        source: String::new(),
    };
    assert_eq!(now(issuer.answer(&by_get)).status, 404);
    let other = code.replace(device.account.as_ref().unwrap().as_str(), "acc-other");
    for wrong in ["", ".", "x.y", other.as_str(), &code[1..]] {
        assert_eq!(stop(wrong).err(), Some(Code::CodeRefused), "{wrong}");
    }
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    assert!(stop(&code).is_ok());
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    assert_eq!(stop(&code).err(), Some(Code::CodeRefused));

    let later = world();
    enrolled(&later, "hanako");
    let code = stop_code(&later);
    advance(&later, 300);
    assert_eq!(Client::new(60).call(&later, &FreezeByCode { code }).err(), Some(Code::CodeRefused));
}

#[test]
fn a_freeze_ends_intents_refills_and_unredeemed_tokens_but_neither_reading_nor_reversals() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let paid = pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1");
    advance(&issuer, 1);
    let early = token(&issuer, &account, 2);
    freeze(&issuer, &channel).unwrap();
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::Frozen));
    assert_eq!(pay(&issuer, &shop, &early, 100, "2").outcome, Outcome::Declined);
    // Reading, and a shop that gives money back.
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    let call = ReversePayment { payment: paid.payment.unwrap(), key: "idempotency-reversal".into() };
    assert_eq!(shop.call(&issuer, &call).unwrap().outcome, Outcome::Reversed);
    assert_eq!(balance(&issuer, &channel), 2_000);
    // Released within the token's life: it stays dead, a new one is good.
    advance(&issuer, 5);
    assert!(unfreeze(&issuer, &device).is_ok());
    assert_eq!(pay(&issuer, &shop, &early, 100, "3").outcome, Outcome::Declined);
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 3), 100, "4").outcome, Outcome::Approved);
}

#[test]
fn releasing_needs_an_older_healthy_device_its_passkey_and_then_a_contact_code() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    assert_eq!(prepare_unfreeze(&issuer, &device).err(), Some(Code::NotFound));
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    // The channel key may freeze and may not release.
    assert_eq!(prepare_unfreeze(&issuer, &channel).err(), Some(Code::NotEnrolled));
    let right = unfreeze_code(&issuer, &device).unwrap();
    let wrong = Unfreeze { code: "00000000".into(), ..right.clone() };
    for _ in 0..3 {
        assert_eq!(device.call(&issuer, &wrong).err(), Some(Code::CodeRefused));
    }
    assert_eq!(device.call(&issuer, &right).err(), Some(Code::CodeRefused), "three wrong codes end it");
    let late = unfreeze_code(&issuer, &device).unwrap();
    advance(&issuer, 300);
    assert_eq!(device.call(&issuer, &late).err(), Some(Code::CodeRefused));
    let right = unfreeze_code(&issuer, &device).unwrap();
    assert_eq!(channel.call(&issuer, &right).err(), Some(Code::NotEnrolled));
    assert!(device.call(&issuer, &right).is_ok());
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    assert_eq!(kinds(&issuer, &channel).pop().unwrap().0, receipt::Kind::Unfrozen);
    assert_eq!(device.call(&issuer, &right).err(), Some(Code::CodeRefused), "a code is used once");
}

#[test]
fn without_the_passkey_no_code_is_sent_and_no_try_counted() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    let before = sent(&issuer);
    // A copied device key alone: as often as it likes.
    let his = Passkey { break_signature: true, ..Passkey::new(PASSKEY) };
    for _ in 0..20 {
        let prepared = prepare_unfreeze(&issuer, &device).unwrap();
        let intent = Intent::from_bytes(&prepared.intent.0).unwrap();
        assert_eq!(device.call(&issuer, &agree(&device, &intent, &his)).err(), Some(Code::AssertionRefused));
        let guess = Unfreeze { attempt: "guessed".into(), code: "00000000".into() };
        assert_eq!(device.call(&issuer, &guess).err(), Some(Code::CodeRefused));
    }
    assert_eq!(sent(&issuer), before);
    // The owner's own way is as it was; asking again sends nothing while the code lives, and it stays good.
    let first = unfreeze_code(&issuer, &device).unwrap();
    let again = unfreeze_code(&issuer, &device).unwrap();
    assert_eq!((&first.attempt, sent(&issuer)), (&again.attempt, before + 1));
    assert!(device.call(&issuer, &first).is_ok());
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
}

#[test]
fn what_was_prepared_before_a_freeze_is_over_and_what_comes_after_its_release_is_not_all_in_one_second() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let ask = |old: u32, new: u32| {
        let call = PrepareLimit { old: Amount::of(old), new: Amount::of(new), head: Hash::ZERO };
        device.call(&issuer, &call).unwrap()
    };
    let before = ask(50_000, 1_000);
    freeze(&issuer, &channel).unwrap();
    unfreeze(&issuer, &device).unwrap();
    assert_eq!(confirm(&issuer, &device, &before).err(), Some(Code::IntentExpired));
    assert!(confirm(&issuer, &device, &ask(50_000, 1_000)).is_ok());
}

#[test]
fn a_device_that_cools_off_or_came_after_the_freeze_can_t_release() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "taro");
    advance(&issuer, 10);
    freeze(&issuer, &channel).unwrap();
    assert_eq!(prepare_unfreeze(&issuer, &device).err(), Some(Code::CoolingOff));
    let account = device.account.clone().unwrap();
    let needs = || Needs::new().and(Kind::Accounts, &account);
    now(issuer.ledger().transact(needs(), |records| {
        let mut owner = records.accounts.get(&account).cloned().unwrap();
        owner.devices[0].cooled_at = 0;
        owner.devices[0].added_seq = owner.link.seq + 1;
        records.accounts.put(&account, owner);
    }))
    .unwrap();
    assert_eq!(prepare_unfreeze(&issuer, &device).err(), Some(Code::NotFirstDevice));
    // Then a person decides.
    now(issuer.release_account(&account)).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    assert_eq!(now(issuer.release_account(&account)).unwrap_err().code, Code::NotFound);
}

#[test]
fn a_device_frozen_within_the_second_of_its_enrolment_can_release() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    assert_eq!(freeze(&issuer, &channel).unwrap().at, standing(&issuer, &channel).devices[0].added_at);
    assert!(unfreeze(&issuer, &device).is_ok());
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
}

#[test]
fn a_device_enrolled_after_the_freeze_can_t_release_though_the_clock_was_put_back() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    freeze(&issuer, &channel).unwrap();
    let account = device.account.clone().unwrap();
    now(issuer.ledger().transact(Needs::new().and(Kind::Accounts, &account), |records| {
        let mut owner = records.accounts.get(&account).cloned().unwrap();
        // Its receipt follows the freeze's, and its second says the opposite.
        owner.devices[0].added_seq = owner.link.seq + 1;
        owner.devices[0].added_at -= 60;
        records.accounts.put(&account, owner);
    }))
    .unwrap();
    assert_eq!(prepare_unfreeze(&issuer, &device).err(), Some(Code::NotFirstDevice));
}

#[test]
fn the_channel_key_signs_no_device_off_and_the_device_key_does() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    assert_eq!(channel.call(&issuer, &SignOff {}).err(), Some(Code::NotEnrolled));
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    // Neither a freeze nor a suspicion keeps an owner from signing off.
    freeze(&issuer, &channel).unwrap();
    device.call(&issuer, &SignOff {}).unwrap();
    let gone =
        channel.call(&issuer, &Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(DEVICE).thumbprint() });
    assert_eq!(gone.err(), Some(Code::Revoked));
}

#[test]
fn it_was_not_me_freezes_everything_and_the_money_of_that_payment_waits() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let paid = pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1");
    let seq = sync(&issuer, &channel).receipts.len() as u64;
    let call = ReportUse { statement: order(&issuer, &channel), seq: Some(seq) };
    channel.call(&issuer, &call).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    let held = now(issuer.ledger().transact(Needs::new().and(Kind::Accounts, &account), |records| {
        records.accounts.get(&account).unwrap().held.clone()
    }))
    .unwrap();
    assert_eq!((held.len(), Some(&held[0].payment), held[0].reported), (1, paid.payment.as_ref(), true));
    now(issuer.settle_held(&account, &paid.payment.unwrap(), true)).unwrap();
    assert_eq!(balance(&issuer, &channel), 2_000);
}

#[test]
fn the_name_of_a_release_that_is_over_uses_up_no_try_of_the_next() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    // The thief saw the answer of one release, and holds a copied device key.
    let seen = unfreeze_code(&issuer, &device).unwrap();
    assert!(device.call(&issuer, &seen).is_ok());
    freeze(&issuer, &channel).unwrap();
    let next = unfreeze_code(&issuer, &device).unwrap();
    for _ in 0..5 {
        let guess = Unfreeze { code: "00000000".into(), ..seen.clone() };
        assert_eq!(device.call(&issuer, &guess).err(), Some(Code::CodeRefused));
    }
    assert!(device.call(&issuer, &next).is_ok());
}

#[test]
fn stop_codes_of_one_second_are_different_ones_and_each_is_used_once() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let ask = PrepareLimit { old: Amount::of(50_000), new: Amount::of(1_000), head: Hash::ZERO };
    confirm(&issuer, &device, &device.call(&issuer, &ask).unwrap()).unwrap();
    let stranger = Client::new(60);
    let stop = |code: &str| stranger.call(&issuer, &FreezeByCode { code: code.into() });
    let [older, newer] = <[String; 2]>::try_from(stop_codes(&issuer)).unwrap();
    assert_ne!(older, newer);
    stop(&older).unwrap();
    unfreeze(&issuer, &device).unwrap();
    assert_eq!(stop(&older).err(), Some(Code::CodeRefused));
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    stop(&newer).unwrap();
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
    // Neither part of a code goes with another's.
    let mixed = format!("{}{}", &older[..12], &newer[12..]);
    unfreeze(&issuer, &device).unwrap();
    assert_eq!(stop(&mixed).err(), Some(Code::CodeRefused));
}

#[test]
fn two_release_codes_of_one_second_have_names_of_their_own() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    freeze(&issuer, &channel).unwrap();
    let first = unfreeze_code(&issuer, &device).unwrap();
    let guess = Unfreeze { code: "00000000".into(), ..first.clone() };
    for _ in 0..3 {
        assert_eq!(device.call(&issuer, &guess).err(), Some(Code::CodeRefused));
    }
    let second = unfreeze_code(&issuer, &device).unwrap();
    assert_ne!(first.attempt, second.attempt);
    for _ in 0..3 {
        assert_eq!(device.call(&issuer, &guess).err(), Some(Code::CodeRefused), "a try of the code that is over");
    }
    assert!(device.call(&issuer, &second).is_ok());
}

#[test]
fn a_freeze_by_ticket_that_stopped_nothing_counts_once_all_the_same() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let stranger = Client::new(60);
    let Ticket { ticket } = log_in(&issuer, &stranger, "hanako", "hanako-password").unwrap();
    freeze(&issuer, &channel).unwrap();
    let call = FreezeByTicket { ticket };
    let request = stranger.request(FreezeByTicket::PATH, text(&call));
    assert_eq!(now(issuer.answer(&request)).status, 200);
    // Another delivery of the same call is answered as the first was.
    let again = stranger.request(FreezeByTicket::PATH, request.body.clone());
    assert_eq!(now(issuer.answer(&again)).status, 200);
    now(issuer.release_account(device.account.as_ref().unwrap())).unwrap();
    // Whoever saw them on their way stops nothing after the release.
    for seen in [&request, &again] {
        assert_eq!(now(issuer.answer(seen)).status, Problem::new(Code::ProofReplayed).status);
    }
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Active);
    // The ticket itself is still good for its owner.
    assert!(stranger.call(&issuer, &call).is_ok());
    assert_eq!(standing(&issuer, &channel).status, DeviceStatus::Frozen);
}
