//! Freeze, release, limits, refills, tills: who may do what with how little.
#![allow(clippy::unwrap_used)]
use super::*;

fn at(issuer: &World) -> u32 {
    u32::try_from(issuer.ledger().now_ms() / 1000).unwrap()
}

fn advance(issuer: &World, seconds: u32) {
    issuer.ledger().clock().advance(u64::from(seconds) * 1000);
}

fn order(issuer: &World, client: &Client) -> Bytes {
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

fn freeze(issuer: &World, channel: &Client) -> Result<AccountFrozen, Code> {
    channel.call(issuer, &FreezeAccount { statement: order(issuer, channel) })
}

fn pay(issuer: &World, shop: &Client, token: &str, amount: u32, key: &str) -> PaymentAnswer {
    let call = TakePayment {
        token: token.into(),
        amount: Amount::of(amount),
        currency: Currency::JPY,
        key: format!("idempotency-{key:0>8}"),
    };
    shop.call(issuer, &call).unwrap()
}

fn stop_code(issuer: &World) -> String {
    let inbox = now(issuer.inbox(0)).unwrap();
    let text =
        inbox.into_iter().rev().map(|(_, message)| message.text).find(|text| text.contains("stop.html")).unwrap();
    text.lines().last().unwrap().into()
}

fn unfreeze_code(issuer: &World, device: &Client) -> Result<PrepareUnfreeze, Code> {
    let UnfreezeCodeSent { attempt } = device.call(issuer, &SendUnfreezeCode {})?;
    let code = newest_code(issuer, "hanako@example.test").unwrap();
    Ok(PrepareUnfreeze { attempt, code, head: Hash::ZERO })
}

fn confirm(issuer: &World, device: &Client, prepared: &IntentPrepared) -> Result<IntentConfirmed, Code> {
    let intent = Intent::from_bytes(&prepared.intent.0).unwrap();
    device.call(issuer, &agree(device, &intent, intent.nonce, &Passkey::new(PASSKEY)))
}

fn unfreeze(issuer: &World, device: &Client) -> Result<IntentConfirmed, Code> {
    let call = unfreeze_code(issuer, device)?;
    let prepared = device.call(issuer, &call)?;
    confirm(issuer, device, &prepared)
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
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Frozen);
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
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Active);
    assert!(stranger.call(&issuer, &good).is_ok());
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Frozen);
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
        body: serde_json::to_vec(&FreezeByCode { code: code.clone() }).unwrap(),
        proof: None,
        source: String::new(),
    };
    assert_eq!(now(issuer.answer(&by_get)).status, 404);
    let other = code.replace(device.account.as_ref().unwrap().as_str(), "acc-other");
    for wrong in ["", ".", "x.y", other.as_str(), &code[1..]] {
        assert_eq!(stop(wrong).err(), Some(Code::CodeRefused), "{wrong}");
    }
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Active);
    assert!(stop(&code).is_ok());
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Frozen);
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
    let lower = LowerLimit { new: Amount::of(1_000) };
    assert_eq!(device.call(&issuer, &lower).err(), Some(Code::Frozen));
    assert_eq!(pay(&issuer, &shop, &early, 100, "2").outcome, Outcome::Declined);
    // Reading, and a shop that gives money back.
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Frozen);
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
fn releasing_needs_an_older_healthy_device_its_passkey_and_a_contact_code() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    assert_eq!(device.call(&issuer, &SendUnfreezeCode {}).err(), Some(Code::NotFound));
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    // The channel key may freeze and may not release.
    assert_eq!(channel.call(&issuer, &SendUnfreezeCode {}).err(), Some(Code::NotEnrolled));
    let right = unfreeze_code(&issuer, &device).unwrap();
    for _ in 0..3 {
        let wrong = PrepareUnfreeze { code: "00000000".into(), ..right.clone() };
        assert_eq!(device.call(&issuer, &wrong).err(), Some(Code::CodeRefused));
    }
    assert_eq!(device.call(&issuer, &right).err(), Some(Code::CodeRefused), "three wrong codes end it");
    let late = unfreeze_code(&issuer, &device).unwrap();
    advance(&issuer, 300);
    assert_eq!(device.call(&issuer, &late).err(), Some(Code::CodeRefused));
    let right = unfreeze_code(&issuer, &device).unwrap();
    let prepared = device.call(&issuer, &right).unwrap();
    assert_eq!(device.call(&issuer, &right).err(), Some(Code::CodeRefused), "a code is used once");
    let intent = Intent::from_bytes(&prepared.intent.0).unwrap();
    assert_eq!(intent.action, crate::wire::intent::Action::Unfreeze);
    let other = agree(&device, &intent, intent.nonce, &Passkey { break_signature: true, ..Passkey::new(PASSKEY) });
    assert_eq!(device.call(&issuer, &other).err(), Some(Code::AssertionRefused));
    assert!(matches!(confirm(&issuer, &device, &prepared), Ok(IntentConfirmed::Done { .. })));
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Active);
    assert_eq!(kinds(&issuer, &channel).pop().unwrap().0, receipt::Kind::Unfrozen);
    assert_eq!(confirm(&issuer, &device, &prepared).err(), Some(Code::IntentExpired));
}

