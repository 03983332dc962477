//! Payments whose money waits, because code or device turned up elsewhere.

use super::*;

pub(super) async fn after_a_sync_the_next_purchase_goes_through_at_once_and_without_it_waits<L: Timed>(
    world: World<L>,
) {
    let (_, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::Approved);
    world.advance(2);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-2").await, Outcome::Declined);
    wallet.sync().await.unwrap();
    world.advance(2);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-3").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    let refused = wallet.receipts(None, 10).into_iter().find(|receipt| receipt.kind == Kind::Declined).unwrap();
    assert_eq!(refused.reason.as_deref(), Some("too-fast"));
    assert_eq!(alerts(&wallet), []);
    world.audit().await;
}

pub(super) async fn an_honest_second_shop_in_a_mall_holds_nobody_s_money_and_alarms_nobody<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    wallet.shown(wallet.receipts(None, 1)[0].sequence).await.unwrap();
    world.advance(120);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(other.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    assert_eq!(alerts(&wallet), []);
    assert_eq!(held(&world).await, Vec::<u64>::new());
}

pub(super) async fn what_was_fetched_and_not_shown_is_held_until_its_owner_says_that_both_were_mine<L: Timed>(
    world: World<L>,
) {
    let (place, wallet) = world.hanako().await;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    let paid = wallet.receipts(None, 1)[0].sequence;
    // The page draws it out of the issuer's reach: the issuer hears of it with the next sync, too late for this code.
    place.transport().set_offline(true);
    wallet.shown(paid).await.unwrap();
    world.advance(60);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(other.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
    place.transport().set_offline(false);
    wallet.sync().await.unwrap();
    assert_eq!(alerts(&wallet), [AlertKind::UsedElsewhere]);
    assert_eq!(held(&world).await, [paid]);
    let told = wallet.state().alerts[0].receipt.clone().unwrap().sequence;
    wallet.lock();
    assert_eq!(wallet.both_mine(told).await.unwrap_err().code, Code::Locked);
    wallet.unlock().await.unwrap();
    assert_eq!(wallet.both_mine(paid).await.unwrap_err().code, Code::NotFound);
    wallet.both_mine(told).await.unwrap();
    assert_eq!((alerts(&wallet), held(&world).await), (vec![], vec![]));
    assert_eq!(wallet.receipts(None, 1)[0].kind, Kind::Released);
    world.audit().await;
}

pub(super) async fn time_releases_what_nobody_objects_to_and_takes_the_alert_away<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    for (till, sale) in [(&till, "sale-1"), (&other, "sale-2")] {
        world.advance(30);
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 500, sale).await, Outcome::Approved);
    }
    wallet.sync().await.unwrap();
    assert_eq!(alerts(&wallet), [AlertKind::UsedElsewhere]);
    world.advance(24 * 3600 - 1);
    world.issuer.sweep().await.unwrap();
    assert_eq!(held(&world).await.len(), 1);
    world.advance(1);
    world.issuer.sweep().await.unwrap();
    assert_eq!(held(&world).await.len(), 0);
    wallet.sync().await.unwrap();
    assert!(!alerts(&wallet).contains(&AlertKind::UsedElsewhere));
}

/// Payments that wait, as numbers of their receipts, in all accounts.
pub(super) async fn held<L: Timed>(world: &World<L>) -> Vec<u64> {
    let mut found = Vec::new();
    for key in world.issuer.ledger().keys(Kept::Accounts).await.unwrap() {
        let read = |records: &mut jitsuin::issuer::ledger::Records| records.accounts.get(&key).unwrap().held.clone();
        let needs = Needs::new().and(Kept::Accounts, &key);
        let held = world.issuer.ledger().transact(needs, read).await.unwrap();
        found.extend(held.iter().map(|held| held.seq));
    }
    found
}

pub(super) async fn a_code_that_turns_up_at_a_second_till_alerts_its_owner_who_may_say_not_me<L: Timed>(
    world: World<L>,
) {
    let (_, wallet) = world.hanako().await;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    assert_eq!(other.outcome(&code.text, 540, "sale-2").await, Outcome::TokenUsed);
    wallet.sync().await.unwrap();
    assert_eq!(alerts(&wallet), [AlertKind::UsedElsewhere]);
    let held = wallet.state().alerts[0].receipt.clone().unwrap();
    assert_eq!((held.kind, held.place.as_deref()), (Kind::Held, Some("Osaka Umeda")));
    wallet.not_mine(held.undoes.unwrap()).await.unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    let mut reported = false;
    for key in world.issuer.ledger().keys(Kept::Accounts).await.unwrap() {
        let read = |records: &mut jitsuin::issuer::ledger::Records| records.accounts.get(&key).unwrap().held.clone();
        let needs = Needs::new().and(Kept::Accounts, &key);
        let held = world.issuer.ledger().transact(needs, read).await.unwrap();
        reported |= held.iter().any(|held| held.reported);
    }
    assert!(reported);
}
