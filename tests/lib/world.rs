//! A whole world in one process: the issuer's desk over a ledger in memory, wallets over real in-memory ports, tills
//! with keys of their own, one clock. Shared by the story, the refusals and the attacks.
#![allow(dead_code, unreachable_pub, reason = "a module of several suites, each of which uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "proof.rs"]
mod proof;

use jitsuin::code::Code;
use jitsuin::issuer::desk::{self, Reply};
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{Clock, Ledger, MemoryLedger};
use jitsuin::issuer::{Issuer, PasswordCost, Settings as IssuerSettings, demo};
use jitsuin::wallet::memory::{FnTransport, MemoryEntropy, Place, SoftKey};
use jitsuin::wallet::ports::{Kept, Keys as _, Platform, Response, Store as _, Unreachable};
use jitsuin::wallet::record::Data;
use jitsuin::wallet::{Confirmed, Error, ReceiptView, Settings, Wallet};
use jitsuin::wire::calls::{
    Call, EnrolTill, LookUpPayment, Named as _, Outcome, PaymentAnswer, Problem, ReversePayment, TakePayment,
    TillEnrolled, body,
};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::AccountId;
use jitsuin::wire::key::Signature;
use jitsuin::wire::money::{Amount, Currency};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub const ISSUER: &str = "http://localhost:8787";
pub const START_MS: u64 = 1_795_000_000_000;

pub type TestIssuer<L = MemoryLedger> = Issuer<L, DemoProcessor>;

/// A call on its road, by its path.
#[derive(Clone, Copy)]
pub enum Road<'a> {
    /// It has not reached the issuer.
    Out(&'a str),
    /// The issuer has answered it.
    Back(&'a str),
}

/// A ledger whose clock a test moves.
pub trait Timed: Ledger + 'static {
    fn clock(&self) -> &Clock;
}

impl Timed for MemoryLedger {
    fn clock(&self) -> &Clock {
        self.clock()
    }
}

#[cfg(feature = "sqlite")]
impl Timed for jitsuin::issuer::ledger::SqliteLedger {
    fn clock(&self) -> &Clock {
        self.clock()
    }
}

/// One issuer and everybody around it.
pub struct World<L = MemoryLedger> {
    pub issuer: Arc<TestIssuer<L>>,
    places: Rc<RefCell<Vec<Place>>>,
    now_ms: Rc<Cell<u64>>,
    mishaps: Rc<RefCell<Vec<(String, Mishap)>>>,
}

impl<L> Clone for World<L> {
    fn clone(&self) -> Self {
        let (issuer, places) = (Arc::clone(&self.issuer), Rc::clone(&self.places));
        Self { issuer, places, now_ms: Rc::clone(&self.now_ms), mishaps: Rc::clone(&self.mishaps) }
    }
}

/// What the network does to one delivery of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// The issuer gets the same request twice; the sender hears the second answer.
    pub twice: bool,
    /// The sender hears no answer.
    pub lost: bool,
    /// The sender hears an answer of something on the way.
    pub foreign: bool,
}

impl World {
    /// The demo's people and shops.
    pub async fn new() -> Self {
        Self::with(demo::Plan::default(), |_| {}).await
    }

    pub async fn with(plan: demo::Plan, change: impl FnOnce(&mut IssuerSettings)) -> Self {
        Self::over(MemoryLedger::new(Clock::movable(START_MS)), plan, change).await
    }
}

impl<L: Timed> World<L> {
    /// Lets hanako's frozen account go, by this wallet.
    pub async fn release(&self, wallet: &Wallet<Place>) {
        let ceremony = wallet.prepare_unfreeze().await.unwrap();
        let attempt = attempt(wallet.confirm(ceremony.id).await.unwrap());
        wallet.unfreeze(&attempt, &self.code_for("hanako@example.test").await).await.unwrap();
    }

    /// Over a ledger whose clock stands at the time of this world's beginning, or of another world's now.
    pub async fn over(ledger: L, plan: demo::Plan, change: impl FnOnce(&mut IssuerSettings)) -> Self {
        let mut settings = IssuerSettings::new(ISSUER, &[ISSUER]).unwrap();
        settings.password_cost = PasswordCost::least();
        change(&mut settings);
        let now_ms = Rc::new(Cell::new(ledger.now_ms()));
        let issuer = Issuer::open(ledger, DemoProcessor::new(), settings).await.unwrap();
        demo::seed(&issuer, &plan).await.unwrap();
        Self { issuer: Arc::new(issuer), places: Rc::default(), now_ms, mishaps: Rc::default() }
    }

