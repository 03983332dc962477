//! An issuer that changes its keys, seen from wallets: who follows, who does not, and what old receipts are worth.
#![cfg(all(feature = "wallet", feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::desk::Reply;
use jitsuin::issuer::ledger::{Clock, Opening, SqliteLedger};
use jitsuin::wallet::memory::{FnTransport, Place};
use jitsuin::wallet::ports::{Response, Unreachable};
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::{Outcome, WELL_KNOWN, WellKnown};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use world::{ISSUER, World, balance};

type Running = Rc<RefCell<World<SqliteLedger>>>;

/// The issuer's process over its file; `start` takes the place of the one before.
struct Service {
    file: PathBuf,
    running: Running,
}

async fn open(file: &Path, now_ms: u64, plan: Plan) -> World<SqliteLedger> {
    World::over(SqliteLedger::open_with(file, Opening::Either, Clock::movable(now_ms)).await.unwrap(), plan, |_| {})
        .await
}

impl Service {
    async fn new(folder: &Path) -> Self {
        let file = folder.join("issuer.sqlite");
        let first = open(&file, world::START_MS, Plan::default()).await;
        Self { file, running: Rc::new(RefCell::new(first)) }
    }

    fn world(&self) -> World<SqliteLedger> {
        self.running.borrow().clone()
    }

    /// Rotates, and starts the process again.
    async fn rotate(&self) {
        let before = self.world();
        before.issuer.rotate_keys().await.unwrap();
        before.advance(2);
        let plan = Plan { people: Vec::new(), shops: Vec::new() };
        let next = open(&self.file, u64::from(before.now()) * 1000, plan).await;
        self.running.replace(next);
    }

    /// A phone that reaches whichever process runs; `lie` may change who the issuer says it is.
    async fn phone(&self, lie: impl Fn(&mut WellKnown) + 'static) -> (Place, Wallet<Place>) {
        self.phone_that_hears(move |mut known| {
            lie(&mut known);
            Some(known)
        })
        .await
    }

    /// A phone that reaches whichever process runs; `hears` is what comes of who the issuer says it is, if anything.
    async fn phone_that_hears(
        &self,
        hears: impl Fn(WellKnown) -> Option<WellKnown> + 'static,
    ) -> (Place, Wallet<Place>) {
        let (running, hears) = (Rc::clone(&self.running), Rc::new(hears));
        let transport = FnTransport::new(move |request| {
            let (world, hears) = (running.borrow().clone(), Rc::clone(&hears));
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                let Reply { status, mut body, nonce, retry_after, .. } =
                    world.answer(request.method, &path, request.body, request.proof).await;
                if path == WELL_KNOWN {
                    let known = hears(serde_json::from_slice(&body).unwrap()).ok_or(Unreachable::Offline)?;
                    body = serde_json::to_vec(&known).unwrap();
                }
                Ok(Response { status, body, nonce, retry_after })
            }
        });
        let place = self.world().place_over(ISSUER, transport);
        let wallet = self.world().wallet(&place).await;
        self.world().enrol(&wallet, "hanako").await.unwrap();
        (place, wallet)
    }
}

fn played<R>(test: impl AsyncFnOnce(Service) -> R) -> R {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _within = runtime.enter();
    let folder = tempfile();
    let result = jitsuin::wallet::memory::run(async { test(Service::new(&folder).await).await });
    std::fs::remove_dir_all(&folder).unwrap();
    result
}

fn tempfile() -> PathBuf {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("jitsuin-rotation-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn wallets_follow_step_by_step_and_pay_on() {
    played(async |service| {
        let (_, wallet) = service.phone(|_| {}).await;
        let till = service.world().till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 500, "sale-1").await, Outcome::Approved);
        // A receipt of the old key that the wallet has not seen yet, and three sets that it missed.
        for _ in 0..3 {
            service.rotate().await;
        }
        wallet.sync().await.unwrap();
        let state = wallet.state();
        assert_eq!((state.status, state.alerts.len(), balance(&wallet)), (Status::Ready, 0, 1_500));
        wallet.refill().await.unwrap_err();
        // A wallet that begins now checks the whole history, whoever signed it.
        let known = service.world().issuer.keys().past().len();
        assert_eq!(known, 3);
        let top_up = service.world().top_up(&wallet, 1_000, "card-1").await.unwrap_err();
        assert_eq!(top_up.code, Code::CardProofNeeded, "step-ups are under the new keys too");
    });
}

#[test]
fn a_set_that_does_not_follow_is_not_believed() {
    played(async |service| {
        // Somebody keeps back the sets between.
        let (_, wallet) = service.phone(|known| known.past = None).await;
        service.rotate().await;
        wallet.sync().await.unwrap();
        service.rotate().await;
        service.rotate().await;
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
        assert_eq!(wallet.state().status, Status::Ready, "nothing changed");
    });
    played(async |service| {
        // Signed by the root alone, as whoever stole it could.
        let (_, wallet) = service.phone(|known| known.key_set.by_previous = None).await;
        service.rotate().await;
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
    });
}

/// A phone on which, while the cell is set, no new key set arrives.
async fn phone_without_sets(service: &Service) -> (Wallet<Place>, Rc<Cell<bool>>) {
    let is_lost = Rc::new(Cell::new(false));
    let lost = Rc::clone(&is_lost);
    let (_, wallet) = service.phone_that_hears(move |known| (!lost.get()).then_some(known)).await;
    (wallet, is_lost)
}

#[test]
fn a_release_whose_receipt_could_not_be_checked_at_once_is_heard_when_it_is_asked_for_again() {
    played(async |service| {
        let (wallet, is_lost) = phone_without_sets(&service).await;
        wallet.freeze().await.unwrap();
        service.rotate().await;
        is_lost.set(true);
        let ceremony = wallet.prepare_unfreeze().await.unwrap();
        let attempt = world::attempt(wallet.confirm(ceremony.id).await.unwrap());
        let code = service.world().code_for("hanako@example.test").await;
        assert_eq!(wallet.unfreeze(&attempt, &code).await.unwrap_err().code, Code::Offline);
        is_lost.set(false);
        wallet.unfreeze(&attempt, &code).await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
    });
}

#[test]
fn an_allowance_whose_key_could_not_be_learned_at_once_is_not_lost() {
    played(async |service| {
        let (wallet, is_lost) = phone_without_sets(&service).await;
        let until = |wallet: &Wallet<Place>| wallet.state().allowance.unwrap().until;
        let before = until(&wallet);
        service.world().advance(25 * 3600);
        wallet.sync().await.unwrap();
        service.rotate().await;
        is_lost.set(true);
        assert_eq!(wallet.refill().await.unwrap_err().code, Code::Offline);
        is_lost.set(false);
        wallet.sync().await.unwrap();
        assert!(until(&wallet) > before);
        assert!(wallet.payment_code(None).await.is_ok());
    });
}
