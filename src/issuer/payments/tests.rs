#![allow(clippy::unwrap_used)]
mod held;
mod safety;
mod stopped;

use super::*;
use crate::code::Code;
use crate::issuer::account::{Account, HandleUse, State};
use crate::issuer::books;
use crate::issuer::ledger::{Kind, Ledger, Needs};
use crate::issuer::testing::{self, DEVICE, HANDLE, START, Stage, VEIL, account, now, thumb};
use crate::issuer::tills::Till;
use crate::issuer::verifier::Sale;
use crate::wire::calls::UsedHere;
use crate::wire::id::{Handle, Veil};
use crate::wire::receipt::{self, Body, Receipt};
use crate::wire::sign1;
use crate::wire::token::{Limit, Token, UnverifiedToken};

const TILL: &str = "t/1";
const OTHER: &str = "t/2";

/// The one key of a till.
fn till_key(till: &Audience) -> Thumbprint {
    Thumbprint(sha256(till.as_str().as_bytes()))
}

/// A stage with an account, its device and two tills.
struct Shop {
    stage: Stage,
    next: core::cell::Cell<u32>,
}

impl Shop {
    fn new(balance: u32) -> Self {
        let stage = Stage::new();
        let owner = account(&stage, balance);
        let needs = Needs::new().and(Kind::Accounts, &owner.id).and(Kind::Tills, TILL).and(Kind::Tills, OTHER);
        stage.decide(needs, |_, records| {
            records.accounts.put(&owner.id, owner.clone());
            for till in [TILL, OTHER] {
                let held = Till {
                    till: till.parse().unwrap(),
                    merchant: "m/1".parse().unwrap(),
                    name: "Kado no Mise".parse().unwrap(),
                    place: Some("Kanda".parse().unwrap()),
                    place_id: Some("kanda".parse().unwrap()),
                    currency: Currency::JPY,
                    blocked: false,
                    merchant_since: 0,
                    ceiling: None,
                    keys: Vec::new(),
                };
                records.tills.put(till, held);
            }
        });
        Self { stage, next: core::cell::Cell::new(0) }
    }

    fn now(&self) -> u32 {
        u32::try_from(self.stage.ledger.now_ms() / 1000).unwrap()
    }

    fn token(&self, atc: u32) -> Token {
        let issued_at = self.now();
        Token { limit: Limit::Allowance, expires_at: issued_at + 60, issued_at, atc, random: [1; 4] }
    }

    fn redeem_signed(&self, text: &str, till: &str, amount: u32, key: &str) -> Result<PaymentAnswer, Code> {
        let token = UnverifiedToken::from_text(text).unwrap();
        let till: Audience = till.parse().unwrap();
        let sale = Sale {
            till: till.clone(),
            merchant: "m/1".parse().unwrap(),
            amount: Amount::of(amount),
            currency: Currency::JPY,
            now_ms: self.stage.ledger.now_ms(),
        };
        let id: AccountId = "acc-1".parse().unwrap();
        self.next.set(self.next.get() + 1);
        let payment = format!("pay-{}", self.next.get());
        let answer_key = answer_key(till_key(&till), key);
        let request = request_hash("/", format!("{text}{amount}").as_bytes());
        let accounts = [(id, thumb())];
        let taking = Taking {
            token: &token,
            accounts: &accounts,
            sale: &sale,
            answer_key: &answer_key,
            request,
            payment: &payment,
        };
        let held = self
            .stage
            .decide(Needs::new().and(Kind::Tills, &till), |_, records| records.tills.get(&till).cloned().unwrap());
        let needs = taking.needs(&self.stage.settings.policy, &held);
        self.stage.decide(needs, |moment, records| redeem(moment, records, &taking)).map_err(|refused| refused.code)
    }

    fn sign(token: &Token, handle: Handle, veil: Veil) -> String {
        let unsigned = token.prepare(handle, &veil).unwrap();
        Token::text(&unsigned, &testing::sign(DEVICE, &unsigned))
    }

    fn redeem(&self, token: &Token, till: &str, amount: u32) -> PaymentAnswer {
        let key = format!("key-of-request-{:04}", self.next.get());
        self.redeem_signed(&Self::sign(token, HANDLE, VEIL), till, amount, &key).unwrap()
    }

