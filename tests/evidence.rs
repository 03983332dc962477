//! One owner's whole story over a SQLite file: every act that somebody signs leaves its evidence under its receipt's number,
//! for its time. The exported file is left for `tests/python-evidence`, whose libraries were written by others.
#![cfg(all(feature = "wallet", feature = "issuer", feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/key_pairs.rs"]
mod key_pairs;
#[path = "evidence/race.rs"]
mod race;
#[path = "lib/world.rs"]
mod world;

use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::ledger::{Clock, Ledger as _, Opening, SqliteLedger};
use jitsuin::wallet::memory::{CredentialKeyPair, Place};
use jitsuin::wallet::ports::{Authenticator as _, Platform as _, RequestOptions};
use jitsuin::wallet::{Confirmed, Status, Wallet};
use jitsuin::wire::calls::{ConfirmPasskeyFreeze, Outcome, PreparePasskeyFreeze, freeze_challenge};
use jitsuin::wire::id::{AccountId, from_base64, to_base64};
use jitsuin::wire::receipt::Kind;
use serde_json::Value;
use sqlx::Connection as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use world::{Caller, START_MS, Timed, World, data, yen};

const THIRTEEN_MONTHS: u64 = 396 * 24 * 3600;

type Book = World<SqliteLedger>;

