//! Somebody copied the whole ledger, the issuer's secrets included. The operator rotates: whatever was made with the copied
//! secrets is refused at once, by each process over the ledger and by each wallet that has met the new key set, and nobody
//! honest loses more than a step.
#![cfg(all(feature = "wallet", feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::desk::Reply;
use jitsuin::issuer::ledger::{Clock, Opening, SqliteLedger};
use jitsuin::wallet::memory::{FnTransport, Place, SoftKey};
use jitsuin::wallet::ports::{Platform as _, Response};
use jitsuin::wallet::{Confirmed, Status, Wallet};
use jitsuin::wire::calls::{
    Call, EnrolTill, EnterCode, FreezeByCode, FreezeByTicket, LogIn, Named as _, Outcome, Problem, WELL_KNOWN,
    WhichTill, body,
};
use jitsuin::wire::money::Currency;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use world::{Caller, ISSUER, World, balance, data, prove, yen};

type Book = World<SqliteLedger>;

const HANAKO: &str = "hanako@example.test";
const TARO: &str = "taro@example.test";

async fn open(file: &Path, now_ms: u64, plan: Plan) -> Book {
    World::over(SqliteLedger::open_with(file, Opening::Either, Clock::movable(now_ms)).await.unwrap(), plan, |_| {})
        .await
}

async fn opened_again(file: &Path, now_ms: u64) -> Book {
    open(file, now_ms, Plan { people: Vec::new(), shops: Vec::new() }).await
}

/// Two processes over one ledger, and whoever the network leads to.
struct Service {
    file: PathBuf,
    first: Book,
    second: Book,
    road: Rc<RefCell<Book>>,
}

impl Service {
    async fn new(folder: &Path) -> Self {
        let file = folder.join("issuer.sqlite");
        let first = open(&file, world::START_MS, Plan::default()).await;
        let second = opened_again(&file, world::START_MS).await;
        Self { file, road: Rc::new(RefCell::new(first.clone())), first, second }
    }

    fn now_ms(&self) -> u64 {
        u64::from(self.first.now()) * 1000
    }

    /// An issuer over a copy of the whole ledger: whatever its secrets can make, it makes.
    async fn leaked(&self) -> Book {
        let copy = self.file.with_file_name("copy.sqlite");
        let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&self.file));
        let pool = pool.await.unwrap();
        sqlx::query("VACUUM INTO ?").bind(copy.to_str().unwrap()).execute(&pool).await.unwrap();
        pool.close().await;
        // SQLite asks the umask alone.
        #[cfg(unix)]
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        opened_again(&copy, self.now_ms()).await
    }

    /// Rotates by a process of its own, which ends; those that run are not told.
    async fn rotate(&self) -> Vec<String> {
        let operator = opened_again(&self.file, self.now_ms()).await;
        let tills = operator.issuer.rotate_keys().await.unwrap();
        operator.issuer.ledger().close().await;
        tills.iter().map(ToString::to_string).collect()
    }

    fn advance(&self, thief: &Book, seconds: u64) {
        self.first.advance(seconds);
        self.second.issuer.ledger().clock().advance(seconds * 1000);
        thief.issuer.ledger().clock().advance(seconds * 1000);
    }

    fn lead_to(&self, book: &Book) {
        self.road.replace(book.clone());
    }

    async fn phone(&self) -> (Place, Wallet<Place>) {
        let road = Rc::clone(&self.road);
        let transport = FnTransport::new(move |request| {
            let book = road.borrow().clone();
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                let Reply { status, body, nonce, retry_after, .. } =
                    book.answer(request.method, &path, request.body, request.proof).await;
                Ok(Response { status, body, nonce, retry_after })
            }
        });
        let place = self.first.place_over(ISSUER, transport);
        let wallet = self.first.wallet(&place).await;
        (place, wallet)
    }
}