    fn account(&self) -> Account {
        self.change(|_| {})
    }

    fn change(&self, change: impl Fn(&mut Account) + Send + Sync) -> Account {
        let needs = Needs::new().and(Kind::Accounts, "acc-1");
        self.stage.decide(needs, |_, records| {
            let mut account = records.accounts.get("acc-1").cloned().unwrap();
            change(&mut account);
            records.accounts.put("acc-1", account.clone());
            account
        })
    }

    /// Kinds and reasons of all receipts.
    fn receipts(&self) -> Vec<(receipt::Kind, Option<String>)> {
        let stored = now(self.stage.ledger.receipts(&"acc-1".parse().unwrap(), 0, 100)).unwrap();
        stored
            .iter()
            .map(|held| {
                (held.kind, Body::from_bytes(&held.item.body.0).unwrap().reason.map(|reason| reason.to_string()))
            })
            .collect()
    }

    fn reverse(&self, till: &str, payment: &str, key: &str) -> Result<PaymentAnswer, Code> {
        let till: Audience = till.parse().unwrap();
        let account: AccountId = "acc-1".parse().unwrap();
        let answer_key = answer_key(till_key(&till), key);
        let needs = Needs::new()
            .and(Kind::Accounts, &account)
            .and(Kind::Tills, &till)
            .and(Kind::TillAnswers, &answer_key)
            .and(Kind::Payments, payment);
        let request = request_hash("/r", payment.as_bytes());
        let order = Reversal { till: &till, payment, account: &account, answer_key: &answer_key, request };
        self.stage.decide(needs, |moment, records| reverse(moment, records, &order)).map_err(|refused| refused.code)
    }
}

#[test]
fn a_payment_moves_money_once_and_leaves_a_receipt() {
    let shop = Shop::new(2000);
    let token = shop.token(1);
    let first = shop.redeem(&token, TILL, 540);
    assert_eq!(first.outcome, Outcome::Approved);
    let account = shop.account();
    assert_eq!(account.balance, Amount::of(1460));
    let entries = now(shop.stage.ledger.entries()).unwrap();
    assert_eq!(books::check(&entries), Ok(()));
    assert_eq!(books::balance(&entries, &account.id), -540);
    let stored = now(shop.stage.ledger.receipts(&account.id, 0, 10)).unwrap();
    let set = shop.stage.keys.set();
    let set = set.open(&set.root, &shop.stage.settings.issuer).unwrap();
    let key = set.keys_for(crate::wire::key_set::Use::Receipt, START).next().unwrap();
    let receipt = sign1::open::<Receipt>(&stored[0].item.receipt.0, key).unwrap();
    assert_eq!((receipt.kind, receipt.atc, receipt.balance), (receipt::Kind::Payment, Some(1), Amount::of(1460)));
    assert_eq!(account.link.hash, receipt.link());

    // The same token under another key is no sale, whatever amount it allows: its own till hears which payment it was.
    let used_here = UsedHere {
        payment: first.payment.clone().unwrap(),
        amount: first.amount,
        currency: first.currency,
        at: first.at,
    };
    shop.stage.advance(1);
    assert_eq!(shop.redeem(&token, TILL, 10_001).outcome, Outcome::AmountOver, "the amount is looked at first");
    for amount in [540, 541] {
        let again = shop.redeem(&token, TILL, amount);
        assert_eq!((again.outcome, again.payment, again.amount), (Outcome::TokenUsed, None, Amount::of(amount)));
        assert_eq!(again.used_here, Some(used_here.clone()));
    }
    // Another till hears less.
    let elsewhere = shop.redeem(&token, OTHER, 540);
    assert_eq!((elsewhere.outcome, elsewhere.used_here), (Outcome::TokenUsed, None));
    assert_eq!(shop.account().balance, Amount::of(1460));
    // And the second till's try is told: the money of the first one waits.
    let kinds: Vec<_> = shop.receipts().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [receipt::Kind::Payment, receipt::Kind::Held]);
}