#[test]
fn a_device_that_cools_off_or_came_after_the_freeze_can_t_release() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "taro");
    advance(&issuer, 10);
    freeze(&issuer, &channel).unwrap();
    assert_eq!(device.call(&issuer, &SendUnfreezeCode {}).err(), Some(Code::CoolingOff));
    let account = device.account.clone().unwrap();
    let needs = || Needs::new().and(Kind::Accounts, &account);
    now(issuer.ledger().transact(needs(), |records| {
        let mut owner = records.accounts.get(&account).cloned().unwrap();
        owner.devices[0].cooled_at = 0;
        owner.devices[0].added_at = owner.frozen_at.unwrap();
        records.accounts.put(&account, owner);
    }))
    .unwrap();
    assert_eq!(device.call(&issuer, &SendUnfreezeCode {}).err(), Some(Code::NotFirstDevice));
    // Then a person decides.
    now(issuer.release_account(&account)).unwrap();
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Active);
    assert_eq!(now(issuer.release_account(&account)).unwrap_err().code, Code::NotFound);
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
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Frozen);
    let held = now(issuer.ledger().transact(Needs::new().and(Kind::Accounts, &account), |records| {
        records.accounts.get(&account).unwrap().held.clone()
    }))
    .unwrap();
    assert_eq!((held.len(), Some(&held[0].payment), held[0].reported), (1, paid.payment.as_ref(), true));
    now(issuer.settle_held(&account, &paid.payment.unwrap(), true)).unwrap();
    assert_eq!(balance(&issuer, &channel), 2_000);
}

#[test]
fn a_limit_is_lowered_at_once_and_raised_by_a_step_up_alone() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    assert_eq!(device.call(&issuer, &LowerLimit { new: Amount::ZERO }).err(), Some(Code::BadAmount));
    let over = LowerLimit { new: Amount::of(50_001) };
    assert_eq!(device.call(&issuer, &over).err(), Some(Code::OverLimit));
    assert_eq!(device.call(&issuer, &LowerLimit { new: Amount::of(300) }).unwrap().limit, Amount::of(300));
    assert_eq!(sync(&issuer, &channel).left.amount, Amount::of(300));
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 301, "1").outcome, Outcome::Declined);
    let raise = |old, new| PrepareLimit { old: Amount::of(old), new: Amount::of(new), head: Hash::ZERO };
    assert_eq!(device.call(&issuer, &LowerLimit { new: Amount::of(301) }).err(), Some(Code::OverLimit));
    assert_eq!(device.call(&issuer, &raise(299, 1_000)).err(), Some(Code::IntentMismatch));
    assert_eq!(device.call(&issuer, &raise(300, 300)).err(), Some(Code::BadAmount));
    assert_eq!(device.call(&issuer, &raise(300, 50_001)).err(), Some(Code::OverLimit));
    let prepared = device.call(&issuer, &raise(300, 1_000)).unwrap();
    assert_eq!(sync(&issuer, &channel).left.amount, Amount::of(300), "nothing before it is signed");
    confirm(&issuer, &device, &prepared).unwrap();
    assert_eq!(sync(&issuer, &channel).left.amount, Amount::of(1_000));
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 301, "2").outcome, Outcome::Approved);
    let changes = kinds(&issuer, &channel).into_iter().filter(|(kind, _)| *kind == receipt::Kind::LimitsChanged);
    assert_eq!(changes.count(), 2);
}

