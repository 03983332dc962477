//! Two places within minutes: whose money waits, and what ends it.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::account::{Held, HeldCause};
use crate::issuer::devices;
use crate::wire::calls::{BothMine, Sync};
use crate::wire::id::Nonce;

const DAY: u32 = 24 * 3600;

/// A shop whose second till is another merchant's.
fn two_shops() -> Shop {
    let shop = Shop::new(10_000);
    change_till(&shop, |till| till.merchant = "m/2".parse().unwrap());
    shop
}

fn change_till(shop: &Shop, change: impl Fn(&mut Till) + Send + std::marker::Sync) {
    shop.stage.decide(Needs::new().and(Kind::Tills, OTHER), |_, records| {
        let mut held = records.tills.get(OTHER).cloned().unwrap();
        change(&mut held);
        records.tills.put(OTHER, held);
    });
}

/// What the wallet proves at a sync: checked up to here, drawn up to there.
fn sync(shop: &Shop, after: u64, shown: u64) {
    let needs = Needs::new().and(Kind::Accounts, "acc-1");
    let call = Sync { nonce: Nonce([1; 16]), after, shown, thumb: thumb() };
    let account: AccountId = "acc-1".parse().unwrap();
    shop.stage
        .decide(needs, |moment, records| devices::sync(moment, records, &account, thumb(), &call).map(drop))
        .unwrap();
}

fn both_mine(shop: &Shop, seq: u64) -> Result<(), Code> {
    let needs = Needs::new().and(Kind::Accounts, "acc-1");
    let account: AccountId = "acc-1".parse().unwrap();
    shop.stage
        .decide(needs, |moment, records| {
            let key = crate::issuer::testing::public(1);
            let tapped = crate::issuer::evidence::Evidence::call("/v1/held/mine", b"{}", "proof", &key);
            crate::issuer::payments::both_mine(moment, records, &account, thumb(), &BothMine { seq }, tapped).map(drop)
        })
        .map_err(|refused| refused.code)
}

/// Looks at every hold whose time has come, as the sweep does.
fn sweep(shop: &Shop) {
    for key in now(shop.stage.ledger.keys(Kind::Holds)).unwrap() {
        let (due, account, by) = read_key(&key).unwrap();
        if due > shop.now() {
            continue;
        }
        let needs = Needs::new().and(Kind::Accounts, &account).and(Kind::Holds, &key);
        let again = shop.stage.decide(needs, |moment, records| look_again(moment, records, &account, &key)).unwrap();
        if let Some(due) = again {
            assert!(due > shop.now(), "the sweep makes progress");
            let later = hold_key(due, &account, by);
            let needs = Needs::new().and(Kind::Holds, &key).and(Kind::Holds, &later);
            shop.stage.decide(needs, |_, records| postpone(records, &key, &later));
        }
    }
}

fn holds(shop: &Shop) -> Vec<Held> {
    shop.account().held
}

/// Pays at two shops a minute apart; the first payment waits. The number of the receipt that says so.
fn held_at_two_shops(shop: &Shop) -> u64 {
    shop.redeem(&shop.token(1), TILL, 540);
    shop.stage.advance(60);
    assert_eq!(shop.redeem(&shop.token(2), OTHER, 460).outcome, Outcome::Approved);
    assert_eq!(holds(shop).len(), 1);
    holds(shop)[0].told
}

#[test]
fn a_token_made_after_the_wallet_had_shown_the_first_receipt_is_an_ordinary_payment() {
    let shop = two_shops();
    shop.redeem(&shop.token(1), TILL, 540);
    shop.stage.advance(20);
    sync(&shop, 1, 1);
    shop.stage.advance(10);
    assert_eq!(shop.redeem(&shop.token(2), OTHER, 460).outcome, Outcome::Approved);
    assert!(holds(&shop).is_empty());
    assert!(now(shop.stage.ledger.messages(0)).unwrap().is_empty());
}

#[test]
fn a_receipt_that_was_fetched_and_not_shown_or_shown_after_the_token_was_made_holds() {
    let fetched = two_shops();
    fetched.redeem(&fetched.token(1), TILL, 540);
    sync(&fetched, 1, 0);
    // A number that was not checked is not believed either.
    sync(&fetched, 0, 9);
    fetched.stage.advance(30);
    fetched.redeem(&fetched.token(2), OTHER, 460);
    assert_eq!(holds(&fetched).len(), 1);

    let early = two_shops();
    early.redeem(&early.token(1), TILL, 540);
    early.stage.advance(11);
    let token = early.token(2);
    early.stage.advance(1);
    sync(&early, 1, 1);
    early.redeem(&token, OTHER, 460);
    assert_eq!(holds(&early).len(), 1);
}

#[test]
fn a_place_is_another_by_its_registered_id_and_never_by_its_text() {
    let shop = Shop::new(10_000);
    change_till(&shop, |till| till.place = Some("Umeda".parse().unwrap()));
    shop.redeem(&shop.token(1), TILL, 540);
    shop.stage.advance(60);
    shop.redeem(&shop.token(2), OTHER, 460);
    assert!(holds(&shop).is_empty(), "the same merchant and place, under another text");
    let unregistered = Shop::new(10_000);
    change_till(&unregistered, |till| till.place_id = None);
    unregistered.redeem(&unregistered.token(1), TILL, 540);
    unregistered.stage.advance(60);
    unregistered.redeem(&unregistered.token(2), OTHER, 460);
    assert!(holds(&unregistered).is_empty(), "no registered place is no other one");
}

