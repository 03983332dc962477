//! Wallets that pay at tills, all at once, at an issuer over a ledger on the disk: payments a second and the time of one, and
//! whether the books hold afterwards. `make load` runs it. It fails if a payment was not approved or an amount is missing,
//! never for being slow.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "it stops where something is wrong")]

#[path = "../tests/lib/promises.rs"]
mod promises;
#[cfg(unix)]
#[path = "../tests/lib/server.rs"]
mod server;

use jitsuin::issuer::demo::{Person, Plan, Shop};
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{Clock, Ledger, Opening, PostgresLedger, SqliteLedger};
use jitsuin::issuer::{Issuer, demo, desk};
use jitsuin::wallet::memory::{FnTransport, Place};
use jitsuin::wallet::ports::{Platform as _, Response};
use jitsuin::wallet::{Settings, Wallet};
use jitsuin::wire::calls::{EnrolTill, Outcome, PaymentAnswer, TakePayment};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::money::{Amount, Currency};
use promises::{Caller, NOW_MS, nonce};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const WALLETS: u8 = 24;
/// Below what the default limits let one device pay in a day.
const ROUNDS: u8 = 8;
const PRICE: u32 = 100;
const BALANCE: u32 = 2_000;
/// Between two rounds of payments: the second debit of a device at one till must not come too soon after the first.
const PAUSE: Duration = Duration::from_secs(61);

type Desk<L> = Arc<Issuer<L, DemoProcessor>>;

fn plan() -> Plan {
    let people = (0..WALLETS).map(|number| Person {
        login: format!("user{number}"),
        password: format!("user{number}-password"),
        label: format!("user{number}").parse().unwrap(),
        contact: format!("user{number}@example.test"),
        opened_with_wallet: true,
        balance: Amount::of(BALANCE),
        cards: Vec::new(),
    });
    let shops = (0..WALLETS).map(|number| Shop {
        till: format!("t/{number}").parse().unwrap(),
        merchant: format!("m/{number}").parse().unwrap(),
        name: format!("Shop {number}").parse().unwrap(),
        place: Some("Tokyo".parse().unwrap()),
        place_id: None,
        merchant_since: 0,
    });
    Plan { people: people.collect(), shops: shops.collect() }
}

/// One owner with a wallet, and the till that the owner pays at.
struct Customer<L> {
    issuer: Desk<L>,
    place: Place,
    wallet: Wallet<Place>,
    till: Caller,
    nonce: String,
}

impl<L: Ledger + 'static> Customer<L> {
    async fn new(issuer: Desk<L>, number: u8) -> Self {
        let (held, prefix) = (Arc::clone(&issuer), issuer.settings().issuer.to_string());
        let transport = FnTransport::new(move |request| {
            let (issuer, path) = (Arc::clone(&held), request.url.strip_prefix(&prefix).unwrap().to_owned());
            async move {
                let (method, source) = (request.method.into(), format!("192.0.2.{number}"));
                let call = desk::Request { method, path, body: request.body, proof: request.proof, source };
                let desk::Reply { status, body, nonce, retry_after, .. } = issuer.answer(&call).await;
                Ok(Response { status, body, nonce, retry_after })
            }
        });
        let place = Place::new("https://wallet.example", NOW_MS, transport);
        let id = issuer.settings().issuer.clone();
        let settings = Settings { custody: Some(Custody::Software), ..Settings::new(id) };
        let wallet = Wallet::open(place.clone(), settings).await.unwrap();
        let login = format!("user{number}");
        let attempt = wallet.log_in(&login, &format!("{login}-password"), "en").await.unwrap();
        let inbox = issuer.inbox(0).await.unwrap();
        let to = format!("{login}@example.test");
        let sent = inbox.into_iter().rev().find(|(_, message)| message.to == to && message.code.is_some()).unwrap();
        let ticket = wallet.enter_code(&attempt, &sent.1.code.unwrap()).await.unwrap();
        let ceremony = wallet.prepare_enrolment(&ticket, "phone", None).await.unwrap();
        wallet.confirm(ceremony.id).await.unwrap();
        wallet.sync().await.unwrap();

        let till = Caller::new(number + 1);
        let code = issuer.send_till_code(&format!("t/{number}").parse().unwrap()).await.unwrap();
        let first = nonce(&issuer, &till).await;
        let enrolled = issuer.answer(&till.request(&EnrolTill { code }, 200, &first)).await;
        assert_eq!(enrolled.status, 200);
        Self { issuer, place, wallet, till, nonce: enrolled.nonce.unwrap() }
    }

    /// Draws a code, has it taken, and hears of it; how long till and wallet waited.
    async fn pay(&mut self, round: u8) -> [Duration; 2] {
        let token = self.wallet.payment_code(None).await.unwrap().text;
        let key = format!("idempotency-key-{round}");
        let call = TakePayment { token, amount: Amount::of(PRICE), currency: Currency::JPY, key };
        let start = Instant::now();
        let reply = self.issuer.answer(&self.till.request(&call, round + 1, &self.nonce)).await;
        let taken = start.elapsed();
        let answer: PaymentAnswer = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(answer.outcome, Outcome::Approved);
        let start = Instant::now();
        self.wallet.sync().await.unwrap();
        [taken, start.elapsed()]
    }
}