#[test]
fn a_till_s_key_repeats_its_answer_and_serves_no_other_request() {
    let shop = Shop::new(2000);
    let text = Shop::sign(&shop.token(1), HANDLE, VEIL);
    let key = "a-key-of-16-chars";
    let first = shop.redeem_signed(&text, TILL, 540, key).unwrap();
    shop.stage.advance(200);
    // Long after the token's end: the first request's arrival counts.
    assert_eq!(shop.redeem_signed(&text, TILL, 540, key).unwrap(), first);
    assert_eq!(shop.redeem_signed(&text, TILL, 541, key), Err(Code::IdempotencyMismatch));
    let answers = answer_key(till_key(&TILL.parse().unwrap()), key);
    let needs = Needs::new().and(Kind::TillAnswers, &answers);
    let held = shop.stage.decide(needs, |moment, records| look_up(records, &answers, Currency::JPY, moment.now()));
    assert_eq!(held, Some(first));
}

#[test]
fn nothing_changes_before_the_signature_holds() {
    let shop = Shop::new(2000);
    let text = Shop::sign(&shop.token(1), HANDLE, Veil([0; 16]));
    let before = serde_json::to_string(&shop.account()).unwrap();
    let answer = shop.redeem_signed(&text, TILL, 540, "a-key-of-16-chars").unwrap();
    assert_eq!(answer.outcome, Outcome::TryAgain);
    assert_eq!(serde_json::to_string(&shop.account()).unwrap(), before);
    assert!(shop.receipts().is_empty());
    assert!(now(shop.stage.ledger.keys(Kind::TillAnswers)).unwrap().is_empty());
}

#[test]
fn expired_tokens_are_evidence_of_nothing() {
    let shop = Shop::new(2000);
    let token = shop.token(1);
    shop.stage.advance(70);
    assert_eq!(shop.redeem(&token, TILL, 540).outcome, Outcome::TokenExpired);
    assert!(shop.receipts().is_empty());
    assert_eq!(shop.account().device(thumb()).unwrap().window.floor(), 0);
}

#[test]
fn a_token_dated_ahead_makes_one_receipt_and_stays_good() {
    let shop = Shop::new(2000);
    let mut token = shop.token(1);
    token.issued_at += 40;
    token.expires_at += 40;
    assert_eq!(shop.redeem(&token, TILL, 540).outcome, Outcome::TokenExpired);
    assert_eq!(shop.redeem(&token, TILL, 540).outcome, Outcome::TokenExpired);
    assert_eq!(shop.receipts(), [(receipt::Kind::Declined, Some("token-ahead".into()))]);
    shop.stage.advance(20);
    assert_eq!(shop.redeem(&token, TILL, 540).outcome, Outcome::Approved);
}

#[test]
fn a_code_for_one_shop_is_no_good_at_another_and_still_good_at_its_own() {
    let shop = Shop::new(2000);
    let exact =
        |till: &str| Limit::Exact { amount: Amount::of(540), currency: Currency::JPY, audience: till.parse().unwrap() };
    let token = Token { limit: exact(TILL), ..shop.token(1) };
    assert_eq!(shop.redeem(&token, OTHER, 540).outcome, Outcome::Declined);
    assert_eq!(shop.receipts(), [(receipt::Kind::Declined, Some("wrong-till".into()))]);
    assert_eq!(shop.redeem(&token, TILL, 540).outcome, Outcome::Approved);
}

#[test]
fn amounts_above_the_code_are_refused_and_the_code_is_spent() {
    let shop = Shop::new(50_000);
    let token = Token { limit: Limit::UpTo { amount: Amount::of(1000), currency: Currency::JPY }, ..shop.token(1) };
    assert_eq!(shop.redeem(&token, TILL, 1001).outcome, Outcome::AmountOver);
    assert_eq!(shop.redeem(&token, TILL, 1001).outcome, Outcome::AmountOver);
    assert_eq!(shop.redeem(&token, TILL, 1000).outcome, Outcome::TokenUsed);
    shop.stage.advance(1);
    assert_eq!(shop.redeem(&shop.token(2), TILL, 10_001).outcome, Outcome::AmountOver);
    assert_eq!(shop.receipts().len(), 2);
    assert_eq!(shop.account().balance, Amount::of(50_000));
}