/// Runs a test over a file of its own.
fn over_a_file(name: &str, test: impl AsyncFnOnce(&Path)) {
    let folder = std::env::temp_dir().join(format!("jitsuin-evidence-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(&folder.join("ledger.sqlite")));
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn open(file: &Path, plan: Plan) -> Book {
    World::over(SqliteLedger::open_with(file, Opening::Either, Clock::movable(START_MS)).await.unwrap(), plan, |_| {})
        .await
}

/// An issuer that has changed its keys once, so that a chain leads from the root to them.
async fn renewed(file: &Path) -> Book {
    let nobody = Plan { people: Vec::new(), shops: Vec::new() };
    open(file, nobody).await.issuer.rotate_keys().await.unwrap();
    open(file, Plan::default()).await
}

async fn release(world: &Book, wallet: &Wallet<Place>) {
    let ceremony = wallet.prepare_unfreeze().await.unwrap();
    let attempt = world::attempt(wallet.confirm(ceremony.id).await.unwrap());
    let code = world.code_for("hanako@example.test").await;
    assert_eq!(wallet.unfreeze(&attempt, &code).await.unwrap().kind, Kind::Unfrozen);
}

async fn freeze_by_passkey(world: &Book, place: &Place) {
    let stranger = Caller::stranger(world);
    let nonce = stranger.call(&PreparePasskeyFreeze {}).await.unwrap().nonce;
    let settings = world.issuer.settings();
    let challenge = freeze_challenge(&settings.issuer, &settings.rp_id, nonce);
    let credential = data(place).account.unwrap().credential;
    let options = RequestOptions {
        rp_id: &"localhost".parse().unwrap(),
        challenge: &challenge,
        credentials: std::slice::from_ref(&credential),
        prf: None,
        deadline: Duration::from_secs(60),
    };
    let assertion = place.authenticator().get(&options).await.unwrap().0;
    stranger.call(&ConfirmPasskeyFreeze { nonce, assertion }).await.unwrap();
}

/// Everything that an owner may sign, once.
async fn story(world: &Book) -> AccountId {
    story_at(world, world.place()).await
}

/// The same at a place that was prepared.
async fn story_at(world: &Book, place: Place) -> AccountId {
    let wallet = world.wallet(&place).await;
    world.enrol(&wallet, "hanako").await.unwrap();
    world.prove_card(&wallet, "card-1").await;
    let account = data(&place).account.unwrap().id;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    world.advance(60);
    let code = wallet.payment_code(Some(yen(500))).await.unwrap();
    assert_eq!(other.outcome(&code.text, 460, "sale-2").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    let told = wallet.state().alerts[0].receipt.clone().unwrap().sequence;
    wallet.both_mine(told).await.unwrap();

    world.advance(600);
    world::receipt(world.top_up(&wallet, 5_000, "card-1").await.unwrap());
    let ceremony = wallet.prepare_refill().await.unwrap();
    world::receipt(wallet.confirm(ceremony.id).await.unwrap());
    let ceremony = wallet.prepare_limit(yen(9_000)).await.unwrap();
    world::receipt(wallet.confirm(ceremony.id).await.unwrap());
    wallet.freeze().await.unwrap();
    release(world, &wallet).await;
    world.advance(60);
    freeze_by_passkey(world, &place).await;
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    release(world, &wallet).await;

    world.advance(60);
    let ceremony = wallet.prepare_rotation(None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    wallet.sync().await.unwrap();
    wallet.forget().await.unwrap();
    let again = world.wallet(&place).await;
    let ticket = world.ticket(&again, "hanako").await.unwrap();
    let ceremony = again.prepare_recovery(&ticket, "New key", None).await.unwrap();
    again.confirm(ceremony.id).await.unwrap();
    world.audit().await;
    account
}

async fn exported<L: Timed>(world: &World<L>, account: &AccountId) -> Value {
    serde_json::from_str(&world.issuer.export_evidence(account).await.unwrap()).unwrap()
}

/// Kind of the evidence of each receipt that has some.
fn kinds(file: &Value) -> Vec<&str> {
    let receipts = file["receipts"].as_array().unwrap();
    receipts.iter().filter_map(|receipt| receipt["evidence"]["kind"].as_str()).collect()
}

fn bodies(file: &Value) -> usize {
    file["receipts"].as_array().unwrap().iter().filter(|receipt| receipt["body"].is_string()).count()
}

/// What was sent by message, and what was typed: codes, tickets and passwords.
async fn secrets(world: &Book) -> Vec<String> {
    let inbox = world.issuer.inbox(0).await.unwrap();
    inbox.into_iter().filter_map(|(_, message)| message.code).chain(["hanako-password".into()]).collect()
}

/// Every text of a JSON value, and the bytes that it is base64url of.
fn texts(value: &Value, to: &mut Vec<Vec<u8>>) {
    match value {
        Value::String(text) => {
            to.push(text.clone().into_bytes());
            to.extend(from_base64(text));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, to)),
        Value::Object(members) => members.values().for_each(|item| texts(item, to)),
        _ => {}
    }
}

#[test]
fn every_act_that_somebody_signed_leaves_its_evidence_and_no_secret() {
    over_a_file("story", async |file| {
        let world = renewed(file).await;
        let account = story(&world).await;
        let text = world.issuer.export_evidence(&account).await.unwrap();
        let export = serde_json::from_str(&text).unwrap();
        let expected = [
            "enrolment",
            "call",
            "token",
            "token",
            "call",
            "step-up",
            "step-up",
            "step-up",
            "freeze",
            "step-up",
            "passkey-freeze",
            "step-up",
            "rotation",
            "call",
            "recovery",
        ];
        assert_eq!(kinds(&export), expected);
        let mut kept = Vec::new();
        texts(&export, &mut kept);
        let found = |secret: &str| kept.iter().any(|part| part.windows(secret.len()).any(|it| it == secret.as_bytes()));
        assert!(found("localhost"), "the search finds what is there");
        for secret in secrets(&world).await {
            assert!(!found(&secret), "{secret} is kept");
        }
        for word in ["prf", "ticket", "hanako@example.test"] {
            assert!(!found(word), "{word} is kept");
        }
        leave(&world, "story", &text);
    });
}

/// Leaves an exported file, and what its reader knows of the issuer, for `tests/python-evidence`.
fn leave(world: &Book, name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/evidence");
    std::fs::create_dir_all(&folder).unwrap();
    let root = world.issuer.keys().set().root.thumbprint().to_string();
    std::fs::write(folder.join(format!("{name}.json")), text).unwrap();
    std::fs::write(folder.join(format!("{name}-root.txt")), root).unwrap();
}

#[test]
fn the_story_is_the_same_with_passkeys_of_the_other_algorithms() {
    type MakeKey = fn() -> Rc<dyn CredentialKeyPair>;
    let keys: [(&str, MakeKey); 2] =
        [("story-RS256", || Rc::new(key_pairs::Rs256::new())), ("story-EdDSA", || Rc::new(key_pairs::EdDsa::new()))];
    for (name, make) in keys {
        over_a_file(name, async |file| {
            let world = renewed(file).await;
            let place = world.place();
            let key = make();
            place.authenticator().set_key(Rc::clone(&key));
            let account = story_at(&world, place).await;
            let text = world.issuer.export_evidence(&account).await.unwrap();
            let cose_key = to_base64(&key.cose_key());
            assert!(text.contains(&cose_key), "the passkey's key stands in the file as it was written");
            leave(&world, name, &text);
        });
    }
}

#[test]
fn evidence_ends_after_its_time_and_after_the_last_dispute_and_the_chain_stays_whole() {
    over_a_file("time", async |file| {
        let world = renewed(file).await;
        let (place, wallet) = world.hanako().await;
        let account = data(&place).account.unwrap().id;
        let till = world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        let payment = till.charge(&code.text, 540, "sale-1").await.payment.unwrap();
        wallet.sync().await.unwrap();
        let paid = wallet.receipts(None, 1)[0].sequence;
        let before = exported(&world, &account).await;
        assert_eq!(kinds(&before), ["enrolment", "call", "token"]);

        world.issuer.erase_body(&account, paid).await.unwrap();
        let erased = exported(&world, &account).await;
        assert_eq!(kinds(&erased), ["enrolment", "call", "token"], "erasing before its time leaves it");
        assert_eq!(bodies(&erased), bodies(&before) - 1);

        wallet.not_mine(paid).await.unwrap();
        world.advance(THIRTEEN_MONTHS - 60);
        world.issuer.sweep().await.unwrap();
        assert!(kinds(&exported(&world, &account).await).contains(&"token"));
        world.advance(120);
        world.issuer.sweep().await.unwrap();
        assert!(kinds(&exported(&world, &account).await).contains(&"token"), "a dispute is open");
        world.issuer.settle_held(&account, &payment, false).await.unwrap();
        world.issuer.erase_body(&account, 1).await.unwrap();
        let after = exported(&world, &account).await;
        assert_eq!(kinds(&after), [""; 0], "after its time, erasing takes both");
        let numbers: Vec<_> =
            after["receipts"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        let links = |file: &Value| {
            file["receipts"].as_array().unwrap().iter().map(|it| it["receipt"].clone()).collect::<Vec<_>>()
        };
        assert!(links(&after).starts_with(&links(&before)), "the chain is as it was");
        assert!(world.issuer.ledger().evidence(&account).await.unwrap().is_empty());
    });
}

#[test]
fn evidence_of_a_top_up_that_was_given_up_ends_with_its_receipts() {
    over_a_file("given-up", async |file| {
        let world = renewed(file).await;
        let (place, wallet) = world.hanako().await;
        let account = data(&place).account.unwrap().id;
        world.prove_card(&wallet, "card-5").await;
        assert!(matches!(world.top_up(&wallet, 1_000, "card-5").await.unwrap(), Confirmed::Pending { .. }));
        drop((wallet, world));
        // A card company that has never seen the charge.
        let world = open(file, Plan { people: Vec::new(), shops: Vec::new() }).await;
        world.advance(600);
        world.issuer.sweep().await.unwrap();
        assert!(
            kinds(&exported(&world, &account).await).contains(&"step-up"),
            "it stands with the failed top-up's receipt"
        );
        world.advance(THIRTEEN_MONTHS + 1);
        world.issuer.sweep().await.unwrap();
        assert_eq!(kinds(&exported(&world, &account).await), [""; 0]);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut raw = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let kept = sqlx::query("SELECT 1 FROM top_ups WHERE body LIKE '%coSignature%'");
        assert!(kept.fetch_all(&mut raw).await.unwrap().is_empty(), "no copy stays with the top-up");
    });
}

#[test]
fn the_evidence_of_a_pending_top_up_is_exported_once_a_receipt_says_how_it_ended() {
    over_a_file("pending", async |file| {
        let world = renewed(file).await;
        let (place, wallet) = world.hanako().await;
        let account = data(&place).account.unwrap().id;
        world.prove_card(&wallet, "card-3").await;
        assert!(matches!(world.top_up(&wallet, 1_000, "card-3").await.unwrap(), Confirmed::Pending { .. }));
        let pending = exported(&world, &account).await;
        assert!(!kinds(&pending).contains(&"step-up"), "there is no receipt that it could stand under");
        world.advance(10);
        world.issuer.sweep().await.unwrap();
        let done = exported(&world, &account).await;
        let (before, after) = (pending["receipts"].as_array().unwrap(), done["receipts"].as_array().unwrap());
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!(&after[..before.len()], &before[..]);
        assert_eq!(after[before.len()]["evidence"]["kind"], "step-up");
    });
}

#[test]
fn evidence_names_no_device() {
    over_a_file("labels", async |file| {
        let world = renewed(file).await;
        let account = story(&world).await;
        let export = exported(&world, &account).await;
        let (mut kept, mut bodies) = (Vec::new(), Vec::new());
        for receipt in export["receipts"].as_array().unwrap() {
            texts(&receipt["evidence"], &mut kept);
            texts(&receipt["body"], &mut bodies);
        }
        let holds = |parts: &[Vec<u8>], label: &str| {
            parts.iter().any(|part| part.windows(label.len()).any(|it| it == label.as_bytes()))
        };
        for label in ["Test phone", "New key"] {
            assert!(holds(&bodies, label), "the account's own receipt names {label}");
            assert!(!holds(&kept, label), "evidence names {label}");
        }
    });
}
