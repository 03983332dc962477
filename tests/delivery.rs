//! The network below a wallet may deliver a call twice, lose its answer, or both (protocol section 5, *Delivered twice*).
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[cfg(feature = "sqlite")]
#[path = "delivery/between.rs"]
mod between;
#[path = "delivery/print.rs"]
mod print;
#[path = "delivery/scenes.rs"]
mod scenes;
#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::desk::CALLS;
use jitsuin::issuer::ledger::{Kind as Table, Ledger as _};
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::ports::{Platform as _, Unreachable};
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::FreezeByCode;
use jitsuin::wire::money::Currency;
use jitsuin::wire::receipt::Kind;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use world::{Caller, Mishap, Road, World, balance, data, receipt, yen};

const TWICE: Mishap = Mishap { twice: true, lost: false, foreign: false };
const LOST: Mishap = Mishap { twice: false, lost: true, foreign: false };

const BOTH: Mishap = Mishap { twice: true, lost: true, foreign: false };
const FOREIGN: Mishap = Mishap { twice: false, lost: false, foreign: true };

/// What happens to the deliveries of one call, one after another, and how often its sender must ask again: a wallet
/// sends a call that was delivered twice once more by itself.
const MISHAPS: &[(&[Mishap], u32)] = &[
    (&[TWICE], 0),
    (&[LOST], 1),
    (&[BOTH], 1),
    (&[FOREIGN], 1),
    (&[TWICE, LOST], 1),
    (&[TWICE, TWICE], 1),
    (&[LOST, LOST], 2),
    (&[LOST, BOTH, TWICE], 2),
];

#[test]
fn every_call_has_its_effect_once_and_its_answer_whatever_the_network_does() {
    run(async {
        for (path, _) in CALLS {
            let undisturbed = World::new().await;
            scenes::play(path, &undisturbed, 0, || ()).await;
            let expected = print::print(&undisturbed).await;
            for (mishaps, taps) in MISHAPS {
                // A wallet that is erased waits for no answer: it says so once, and once more under a new proof.
                if *path == "/v1/devices/sign-off" && mishaps.first() != Some(&TWICE) && mishaps.len() > 1 {
                    continue;
                }
                // A challenge for anybody's passkey is stored nowhere: a second delivery is answered with another one, and
                // nobody sends a third.
                if *path == "/v1/freeze/passkey" && mishaps.first() == Some(&TWICE) && mishaps.len() > 1 {
                    continue;
                }
                let world = World::new().await;
                eprintln!("{path} {mishaps:?}");
                scenes::play(path, &world, *taps, || world.mishaps(path, mishaps)).await;
                assert_eq!(world.left(), 0, "{path} {mishaps:?}: not every mishap was met");
                let print = print::print(&world).await;
                for (what, rows) in &expected {
                    assert_eq!(&print[what], rows, "{path} {mishaps:?}: {what}");
                }
                world.audit().await;
            }
        }
    });
}

/// Tables whose records all have an end.
const ENDING: &[Table] = &[
    Table::Tries,
    Table::Attempts,
    Table::Tickets,
    Table::Enrolments,
    Table::Used,
    Table::TillCodes,
    Table::Calls,
    Table::TillAnswers,
    Table::CardProofs,
    Table::Flows,
    Table::Orders,
];

#[test]
fn what_a_call_leaves_for_a_time_is_forgotten_after_it() {
    run(async {
        let mut worlds = Vec::new();
        for (path, _) in CALLS {
            let world = World::new().await;
            scenes::play(path, &world, 0, || ()).await;
            worlds.push((*path, world));
        }
        // People who go no further: after a password, and before the prompt of a recovery.
        let world = World::new().await;
        let (place, lost) = world.hanako().await;
        world.advance(60);
        lost.forget().await.unwrap();
        let wallet = world.wallet(&place).await;
        let ticket = world.ticket(&wallet, "hanako").await.unwrap();
        wallet.prepare_recovery(&ticket, "Phone", None).await.unwrap();
        world.wallet(&world.place()).await.log_in("hanako", "hanako-password", "en").await.unwrap();
        worlds.push(("halfway", world));
        let mut seen = BTreeSet::new();
        for (what, world) in &worlds {
            let ledger = world.issuer.ledger();
            for table in ENDING {
                seen.extend((!ledger.keys(*table).await.unwrap().is_empty()).then_some(*table));
            }
            ledger.tidy(u32::MAX).await.unwrap();
            for table in ENDING {
                assert_eq!(ledger.keys(*table).await.unwrap(), [""; 0], "{what}: {table:?}");
            }
            assert_ne!(ledger.keys(Table::Accounts).await.unwrap(), [""; 0], "{what}");
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ENDING);
    });
}

#[test]
fn a_top_up_that_was_delivered_twice_ends_in_its_receipt_after_one_prompt() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let ceremony = wallet.prepare_top_up(yen(5_000), Currency::JPY, "card-1".parse().unwrap()).await.unwrap();
        let prompts = place.authenticator().prompts().len();
        world.mishaps("/v1/intents/confirm", &[TWICE]);
        let done = receipt(wallet.confirm(ceremony.id).await.unwrap());
        assert_eq!(done.kind, Kind::TopUp);
        assert_eq!(place.authenticator().prompts().len(), prompts + 1);
        assert_eq!((balance(&wallet), world.left()), (7_000, 0));
        assert_eq!(world.issuer.funding().charged(), 5_000);
        world.audit().await;
    });
}