#[test]
fn the_allowance_ends_and_so_does_the_balance() {
    let shop = Shop::new(15_000);
    for atc in [1, 2] {
        shop.stage.advance(60);
        let amount = if atc == 1 { 10_000 } else { 5_001 };
        let expected = if atc == 1 { Outcome::Approved } else { Outcome::Declined };
        assert_eq!(shop.redeem(&shop.token(atc), TILL, amount).outcome, expected);
    }
    let shop_low = shop.receipts().pop().unwrap();
    assert_eq!(shop_low, (receipt::Kind::Declined, Some("balance-low".into())));
    shop.change(|account| account.balance = Amount::of(100_000));
    shop.stage.advance(60);
    assert_eq!(shop.redeem(&shop.token(3), TILL, 10_000).outcome, Outcome::Approved);
    shop.stage.advance(60);
    assert_eq!(shop.redeem(&shop.token(4), TILL, 1).outcome, Outcome::Declined);
    assert_eq!(shop.receipts().pop().unwrap().1.as_deref(), Some("over-allowance"));
}

#[test]
fn clone_evidence_suspends_the_device_key_alone() {
    let shop = Shop::new(10_000);
    shop.redeem(&shop.token(1), TILL, 100);
    let copy = Token { random: [2; 4], ..shop.token(1) };
    assert_eq!(shop.redeem(&copy, TILL, 100).outcome, Outcome::Declined);
    let account = shop.account();
    assert_eq!(account.device(thumb()).unwrap().state, State::Suspended);
    assert!(account.frozen_at.is_none());
    let kinds: Vec<_> = shop.receipts().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [receipt::Kind::Payment, receipt::Kind::Declined, receipt::Kind::DeviceSuspended]);
    assert_eq!(shop.redeem(&shop.token(2), TILL, 100).outcome, Outcome::Declined);
    assert_eq!(shop.receipts().pop().unwrap().1.as_deref(), Some("suspended"));
    assert_eq!(shop.account().balance, Amount::of(9_900));
}

#[test]
fn a_retired_handle_has_a_grace_and_a_later_code_under_it_is_a_clone() {
    let shop = Shop::new(10_000);
    let (handle, veil) = (Handle([5; 8]), Veil([5; 16]));
    shop.change(|account| {
        account.device_mut(thumb()).unwrap().handles.push(HandleUse {
            handle,
            veil,
            until: u32::MAX,
            per_payment: Amount::MAX,
            retired: None,
        });
    });
    let old = shop.token(1);
    shop.stage.advance(1);
    let renewed = Shop::sign(&shop.token(2), handle, veil);
    assert_eq!(shop.redeem_signed(&renewed, TILL, 100, "first-use-of-new").unwrap().outcome, Outcome::Approved);
    shop.stage.advance(10);
    assert_eq!(shop.redeem(&old, OTHER, 100).outcome, Outcome::Approved);
    // A clock that was put right explains a date that is a little later; the grace has an end.
    shop.stage.advance(61);
    assert_eq!(shop.redeem(&shop.token(3), OTHER, 100).outcome, Outcome::Approved);
    shop.stage.advance(89);
    assert_eq!(shop.redeem(&shop.token(4), OTHER, 100).outcome, Outcome::TokenUsed);
    assert_eq!(shop.account().device(thumb()).unwrap().state, State::Active);
    shop.stage.advance(1);
    assert_eq!(shop.redeem(&shop.token(5), OTHER, 100).outcome, Outcome::Declined);
    assert_eq!(shop.account().device(thumb()).unwrap().state, State::Suspended);
}

#[test]
fn any_first_use_of_a_handle_retires_those_before_it_and_none_after() {
    let shop = Shop::new(10_000);
    let (handle, veil) = (Handle([5; 8]), Veil([5; 16]));
    shop.change(|account| {
        let handles = &mut account.device_mut(thumb()).unwrap().handles;
        // The answer that brought the last of them was lost.
        for handle in [handle, Handle([6; 8])] {
            handles.push(HandleUse { handle, veil, until: u32::MAX, per_payment: Amount::MAX, retired: None });
        }
    });
    let renewed = Shop::sign(&shop.token(1), handle, veil);
    assert_eq!(shop.redeem_signed(&renewed, TILL, 100, "first-use").unwrap().outcome, Outcome::Approved);
    let account = shop.account();
    let retired: Vec<_> = account.device(thumb()).unwrap().handles.iter().map(|used| used.retired.is_some()).collect();
    assert_eq!(retired, [true, false, false]);
}

