//! A pretend world for tests: the issuer's real rules over a ledger in memory, and wallets over ports in memory. The only
//! file, with those below it, that sees both sides. **Nothing here keeps a secret.**

mod entropy;
mod policy;
mod profiles;
mod till;

pub use till::RawTill;

use super::convert::{from_js, parse, to_js};
use super::error::thrown;
use super::home::Home;
use super::wallet::{Listener, RawWallet, read_options};
use crate::browser::{Fetch, Fetching};
use crate::code::Code;
use crate::issuer::attestation::RootSigned;
use crate::issuer::demo::{self, Person, Plan, Shop};
use crate::issuer::desk::Request;
use crate::issuer::funding::{CardKind, DemoProcessor};
use crate::issuer::ledger::{Clock as LedgerClock, Kind, Ledger as _, MemoryLedger, Needs};
use crate::issuer::{Issuer, PasswordCost, Refused, Settings};
use crate::wallet::memory::{Mode, SoftKey};
use crate::wallet::ports::Clock as _;
use crate::wallet::{Error, Wallet};
use crate::wire::calls::Problem;
use crate::wire::id::{AccountId, IssuerId};
use crate::wire::json::{ToJson, Writer, json_object};
use crate::wire::key::PublicKey;
use crate::wire::money::{Amount, Money};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::{Cell, RefCell};
use core::time::Duration;
use entropy::WorldEntropy;
use js_sys::Function;
use policy::Limits;
use profiles::{Profiles, tamper_of};
use serde::Deserialize;
use till::Caller;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// What `create` takes. `now` is milliseconds since 1970.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    issuer: IssuerId,
    origin: String,
    now: f64,
    #[serde(default)]
    seed: Option<u32>,
    #[serde(default)]
    policy: Option<Limits>,
    /// Whose word for a device key is believed.
    #[serde(default)]
    attested_by: Option<PublicKey>,
}

/// What `add_account` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    login: String,
    password: String,
    label: String,
    contact: String,
    balance: Amount,
    cards: Vec<String>,
    opened_with_wallet: bool,
}

/// What `open_till` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTill {
    name: String,
    #[serde(default)]
    place: Option<String>,
    #[serde(default)]
    place_id: Option<String>,
    merchant: String,
}

/// One answer of the desk.
struct Answer<'a> {
    status: u16,
    content_type: &'a str,
    body: String,
    nonce: Option<String>,
    retry_after: Option<u32>,
}

impl ToJson for Answer<'_> {
    fn write(&self, to: &mut Writer) {
        let Self { status, content_type, body, nonce, retry_after } = self;
        to.object("status contentType body nonce retryAfter", &[status, content_type, body, nonce, retry_after]);
    }
}

/// One message to a person.
struct Mail {
    to: String,
    at: u64,
    subject: String,
    text: String,
    code: Option<String>,
}
json_object! { written Mail { to, at, subject, text, code } }

/// One pretend world.
#[wasm_bindgen]
pub struct RawWorld {
    issuer: Rc<Issuer<MemoryLedger, DemoProcessor>>,
    profiles: Profiles,
    tills: Cell<u32>,
}

impl core::fmt::Debug for RawWorld {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RawWorld")
    }
}

fn to_error(refused: Refused) -> JsValue {
    thrown(&refused.code.into())
}

fn code(code: Code) -> JsValue {
    thrown(&code.into())
}

/// Milliseconds from JavaScript; a float cast saturates.
const fn milliseconds(ms: f64) -> u64 {
    ms as u64
}

fn text(bytes: Vec<u8>) -> Result<String, JsValue> {
    String::from_utf8(bytes).map_err(|_| code(Code::Malformed))
}

fn card(name: &str) -> Result<CardKind, JsValue> {
    let named = |kind: &CardKind| kind.card().strip_prefix("demo:") == Some(name);
    CardKind::ALL.into_iter().find(named).ok_or_else(|| code(Code::BadArgument))
}

#[wasm_bindgen]
impl RawWorld {
    /// A world without people.
    ///
    /// # Errors
    /// `bad-argument`, which names the option; `no-entropy`.
    pub async fn create(options: JsValue) -> Result<Self, JsValue> {
        let Options { issuer, origin, now, seed, policy, attested_by } = from_js(options)?;
        let (now, seed) = (milliseconds(now), seed.map(u64::from));
        let mut settings =
            Settings::new(issuer.as_str(), &[&origin]).map_err(|_| thrown(&Error::bad_argument("origin")))?;
        settings.password_cost = PasswordCost::least();
        policy.unwrap_or_default().apply(&mut settings.policy);
        if let Some(root) = attested_by {
            settings.attestation = Arc::new(RootSigned(root));
        }
        let ledger = MemoryLedger::new(LedgerClock::movable(now));
        let entropy = Arc::new(WorldEntropy::new(seed));
        let opened = Issuer::open_with(ledger, DemoProcessor::new(), settings, entropy).await;
        Ok(Self {
            issuer: Rc::new(opened.map_err(to_error)?),
            profiles: Profiles::new(origin, now, seed),
            tills: Cell::default(),
        })
    }

