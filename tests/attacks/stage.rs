//! The place of an attack: an issuer over SQLite, its people and shops, and the books that say what was lost.

pub use super::world::data;
use super::world::{Caller, ISSUER, START_MS, Till, Timed, World, yen};
use jitsuin::issuer::Settings;
use jitsuin::issuer::books::{Book, Entry};
use jitsuin::issuer::demo::{Person, Plan};
use jitsuin::issuer::funding::CardKind;
use jitsuin::issuer::ledger::{Clock, Ledger, Opening, SqliteLedger};
use jitsuin::wallet::Wallet;
use jitsuin::wallet::memory::{FnTransport, Place};
use jitsuin::wallet::ports::Response;
use jitsuin::wire::calls::{Outcome, PrepareTopUp};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::token::{Limit, Token};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// More than any limit leaves: what is lost is what the limits let go, not what there was.
pub const WEALTH: u32 = 900_000;

pub type Shop = Till<SqliteLedger>;
pub type Thief = Caller<SqliteLedger>;

/// A folder that goes with its stage.
pub struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("jitsuin-attack-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An issuer and everybody around it.
pub struct Stage {
    pub world: World<SqliteLedger>,
    folder: Folder,
    agreed: Cell<u64>,
}

/// Somebody who had an account before the wallet came, with a stored card, as the people of 2019 had.
pub fn person(login: &str, opened_with_wallet: bool) -> Person {
    Person {
        login: login.into(),
        password: format!("{login}-password"),
        label: login.parse().unwrap(),
        contact: format!("{login}@example.test"),
        opened_with_wallet,
        balance: Amount::of(WEALTH),
        cards: vec![CardKind::Normal; 2],
    }
}

impl Stage {
    /// `hanako`, whose account was opened with the wallet, `taro`, whose account existed before, and two shops.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// And more people.
    pub async fn with(more: &[Person]) -> Self {
        Self::under(more, |_| {}).await
    }

    /// Under other settings.
    pub async fn under(more: &[Person], change: impl FnOnce(&mut Settings)) -> Self {
        let folder = Folder::new();
        let mut plan = Plan { people: vec![person("hanako", true), person("taro", false)], ..Plan::default() };
        plan.people.extend_from_slice(more);
        let world = open(&folder.0.join("issuer.sqlite"), START_MS, plan, change).await;
        Self { world, folder, agreed: Cell::new(0) }
    }

    /// The ledger's file.
    pub fn file(&self) -> PathBuf {
        self.folder.0.join("issuer.sqlite")
    }

    /// A second issuer over a copy of the ledger as it is now, with the same keys.
    pub async fn forked(&self) -> World<SqliteLedger> {
        let copy = self.folder.0.join("copy.sqlite");
        let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(self.file()));
        let pool = pool.await.unwrap();
        sqlx::query("VACUUM INTO ?").bind(copy.to_str().unwrap()).execute(&pool).await.unwrap();
        pool.close().await;
        // SQLite asks the umask alone.
        #[cfg(unix)]
        std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let plan = Plan { people: Vec::new(), shops: Vec::new() };
        open(&copy, u64::from(self.world.now()) * 1000, plan, |_| {}).await
    }

    /// An enrolled owner with a proved card.
    pub async fn owner(&self) -> (Place, Wallet<Place>) {
        self.world.hanako().await
    }

    /// Somebody's wallet in a fresh profile of another phone.
    pub async fn stranger(&self) -> (Place, Wallet<Place>) {
        let place = self.world.place();
        let wallet = self.world.wallet(&place).await;
        (place, wallet)
    }

    /// Somebody with a wallet of his own, and the owner's profile as he copied it, with its key.
    pub async fn copier(&self, owners: &Place) -> (Place, Place, Thief) {
        let (his_place, his) = self.stranger().await;
        self.world.enrol(&his, "taro").await.unwrap();
        let copied = owners.copied();
        let key = Thief::thief_of(&self.world, &copied).await;
        (his_place, copied, key)
    }

    pub async fn shops(&self) -> (Shop, Shop) {
        (self.world.till("1001").await, self.world.till("2002").await)
    }

    /// A profile on whose road to the issuer somebody sits: sees each path and answer, and may change the answer.
    pub fn place_behind(&self, lie: impl Fn(&str, Response) -> Response + 'static) -> Place {
        let (world, lie) = (self.world.clone(), std::rc::Rc::new(lie));
        let transport = FnTransport::new(move |request| {
            let (world, lie) = (world.clone(), std::rc::Rc::clone(&lie));
            async move {
                let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
                let reply = world.answer(request.method, &path, request.body, request.proof).await;
                let response = Response {
                    status: reply.status,
                    body: reply.body,
                    nonce: reply.nonce,
                    retry_after: reply.retry_after,
                };
                Ok(lie(&path, response))
            }
        });
        self.world.place_over(ISSUER, transport)
    }

    /// Notes what an owner agreed to pay.
    pub fn agreed(&self, amount: u32) {
        self.agreed.set(self.agreed.get() + u64::from(amount));
    }

    async fn sum(&self, book: Book) -> u64 {
        let entries: Vec<Entry> = self.world.issuer.ledger().entries().await.unwrap();
        entries.iter().filter(|entry| entry.book == book).map(|entry| entry.amount).sum::<i64>().unsigned_abs()
    }

    /// Yen that went to merchants without an owner's will, from the books, which must hold.
    pub async fn lost(&self) -> u64 {
        self.world.audit().await;
        self.sum(Book::Merchants).await - self.agreed.get()
    }

    /// Yen that stored cards were charged.
    pub async fn charged(&self) -> u64 {
        self.world.audit().await;
        self.sum(Book::Cards).await
    }

    /// The newest reason in a wallet's receipts after a sync.
    pub async fn reason(&self, wallet: &Wallet<Place>) -> String {
        wallet.sync().await.unwrap();
        wallet.receipts(None, 5).into_iter().find_map(|receipt| receipt.reason.clone()).unwrap()
    }
}

async fn open(file: &Path, now_ms: u64, plan: Plan, change: impl FnOnce(&mut Settings)) -> World<SqliteLedger> {
    let ledger = SqliteLedger::open_with(file, Opening::Either, Clock::movable(now_ms)).await.unwrap();
    World::over(ledger, plan, change).await
}

/// A token of any key under a profile's allowance, with whatever claims; the counter is the profile's next one.
pub fn forge<L: Timed>(place: &Place, key: &Caller<L>, now: u32, change: impl FnOnce(&mut Token)) -> String {
    let data = data(place);
    let terms = data.allowance.unwrap();
    let mut token =
        Token { limit: Limit::Allowance, issued_at: now, expires_at: now + 60, atc: data.atc + 1, random: [7; 4] };
    change(&mut token);
    let unsigned = token.prepare(terms.handle, &terms.veil).unwrap();
    Token::text(&unsigned, &key.sign(unsigned.message()))
}

/// The word a till hears.
pub fn heard(outcome: Outcome) -> String {
    serde_json::to_value(outcome).unwrap().as_str().unwrap().into()
}

/// The call of a top-up from a card.
pub fn top_up(amount: u32, source: &str, place: Option<&Place>) -> PrepareTopUp {
    let head = place.map_or(jitsuin::wire::id::Hash::ZERO, |place| data(place).link.hash);
    PrepareTopUp { amount: yen(amount), currency: Currency::JPY, source: source.parse().unwrap(), head }
}
