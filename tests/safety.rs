//! Alerts, held payments, freeze and release, seen from real wallets at a real desk.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "safety/allowances.rs"]
mod allowances;
#[path = "safety/devices.rs"]
mod devices;
#[path = "safety/held.rs"]
mod held;
#[path = "lib/world.rs"]
mod world;

use allowances::*;
use devices::*;
use held::*;
use jitsuin::code::Code;
use jitsuin::issuer::account::Account;
use jitsuin::issuer::ledger::{Kind as Kept, Needs};
use jitsuin::wallet::memory::{Mode, Place};
use jitsuin::wallet::ports::{Platform as _, StoreError};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::receipt::Kind;
use world::{Timed, World, balance, yen};

fn alerts(wallet: &Wallet<Place>) -> Vec<AlertKind> {
    wallet.state().alerts.iter().map(|alert| alert.kind).collect()
}

/// Changes the one account that was opened with the wallet, as if it had always been so.
async fn change<L: Timed>(world: &World<L>, change: impl Fn(&mut Account) + Send + Sync) {
    for key in world.issuer.ledger().keys(Kept::Accounts).await.unwrap() {
        let needs = Needs::new().and(Kept::Accounts, &key);
        let rule = |records: &mut jitsuin::issuer::ledger::Records| {
            let mut account = records.accounts.get(&key).cloned().unwrap();
            if account.opened_with_wallet {
                change(&mut account);
                records.accounts.put(&key, account);
            }
        };
        world.issuer.ledger().transact(needs, rule).await.unwrap();
    }
}

async fn a_frozen_wallet_is_released_by_an_older_device_with_a_contact_code_and_its_passkey<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let early = wallet.payment_code(None).await.unwrap();
    world.advance(1);
    wallet.lock();
    wallet.freeze().await.unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Frozen, "reading goes on");
    wallet.unlock().await.unwrap();
    let ceremony = wallet.prepare_unfreeze().await.unwrap();
    assert_eq!(ceremony.intent.kind(), "unfreeze");
    let attempt = world::attempt(wallet.confirm(ceremony.id).await.unwrap());
    assert_eq!(wallet.state().status, Status::Frozen, "the passkey alone releases nothing");
    let code = world.code_for("hanako@example.test").await;
    assert_eq!(wallet.unfreeze(&attempt, "00000000").await.unwrap_err().code, Code::CodeRefused);
    let done = wallet.unfreeze(&attempt, &code).await.unwrap();
    assert_eq!(done.kind, Kind::Unfrozen);
    assert_eq!(wallet.state().status, Status::Ready);
    assert_eq!(till.outcome(&early.text, 100, "sale-1").await, Outcome::Declined, "codes from before stay dead");
    world.advance(2);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-2").await, Outcome::Approved);
}

async fn two_devices_of_one_account_raise_nothing_false<L: Timed>(world: World<L>) {
    let (_, first) = world.hanako().await;
    // The second device is registered as if by the ceremony for further ones.
    change(&world, |account| account.had_device = false).await;
    let place = world.place();
    let second = world.wallet(&place).await;
    world.enrol(&second, "hanako").await.unwrap();
    first.sync().await.unwrap();
    assert_eq!(alerts(&first), [AlertKind::NewDevice]);
    let id = first.state().alerts[0].id.clone();
    first.acknowledge(&id).await.unwrap();
    let till = world.till("1001").await;
    for (number, wallet) in [(1, &first), (2, &second), (3, &first)] {
        world.advance(300);
        let code = wallet.payment_code(Some(yen(500))).await.unwrap();
        assert_eq!(till.outcome(&code.text, 300, &format!("sale-{number}")).await, Outcome::Approved);
        first.sync().await.unwrap();
        second.sync().await.unwrap();
    }
    for wallet in [&first, &second] {
        assert_eq!(alerts(wallet), []);
        assert_eq!(balance(wallet), 1_100);
    }
    // "Paid with Test phone", and its place only where it was paid.
    let of_other = |wallet: &Wallet<Place>| {
        let receipts = wallet.receipts(None, 20);
        let other = receipts.into_iter().filter(|receipt| receipt.kind == Kind::Payment);
        other.map(|receipt| (receipt.place.is_some(), receipt.device_label.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(of_other(&first), [(true, true), (false, true), (true, true)]);
    assert_eq!(of_other(&second), [(false, true), (true, true), (false, true)]);
}

async fn a_second_refill_in_a_day_takes_a_step_up_and_gives_no_new_window<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let early = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&early.text, 500, "sale-1").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.refill().await.unwrap_err().code, Code::OverLimit);
    world.advance(60);
    let before = wallet.state().allowance.unwrap();
    let ceremony = wallet.prepare_refill().await.unwrap();
    assert_eq!(ceremony.intent.kind(), "refill");
    assert_eq!(world::receipt(wallet.confirm(ceremony.id).await.unwrap()).kind, Kind::Refilled);
    let after = wallet.state().allowance.unwrap();
    assert_eq!(after.left, before.left);
    assert!(after.until > before.until);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-2").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    assert_eq!(alerts(&wallet), []);
}