    /// One call at the desk: `{ status, contentType, body, nonce, retryAfter }`.
    ///
    /// # Errors
    /// None in practice: the desk answers in UTF-8.
    pub async fn answer(
        &self,
        method: String,
        path: String,
        body: Vec<u8>,
        proof: Option<String>,
        source: String,
    ) -> Result<JsValue, JsValue> {
        let reply = self.issuer.answer(&Request { method, path, body, proof, source }).await;
        to_js(&Answer {
            status: reply.status,
            content_type: reply.content_type,
            body: text(reply.body)?,
            nonce: reply.nonce,
            retry_after: reply.retry_after,
        })
    }

    /// The refusal with this code, as the desk writes it: `{ status, body }`.
    ///
    /// # Errors
    /// `bad-argument` for a name that is no code.
    pub fn problem(&self, name: &str) -> Result<JsValue, JsValue> {
        let problem = Problem::new(Code::from_name(name).ok_or_else(|| code(Code::BadArgument))?);
        let body = serde_json::to_string(&problem).map_err(|_| code(Code::Malformed))?;
        let status = problem.status;
        to_js(&Answer { status, content_type: crate::wire::calls::PROBLEM_TYPE, body, nonce: None, retry_after: None })
    }

    // ---- people ------------------------------------------------------------------------------------------------------

    /// Opens an account; answers its id.
    ///
    /// # Errors
    /// `bad-label`; `bad-argument`, also for a login that is there; `login-taken` for one that is compared like it.
    pub async fn add_account(&self, account: JsValue) -> Result<String, JsValue> {
        let account: NewAccount = from_js(account)?;
        let cards = account.cards.iter().map(|name| card(name)).collect::<Result<_, _>>()?;
        let NewAccount { login, password, label, contact, balance, opened_with_wallet, .. } = account;
        let label = parse(&label, Code::BadLabel)?;
        let person = Person { login, password, label, contact, opened_with_wallet, balance, cards };
        let seeded = demo::seed(&self.issuer, &Plan { people: vec![person], shops: vec![] }).await.map_err(to_error)?;
        let (_, id) = seeded.accounts.into_iter().next().ok_or_else(|| code(Code::BadArgument))?;
        Ok(id.as_str().into())
    }