/// Every figure of one ledger.
#[derive(Default)]
struct Figures {
    whole: Duration,
    taken: Vec<Duration>,
    synced: Vec<Duration>,
}

/// A wallet lives on one thread; all threads begin a round together.
fn drive<L: Ledger + 'static>(issuer: &Desk<L>, clock: impl Fn(&L) -> &Clock, runtime: &Handle) -> Figures {
    let barrier = Barrier::new(usize::from(WALLETS) + 1);
    let mut figures = Figures::default();
    std::thread::scope(|scope| {
        let customer = |number: u8| {
            let (issuer, barrier) = (Arc::clone(issuer), &barrier);
            scope.spawn(move || {
                runtime.block_on(async {
                    let mut customer = Customer::new(issuer, number).await;
                    let mut found = Vec::new();
                    for round in 0..ROUNDS {
                        barrier.wait();
                        found.push(customer.pay(round).await);
                        barrier.wait();
                        customer.place.clock().advance(PAUSE);
                        // Nonces of before the pause may have ended.
                        barrier.wait();
                        customer.nonce = nonce(&customer.issuer, &customer.till).await;
                    }
                    let balance = customer.wallet.state().balance.unwrap().amount;
                    assert_eq!(balance, Amount::of(BALANCE - PRICE * u32::from(ROUNDS)));
                    found
                })
            })
        };
        let customers: Vec<_> = (0..WALLETS).map(customer).collect();
        for _ in 0..ROUNDS {
            barrier.wait();
            let start = Instant::now();
            barrier.wait();
            figures.whole += start.elapsed();
            clock(issuer.ledger()).advance(u64::try_from(PAUSE.as_millis()).unwrap());
            barrier.wait();
        }
        for [taken, synced] in customers.into_iter().flat_map(|customer| customer.join().unwrap()) {
            figures.taken.push(taken);
            figures.synced.push(synced);
        }
    });
    figures
}

fn run<L: Ledger + 'static>(name: &str, runtime: &Handle, open: impl Future<Output = L>, clock: fn(&L) -> &Clock) {
    let issuer = runtime.block_on(async {
        let issuer = Arc::new(promises::open(open.await).await);
        demo::seed(&issuer, &plan()).await.unwrap();
        issuer
    });
    let mut figures = drive(&issuer, clock, runtime);
    runtime.block_on(issuer.audit()).unwrap();
    let payments = figures.taken.len();
    let rate = f64::from(u32::try_from(payments).unwrap()) / figures.whole.as_secs_f64();
    let [taken, synced] = [&mut figures.taken, &mut figures.synced].map(|list| {
        list.sort_unstable();
        let at = |percent: usize| list.get(list.len() * percent / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
        format!("{:.1} / {:.1}", at(50), at(99))
    });
    println!("| {name} | {payments} | {rate:.0} | {taken} | {synced} | audited: balanced |");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!(
        "{WALLETS} wallets at {WALLETS} tills, {ROUNDS} payments each, all wallets at once; a payment is a code signed, taken"
    );
    println!("through the desk in this process, and its receipt checked by the wallet after a sync.\n");
    println!("| ledger | payments | payments/s | taken, ms (p50 / p99) | synced, ms (p50 / p99) | books |");
    println!("|---|---|---|---|---|---|");
    let folder = std::env::temp_dir().join(format!("jitsuin-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ledger.sqlite");
    let open = async { SqliteLedger::open_with(&file, Opening::Either, Clock::movable(NOW_MS)).await.unwrap() };
    run("SQLite", runtime.handle(), open, SqliteLedger::clock);
    std::fs::remove_dir_all(&folder).unwrap();
    #[cfg(unix)]
    match server::Server::start() {
        Ok(server) => {
            let url = server.database("load");
            let open =
                async { PostgresLedger::open_with(&url, Opening::Either, Clock::movable(NOW_MS)).await.unwrap() };
            run("PostgreSQL", runtime.handle(), open, PostgresLedger::clock);
        }
        Err(why) => println!("\nPostgreSQL: skipped, {why}"),
    }
}