    /// Has the network do this to the next deliveries of a call, one after another.
    pub fn mishaps(&self, path: &str, what: &[Mishap]) {
        self.mishaps.borrow_mut().extend(what.iter().map(|mishap| (path.to_owned(), *mishap)));
    }

    /// Those that have not happened.
    pub fn left(&self) -> usize {
        self.mishaps.borrow().len()
    }

    /// One call over the network; nothing, if its answer was lost. A call that only fetches a nonce meets no mishap.
    pub async fn send(&self, method: &str, path: &str, body: Vec<u8>, proof: Option<String>) -> Option<Reply> {
        let reply = self.answer(method, path, body.clone(), proof.clone()).await;
        let place = self.mishaps.borrow().iter().position(|(held, _)| held == path);
        let wants_nonce = serde_json::from_slice::<Problem>(&reply.body).is_ok_and(|it| it.code == "use-dpop-nonce");
        let Some(place) = place.filter(|_| !wants_nonce) else { return Some(reply) };
        let (_, Mishap { twice, lost, foreign }) = self.mishaps.borrow_mut().remove(place);
        let reply = if twice { self.answer(method, path, body, proof).await } else { reply };
        let page = Reply {
            status: 403,
            content_type: "text/html",
            body: b"<html>".to_vec(),
            nonce: None,
            retry_after: None,
            cause: None,
        };
        (!lost).then_some(if foreign { page } else { reply })
    }

    pub async fn answer(&self, method: &str, path: &str, body: Vec<u8>, proof: Option<String>) -> Reply {
        let source = "127.0.0.1".into();
        self.issuer.answer(&desk::Request { method: method.into(), path: path.into(), body, proof, source }).await
    }

    /// A browser profile of the wallet's page.
    pub fn place(&self) -> Place {
        self.place_at(ISSUER)
    }