    /// An account's balance in the ledger: `{ amount, currency }`.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn balance(&self, account: String) -> Result<JsValue, JsValue> {
        let id: AccountId = parse(&account, Code::NotFound)?;
        let needs = Needs::new().and(Kind::Accounts, &id);
        let read = |records: &mut crate::issuer::ledger::Records| {
            records.accounts.get(&id).map(|held| Money { amount: held.balance, currency: held.currency })
        };
        let found = self.issuer.ledger().transact(needs, read).await.map_err(|error| to_error(error.into()))?;
        to_js(&found.ok_or_else(|| code(Code::NotFound))?)
    }

    /// Every message to anybody, in order.
    ///
    /// # Errors
    /// None in practice: memory is there.
    pub async fn inbox(&self) -> Result<JsValue, JsValue> {
        let messages = self.issuer.inbox(0).await.map_err(to_error)?;
        let mail = |message: crate::issuer::messages::Message| Mail {
            to: message.to,
            at: u64::from(message.at).saturating_mul(1000),
            subject: message.subject,
            text: message.text,
            code: message.code,
        };
        to_js(&messages.into_iter().map(|(_, message)| mail(message)).collect::<Vec<_>>())
    }

    /// The card company's part of a card's proof.
    ///
    /// # Errors
    /// `code-refused`.
    pub async fn finish_card_proof(&self, proof: String, code: String) -> Result<(), JsValue> {
        self.issuer.finish_card_proof(&proof, &code).await.map_err(to_error)
    }

    /// Opens a till and registers a key for it; its calls go through `fetch`.
    ///
    /// # Errors
    /// `bad-label`, `bad-argument`; `offline` without an answer.
    pub async fn open_till(&self, till: JsValue, fetch: Fetching) -> Result<RawTill, JsValue> {
        let NewTill { name, place, place_id, merchant } = from_js(till)?;
        let name = parse(&name, Code::BadLabel)?;
        let place = place.map(|place| parse(&place, Code::BadLabel)).transpose()?;
        let place_id = place_id.map(|id| parse(&id, Code::BadArgument)).transpose()?;
        let number = self.tills.get().saturating_add(1);
        self.tills.set(number);
        let till = parse(&format!("t/{number}"), Code::BadArgument)?;
        let shop =
            Shop { till, merchant: parse(&merchant, Code::BadArgument)?, name, place, place_id, merchant_since: 0 };
        let seeded = demo::seed(&self.issuer, &Plan { people: vec![], shops: vec![shop] }).await.map_err(to_error)?;
        let (_, one_time) = seeded.till_codes.into_iter().next().ok_or_else(|| code(Code::BadArgument))?;
        let (key, _) = SoftKey::make(self.profiles.entropy()).map_err(|_| code(Code::NoEntropy))?;
        let caller = Caller {
            issuer: self.issuer.settings().issuer.clone(),
            key,
            road: Rc::new(Fetch::new(Some(fetch))),
            clock: self.profiles.clock().clone(),
            entropy: self.profiles.entropy().clone(),
            nonce: RefCell::default(),
        };
        RawTill::enrol(caller, one_time).await
    }

    /// Asks the card processor about what it has not answered.
    ///
    /// # Errors
    /// None in practice: memory is there.
    pub async fn sweep(&self) -> Result<(), JsValue> {
        self.issuer.sweep().await.map(drop).map_err(to_error)
    }

    /// Checks the books: what is wrong with them, if anything is.
    pub async fn audit(&self) -> Option<String> {
        self.issuer.audit().await.err().map(|error| error.to_string())
    }

    // ---- time --------------------------------------------------------------------------------------------------------

    /// The issuer's clock, milliseconds since 1970.
    #[must_use]
    pub fn issuer_now(&self) -> f64 {
        self.issuer.ledger().now_ms() as f64
    }

    /// The wallets' clock, milliseconds since 1970.
    #[must_use]
    pub fn wallet_now(&self) -> f64 {
        self.profiles.clock().now_ms() as f64
    }

    /// Lets time pass: for everybody, or for the issuer alone.
    pub fn advance(&self, ms: f64, everybody: bool) {
        let ms = milliseconds(ms);
        self.issuer.ledger().clock().advance(ms);
        if everybody {
            self.profiles.advance(Duration::from_millis(ms));
        }
    }

    // ---- the owner's side --------------------------------------------------------------------------------------------

    /// Opens the wallet of a profile in memory; its calls go through `fetch`. `secret`, if given, is called whenever a key of
    /// custody `software` is sealed or opened, and gives 32 bytes or nothing.
    ///
    /// # Errors
    /// `bad-argument`; those of [`Wallet::open`].
    pub async fn open_wallet(
        &self,
        options: String,
        fetch: Fetching,
        on_change: Listener,
        secret: Option<Function>,
    ) -> Result<RawWallet, JsValue> {
        let (name, settings) = read_options(&options)?;
        let place = self.profiles.open(name, fetch, secret);
        let wallet = Wallet::open(place, settings).await?;
        Ok(RawWallet::of(Home::World(Box::new(wallet)), on_change))
    }

    /// What the person does at the next prompts: `approve`, `deny`, `uv-fail`, `hang`, `no-device`.
    ///
    /// # Errors
    /// `bad-argument`.
    pub fn prompt_answers(&self, how: &str) -> Result<(), JsValue> {
        self.profiles.set_mode(match how {
            "approve" => Mode::Approve,
            "deny" => Mode::Refuse,
            "uv-fail" => Mode::UvFail,
            "hang" => Mode::Hang,
            "no-device" => Mode::Ignore,
            _ => return Err(code(Code::BadArgument)),
        });
        Ok(())
    }

    /// What is wrong with the next answers; `nothing` ends it.
    ///
    /// # Errors
    /// `bad-argument`.
    pub fn prompt_tampers(&self, what: &str) -> Result<(), JsValue> {
        self.profiles.tamper(tamper_of(what).ok_or_else(|| code(Code::BadArgument))?);
        Ok(())
    }

    /// Removes every passkey.
    pub fn forget_passkeys(&self) {
        self.profiles.forget_passkeys();
    }

    /// The platform removes what every wallet has stored.
    pub fn evict(&self) {
        self.profiles.evict();
    }

    /// What every wallet has stored is overwritten with bytes that are no record.
    pub fn corrupt(&self) {
        self.profiles.corrupt();
    }

    /// The prompts so far: `create` or `get`.
    ///
    /// # Errors
    /// None in practice: they are texts.
    pub fn prompts(&self) -> Result<JsValue, JsValue> {
        to_js(&self.profiles.prompts())
    }
}
