#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::id::Handle;
use crate::wire::key::Signature;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;

const IAT: u32 = 1_790_000_000;
const NOW: u64 = IAT as u64 * 1000;

fn candidate(secret: u8, veil: u8) -> Candidate {
    let key = SigningKey::from_slice(&[secret; 32]).unwrap();
    let key = PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
    Candidate { thumb: key.thumbprint(), key, veil: Veil([veil; 16]) }
}

fn text(limit: Limit) -> String {
    let token = Token { limit, expires_at: IAT + 60, issued_at: IAT, atc: 1, random: [1; 4] };
    let unsigned = token.prepare(Handle([9; 8]), &Veil([2; 16])).unwrap();
    let signature: p256::ecdsa::Signature = SigningKey::from_slice(&[1; 32]).unwrap().sign(unsigned.message());
    Token::text(&unsigned, &Signature::from_signer(&signature.to_bytes()).unwrap())
}

fn verified(limit: Limit) -> Verified<Token> {
    let token = UnverifiedToken::from_text(&text(limit)).unwrap();
    authenticate(&token, &[candidate(1, 2)]).unwrap().0
}

fn sale(amount: u32) -> Sale {
    Sale {
        till: "t/1".parse().unwrap(),
        merchant: "m/1".parse().unwrap(),
        amount: Amount::of(amount),
        currency: Currency::JPY,
        now_ms: NOW,
    }
}

#[test]
fn a_token_holds_under_its_own_key_and_veil_only() {
    let token = UnverifiedToken::from_text(&text(Limit::Allowance)).unwrap();
    assert_eq!(authenticate(&token, &[]).unwrap_err(), Code::TokenUnknown);
    assert_eq!(authenticate(&token, &[candidate(1, 3)]).unwrap_err(), Code::BadSignature);
    assert_eq!(authenticate(&token, &[candidate(3, 2)]).unwrap_err(), Code::BadSignature);
    let (_, thumb) = authenticate(&token, &[candidate(3, 2), candidate(1, 2)]).unwrap();
    assert_eq!(thumb, candidate(1, 2).thumb);
}

#[test]
fn a_fifth_key_is_not_tried() {
    let token = UnverifiedToken::from_text(&text(Limit::Allowance)).unwrap();
    let mut candidates = vec![candidate(3, 2); 4];
    candidates.push(candidate(1, 2));
    assert_eq!(authenticate(&token, &candidates).unwrap_err(), Code::BadSignature);
}

#[test]
fn every_changed_character_is_refused() {
    let good = text(Limit::Allowance);
    for at in 0..good.len() {
        for put in [b'A', b'B', b'7', b'='] {
            let mut bytes = good.clone().into_bytes();
            if bytes[at] == put {
                continue;
            }
            bytes[at] = put;
            let changed = String::from_utf8(bytes).unwrap();
            let held =
                UnverifiedToken::from_text(&changed).map(|token| authenticate(&token, &[candidate(1, 2)]).is_ok());
            assert!(!matches!(held, Ok(true)), "{at} {put}");
        }
    }
}

#[test]
fn time_comes_before_audience_before_currency_before_amount() {
    let exact = verified(Limit::Exact {
        amount: Amount::of(540),
        currency: "EUR".parse().unwrap(),
        audience: "t/2".parse().unwrap(),
    });
    let mut late = sale(541);
    late.now_ms = NOW + 70_000;
    assert_eq!(late.check(&exact, Amount::MAX), Err(Code::TokenExpired));
    let mut sale = sale(541);
    assert_eq!(sale.check(&exact, Amount::MAX), Err(Code::WrongTill));
    sale.till = "t/2".parse().unwrap();
    assert_eq!(sale.check(&exact, Amount::MAX), Err(Code::CurrencyMismatch));
    sale.currency = "EUR".parse().unwrap();
    assert_eq!(sale.check(&exact, Amount::MAX), Err(Code::AmountMismatch));
    sale.amount = Amount::of(540);
    assert_eq!(sale.check(&exact, Amount::of(539)), Err(Code::AmountOver));
    assert_eq!(sale.check(&exact, Amount::of(540)), Ok(()));
}

#[test]
fn a_merchant_s_name_stands_for_each_of_its_tills() {
    let exact =
        verified(Limit::Exact { amount: Amount::of(540), currency: Currency::JPY, audience: "m/1".parse().unwrap() });
    assert_eq!(sale(540).check(&exact, Amount::MAX), Ok(()));
}

#[test]
fn bounds_are_the_token_s_or_the_allowance_s() {
    let up_to = verified(Limit::UpTo { amount: Amount::of(1000), currency: Currency::JPY });
    assert_eq!(sale(1000).check(&up_to, Amount::of(3000)), Ok(()));
    assert_eq!(sale(1001).check(&up_to, Amount::of(3000)), Err(Code::AmountOver));
    assert_eq!(sale(1000).check(&up_to, Amount::of(999)), Err(Code::AmountOver));
    let plain = verified(Limit::Allowance);
    assert_eq!(sale(3000).check(&plain, Amount::of(3000)), Ok(()));
    assert_eq!(sale(3001).check(&plain, Amount::of(3000)), Err(Code::AmountOver));
}

#[test]
fn a_token_lives_from_30_s_before_to_10_s_after_its_time() {
    let token = verified(Limit::Allowance);
    let at = |now_ms| Sale { now_ms, ..sale(1) }.check(&token, Amount::MAX);
    assert_eq!(at(NOW - 30_001), Err(Code::TokenAhead));
    assert_eq!(at(NOW - 30_000), Ok(()));
    assert_eq!(at(NOW + 69_999), Ok(()));
    assert_eq!(at(NOW + 70_000), Err(Code::TokenExpired));
}

#[test]
fn an_issuer_may_be_stricter_about_time_and_never_laxer() {
    let token = verified(Limit::Allowance);
    let strict = |max_lifetime, leeway| Strictness { max_lifetime, leeway };
    assert_eq!(strict(60, 5).check(&token, NOW - 5000), Ok(()));
    assert_eq!(strict(60, 5).check(&token, NOW - 5001), Err(Code::TokenAhead));
    assert_eq!(strict(60, 5).check(&token, NOW + 64_999), Ok(()));
    assert_eq!(strict(60, 5).check(&token, NOW + 65_000), Err(Code::TokenExpired));
    assert_eq!(strict(30, 0).check(&token, NOW + 30_000), Err(Code::TokenExpired));
    assert_eq!(strict(600, 600).check(&token, NOW + 69_999), Ok(()));
    assert_eq!(strict(600, 600).check(&token, NOW + 70_000), Err(Code::TokenExpired));
    // The protocol's own check follows in any case.
    assert_eq!(strict(600, 600).check(&token, NOW - 31_000), Ok(()));
    assert_eq!(Sale { now_ms: NOW - 31_000, ..sale(1) }.check(&token, Amount::of(1)), Err(Code::TokenAhead));
}