#[test]
fn a_refill_beyond_the_silent_one_needs_a_step_up_and_never_a_new_window() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    pay(&issuer, &shop, &token(&issuer, &account, 1), 500, "1");
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
    let ask = |per_payment, count, total, until| PrepareRefill {
        per_payment: Amount::of(per_payment),
        count,
        total: Amount::of(total),
        until,
        head: Hash::ZERO,
    };
    let week = at(&issuer) + 7 * 24 * 3600;
    for over in [
        ask(10_001, 5, 20_000, week),
        ask(100, 11, 20_000, week),
        ask(100, 5, 20_001, week),
        ask(100, 5, 500, week + 1),
    ] {
        assert_eq!(device.call(&issuer, &over).err(), Some(Code::OverLimit));
    }
    assert_eq!(device.call(&issuer, &ask(0, 5, 100, week)).err(), Some(Code::BadAmount));
    let prepared = device.call(&issuer, &ask(5_000, 5, 15_000, week)).unwrap();
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
    confirm(&issuer, &device, &prepared).unwrap();
    let before = sync(&issuer, &channel);
    let refilled = device.call(&issuer, &Refill {}).unwrap();
    assert_eq!((refilled.left.amount, refilled.left.count), (Amount::of(14_500), 4));
    assert_eq!(before.left.amount, Amount::of(19_500));
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit), "one agreement, one refill");
    assert_eq!(kinds(&issuer, &channel).pop().unwrap().0, receipt::Kind::Refilled);
    // Agreed to and not fetched in time.
    let prepared = device.call(&issuer, &ask(5_000, 5, 15_000, week)).unwrap();
    confirm(&issuer, &device, &prepared).unwrap();
    advance(&issuer, 300);
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
}

#[test]
fn a_revoked_or_blocked_till_takes_nothing_and_a_till_has_four_keys_at_the_most() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let id = "t/1001".parse().unwrap();
    let shops: Vec<_> = (0..4).map(|byte| till(&issuer, TILL + byte, "t/1001")).collect();
    let code = now(issuer.send_till_code(&id)).unwrap();
    assert_eq!(Client::new(80).call(&issuer, &EnrolTill { code: code.clone() }).err(), Some(Code::TillBlocked));
    let paid = pay(&issuer, &shops[0], &token(&issuer, &account, 1), 100, "1");
    now(issuer.revoke_till_key(&id, shops[0].key().thumbprint())).unwrap();
    advance(&issuer, 61);
    let text = token(&issuer, &account, 2);
    assert_eq!(pay(&issuer, &shops[0], &text, 100, "2").outcome, Outcome::TillBlocked);
    assert_eq!(shops[0].call(&issuer, &WhichTill {}).err(), Some(Code::TillBlocked));
    let look_up = LookUpPayment { key: "idempotency-00000001".into() };
    assert_eq!(shops[0].call(&issuer, &look_up).err(), Some(Code::TillBlocked));
    let call = ReversePayment { payment: paid.payment.unwrap(), key: "idempotency-reversal".into() };
    assert_eq!(shops[0].call(&issuer, &call).err(), Some(Code::TillBlocked));
    // Its other keys go on, and there is room for a new one.
    assert_eq!(pay(&issuer, &shops[1], &text, 100, "3").outcome, Outcome::Approved);
    assert!(Client::new(80).call(&issuer, &EnrolTill { code }).is_ok());
    now(issuer.restrict_till(&id, true, None)).unwrap();
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shops[1], &token(&issuer, &account, 3), 100, "4").outcome, Outcome::TillBlocked);
    assert_eq!(shops[1].call(&issuer, &call).unwrap().outcome, Outcome::Reversed, "money may go back");
    assert_eq!(now(issuer.revoke_till_key(&id, public(99).thumbprint())).unwrap_err().code, Code::NotFound);
}

#[test]
fn a_till_with_a_ceiling_of_its_own_stops_there() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let ceiling = crate::rules::policy::Ceiling {
        hour: Amount::of(150),
        day: Amount::of(150),
        new_payers_hour: 9,
        new_payers_day: 9,
    };
    now(issuer.restrict_till(&"t/1001".parse().unwrap(), false, Some(ceiling))).unwrap();
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 100, "1").outcome, Outcome::Approved);
    advance(&issuer, 61);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 100, "2").outcome, Outcome::Declined);
}

