//! What stops something stands behind no queue: all its transactions are urgent, and no other call's are.
#![allow(clippy::unwrap_used)]
use super::freeze::{freeze, order, prepare_unfreeze, stop_code};

use super::*;

/// The transactions of what is done: how many, and how many of them were urgent.
fn transactions<R>(issuer: &World, call: impl FnOnce() -> R) -> (R, usize, usize) {
    issuer.ledger().urgency.lock().unwrap().clear();
    let result = call();
    let urgency = issuer.ledger().urgency.lock().unwrap();
    (result, urgency.len(), urgency.iter().filter(|urgent| **urgent).count())
}

#[test]
fn all_transactions_of_what_stops_something_are_urgent() {
    let mut seen = Vec::new();
    let mut stops = |path: &'static str, issuer: &World, call: &dyn Fn() -> bool| {
        let (done, all, urgent) = transactions(issuer, call);
        assert!(done, "{path}");
        assert!(all >= 1 && urgent == all, "{path}: {urgent} of {all}");
        seen.push(path);
    };
    let stranger = Client::new(60);

    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    stops(FreezeAccount::PATH, &issuer, &|| freeze(&issuer, &channel).is_ok());

    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    let report = || ReportUse { statement: order(&issuer, &channel), seq: Some(1) };
    stops(ReportUse::PATH, &issuer, &|| channel.call(&issuer, &report()).is_ok());

    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    stops(SignOff::PATH, &issuer, &|| device.call(&issuer, &SignOff {}).is_ok());

    let issuer = world();
    enrolled(&issuer, "hanako");
    let Ticket { ticket } = log_in(&issuer, &stranger, "hanako", "hanako-password").unwrap();
    let by_ticket = FreezeByTicket { ticket };
    stops(FreezeByTicket::PATH, &issuer, &|| stranger.call(&issuer, &by_ticket).is_ok());

    let issuer = world();
    enrolled(&issuer, "hanako");
    let by_code = FreezeByCode { code: stop_code(&issuer) };
    stops(FreezeByCode::PATH, &issuer, &|| stranger.call(&issuer, &by_code).is_ok());

    let issuer = world();
    enrolled(&issuer, "hanako");
    stops(PreparePasskeyFreeze::PATH, &issuer, &|| stranger.call(&issuer, &PreparePasskeyFreeze {}).is_ok());
    let nonce = stranger.call(&issuer, &PreparePasskeyFreeze {}).unwrap().nonce;
    let settings = issuer.settings();
    let challenge = freeze_challenge(&settings.issuer, &settings.rp_id, nonce);
    let by_passkey = ConfirmPasskeyFreeze { nonce, assertion: Passkey::new(PASSKEY).assert(&challenge) };
    stops(ConfirmPasskeyFreeze::PATH, &issuer, &|| stranger.call(&issuer, &by_passkey).is_ok());

    seen.sort_unstable();
    let mut listed = URGENT.to_vec();
    listed.sort_unstable();
    assert_eq!(seen, listed);
}

#[test]
fn no_transaction_of_another_call_is_urgent() {
    let issuer = world();
    let ((device, channel), all, urgent) = transactions(&issuer, || enrolled(&issuer, "hanako"));
    assert!(all > 5 && urgent == 0, "{urgent} of {all}");
    let (_, all, urgent) = transactions(&issuer, || {
        standing(&issuer, &channel);
        prepare_unfreeze(&issuer, &device).unwrap_err();
        log_in(&issuer, &Client::new(60), "hanako", "hanako-password").unwrap();
    });
    assert!(all > 5 && urgent == 0, "{urgent} of {all}");
}

/// Anybody may sign with a key that nobody registered, and name what is not there; one such call may come again and again.
#[test]
fn junk_at_the_paths_that_stop_something_gets_no_urgent_transaction() {
    let issuer = world();
    enrolled(&issuer, "hanako");
    let mut stranger = Client::new(60);
    stranger.account = Some("acc-of-somebody".parse().unwrap());
    stranger.call(&issuer, &SignOff {}).unwrap_err();
    let assertion = Passkey::new(99).assert(&Hash([1; 32]));
    let (ticket, stop) = ("a".repeat(43), format!("{}.acc-of-somebody", "a".repeat(54)));
    let statement = Bytes(vec![1; 99]);
    let mut heard = Vec::new();
    for (path, body) in [
        (FreezeAccount::PATH, text(&FreezeAccount { statement: statement.clone() })),
        (ReportUse::PATH, text(&ReportUse { statement, seq: Some(1) })),
        (SignOff::PATH, text(&SignOff {})),
        (FreezeByTicket::PATH, text(&FreezeByTicket { ticket })),
        (FreezeByCode::PATH, text(&FreezeByCode { code: stop })),
        (ConfirmPasskeyFreeze::PATH, text(&ConfirmPasskeyFreeze { nonce: Nonce([1; 16]), assertion })),
    ] {
        let request = stranger.request(path, body);
        let (replies, _, urgent) = transactions(&issuer, || [(); 3].map(|()| now(issuer.answer(&request))));
        for reply in replies {
            heard.push(code(&reply).unwrap());
        }
        assert_eq!(urgent, 0, "{path}");
    }
    heard.dedup();
    let refused = [Code::NotEnrolled, Code::TicketExpired, Code::CodeRefused, Code::IntentExpired];
    assert_eq!(heard, refused);
}
