//! Login, contact code, ticket, enrolment, cool-off.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::PasswordCost;
use crate::issuer::password::{Match, PasswordHash};

#[test]
fn right_and_wrong_logins_are_answered_alike_and_neither_wrong_one_gets_a_ticket() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let attempts = |login: &str, password: &str| {
        let call = LogIn { login: login.into(), password: password.into(), language: "ja".into() };
        device.call(&issuer, &call).unwrap().attempt
    };
    let [right, wrong, unknown] = [("hanako", "hanako-password"), ("hanako", "x"), ("nobody", "x")]
        .map(|(login, password)| attempts(login, password));
    assert!(right.len() == wrong.len() && wrong.len() == unknown.len());
    let code = newest_code(&issuer, "hanako@example.test").unwrap();
    let contact_codes = now(issuer.inbox(0)).unwrap().iter().filter(|(_, message)| message.account.is_some()).count();
    assert_eq!(contact_codes, 1);
    for attempt in [wrong, unknown] {
        assert_eq!(device.call(&issuer, &EnterCode { attempt, code: code.clone() }).err(), Some(Code::CodeRefused));
    }
    // Another key, then the right one, once.
    let enter = EnterCode { attempt: right, code };
    assert_eq!(Client::new(50).call(&issuer, &enter).err(), Some(Code::CodeRefused));
    assert!(device.call(&issuer, &enter).is_ok());
    assert_eq!(device.call(&issuer, &enter).err(), Some(Code::CodeRefused));
}

#[test]
fn three_wrong_codes_end_an_attempt_and_five_logins_make_one_wait() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let call = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let LogInStarted { attempt } = device.call(&issuer, &call).unwrap();
    let right = newest_code(&issuer, "hanako@example.test").unwrap();
    let other = if right == "00000000" { "11111111" } else { "00000000" };
    for _ in 0..3 {
        let wrong = EnterCode { attempt: attempt.clone(), code: other.into() };
        assert_eq!(device.call(&issuer, &wrong).err(), Some(Code::CodeRefused));
    }
    assert_eq!(device.call(&issuer, &EnterCode { attempt, code: right }).err(), Some(Code::CodeRefused));
    for _ in 0..4 {
        device.call(&issuer, &call).unwrap();
    }
    let reply = device.send(&issuer, LogIn::PATH, &text(&call));
    assert_eq!((code(&reply), reply.retry_after), (Some(Code::TooManyAttempts), Some(60)));
    issuer.ledger().clock().advance(60_000);
    assert!(log_in(&issuer, &device, "hanako", "hanako-password").is_ok());
}

#[test]
fn a_hash_of_what_was_typed_is_renewed_by_a_login() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let (raw, composed) = ("Cafe\u{301} au lait", "Caf\u{e9} au lait");
    let change = |password: Option<&PasswordHash>| {
        now(issuer.ledger().transact(Needs::new().and(Kind::Logins, "hanako"), |records| {
            let mut entry = records.logins.get("hanako").cloned().unwrap();
            if let Some(password) = password {
                entry.password = password.clone();
                records.logins.put("hanako", entry.clone());
            }
            entry.password
        }))
        .unwrap()
    };
    let old = PasswordHash::of_what_was_typed(raw, PasswordCost::least());
    change(Some(&old));
    assert!(log_in(&issuer, &device, "hanako", "Cafe\u{301} au lai").is_err());
    assert!(change(None) == old, "a wrong password renews nothing");
    assert!(log_in(&issuer, &device, "hanako", raw).is_ok());
    let renewed = change(None);
    assert!(renewed != old);
    assert_eq!(renewed.compare(composed), Match::Prepared);
    assert!(log_in(&issuer, &device, "hanako", composed).is_ok());
    assert!(change(None) == renewed, "once is enough");
}

#[test]
fn a_ticket_is_one_key_s_once_and_for_ten_minutes() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    let prepare = preparation(ticket, CHANNEL);
    assert_eq!(Client::new(51).call(&issuer, &prepare).err(), Some(Code::TicketExpired));
    assert!(device.call(&issuer, &prepare).is_ok());
    assert_eq!(device.call(&issuer, &prepare).err(), Some(Code::TicketExpired));
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    issuer.ledger().clock().advance(600_000);
    let prepare = preparation(ticket, CHANNEL);
    assert_eq!(device.call(&issuer, &prepare).err(), Some(Code::TicketExpired));
}

