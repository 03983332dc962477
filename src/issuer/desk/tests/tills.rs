//! Keys, blocks, ceilings and guesses of tills.
#![allow(clippy::unwrap_used)]
use super::steps::{advance, pay};
use super::*;
use crate::wire::id::{Handle, Veil};

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
fn a_till_that_was_blocked_since_hears_what_it_took_before() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let text = token(&issuer, &account, 1);
    let paid = pay(&issuer, &shop, &text, 100, "1");
    now(issuer.restrict_till(&"t/1001".parse().unwrap(), true, None)).unwrap();
    // Its answer was lost: whoever hears that nothing was taken charges again, in cash.
    assert_eq!(pay(&issuer, &shop, &text, 100, "1"), paid);
    assert_eq!(shop.call(&issuer, &LookUpPayment { key: "idempotency-00000001".into() }).unwrap(), paid);
    assert_eq!(pay(&issuer, &shop, &text, 100, "2").outcome, Outcome::TillBlocked);
    assert_eq!(balance(&issuer, &channel), 1_900);
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

/// A token of a handle that nobody has.
pub(super) fn of_nobody(issuer: &World, number: u32) -> String {
    let issued_at = u32::try_from(issuer.ledger().now_ms() / 1000).unwrap();
    let token = Token { limit: Limit::Allowance, expires_at: issued_at + 60, issued_at, atc: number, random: [1; 4] };
    let unsigned = token.prepare(Handle(u64::from(number).to_be_bytes()), &Veil([5; 16])).unwrap();
    Token::text(&unsigned, &sign(99, &unsigned))
}

/// What the operator was told.
fn told(issuer: &World) -> Vec<String> {
    let inbox = now(issuer.inbox(0)).unwrap().into_iter();
    inbox.filter(|(_, message)| message.to == issuer.settings().operator).map(|(_, message)| message.subject).collect()
}

#[test]
fn scans_that_nobody_can_read_are_no_guesses_and_block_nothing() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    let tries = || issuer.ledger().bodies(Kind::Tries);
    let before = tries();
    let whole = token(&issuer, &account, 1);
    for number in 0..3 * issuer.settings().attempts.per_till {
        // Another shop's point card, half a code, a code that a scanner mangled.
        let text = ["4912345678904", &whole[..90], &whole.replacen('A', "1", 1)][number as usize % 3].to_owned();
        assert_eq!(pay(&issuer, &shop, &text, 100, &format!("scan{number}")).outcome, Outcome::TryAgain);
    }
    assert_eq!(tries(), before);
    assert_eq!(told(&issuer), Vec::<String>::new());
    assert_eq!(pay(&issuer, &shop, &whole, 100, "1").outcome, Outcome::Approved);
}

#[test]
fn a_till_that_offers_many_codes_of_nobody_goes_on_and_the_operator_is_told_once_an_hour() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let (shop, other) = (till(&issuer, TILL, "t/1001"), till(&issuer, TILL + 1, "t/2002"));
    let most = issuer.settings().attempts.per_till;
    let good = token(&issuer, &account, 1);
    let guess = |number: u32| {
        // Of no handle, and of one whose key did not sign it.
        let text =
            if number.is_multiple_of(2) { of_nobody(&issuer, number) } else { good.replace(&good[100..104], "AAAA") };
        assert_eq!(pay(&issuer, &shop, &text, 100, &format!("guess{number}")).outcome, Outcome::TryAgain);
    };
    (1..most).for_each(guess);
    pay(&issuer, &other, &of_nobody(&issuer, 1), 100, "guess");
    assert_eq!(told(&issuer), Vec::<String>::new(), "59 are not many, nor are another till's");
    (most..2 * most).for_each(guess);
    assert_eq!(told(&issuer).len(), 1);
    assert!(told(&issuer)[0].contains("t/1001"), "{:?}", told(&issuer));
    assert_eq!(pay(&issuer, &shop, &good, 100, "1").outcome, Outcome::Approved);
    advance(&issuer, 3600);
    (2 * most..3 * most).for_each(guess);
    assert_eq!(told(&issuer).len(), 2);
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 100, "2").outcome, Outcome::Approved);
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
fn a_rotation_ends_unused_till_codes_and_each_of_their_tills_is_sent_one_new_one() {
    let issuer = world();
    let [one, other] = ["t/1001", "t/2002"].map(|till| till.parse().unwrap());
    now(issuer.send_till_code(&other)).unwrap();
    advance(&issuer, 8 * 24 * 3600);
    let (first, second) = (now(issuer.send_till_code(&one)).unwrap(), now(issuer.send_till_code(&one)).unwrap());
    assert!(now(issuer.renew_till_codes()).unwrap().sent.is_empty(), "nothing is dead yet");

    assert_eq!(now(issuer.rotate_keys()).unwrap(), std::slice::from_ref(&one), "the other's time was over");
    let before = now(issuer.inbox(0)).unwrap().len();
    let renewed = now(issuer.renew_till_codes()).unwrap();
    assert_eq!((renewed.sent, renewed.left), (vec![one.clone()], Vec::new()));
    let sent = now(issuer.inbox(0)).unwrap().split_off(before);
    let codes: Vec<_> = sent.into_iter().filter_map(|(_, message)| message.code).collect();
    assert_eq!(codes.len(), 1);
    for dead in [first, second] {
        assert_eq!(Client::new(81).call(&issuer, &EnrolTill { code: dead }).err(), Some(Code::CodeRefused));
    }
    assert_eq!(Client::new(81).call(&issuer, &EnrolTill { code: codes[0].clone() }).unwrap().till, one);
    assert!(now(issuer.renew_till_codes()).unwrap().sent.is_empty());
}