    /// A browser profile of a page of another origin.
    pub fn place_at(&self, origin: &str) -> Place {
        let world = self.clone();
        let transport = FnTransport::new(move |request| {
            let world = world.clone();
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                let reply = world.send(request.method, &path, request.body, request.proof).await;
                let Reply { status, body, nonce, retry_after, .. } = reply.ok_or(Unreachable::Offline)?;
                Ok(Response { status, body, nonce, retry_after })
            }
        });
        self.place_over(origin, transport)
    }

    /// A browser profile whose road to the issuer is watched: what `meets` answers at a place of the road comes in the place of
    /// what would come there.
    pub fn place_on(&self, meets: impl Fn(Road<'_>) -> Option<Result<Response, Unreachable>> + 'static) -> Place {
        let (world, meets) = (self.clone(), Rc::new(meets));
        let transport = FnTransport::new(move |request| {
            let (world, meets) = (world.clone(), Rc::clone(&meets));
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                if let Some(met) = meets(Road::Out(&path)) {
                    return met;
                }
                let Reply { status, body, nonce, retry_after, .. } =
                    world.answer(request.method, &path, request.body, request.proof).await;
                meets(Road::Back(&path)).unwrap_or(Ok(Response { status, body, nonce, retry_after }))
            }
        });
        self.place_over(ISSUER, transport)
    }

    /// A browser profile with a road of its own to the issuer, or to somebody who says so.
    pub fn place_over(&self, origin: &str, transport: FnTransport) -> Place {
        let place = Place::new(origin, self.now_ms.get(), transport);
        self.places.borrow_mut().push(place.clone());
        place
    }

    /// Lets time pass for everybody.
    pub fn advance(&self, seconds: u64) {
        self.now_ms.set(self.now_ms.get() + seconds * 1000);
        self.issuer.ledger().clock().advance(seconds * 1000);
        for place in self.places.borrow().iter() {
            place.clock().advance(Duration::from_secs(seconds));
        }
    }

    pub fn now(&self) -> u32 {
        u32::try_from(self.now_ms.get() / 1000).unwrap()
    }

    pub async fn wallet(&self, place: &Place) -> Wallet<Place> {
        let settings = Settings { custody: Some(Custody::Software), ..Settings::new(ISSUER.parse().unwrap()) };
        Wallet::open(place.clone(), settings).await.unwrap()
    }

    /// The code in the newest message to somebody.
    pub async fn code_for(&self, to: &str) -> String {
        let inbox = self.issuer.inbox(0).await.unwrap();
        let found = inbox.iter().rev().find(|(_, message)| message.to == to && message.code.is_some());
        found.and_then(|(_, message)| message.code.clone()).unwrap_or_else(|| panic!("no code for {to}"))
    }

    /// Everything up to the ticket.
    pub async fn ticket(&self, wallet: &Wallet<Place>, login: &str) -> Result<String, Error> {
        let attempt = wallet.log_in(login, &format!("{login}-password"), "en").await?;
        wallet.enter_code(&attempt, &self.code_for(&format!("{login}@example.test")).await).await
    }

    /// Registers a device.
    pub async fn enrol(&self, wallet: &Wallet<Place>, login: &str) -> Result<Confirmed, Error> {
        let ticket = self.ticket(wallet, login).await?;
        let ceremony = wallet.prepare_enrolment(&ticket, "Test phone", None).await?;
        let confirmed = wallet.confirm(ceremony.id).await?;
        wallet.sync().await?;
        Ok(confirmed)
    }

    /// An enrolled wallet of the account that was opened with it, its first card proved on it.
    pub async fn hanako(&self) -> (Place, Wallet<Place>) {
        let place = self.place();
        let wallet = self.wallet(&place).await;
        self.enrol(&wallet, "hanako").await.unwrap();
        self.prove_card(&wallet, "card-1").await;
        (place, wallet)
    }

    /// The card company's part included.
    pub async fn prove_card(&self, wallet: &Wallet<Place>, source: &str) {
        let proof = wallet.prove_card(source.parse().unwrap()).await.unwrap();
        let code = self.code_for("hanako@example.test").await;
        self.issuer.finish_card_proof(&proof.proof, &code).await.unwrap();
        wallet.sync().await.unwrap();
    }

    pub async fn top_up(&self, wallet: &Wallet<Place>, amount: u32, source: &str) -> Result<Confirmed, Error> {
        let ceremony = wallet.prepare_top_up(yen(amount), Currency::JPY, source.parse().unwrap()).await?;
        wallet.confirm(ceremony.id).await
    }

    /// A till of this number, registered with the merchant's code.
    pub async fn till(&self, number: &str) -> Till<L> {
        let till = format!("t/{number}");
        let inbox = self.issuer.inbox(0).await.unwrap();
        let sent = inbox.iter().find(|(_, message)| message.subject.contains(&till)).unwrap();
        let code = sent.1.code.clone().unwrap();
        let caller = Caller::stranger(self);
        let enrolled: TillEnrolled = caller.call(&EnrolTill { code }).await.unwrap();
        assert_eq!(enrolled.till.as_str(), till);
        Till(caller)
    }

    /// The books hold.
    pub async fn audit(&self) {
        self.issuer.audit().await.unwrap();
    }
}

/// What a profile has stored.
pub fn data(place: &Place) -> Data {
    *Data::from_bytes(&place.store().data().unwrap()).unwrap()
}

/// Whoever holds a key and calls the issuer, past every check of a wallet.
pub struct Caller<L = MemoryLedger> {
    world: World<L>,
    pub key: SoftKey,
    pub account: Option<AccountId>,
    nonce: Rc<RefCell<String>>,
    /// Names of calls that were not answered, by what they say.
    unanswered: RefCell<BTreeMap<String, [u8; 16]>>,
}

impl<L: Timed> Caller<L> {
    pub fn new(world: &World<L>, key: SoftKey, account: Option<AccountId>) -> Self {
        Self { world: world.clone(), key, account, nonce: Rc::default(), unanswered: RefCell::default() }
    }

    /// A key that nobody has seen.
    pub fn stranger(world: &World<L>) -> Self {
        Self::new(world, SoftKey::make(&MemoryEntropy::of_system()).unwrap().0, None)
    }

