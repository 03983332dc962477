//! Two servers over one ledger, whose clocks differ by two seconds.
#![allow(clippy::unwrap_used)]
use super::freeze::stop_code;
use super::steps::advance;
use super::*;
use crate::issuer::funding::DemoProcessor;
use crate::issuer::testing::beside::Beside;

/// The server whose clock is two seconds behind the world's.
fn behind(issuer: &World) -> Issuer<Beside<'_>, DemoProcessor> {
    let ledger = Beside::off(issuer.ledger(), -2_000);
    now(Issuer::open(ledger, DemoProcessor::new(), issuer.settings().clone())).unwrap()
}

#[test]
fn a_nonce_of_one_is_good_at_the_other_at_every_change() {
    let issuer = world();
    let other = behind(&issuer);
    let (_, channel) = enrolled(&issuer, "hanako");
    let body = text(&Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(DEVICE).thumbprint() });
    assert_eq!(code(&channel.send(&issuer, Sync::PATH, &body)), None);
    for change in 0..10 {
        let there = channel.send_once(&other, Sync::PATH, &body);
        assert_eq!((there.status, code(&there)), (200, None), "change {change}");
        let back = channel.send_once(&issuer, Sync::PATH, &body);
        assert_eq!((back.status, code(&back)), (200, None), "change {change}");
        advance(&issuer, 1);
    }
}

#[test]
fn a_nonce_counts_up_to_thirty_seconds_ahead_and_for_five_minutes() {
    let issuer = world();
    let (_, channel) = enrolled(&issuer, "hanako");
    let body = text(&Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(DEVICE).thumbprint() });
    let start = issuer.ledger().now_ms();
    let at = |off: i64| issuer.ledger().clock().set(start.saturating_add_signed(off * 1000));
    for (off, code_then) in [(-31, Some(Code::UseDpopNonce)), (-30, None), (299, None), (300, Some(Code::UseDpopNonce))]
    {
        at(0);
        channel.send(&issuer, Sync::PATH, &body);
        channel.send_once(&issuer, Sync::PATH, &body);
        at(off);
        assert_eq!(code(&channel.send_once(&issuer, Sync::PATH, &body)), code_then, "{off} s later");
    }
}

#[test]
fn a_proof_that_one_has_swept_away_is_no_new_one_at_the_other() {
    let issuer = world();
    let other = behind(&issuer);
    let (_, channel) = enrolled(&issuer, "hanako");
    let body = text(&Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(DEVICE).thumbprint() });
    channel.send(&issuer, Sync::PATH, &body);
    let request = channel.request(Sync::PATH, body);
    assert_eq!(code(&now(issuer.answer(&request))), None);
    for _ in 0..340 {
        advance(&issuer, 1);
        now(issuer.sweep()).unwrap();
        let heard = [code(&now(issuer.answer(&request))), code(&now(other.answer(&request)))];
        assert!(heard.iter().all(|code| matches!(code, Some(Code::ProofReplayed | Code::UseDpopNonce))), "{heard:?}");
    }
}

#[test]
fn a_stop_code_of_one_stops_at_the_other() {
    let issuer = world();
    let other = behind(&issuer);
    enrolled(&issuer, "hanako");
    let call = FreezeByCode { code: stop_code(&issuer) };
    assert!(Client::new(60).call(&other, &call).is_ok());
}

#[test]
fn a_card_that_was_proved_and_a_device_that_was_registered_at_one_top_up_at_the_other() {
    let issuer = world();
    let other = behind(&issuer);
    let (device, _) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let call = PrepareTopUp {
        amount: Amount::of(1_000),
        currency: Currency::JPY,
        source: "card-1".parse().unwrap(),
        head: Hash::ZERO,
    };
    assert_eq!(device.call(&other, &call).err(), None);
}