#[test]
fn a_till_that_offers_codes_of_nobody_has_to_wait() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let (shop, other) = (till(&issuer, TILL, "t/1001"), till(&issuer, TILL + 1, "t/2002"));
    let most = issuer.settings().attempts.per_till;
    let good = token(&issuer, &account, 1);
    for number in 0..most {
        let text = if number % 2 == 0 { "JT1NOTATOKEN".into() } else { good.replace(&good[100..104], "AAAA") };
        assert_eq!(pay(&issuer, &shop, &text, 100, &format!("guess{number}")).outcome, Outcome::TryAgain);
    }
    assert_eq!(pay(&issuer, &shop, &good, 100, "1").outcome, Outcome::TillBlocked);
    assert_eq!(pay(&issuer, &other, &good, 100, "2").outcome, Outcome::Approved);
    advance(&issuer, 15 * 60);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 100, "3").outcome, Outcome::Approved);
}

#[test]
fn what_a_till_looked_up_in_vain_stays_untaken() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let shop = till(&issuer, TILL, "t/1001");
    let look_up = LookUpPayment { key: "idempotency-00000001".into() };
    assert_eq!(shop.call(&issuer, &look_up).err(), Some(Code::NotFound));
    // The request was still on its way.
    let text = token(&issuer, device.account.as_ref().unwrap(), 1);
    assert_eq!(pay(&issuer, &shop, &text, 100, "1").outcome, Outcome::Declined);
    assert_eq!(shop.call(&issuer, &look_up).err(), Some(Code::NotFound));
    assert_eq!(balance(&issuer, &channel), 2_000);
}

#[test]
fn the_wallet_shows_what_it_has_checked_and_then_its_next_code_is_good_at_once() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 100, "1").outcome, Outcome::Approved);
    advance(&issuer, 2);
    let newest = sync(&issuer, &channel).receipts.len() as u64;
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 100, "2").outcome, Outcome::Declined);
    advance(&issuer, 1);
    let seen = Sync { nonce: Nonce([2; 16]), after: newest, thumb: public(DEVICE).thumbprint() };
    channel.call(&issuer, &seen).unwrap();
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 3), 100, "3").outcome, Outcome::Approved);
}

#[test]
fn the_channel_key_follows_its_own_account_s_news_and_nobody_else_s() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let follow = |client: &Client, after: u64| {
        client.send(&issuer, FollowNews::PATH, b"{\"after\":0}");
        let body = serde_json::to_vec(&FollowNews { after }).unwrap();
        now(issuer.follow(&client.request(FollowNews::PATH, body))).1
    };
    let newest = sync(&issuer, &channel).receipts.len() as u64;
    assert_eq!(follow(&channel, 0), Some(Following { account: account.clone(), newest }));
    assert_eq!(follow(&device, 0), None);
    assert_eq!(follow(&Client::new(60), 0), None);
    let shop = till(&issuer, TILL, "t/1001");
    pay(&issuer, &shop, &token(&issuer, &account, 1), 100, "1");
    assert_eq!(now(issuer.newest(&account, newest)), Ok(newest + 1));
    assert_eq!(now(issuer.newest(&account, newest + 1)), Ok(newest + 1));
    // Without a stream the same call is a poll.
    assert_eq!(channel.call(&issuer, &FollowNews { after: newest }).unwrap(), News { newest: newest + 1 });
}

#[test]
fn a_second_stop_ends_a_release_that_was_being_agreed_to() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    advance(&issuer, 1);
    freeze(&issuer, &channel).unwrap();
    let call = unfreeze_code(&issuer, &device).unwrap();
    let prepared = device.call(&issuer, &call).unwrap();
    let stranger = Client::new(60);
    let Ticket { ticket } = log_in(&issuer, &stranger, "hanako", "hanako-password").unwrap();
    stranger.call(&issuer, &FreezeByTicket { ticket }).unwrap();
    assert_eq!(confirm(&issuer, &device, &prepared).err(), Some(Code::Frozen));
    assert_eq!(sync(&issuer, &channel).status, DeviceStatus::Frozen);
}
