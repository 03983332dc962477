//! What strangers leave in the ledger: keys that nobody registered, from six threads at once, each call from another network.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::freeze::stop_code;
use super::*;
use crate::wire::id::AccountId;

/// Junk calls of each thread.
const EACH: usize = 6;
const THREADS: usize = 6;

/// An address in a network of its own, whose wide network is its own too.
fn address(number: usize) -> String {
    format!("2001:db8:{number:x}::1")
}

/// How many rows of each kind the ledger has, but for those that it has none of.
fn rows(issuer: &World) -> Vec<(Kind, usize)> {
    let count = |kind: &Kind| (*kind, issuer.ledger().bodies(*kind).len());
    Kind::ALL.iter().map(count).filter(|(_, rows)| *rows > 0).collect()
}

/// Sends junk from six threads, each call by one of 30 keys; what was heard.
fn send(
    issuer: &World,
    path: &str,
    junk: impl Fn(&Client, usize) -> Vec<u8> + core::marker::Sync,
) -> Vec<Option<Code>> {
    let thread = |thread: usize| {
        let mut heard = Vec::new();
        for number in 0..EACH {
            let number = thread * EACH + number;
            let mut client = Client::at(100 + u8::try_from(thread * 5 + number % 5).unwrap(), &address(number));
            client.account = Some("acc-of-somebody".parse().unwrap());
            heard.push(code(&client.send(issuer, path, &junk(&client, number))));
        }
        heard
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || thread(number))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// Sends junk that is to leave nothing; what was heard is this code alone.
fn leaves_nothing(
    issuer: &World,
    path: &str,
    heard: Option<Code>,
    junk: impl Fn(&Client, usize) -> Vec<u8> + core::marker::Sync,
) {
    let before = rows(issuer);
    let codes = send(issuer, path, junk);
    assert!(codes.iter().all(|code| *code == heard), "{path}: {codes:?}");
    assert_eq!(rows(issuer), before, "{path}: rows after {} calls", EACH * THREADS);
}

#[test]
fn a_call_for_registered_keys_alone_leaves_nothing_of_a_key_that_is_not_registered() {
    let issuer = world();
    let not_enrolled = Some(Code::NotEnrolled);
    let (nonce, head) = (Nonce([1; 16]), Hash::ZERO);
    leaves_nothing(&issuer, Sync::PATH, not_enrolled, |client, _| {
        text(&Sync { nonce, after: 0, shown: 0, thumb: client.key().thumbprint() })
    });
    leaves_nothing(&issuer, FollowNews::PATH, not_enrolled, |_, _| text(&FollowNews { after: 0 }));
    leaves_nothing(&issuer, NameCounters::PATH, not_enrolled, |_, _| text(&NameCounters { nonce, counter: 1 }));
    leaves_nothing(&issuer, Refill::PATH, not_enrolled, |_, _| text(&Refill {}));
    leaves_nothing(&issuer, PrepareUnfreeze::PATH, not_enrolled, |_, _| text(&PrepareUnfreeze { head }));
    leaves_nothing(&issuer, SignOff::PATH, not_enrolled, |_, _| text(&SignOff {}));
    leaves_nothing(&issuer, WhichTill::PATH, not_enrolled, |_, _| text(&WhichTill {}));
    leaves_nothing(&issuer, TakePayment::PATH, not_enrolled, |_, number| {
        let (amount, currency, key) = (Amount::of(100), Currency::JPY, format!("idempotency-{number:08}"));
        text(&TakePayment { token: "JT1NOTATOKEN".into(), amount, currency, key })
    });
    // Whatever the call is: none looks at its body before it knows who may make it.
    for (path, _) in CALLS {
        let before = rows(&issuer);
        send(&issuer, path, |_, _| b"{}".to_vec());
        assert_eq!(rows(&issuer), before, "{path}");
    }
}

#[test]
fn what_can_t_be_guessed_leaves_nothing_and_is_refused_for_no_number_of_tries() {
    let issuer = world();
    let name = |number: usize| format!("{number:0>22}");
    leaves_nothing(&issuer, EnterCode::PATH, Some(Code::CodeRefused), |_, number| {
        text(&EnterCode { attempt: name(number), code: "12345678".into() })
    });
    leaves_nothing(&issuer, PrepareEnrolment::PATH, Some(Code::TicketExpired), |_, number| {
        text(&preparation(name(number), CHANNEL))
    });
    leaves_nothing(&issuer, PrepareRecovery::PATH, Some(Code::TicketExpired), |_, number| {
        let PrepareEnrolment { ticket, channel_key, label } = preparation(name(number), CHANNEL);
        text(&PrepareRecovery { ticket, channel_key, label })
    });
    leaves_nothing(&issuer, FreezeByTicket::PATH, Some(Code::TicketExpired), |_, number| {
        text(&FreezeByTicket { ticket: name(number) })
    });
    leaves_nothing(&issuer, FreezeByCode::PATH, Some(Code::CodeRefused), |_, number| {
        text(&FreezeByCode { code: format!("{}.acc-1", name(number)) })
    });
    leaves_nothing(&issuer, PreparePasskeyFreeze::PATH, None, |_, _| text(&PreparePasskeyFreeze {}));
    let passkey = Passkey::new(PASSKEY);
    leaves_nothing(&issuer, ConfirmPasskeyFreeze::PATH, Some(Code::IntentExpired), |_, _| {
        text(&ConfirmPasskeyFreeze { nonce: Nonce([7; 16]), assertion: passkey.assert(&Hash::ZERO) })
    });
    let prepared = |account: AccountId| EnrolmentPrepared {
        account,
        account_label: "x".parse::<crate::wire::text::Label>().unwrap().into(),
        user_handle: Bytes(vec![1; 32]),
        nonce: Nonce([1; 16]),
        expires_at: 0,
        exclude: None,
        credentials: None,
    };
    leaves_nothing(&issuer, ConfirmEnrolment::PATH, Some(Code::TicketExpired), |client, _| {
        text(&confirmation(&prepared("acc-of-somebody".parse().unwrap()), client, &passkey, |_| {}))
    });
    leaves_nothing(&issuer, ConfirmRecovery::PATH, Some(Code::TicketExpired), |client, _| {
        let call = confirmation(&prepared("acc-of-somebody".parse().unwrap()), client, &passkey, |_| {});
        text(&ConfirmRecovery { statement: call.statement, assertion: call.assertion })
    });
}

#[test]
fn junk_keeps_nobody_from_stopping_an_account() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let call = FreezeByCode { code: stop_code(&issuer) };
    for path in [FreezeByCode::PATH, PreparePasskeyFreeze::PATH, EnrolTill::PATH, LogIn::PATH] {
        let junk = |_: &Client, number: usize| match path {
            FreezeByCode::PATH => text(&FreezeByCode { code: format!("{number}.acc-1") }),
            PreparePasskeyFreeze::PATH => text(&PreparePasskeyFreeze {}),
            EnrolTill::PATH => text(&EnrolTill { code: format!("{number:0>16}") }),
            _ => text(&LogIn { login: "hanako".into(), password: "wrong".into(), language: "en".into() }),
        };
        send(&issuer, path, junk);
    }
    assert!(Client::at(60, &address(1)).call(&issuer, &call).is_ok());
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::Frozen));
}