#[test]
fn a_frozen_account_pays_nothing() {
    let shop = Shop::new(10_000);
    let token = shop.token(1);
    shop.change(|account| account.frozen_at = Some(START));
    assert_eq!(shop.redeem(&token, TILL, 100).outcome, Outcome::Declined);
    assert_eq!(shop.receipts(), [(receipt::Kind::Declined, Some("frozen".into()))]);
    assert_eq!(shop.account().balance, Amount::of(10_000));
}

#[test]
fn offline_codes_have_their_own_smaller_part() {
    let shop = Shop::new(100_000);
    shop.stage.advance(16 * 60);
    assert_eq!(shop.redeem(&shop.token(1), TILL, 5_001).outcome, Outcome::Declined);
    assert_eq!(shop.receipts().pop().unwrap().1.as_deref(), Some("over-allowance"));
    for atc in [2, 3] {
        shop.stage.advance(60);
        assert_eq!(shop.redeem(&shop.token(atc), TILL, 5_000).outcome, Outcome::Approved);
    }
    shop.stage.advance(60);
    assert_eq!(shop.redeem(&shop.token(4), TILL, 1).outcome, Outcome::Declined);
    // In contact again, the rest of the allowance counts.
    let contact = shop.now();
    shop.change(move |account| account.device_mut(thumb()).unwrap().last_contact = contact);
    shop.stage.advance(60);
    assert_eq!(shop.redeem(&shop.token(5), TILL, 5_000).outcome, Outcome::Approved);
}

#[test]
fn a_till_reverses_its_own_payment_in_full_within_its_time() {
    let shop = Shop::new(2000);
    let paid = shop.redeem(&shop.token(1), TILL, 540).payment.unwrap();
    assert_eq!(shop.reverse(OTHER, &paid, "reverse-at-other"), Err(Code::NotFound));
    shop.stage.advance(15 * 60);
    let reversed = shop.reverse(TILL, &paid, "reverse-at-own-1").unwrap();
    assert_eq!((reversed.outcome, reversed.amount), (Outcome::Reversed, Amount::of(540)));
    let account = shop.account();
    assert_eq!(account.balance, Amount::of(2000));
    assert_eq!(account.spent.used(shop.now()), (Amount::ZERO, 0));
    assert_eq!(account.device(thumb()).unwrap().spent.used(shop.now()), (Amount::ZERO, 0));
    // Again, under the same or another key: still reversed once.
    assert_eq!(shop.reverse(TILL, &paid, "reverse-at-own-1").unwrap(), reversed);
    assert_eq!(shop.reverse(TILL, &paid, "reverse-at-own-2").unwrap(), reversed);
    assert_eq!(shop.account().balance, Amount::of(2000));
    assert_eq!(books::check(&now(shop.stage.ledger.entries()).unwrap()), Ok(()));
}

#[test]
fn after_15_minutes_a_till_reverses_nothing() {
    let shop = Shop::new(2000);
    let paid = shop.redeem(&shop.token(1), TILL, 540).payment.unwrap();
    shop.stage.advance(15 * 60 + 1);
    assert_eq!(shop.reverse(TILL, &paid, "reverse-at-own-1"), Err(Code::ReversalTooLate));
    assert_eq!(shop.account().balance, Amount::of(1460));
}

#[test]
fn idempotency_keys_have_16_to_64_plain_characters() {
    assert!(check_key(&"k".repeat(15)).is_err());
    assert!(check_key(&"k".repeat(16)).is_ok());
    assert!(check_key(&"k".repeat(64)).is_ok());
    assert!(check_key(&"k".repeat(65)).is_err());
    assert!(check_key("with a space in it").is_err());
}