    /// The device key of an enrolled wallet, as a thief with the whole profile has it.
    pub async fn thief_of(world: &World<L>, place: &Place) -> Self {
        let Kept::Record(record) = place.store().load().await.unwrap() else { panic!("no record") };
        let data = Data::from_bytes(&record.data).unwrap();
        let key = place.keys().open(&record.device, &data.device_key, None).await.unwrap();
        Self::new(world, key, data.account.map(|account| account.id))
    }

    /// A call; the same one again is under the same name, if it was not answered.
    pub async fn call<C: Call>(&self, call: &C) -> Result<C::Reply, Problem> {
        let said = format!("{} {}", C::PATH, serde_json::to_string(call).unwrap());
        let name = *self.unanswered.borrow_mut().entry(said.clone()).or_insert_with(random);
        let answer = self.post(C::PATH, body(call, C::Name::new(name))).await;
        let no_answer =
            |problem: &Problem| ["offline", "proof-replayed", "foreign-answer"].contains(&problem.code.as_str());
        if !answer.as_ref().is_err_and(no_answer) {
            self.unanswered.borrow_mut().remove(&said);
        }
        answer.map(|body| serde_json::from_slice(&body).unwrap())
    }

    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Problem> {
        let mut again = vec![Code::UseDpopNonce.name(), Code::ProofReplayed.name()];
        loop {
            let account = self.account.clone();
            let proof = prove(&self.key, path, &body, &self.nonce.borrow(), account, self.world.now());
            let reply = self.world.send("POST", path, body.clone(), Some(proof)).await;
            let reply = reply.ok_or_else(|| Problem::new(Code::Offline))?;
            if reply.content_type == "text/html" {
                return Err(Problem::new(Code::ForeignAnswer));
            }
            self.nonce.replace(reply.nonce.unwrap_or_default());
            if reply.status == 200 {
                return Ok(reply.body);
            }
            let problem: Problem = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(reply.content_type, "application/problem+json");
            assert_eq!(problem.status, reply.status);
            if !again.contains(&problem.code.as_str()) {
                return Err(problem);
            }
            again.retain(|code| *code != problem.code);
        }
    }

    pub fn sign(&self, message: &[u8]) -> Signature {
        self.key.sign_now(message).unwrap()
    }
}

/// A till with a key of its own.
pub struct Till<L = MemoryLedger>(pub Caller<L>);

impl<L: Timed> Till<L> {
    pub async fn charge(&self, token: &str, amount: u32, key: &str) -> PaymentAnswer {
        self.try_charge(token, amount, key).await.unwrap()
    }

    pub async fn try_charge(&self, token: &str, amount: u32, key: &str) -> Result<PaymentAnswer, Problem> {
        let call = TakePayment { token: token.into(), amount: yen(amount), currency: Currency::JPY, key: pad(key) };
        self.0.call(&call).await
    }

    pub async fn outcome(&self, token: &str, amount: u32, key: &str) -> Outcome {
        self.charge(token, amount, key).await.outcome
    }

    pub async fn look_up(&self, key: &str) -> Result<PaymentAnswer, Problem> {
        self.0.call(&LookUpPayment { key: pad(key) }).await
    }

    pub async fn reverse(&self, payment: &str, key: &str) -> Result<PaymentAnswer, Problem> {
        self.0.call(&ReversePayment { payment: payment.into(), key: pad(key) }).await
    }
}

/// A DPoP proof by any key, right or wrong.
pub fn prove(key: &SoftKey, path: &str, body: &[u8], nonce: &str, acc: Option<AccountId>, now: u32) -> String {
    proof::prove(key, random(), (format!("{ISSUER}{path}"), body), nonce, acc, now.into())
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

pub const fn yen(amount: u32) -> Amount {
    Amount::of(amount)
}

/// Idempotency keys have at least 16 characters.
fn pad(key: &str) -> String {
    format!("{key:-<20}")
}

pub fn receipt(confirmed: Confirmed) -> Rc<ReceiptView> {
    match confirmed {
        Confirmed::Receipt { receipt } => receipt,
        other => panic!("no receipt: {other:?}"),
    }
}

/// The attempt of a release that the passkey has agreed to.
pub fn attempt(confirmed: Confirmed) -> String {
    match confirmed {
        Confirmed::CodeSent { attempt } => attempt,
        other => panic!("no code: {other:?}"),
    }
}

pub fn balance(wallet: &Wallet<Place>) -> u64 {
    wallet.state().balance.unwrap().amount.minor_units()
}