#[test]
fn wrong_till_codes_leave_what_their_ceilings_allow_and_a_right_one_is_taken_all_the_same() {
    let issuer = world_with(|attempts| attempts.in_all = 5);
    let before = rows(&issuer);
    let heard = send(&issuer, EnrolTill::PATH, |_, number| text(&EnrolTill { code: format!("{number:0>16}") }));
    let counted = heard.iter().filter(|code| **code == Some(Code::CodeRefused)).count();
    assert_eq!(counted, 20, "{heard:?}");
    assert!(heard.iter().all(|code| matches!(code, Some(Code::CodeRefused | Code::TooManyAttempts))));
    let left = rows(&issuer);
    let grown: Vec<_> = left.iter().filter(|row| !before.contains(row)).collect();
    // Of each that was counted the source's, the wide network's, the answer and the proof; and one for all.
    let expected = [(Kind::Tries, 20), (Kind::Used, 20), (Kind::Calls, 20), (Kind::Flows, 21)];
    assert_eq!(grown, expected.iter().collect::<Vec<_>>());
    let code = now(issuer.send_till_code(&"t/1001".parse().unwrap())).unwrap();
    assert!(Client::at(TILL, &address(1)).call(&issuer, &EnrolTill { code }).is_ok());
}

#[test]
fn logins_leave_what_their_ceilings_allow() {
    let most = 20;
    let issuer = world_with(|attempts| attempts.in_all = 5);
    let heard = send(&issuer, LogIn::PATH, |_, number| {
        text(&LogIn { login: format!("login-{number}"), password: "wrong".into(), language: "en".into() })
    });
    assert_eq!(heard.iter().filter(|code| code.is_none()).count(), most);
    let left: usize = rows(&issuer)
        .into_iter()
        .filter(|(kind, _)| [Kind::Tries, Kind::Flows, Kind::Attempts, Kind::Calls, Kind::Used].contains(kind))
        .map(|(_, rows)| rows)
        .sum();
    // Of each that was counted: the login's tries at its source and in all, the source's, the wide network's, the attempt, the
    // answer and the proof; and one for all.
    assert_eq!(left, 7 * most + 1);
}