#[test]
fn a_top_up_whose_answers_were_lost_ends_in_its_receipt_at_the_next_tap_without_a_prompt() {
    run(async {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let ceremony = wallet.prepare_top_up(yen(5_000), Currency::JPY, "card-1".parse().unwrap()).await.unwrap();
        let prompts = place.authenticator().prompts().len();
        world.mishaps("/v1/intents/confirm", &[TWICE, LOST, TWICE]);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
        let done = receipt(wallet.confirm(ceremony.id).await.unwrap());
        assert_eq!(done.kind, Kind::TopUp);
        assert_eq!(place.authenticator().prompts().len(), prompts + 1);
        assert_eq!((world.issuer.funding().charged(), world.left()), (5_000, 0));
    });
}

#[test]
fn a_wallet_whose_freeze_was_delivered_twice_makes_no_more_codes() {
    run(async {
        let world = World::new().await;
        let (_, wallet) = world.hanako().await;
        world.mishaps("/v1/freeze", &[TWICE]);
        wallet.freeze().await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
        assert_eq!(world.left(), 0);
    });
}

#[test]
fn a_login_that_was_delivered_twice_sends_one_code_and_a_wrong_code_is_one_try() {
    run(async {
        let world = World::new().await;
        let wallet = world.wallet(&world.place()).await;
        world.mishaps("/v1/login", &[TWICE]);
        let attempt = wallet.log_in("hanako", "hanako-password", "en").await.unwrap();
        let inbox = world.issuer.inbox(0).await.unwrap();
        assert_eq!(inbox.iter().filter(|(_, sent)| sent.to == "hanako@example.test").count(), 1);
        for wrong in ["00000000", "00000001"] {
            world.mishaps("/v1/login/code", &[TWICE]);
            assert_eq!(wallet.enter_code(&attempt, wrong).await.unwrap_err().code, Code::CodeRefused);
        }
        // Two of the three tries are used, not four.
        world.mishaps("/v1/login/code", &[TWICE]);
        let code = world.code_for("hanako@example.test").await;
        wallet.enter_code(&attempt, &code).await.unwrap();
        assert_eq!(world.left(), 0);
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn a_delivery_between_the_transactions_of_a_top_up_charges_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _within = runtime.enter();
    let folder = std::env::temp_dir().join(format!("jitsuin-delivery-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    run(between::a_delivery_between_the_transactions_of_a_top_up_charges_nothing(&folder.join("issuer.sqlite")));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What a step-up of each kind is prepared by.
const STEP_UPS: [&str; 3] = ["top-up", "refill", "limit"];

async fn prepare(wallet: &Wallet<Place>, kind: &str) -> u64 {
    let prepared = match kind {
        "top-up" => wallet.prepare_top_up(yen(5_000), Currency::JPY, "card-1".parse().unwrap()).await,
        "refill" => wallet.prepare_refill().await,
        _ => wallet.prepare_limit(yen(9_000)).await,
    };
    prepared.unwrap().id
}

#[test]
fn a_step_up_that_never_arrived_and_was_ended_by_a_freeze_is_not_pending() {
    for kind in STEP_UPS {
        run(async {
            let world = World::new().await;
            let is_cut = Rc::new(Cell::new(false));
            let cut = Rc::clone(&is_cut);
            let place = world.place_on(move |at| {
                (cut.get() && matches!(at, Road::Out("/v1/intents/confirm"))).then_some(Err(Unreachable::Offline))
            });
            let wallet = world.wallet(&place).await;
            world.enrol(&wallet, "hanako").await.unwrap();
            world.prove_card(&wallet, "card-1").await;
            let ceremony = prepare(&wallet, kind).await;
            is_cut.set(true);
            assert_eq!(wallet.confirm(ceremony).await.unwrap_err().code, Code::Offline, "{kind}");
            // The owner stops everything by a message's code, and a person of the issuer lets it go.
            let inbox = world.issuer.inbox(0).await.unwrap();
            let alarm = inbox.iter().rev().find(|(_, sent)| sent.text.contains("To stop everything")).unwrap();
            let code = alarm.1.text.lines().last().unwrap().into();
            Caller::stranger(&world).call(&FreezeByCode { code }).await.unwrap();
            let account = data(&place).account.unwrap().id;
            world.issuer.release_account(&account).await.unwrap();
            is_cut.set(false);
            assert_eq!(wallet.confirm(ceremony).await.unwrap_err().code, Code::IntentExpired, "{kind}");
            assert_eq!((balance(&wallet), world.issuer.funding().charged()), (2_000, 0), "{kind}");
            assert_eq!(wallet.confirm(ceremony).await.unwrap_err().code, Code::IntentExpired, "{kind}: asked anew");
        });
    }
}