fn played<R>(name: &str, test: impl AsyncFnOnce(Service) -> R) -> R {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _within = runtime.enter();
    let folder = std::env::temp_dir().join(format!("jitsuin-leaked-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let result = jitsuin::wallet::memory::run(async { test(Service::new(&folder).await).await });
    std::fs::remove_dir_all(&folder).unwrap();
    result
}

/// The stop code of the newest alarm to somebody.
async fn stop_code(book: &Book, to: &str) -> String {
    let inbox = book.issuer.inbox(0).await.unwrap();
    let mut texts = inbox.iter().rev().filter(|(_, message)| message.to == to).map(|(_, message)| &message.text);
    texts.find(|text| text.contains("To stop everything")).unwrap().lines().last().unwrap().into()
}

/// What one call by this key is answered under a proof with this nonce, without another try.
async fn once<C: Call>(book: &Book, key: &SoftKey, nonce: &str, call: &C) -> String {
    let mut name = [0; 16];
    getrandom::fill(&mut name).unwrap();
    let body = body(call, C::Name::new(name));
    let proof = prove(key, C::PATH, &body, nonce, None, book.now());
    let reply = book.answer("POST", C::PATH, body, Some(proof)).await;
    serde_json::from_slice::<Problem>(&reply.body).map_or_else(|_| "ok".into(), |problem| problem.code)
}

/// The same under a nonce of now.
async fn answered<C: Call>(book: &Book, key: &SoftKey, call: &C) -> String {
    once(book, key, &nonce_of(book).await, call).await
}

async fn nonce_of(book: &Book) -> String {
    book.answer("GET", WELL_KNOWN, Vec::new(), None).await.nonce.unwrap()
}

async fn ticket(book: &Book, phone: &Caller<SqliteLedger>, login: &str) -> String {
    let attempt = attempt(phone, login).await;
    let code = book.code_for(&format!("{login}@example.test")).await;
    phone.call(&EnterCode { attempt, code }).await.unwrap().ticket
}

async fn attempt(phone: &Caller<SqliteLedger>, login: &str) -> String {
    let call = LogIn { login: login.into(), password: format!("{login}-password"), language: "en".into() };
    phone.call(&call).await.unwrap().attempt
}

#[test]
fn whatever_was_made_with_the_old_secrets_is_refused_by_each_process_and_honest_people_begin_again() {
    played("codes", async |service| {
        let Service { first, second, .. } = &service;
        let (_, wallet) = service.phone().await;
        first.enrol(&wallet, "hanako").await.unwrap();
        first.prove_card(&wallet, "card-1").await;

        // What is on its way when the ledger leaks.
        let nonce = nonce_of(first).await;
        let (with_ticket, with_attempt) = (Caller::stranger(first), Caller::stranger(first));
        let by_ticket = FreezeByTicket { ticket: ticket(first, &with_ticket, "taro").await };
        let opened = attempt(&with_attempt, "taro").await;
        let enter = EnterCode { attempt: opened, code: first.code_for(TARO).await };
        let (_, enrolling) = service.phone().await;
        let enrolment_ticket = first.ticket(&enrolling, "taro").await.unwrap();
        let enrolment = enrolling.prepare_enrolment(&enrolment_ticket, "New phone", None).await.unwrap();
        let card = wallet.prove_card("card-2".parse().unwrap()).await.unwrap().proof;
        let card_code = first.code_for(HANAKO).await;
        let of_till = EnrolTill { code: till_code(first, "t/2002").await };
        let sent_stop = stop_code(first, HANAKO).await;

        // What the thief makes with the secrets.
        let thief = service.leaked().await;
        service.lead_to(&thief);
        let (_, his) = service.phone().await;
        thief.enrol(&his, "taro").await.unwrap();
        let made_stop = stop_code(&thief, TARO).await;
        let made_intent = wallet.prepare_top_up(yen(2_000), Currency::JPY, "card-1".parse().unwrap()).await.unwrap();
        service.lead_to(first);

        assert_eq!(service.rotate().await, ["t/1001", "t/2002"]);
        service.advance(&thief, 2);

        for book in [first, second] {
            let stranger = Caller::stranger(book).key;
            for nonce in [&nonce, &nonce_of(&thief).await] {
                assert_eq!(once(book, &stranger, nonce, &WhichTill {}).await, Code::UseDpopNonce.name());
            }
            assert_eq!(answered(book, &stranger, &WhichTill {}).await, Code::NotEnrolled.name());
            for code in [&sent_stop, &made_stop] {
                let stop = FreezeByCode { code: code.clone() };
                assert_eq!(answered(book, &stranger, &stop).await, Code::CodeRefused.name());
            }
            assert_eq!(answered(book, &stranger, &of_till).await, Code::CodeRefused.name());
            assert_eq!(answered(book, &with_ticket.key, &by_ticket).await, Code::TicketExpired.name());
            assert_eq!(answered(book, &with_attempt.key, &enter).await, Code::CodeRefused.name());
            let shown = book.issuer.finish_card_proof(&card, &card_code).await;
            assert_eq!(shown.unwrap_err().code, Code::CodeRefused);
        }
        assert_eq!(enrolling.confirm(enrolment.id).await.unwrap_err().code, Code::TicketExpired);
        assert_eq!(wallet.confirm(made_intent.id).await.unwrap_err().code, Code::IntentExpired);

        // Honest people begin again, at either process.
        service.lead_to(second);
        wallet.sync().await.unwrap();
        assert_eq!((wallet.state().status, wallet.state().alerts.len()), (Status::Ready, 0));
        let before = balance(&wallet);
        assert!(matches!(second.top_up(&wallet, 1_000, "card-1").await.unwrap(), Confirmed::Receipt { .. }));
        wallet.sync().await.unwrap();
        assert_eq!(balance(&wallet), before + 1_000);
        second.enrol(&enrolling, "taro").await.unwrap();
        second.issuer.send_till_code(&"t/2002".parse().unwrap()).await.unwrap();
        let till = world::Till(Caller::stranger(second));
        till.0.call(&EnrolTill { code: self::till_code(second, "t/2002").await }).await.unwrap();
        let token = wallet.payment_code(None).await.unwrap().text;
        assert_eq!(till.outcome(&token, 500, "sale-1").await, Outcome::Approved);
        second.audit().await;
    });
}

/// The newest code that was sent to a till.
async fn till_code(book: &Book, till: &str) -> String {
    let inbox = book.issuer.inbox(0).await.unwrap();
    let sent = inbox.iter().rev().find(|(_, message)| message.subject.contains(till)).unwrap();
    sent.1.code.clone().unwrap()
}

#[test]
fn a_release_that_was_under_way_is_begun_again_with_a_new_code() {
    played("release", async |service| {
        let Service { first, second, .. } = &service;
        let (_, wallet) = service.phone().await;
        first.enrol(&wallet, "hanako").await.unwrap();
        wallet.freeze().await.unwrap();
        let agree = async || {
            let ceremony = wallet.prepare_unfreeze().await.unwrap();
            world::attempt(wallet.confirm(ceremony.id).await.unwrap())
        };
        let before = (agree().await, first.code_for(HANAKO).await);
        service.rotate().await;
        service.lead_to(second);
        let refused = wallet.unfreeze(&before.0, &before.1).await.unwrap_err();
        assert_eq!(refused.code, Code::CodeRefused);
        let again = (agree().await, second.code_for(HANAKO).await);
        assert_ne!(again, before);
        wallet.unfreeze(&again.0, &again.1).await.unwrap();
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Ready);
    });
}

/// What an issuer's answers say when somebody else gives them, to a wallet that has met the new key set.
#[test]
fn a_wallet_that_has_met_the_new_keys_believes_nothing_that_the_old_ones_sign() {
    played("wallet", async |service| {
        let Service { first, .. } = &service;
        let (place, wallet) = service.phone().await;
        first.enrol(&wallet, "hanako").await.unwrap();
        first.prove_card(&wallet, "card-1").await;
        let till = first.till("1001").await;
        let (_, late) = service.phone().await;
        first.enrol(&late, "taro").await.unwrap();
        let thief = service.leaked().await;
        service.rotate().await;
        service.advance(&thief, 2);
        wallet.sync().await.unwrap();
        let known = (balance(&wallet), data(&place).link, data(&place).allowance);

        // Head, state and time, and with them every receipt; allowances; and sets that lead elsewhere.
        service.lead_to(&thief);
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
        place.clock().advance(Duration::from_secs(24 * 3600));
        thief.issuer.ledger().clock().advance(24 * 3_600_000);
        assert_eq!(wallet.refill().await.unwrap_err().code, Code::IssuerUntrusted);
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
        // Whoever holds the root and the old time key makes a set beside the true one. It does not follow that one.
        thief.issuer.rotate_keys().await.unwrap();
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
        thief.issuer.rotate_keys().await.unwrap();
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
        assert_eq!((balance(&wallet), data(&place).link, data(&place).allowance), known);
        // Where the thief has the network too, a wallet that has not met the true set follows his: why the root is kept
        // elsewhere (docs/account-safety.md).
        late.sync().await.unwrap();
        service.lead_to(first);
        assert_eq!(late.sync().await.unwrap_err().code, Code::IssuerUntrusted);

        first.advance(24 * 3600);
        wallet.sync().await.unwrap();
        let token = wallet.payment_code(None).await.unwrap().text;
        assert_eq!(till.outcome(&token, 500, "sale-1").await, Outcome::Approved);
    });
}