#[test]
fn a_bad_label_is_refused_before_the_ticket_is_used_and_the_prepared_one_is_registered() {
    let issuer = world();
    let mut device = Client::new(DEVICE);
    let Ticket { ticket } = log_in(&issuer, &device, "hanako", "hanako-password").unwrap();
    for label in BAD_LABELS {
        let call = PrepareEnrolment { label: label.to_string(), ..preparation(ticket.clone(), CHANNEL) };
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::BadLabel), "{label:?}");
    }
    // Trimmed and composed, with a joined emoji and a Persian name.
    let call = PrepareEnrolment {
        label: " Cafe\u{301} 👩\u{200d}💻 می\u{200c}خواهم ".into(),
        ..preparation(ticket, CHANNEL)
    };
    let prepared = device.call(&issuer, &call).unwrap();
    device.account = Some(prepared.account.clone());
    device.call(&issuer, &confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {})).unwrap();
    assert_eq!(labels(&issuer, &prepared.account), ["Café 👩\u{200d}💻 می\u{200c}خواهم"]);
}

#[test]
fn an_enrolment_says_exactly_what_was_prepared() {
    let issuer = world();
    let (device, prepared) = prepare(&issuer, "hanako");
    let passkey = Passkey::new(PASSKEY);
    let changes: &[fn(&mut Enrolment)] = &[
        |statement| statement.issuer = "https://other.example".parse().unwrap(),
        |statement| statement.rp_id = "example".parse().unwrap(),
        |statement| statement.account = "acc-other".parse().unwrap(),
        |statement| statement.credential = Bytes(vec![1; 16]).try_into().unwrap(),
        |statement| statement.credential_key_hash = Hash::ZERO,
        |statement| statement.backup_eligible = true,
        |statement| statement.nonce = Nonce([0; 16]),
    ];
    for change in changes {
        let call = confirmation(&prepared, &device, &passkey, change);
        assert_eq!(device.call(&issuer, &call).err(), Some(Code::IntentMismatch));
    }
    let good = confirmation(&prepared, &device, &passkey, |_| {});
    let unverified = Passkey { flags: 0x01, ..passkey.clone() };
    let call = ConfirmEnrolment {
        assertion: unverified.assert(&enrolment::confirmation_challenge(&good.statement.0)),
        ..good.clone()
    };
    assert_eq!(device.call(&issuer, &call).err(), Some(Code::UserNotVerified));
    let first = device.call(&issuer, &good).unwrap();
    // After a lost answer the same call gives the same answer.
    assert_eq!(device.call(&issuer, &good).unwrap().allowance, first.allowance);
}

#[test]
fn a_second_device_needs_another_way_and_a_known_passkey_is_taken() {
    let issuer = world();
    enrolled(&issuer, "hanako");
    let thief = Client::new(52);
    let Ticket { ticket } = log_in(&issuer, &thief, "hanako", "hanako-password").unwrap();
    let call = preparation(ticket, 53);
    assert_eq!(thief.call(&issuer, &call).err(), Some(Code::NotFirstDevice));

    let mut other = Client::new(54);
    let Ticket { ticket } = log_in(&issuer, &other, "taro", "taro-password").unwrap();
    let prepared = other.call(&issuer, &preparation(ticket, CHANNEL)).unwrap();
    other.account = Some(prepared.account.clone());
    let taken = confirmation(&prepared, &other, &Passkey::new(PASSKEY), |_| {});
    assert_eq!(other.call(&issuer, &taken).err(), Some(Code::CredentialTaken));
}

#[test]
fn an_older_account_cools_off_first() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "taro");
    let prove = ProveCard { source: "card-1".parse().unwrap() };
    assert_eq!(device.call(&issuer, &prove).err(), Some(Code::CoolingOff));
    assert_eq!(prepare_top_up(&issuer, &device, 1000, "card-1").err(), Some(Code::CoolingOff));
    let reply = device.send(&issuer, Refill::PATH, &text(&Refill {}));
    let problem: Problem = serde_json::from_slice(&reply.body).unwrap();
    let added_at = standing(&issuer, &channel).devices[0].added_at;
    assert_eq!(problem.until, Some(added_at + 24 * 3600));
    let shop = till(&issuer, TILL, "t/1001");
    let pay = |atc, amount| {
        let token = token(&issuer, device.account.as_ref().unwrap(), atc);
        let key = format!("idempotency-key-{atc}");
        let call = TakePayment { token, amount: Amount::of(amount), currency: Currency::JPY, key };
        shop.call(&issuer, &call).unwrap().outcome
    };
    assert_eq!(pay(1, 3001), Outcome::AmountOver);
    assert_eq!(pay(2, 2000), Outcome::Approved);
    assert_eq!(balance(&issuer, &channel), 0);
    issuer.ledger().clock().advance(24 * 3600 * 1000);
    let refilled = device.call(&issuer, &Refill {}).unwrap();
    assert_eq!(refilled.left.amount, Amount::of(20_000));
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::OverLimit));
    // The stored card is still nobody's on this device.
    assert_eq!(prepare_top_up(&issuer, &device, 1000, "card-1").err(), Some(Code::CardProofNeeded));
}