#[test]
fn the_owner_s_word_releases_by_the_receipt_that_says_what_waits_and_nothing_else() {
    let shop = two_shops();
    let told = held_at_two_shops(&shop);
    assert_eq!(both_mine(&shop, 1), Err(Code::NotFound), "the payment's own receipt is another one");
    let cooled_at = shop.now() + 100;
    shop.change(|account| account.devices[0].cooled_at = cooled_at);
    assert_eq!(both_mine(&shop, told), Err(Code::CoolingOff));
    shop.change(|account| account.devices[0].cooled_at = 0);
    assert_eq!(both_mine(&shop, told), Ok(()));
    assert_eq!(shop.receipts().pop().unwrap().0, receipt::Kind::Released);
    assert_eq!(both_mine(&shop, told), Err(Code::NotFound));
    // What the sweep finds later is settled.
    let receipts = shop.receipts().len();
    shop.stage.advance(8 * DAY);
    sweep(&shop);
    assert_eq!(shop.receipts().len(), receipts);
    assert!(now(shop.stage.ledger.keys(Kind::Holds)).unwrap().is_empty());
}

#[test]
fn time_releases_a_day_after_the_wallet_has_fetched_it() {
    let shop = two_shops();
    let told = held_at_two_shops(&shop);
    shop.stage.advance(3 * DAY);
    sweep(&shop);
    assert_eq!(holds(&shop).len(), 1, "nobody has heard of it");
    // Checked up to the receipt before: not fetched.
    sync(&shop, told - 1, 0);
    shop.stage.advance(DAY);
    sweep(&shop);
    assert_eq!(holds(&shop).len(), 1);
    sync(&shop, told, 0);
    shop.stage.advance(DAY - 1);
    sweep(&shop);
    assert_eq!(holds(&shop).len(), 1);
    shop.stage.advance(1);
    sweep(&shop);
    assert!(holds(&shop).is_empty());
    assert_eq!(shop.receipts().pop().unwrap().0, receipt::Kind::Released);
    assert!(now(shop.stage.ledger.keys(Kind::Holds)).unwrap().is_empty());
}

#[test]
fn no_hold_by_another_place_lasts_longer_than_seven_days() {
    let shop = two_shops();
    let told = held_at_two_shops(&shop);
    for _ in 0..6 {
        shop.stage.advance(DAY);
        sweep(&shop);
    }
    shop.stage.advance(DAY / 2);
    sync(&shop, told, 0);
    shop.stage.advance(DAY / 2 - 1);
    sweep(&shop);
    assert_eq!(holds(&shop).len(), 1);
    shop.stage.advance(1);
    sweep(&shop);
    assert!(holds(&shop).is_empty());
}

#[test]
fn not_me_stops_the_owner_s_word_and_time() {
    let shop = two_shops();
    let told = held_at_two_shops(&shop);
    sync(&shop, told, told);
    let payment = holds(&shop)[0].payment.clone();
    let needs = Needs::new().and(Kind::Accounts, "acc-1");
    shop.stage.decide(needs, |moment, records| {
        let mut owner = records.accounts.get("acc-1").cloned().unwrap();
        crate::issuer::freeze::report(moment, records, &mut owner, (1, &payment));
        records.accounts.put("acc-1", owner);
    });
    assert_eq!(both_mine(&shop, told), Err(Code::NotFound));
    shop.stage.advance(30 * DAY);
    sweep(&shop);
    assert_eq!(holds(&shop).iter().map(|held| held.reported).collect::<Vec<_>>(), [true]);
}

#[test]
fn a_code_offered_at_a_second_till_waits_for_a_person_also_if_another_place_held_it_before() {
    let shop = two_shops();
    let token = shop.token(1);
    shop.redeem(&token, TILL, 540);
    shop.stage.advance(20);
    shop.redeem(&shop.token(2), OTHER, 460);
    let told = holds(&shop)[0].told;
    sync(&shop, told, told);
    assert_eq!(shop.redeem(&token, OTHER, 540).outcome, Outcome::TokenUsed);
    assert_eq!(holds(&shop)[0].cause, HeldCause::Person);
    assert_eq!(both_mine(&shop, told), Err(Code::NotFound));
    shop.stage.advance(30 * DAY);
    sweep(&shop);
    assert_eq!(holds(&shop).len(), 1);
}

#[test]
fn a_key_that_a_rotation_put_in_its_place_goes_on_and_another_device_can_not() {
    let shop = two_shops();
    let told = held_at_two_shops(&shop);
    let other = Thumbprint([9; 32]);
    shop.change(|account| account.held[0].cause = HeldCause::Elsewhere(other));
    assert_eq!(both_mine(&shop, told), Err(Code::NotFound));
    sync(&shop, told, told);
    assert_eq!(holds(&shop)[0].fetched_at, None);
    shop.change(|account| {
        let mut old = account.devices[0].clone();
        old.thumb = other;
        old.state = State::Revoked;
        old.replaced_by = Some(thumb());
        account.devices.push(old);
    });
    sync(&shop, told, told);
    assert_eq!(holds(&shop)[0].fetched_at, Some(shop.now()));
    assert_eq!(both_mine(&shop, told), Ok(()));
}
