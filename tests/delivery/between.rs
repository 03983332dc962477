//! A top-up's card is charged between two transactions: a delivery that arrives then, at another process over the same
//! ledger, charges nothing and says so.

use super::world::{Caller, ISSUER, START_MS, World, balance, prove, receipt, yen};
use jitsuin::issuer::desk::{Reply, Request};
use jitsuin::issuer::funding::{Answer, Charge, DemoProcessor, Funding, LookUp, Notice};
use jitsuin::issuer::ledger::{Clock, Opening, SqliteLedger};
use jitsuin::issuer::{Issuer, demo};
use jitsuin::wallet::memory::FnTransport;
use jitsuin::wallet::ports::Response;
use jitsuin::wire::calls::{IntentConfirmed, WhichTill};
use jitsuin::wire::id::AccountId;
use jitsuin::wire::money::Currency;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

const CONFIRM: &str = "/v1/intents/confirm";

type Other = Arc<Issuer<SqliteLedger, DemoProcessor>>;

/// A card processor that is slow enough for a second delivery to arrive at the other process.
#[derive(Default)]
struct Slow {
    inner: DemoProcessor,
    meanwhile: Mutex<Option<(Other, Request)>>,
    heard: Mutex<Vec<Reply>>,
}

impl Funding for Slow {
    async fn charge(&self, charge: &Charge, now_ms: u64) -> Answer {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some((other, request)) = meanwhile {
            let reply = other.answer(&request).await;
            self.heard.lock().unwrap().push(reply);
        }
        self.inner.charge(charge, now_ms).await
    }

    async fn look_up(&self, key: &str, now_ms: u64) -> LookUp {
        self.inner.look_up(key, now_ms).await
    }

    fn never_seen_is_final_after(&self) -> u32 {
        self.inner.never_seen_is_final_after()
    }

    async fn notices(&self) -> Vec<Notice> {
        self.inner.notices().await
    }

    async fn acknowledge(&self, notice: &Notice) {
        self.inner.acknowledge(notice).await;
    }
}

/// The same call under a proof of its own.
async fn again(world: &World<SqliteLedger>, key: &Caller<SqliteLedger>, account: AccountId, body: &[u8]) -> Request {
    let first = prove(&key.key, "/v1/tills/me", b"{}", "", None, world.now());
    let nonce =
        world.answer("POST", <WhichTill as jitsuin::wire::calls::Call>::PATH, b"{}".to_vec(), Some(first)).await.nonce;
    let proof = prove(&key.key, CONFIRM, body, &nonce.unwrap(), Some(account), world.now());
    let (method, source) = ("POST".into(), "127.0.0.1".into());
    Request { method, path: CONFIRM.into(), body: body.into(), proof: Some(proof), source }
}

pub(crate) async fn a_delivery_between_the_transactions_of_a_top_up_charges_nothing(file: &Path) {
    let ledger = || SqliteLedger::open_with(file, Opening::Either, Clock::movable(START_MS));
    let world = World::over(ledger().await.unwrap(), demo::Plan::default(), |_| {}).await;
    let slow = Issuer::open(ledger().await.unwrap(), Slow::default(), world.issuer.settings().clone()).await.unwrap();
    let slow = Arc::new(slow);
    // Everything goes to the one process, but for the confirmation.
    let sent = Rc::new(RefCell::new(None));
    let (here, there, noted) = (world.clone(), Arc::clone(&slow), Rc::clone(&sent));
    let key = Rc::new(RefCell::new(None::<(Caller<SqliteLedger>, AccountId)>));
    let held = Rc::clone(&key);
    let transport = FnTransport::new(move |request| {
        let (world, slow, noted, held) = (here.clone(), Arc::clone(&there), Rc::clone(&noted), Rc::clone(&held));
        async move {
            let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
            let reply = if path == CONFIRM {
                let (key, account) = held.take().unwrap();
                let second = again(&world, &key, account.clone(), &request.body).await;
                held.replace(Some((key, account)));
                noted.replace(Some(request.body.clone()));
                *slow.funding().meanwhile.lock().unwrap() = Some((Arc::clone(&world.issuer), second));
                let (method, source) = (request.method.into(), "127.0.0.1".into());
                slow.answer(&Request { method, path, body: request.body, proof: request.proof, source }).await
            } else {
                world.answer(request.method, &path, request.body, request.proof).await
            };
            let Reply { status, body, nonce, retry_after, .. } = reply;
            Ok(Response { status, body, nonce, retry_after })
        }
    });
    let place = world.place_over(ISSUER, transport);
    let wallet = world.wallet(&place).await;
    world.enrol(&wallet, "hanako").await.unwrap();
    world.prove_card(&wallet, "card-1").await;
    let account = super::world::data(&place).account.unwrap().id;
    key.replace(Some((Caller::thief_of(&world, &place).await, account.clone())));
    let ceremony = wallet.prepare_top_up(yen(5_000), Currency::JPY, "card-1".parse().unwrap()).await.unwrap();
    let first = receipt(wallet.confirm(ceremony.id).await.unwrap());

    let heard: Vec<_> = slow.funding().heard.lock().unwrap().drain(..).collect();
    assert_eq!(heard.len(), 1);
    let meanwhile: IntentConfirmed = serde_json::from_slice(&heard[0].body).unwrap();
    assert!(matches!(meanwhile, IntentConfirmed::Pending { .. }), "{meanwhile:?}");
    // One that arrives after it hears how it ended.
    let body = sent.take().unwrap();
    let (caller, _) = key.take().unwrap();
    let request = again(&world, &caller, account, &body).await;
    let late = world.issuer.answer(&request).await;
    let late: IntentConfirmed = serde_json::from_slice(&late.body).unwrap();
    assert!(matches!(late, IntentConfirmed::Done { .. }), "{late:?}");
    assert_eq!((slow.funding().inner.charged(), world.issuer.funding().charged()), (5_000, 0));
    wallet.sync().await.unwrap();
    assert_eq!((first.balance.amount, balance(&wallet)), (yen(7_000), 7_000));
    world.audit().await;
}