async fn an_agreed_refill_whose_answer_was_lost_is_fetched_without_a_second_prompt<L: Timed>(world: World<L>) {
    let (place, wallet) = world.hanako().await;
    world.advance(60);
    let before = wallet.state().allowance.unwrap();
    let ceremony = wallet.prepare_refill().await.unwrap();
    let prompts = place.authenticator().prompts().len();
    place.transport().lose_answers(1);
    assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
    assert_eq!(world::receipt(wallet.confirm(ceremony.id).await.unwrap()).kind, Kind::Refilled);
    assert_eq!(place.authenticator().prompts().len(), prompts + 1);
    assert!(wallet.state().allowance.unwrap().until > before.until);
}

async fn a_wallet_that_can_keep_no_allowance_asks_for_none<L: Timed>(world: World<L>) {
    let (place, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    for _ in 0..5 {
        world.advance(300);
        let ceremony = wallet.prepare_refill().await.unwrap();
        place.store().fail(Some(StoreError::Full));
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::StorageFull);
        place.store().fail(None);
    }
    change(&world, |account| assert_eq!(account.devices[0].handles.len(), 1, "nothing was given out")).await;
    world.advance(300);
    wallet.sync().await.unwrap();
    // Under the allowance that it still has.
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::Approved);
}

async fn the_limit_is_lowered_and_raised_by_a_step_up<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let limit = |wallet: &Wallet<Place>| wallet.state().limit.unwrap().amount;
    assert_eq!(limit(&wallet), yen(50_000));
    assert_eq!(wallet.prepare_limit(yen(50_001)).await.unwrap_err().code, Code::OverLimit);
    assert_eq!(wallet.prepare_limit(yen(0)).await.unwrap_err().code, Code::BadAmount);
    let ceremony = wallet.prepare_limit(yen(300)).await.unwrap();
    assert_eq!(limit(&wallet), yen(50_000), "nothing before it is agreed to");
    let done = world::receipt(wallet.confirm(ceremony.id).await.unwrap());
    assert_eq!((done.kind, done.money.unwrap().amount), (Kind::LimitsChanged, yen(300)));
    assert_eq!(limit(&wallet), yen(300));
    assert_eq!(wallet.state().allowance.unwrap().left.amount, yen(300));
    assert_eq!(wallet.prepare_limit(yen(300)).await.unwrap_err().code, Code::BadAmount);
    let code = wallet.payment_code(Some(yen(300))).await.unwrap();
    assert_eq!(till.outcome(&code.text, 301, "sale-1").await, Outcome::AmountOver);
    let ceremony = wallet.prepare_limit(yen(1_000)).await.unwrap();
    assert_eq!(ceremony.intent.kind(), "limit");
    assert_eq!(limit(&wallet), yen(300), "nothing before it is agreed to");
    let done = world::receipt(wallet.confirm(ceremony.id).await.unwrap());
    assert_eq!((done.kind, done.money.unwrap().amount), (Kind::LimitsChanged, yen(1_000)));
    assert_eq!(limit(&wallet), yen(1_000));
    assert_eq!(alerts(&wallet), [], "own changes are no news");
    // Changed elsewhere since: the owner is asked about the limit that is, not about the one that was here.
    change(&world, |account| account.own_limit = Some(yen(500))).await;
    let ceremony = wallet.prepare_limit(yen(2_000)).await.unwrap();
    let jitsuin::wallet::IntentView::Limit { old, new, .. } = ceremony.intent else { panic!("another intent") };
    assert_eq!((old.amount, new.amount, limit(&wallet)), (yen(500), yen(2_000), yen(500)));
    wallet.lock();
    assert_eq!(wallet.prepare_limit(yen(1)).await.unwrap_err().code, Code::Locked);
}