#[test]
fn what_had_an_effect_is_replayed_to_nobody_and_what_had_none_hears_the_same_again() {
    let issuer = world();
    let client = Client::at(60, "203.0.113.1");
    client.send(&issuer, LogIn::PATH, b"{}");
    let login = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let log_in = client.request(LogIn::PATH, text(&login));
    let answered: LogInStarted = serde_json::from_slice(&now(issuer.answer(&log_in)).body).unwrap();
    let wrong =
        client.request(EnterCode::PATH, text(&EnterCode { attempt: answered.attempt, code: "00000000".into() }));
    assert_eq!(code(&now(issuer.answer(&wrong))), Some(Code::CodeRefused));
    let nobody = client.request(EnterCode::PATH, text(&EnterCode { attempt: "x".into(), code: "00000000".into() }));
    assert_eq!(code(&now(issuer.answer(&nobody))), Some(Code::CodeRefused));
    let after = |issuer: &World| {
        let kept: Vec<_> = Kind::ALL.iter().map(|kind| issuer.ledger().bodies(*kind)).collect();
        (kept, now(issuer.inbox(0)).unwrap().len())
    };
    let before = after(&issuer);
    for (request, heard) in
        [(&log_in, Code::ProofReplayed), (&wrong, Code::ProofReplayed), (&nobody, Code::CodeRefused)]
    {
        for _ in 0..3 {
            assert_eq!(code(&now(issuer.answer(request))), Some(heard));
        }
    }
    assert_eq!(after(&issuer), before);
    assert_eq!(issuer.funding().charged(), 0);
}

#[test]
fn one_call_that_a_stranger_sends_under_proof_after_proof_is_answered_a_hundred_times_more() {
    let issuer = world();
    let client = Client::at(60, "203.0.113.1");
    let login = LogIn { login: "hanako".into(), password: "wrong".into(), language: "en".into() };
    let sent = body(&login, ByCall(crate::wire::id::CallId([1; 16])));
    let first = client.send(&issuer, LogIn::PATH, &sent);
    for _ in 0..100 {
        assert_eq!(client.send_once(&issuer, LogIn::PATH, &sent).body, first.body);
    }
    let before = rows(&issuer);
    for _ in 0..5 {
        let refused = client.send_once(&issuer, LogIn::PATH, &sent);
        assert_eq!((code(&refused), refused.retry_after), (Some(Code::TooManyAttempts), Some(24 * 3600)));
    }
    assert_eq!(rows(&issuer), before);
    // Its next call has another name, and waits for nothing.
    assert!(client.call(&issuer, &login).is_ok());
}