async fn what_another_device_changes_is_told_on_this_one<L: Timed>(world: World<L>) {
    let (_, first) = world.hanako().await;
    change(&world, |account| account.had_device = false).await;
    let second = world.wallet(&world.place()).await;
    world.enrol(&second, "hanako").await.unwrap();
    first.sync().await.unwrap();
    first.acknowledge(&first.state().alerts[0].id.clone()).await.unwrap();
    let ceremony = first.prepare_limit(yen(900)).await.unwrap();
    first.confirm(ceremony.id).await.unwrap();
    second.sync().await.unwrap();
    assert_eq!((alerts(&first), alerts(&second)), (vec![], vec![AlertKind::LimitsChanged]));
    assert_eq!(second.state().limit.unwrap().amount, yen(900));
    world.advance(1);
    second.freeze().await.unwrap();
    world.release(&first).await;
    second.sync().await.unwrap();
    assert_eq!(alerts(&first), [AlertKind::Frozen]);
    assert_eq!(alerts(&second), [AlertKind::LimitsChanged, AlertKind::Unfrozen]);
}

async fn little_left_is_told_once<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    change(&world, |account| account.own_limit = Some(yen(1_000))).await;
    let code = wallet.payment_code(Some(yen(900))).await.unwrap();
    assert_eq!(till.outcome(&code.text, 900, "sale-1").await, Outcome::Approved);
    for _ in 0..2 {
        wallet.sync().await.unwrap();
    }
    assert_eq!(alerts(&wallet), [AlertKind::LowAllowance]);
    let allowance = wallet.state().allowance.unwrap();
    assert_eq!(allowance.left.amount, yen(100));
    world.advance(2);
    assert_eq!(wallet.payment_code(Some(yen(101))).await.unwrap_err().code, Code::OverAllowance);
}

macro_rules! on_each_ledger {
    ($($name:ident)*) => {
        mod memory {
            $(#[test]
            fn $name() {
                jitsuin::wallet::memory::run(async { super::$name(super::World::new().await).await });
            })*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[test]
            fn $name() {
                super::over_a_file(stringify!($name), async |world| super::$name(world).await);
            })*
        }
    };
}
on_each_ledger! {
    after_a_sync_the_next_purchase_goes_through_at_once_and_without_it_waits
    a_code_that_turns_up_at_a_second_till_alerts_its_owner_who_may_say_not_me
    an_honest_second_shop_in_a_mall_holds_nobody_s_money_and_alarms_nobody
    what_was_fetched_and_not_shown_is_held_until_its_owner_says_that_both_were_mine
    time_releases_what_nobody_objects_to_and_takes_the_alert_away
    a_frozen_wallet_is_released_by_an_older_device_with_a_contact_code_and_its_passkey
    two_devices_of_one_account_raise_nothing_false
    a_second_refill_in_a_day_takes_a_step_up_and_gives_no_new_window
    an_agreed_refill_whose_answer_was_lost_is_fetched_without_a_second_prompt
    an_earlier_allowance_is_no_answer_to_what_was_agreed
    what_a_copied_key_fetches_makes_the_issuer_forget_no_handle_of_the_owners
    a_recovery_that_was_prepared_before_another_one_was_confirmed_comes_to_nothing
    a_code_takes_what_its_own_allowance_allows_though_a_larger_one_came_since
    a_wallet_that_can_keep_no_allowance_asks_for_none
    the_limit_is_lowered_and_raised_by_a_step_up
    what_another_device_changes_is_told_on_this_one
    little_left_is_told_once
    a_suspended_device_is_replaced_by_a_new_key_with_its_passkey_and_pays_small_amounts
    a_wallet_that_is_erased_signs_its_device_off_where_it_can_and_its_passkey_leads_back
    of_several_devices_the_one_whose_passkey_is_here_is_replaced
    a_suspended_device_hears_why_and_its_owner_is_told_elsewhere_too
}

#[cfg(feature = "sqlite")]
fn over_a_file(name: &str, test: impl AsyncFnOnce(World<jitsuin::issuer::ledger::SqliteLedger>)) {
    use jitsuin::issuer::demo::Plan;
    use jitsuin::issuer::ledger::{Clock, Opening, SqliteLedger};
    let folder = std::env::temp_dir().join(format!("jitsuin-safety-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let file = folder.join("ledger.sqlite");
        let ledger = SqliteLedger::open_with(&file, Opening::Either, Clock::movable(world::START_MS)).await.unwrap();
        test(World::over(ledger, Plan::default(), |_| {}).await).await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
