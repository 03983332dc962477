#![allow(clippy::unwrap_used)]
mod clock_back;
mod costs;
mod delivery;
mod enrol;
mod freeze;
mod guesses;
mod junk;
mod limits;
mod news;
mod nonces;
mod replace;
mod reports;
mod rotation;
mod state;
mod step_up;
mod steps;
mod strangers;
mod tiers;
mod tills;
mod two_servers;
mod urgent;
mod ways_back;

use super::*;
use crate::issuer::books::{self, Book};
use crate::issuer::ledger::{Kind, Needs, Records};
use crate::issuer::testing::client::{Client, World, code, newest_code, text, world, world_with};
use crate::issuer::testing::passkey::Passkey;
use crate::issuer::testing::{now, public, sign};
use crate::wire::calls::*;
use crate::wire::co_signature::CoSignature;
use crate::wire::enrolment::{self, Custody, Enrolment};
use crate::wire::freeze::Freeze;
use crate::wire::id::{Bytes, Hash, Nonce};
use crate::wire::intent::Intent;
use crate::wire::money::{Amount, Currency};
use crate::wire::receipt::{Body, Receipt};
use crate::wire::state::{DeviceState, DeviceStatus};
use crate::wire::token::{Limit, Token};
use crate::wire::{receipt, sign1};

const DEVICE: u8 = 41;
const CHANNEL: u8 = 42;
const PASSKEY: u8 = 43;
const TILL: u8 = 44;

fn log_in(issuer: &World, client: &Client, login: &str, password: &str) -> Result<Ticket, Code> {
    let call = LogIn { login: login.into(), password: password.into(), language: "en".into() };
    let LogInStarted { attempt } = client.call(issuer, &call)?;
    let code = newest_code(issuer, &format!("{login}@example.test")).unwrap_or_else(|| "00000000".into());
    client.call(issuer, &EnterCode { attempt, code })
}

/// What is sent to confirm an enrolment, with a change to its statement.
fn confirmation(
    prepared: &EnrolmentPrepared,
    device: &Client,
    passkey: &Passkey,
    change: impl Fn(&mut Enrolment),
) -> ConfirmEnrolment {
    let (issuer, rp_id) = ("https://issuer.example".parse().unwrap(), "wallet.example".parse().unwrap());
    let (thumb, channel) = (device.key().thumbprint(), public(CHANNEL).thumbprint());
    let challenge = enrolment::creation_challenge(&issuer, &rp_id, &prepared.account, thumb, channel, prepared.nonce);
    let mut statement = Enrolment {
        issuer,
        rp_id,
        account: prepared.account.clone(),
        device_key: device.key(),
        channel_key: public(CHANNEL),
        credential: passkey.credential().id,
        credential_key_hash: passkey.credential().key_hash(),
        backup_eligible: false,
        backed_up: false,
        custody: Custody::Software,
        nonce: prepared.nonce,
        issued_at: 0,
    };
    change(&mut statement);
    let statement = device.state(&statement);
    let assertion = passkey.assert(&enrolment::confirmation_challenge(&statement));
    let registration = passkey.register(&challenge);
    ConfirmEnrolment { registration, statement: Bytes(statement), assertion, attestation: None }
}

/// What is sent to start an enrolment of a device that is called `phone`.
fn preparation(ticket: String, channel: u8) -> PrepareEnrolment {
    PrepareEnrolment { ticket, channel_key: public(channel), label: "phone".into() }
}

fn prepare(issuer: &World, login: &str) -> (Client, EnrolmentPrepared) {
    let mut device = Client::new(DEVICE);
    let Ticket { ticket } = log_in(issuer, &device, login, &format!("{login}-password")).unwrap();
    let prepared = device.call(issuer, &preparation(ticket, CHANNEL)).unwrap();
    device.account = Some(prepared.account.clone());
    (device, prepared)
}

/// What nothing may be called: blank, invisible, turning the text around it, of two lines, too long.
const BAD_LABELS: [&str; 6] = [" ", "\u{3164}", "evil\u{202e}label", "two\nlines", "soft\u{ad}hyphen", LONG_LABEL];
const LONG_LABEL: &str = "0123456789012345678901234567890123456789012345678901234567890";

/// What an account's devices are called.
fn labels(issuer: &World, account: &crate::wire::id::AccountId) -> Vec<String> {
    let devices = |records: &mut Records| {
        records.accounts.get(account).unwrap().devices.iter().map(|device| device.label.to_string()).collect()
    };
    now(issuer.ledger().transact(Needs::new().and(Kind::Accounts, account), devices)).unwrap()
}

/// An enrolled device: its device key and its channel key.
fn enrolled(issuer: &World, login: &str) -> (Client, Client) {
    let (device, prepared) = prepare(issuer, login);
    device.call(issuer, &confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {})).unwrap();
    let mut channel = Client::new(CHANNEL);
    channel.account.clone_from(&device.account);
    (device, channel)
}

fn sync(issuer: &World, channel: &Client) -> Synced {
    let call = Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(DEVICE).thumbprint() };
    channel.call(issuer, &call).unwrap()
}

/// What a sync's answer signs of device and account.
fn state_of(issuer: &World, synced: &Synced) -> DeviceState {
    let keys = issuer.keys();
    let set = keys.set();
    let set = set.open(&set.root, &issuer.settings().issuer).unwrap();
    let at = u32::try_from(issuer.ledger().now_ms() / 1000).unwrap();
    *set.open::<DeviceState>(&synced.state.0, crate::wire::key_set::Use::Receipt, at).unwrap().into_inner()
}

fn standing(issuer: &World, channel: &Client) -> DeviceState {
    state_of(issuer, &sync(issuer, channel))
}

fn till(issuer: &World, byte: u8, number: &str) -> Client {
    let till = Client::new(byte);
    let code = now(issuer.send_till_code(&number.parse().unwrap())).unwrap();
    till.call(issuer, &EnrolTill { code }).unwrap();
    till
}

fn token(issuer: &World, account: &crate::wire::id::AccountId, atc: u32) -> String {
    token_of(issuer, account, (0, DEVICE), atc)
}

/// A token of the device at a place in the account, signed by the key of a byte.
fn token_of(issuer: &World, account: &crate::wire::id::AccountId, (place, byte): (usize, u8), atc: u32) -> String {
    let needs = Needs::new().and(Kind::Accounts, account);
    let used = now(issuer.ledger().transact(needs, |records| {
        records.accounts.get(account).unwrap().devices[place].handles.last().unwrap().clone()
    }))
    .unwrap();
    let issued_at = u32::try_from(issuer.ledger().now_ms() / 1000).unwrap();
    let token = Token { limit: Limit::Allowance, expires_at: issued_at + 60, issued_at, atc, random: [1; 4] };
    let unsigned = token.prepare(used.handle, &used.veil).unwrap();
    Token::text(&unsigned, &sign(byte, &unsigned))
}

fn prove_card(issuer: &World, device: &Client, source: &str) {
    let started = device.call(issuer, &ProveCard { source: source.parse().unwrap() }).unwrap();
    let code = newest_code(issuer, "hanako@example.test").unwrap();
    assert_eq!(now(issuer.finish_card_proof(&started.proof, "000000x")).unwrap_err().code, Code::CodeRefused);
    now(issuer.finish_card_proof(&started.proof, &code)).unwrap();
}

fn prepare_top_up(issuer: &World, device: &Client, amount: u32, source: &str) -> Result<Intent, Code> {
    let call = PrepareTopUp {
        amount: Amount::of(amount),
        currency: Currency::JPY,
        source: source.parse().unwrap(),
        head: Hash::ZERO,
    };
    device.call(issuer, &call).map(|prepared| Intent::from_bytes(&prepared.intent.0).unwrap())
}

fn agree(device: &Client, intent: &Intent, passkey: &Passkey) -> ConfirmIntent {
    let assertion = passkey.assert(&intent.challenge());
    let response = &assertion.response;
    let co_signature = CoSignature::over(
        &intent.to_bytes(),
        &response.authenticator_data.0,
        &response.client_data.0,
        &response.signature.0,
        &assertion.raw_id,
    );
    let co_signature = Some(Bytes(device.state(&co_signature)));
    ConfirmIntent { intent: Bytes(intent.to_bytes()), assertion, co_signature }
}

fn top_up(issuer: &World, device: &Client, amount: u32, source: &str) -> Result<IntentConfirmed, Code> {
    let intent = prepare_top_up(issuer, device, amount, source)?;
    device.call(issuer, &agree(device, &intent, &Passkey::new(PASSKEY)))
}

fn balance(issuer: &World, channel: &Client) -> u64 {
    let synced = sync(issuer, channel);
    let keys = issuer.keys();
    let set = keys.set();
    let set = set.open(&set.root, &issuer.settings().issuer).unwrap();
    let at = u32::try_from(issuer.ledger().now_ms() / 1000).unwrap();
    let head = set.open::<crate::wire::head::Head>(&synced.head.0, crate::wire::key_set::Use::Receipt, at).unwrap();
    now(issuer.audit()).unwrap();
    head.balance.minor_units()
}

fn kinds(issuer: &World, channel: &Client) -> Vec<(receipt::Kind, Option<String>)> {
    let keys = issuer.keys();
    let set = keys.set();
    let set = set.open(&set.root, &issuer.settings().issuer).unwrap();
    let key = set.keys.iter().find(|key| key.usage == crate::wire::key_set::Use::Receipt).unwrap().key;
    let read = |item: &ReceiptItem| {
        let receipt = sign1::open::<Receipt>(&item.receipt.0, &key).unwrap();
        (receipt.kind, Body::from_bytes(&item.body.0).unwrap().reason.map(|reason| reason.to_string()))
    };
    sync(issuer, channel).receipts.iter().map(read).collect()
}

#[test]
fn the_main_job() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let shop = till(&issuer, TILL, "t/1001");
    let other = till(&issuer, TILL + 1, "t/2002");
    let account = device.account.clone().unwrap();
    let pay = |till: &Client, token: &str, amount: u32, key: &str| {
        let call =
            TakePayment { token: token.into(), amount: Amount::of(amount), currency: Currency::JPY, key: key.into() };
        till.call(&issuer, &call)
    };
    let text = token(&issuer, &account, 1);
    let paid = pay(&shop, &text, 540, "idempotency-key-1").unwrap();
    assert_eq!(paid.outcome, Outcome::Approved);
    assert_eq!(pay(&shop, &text, 540, "idempotency-key-1").unwrap(), paid);
    let again = pay(&shop, &text, 540, "idempotency-key-2").unwrap();
    assert_eq!((again.outcome, again.used_here.map(|used| used.payment)), (Outcome::TokenUsed, paid.payment.clone()));
    assert_eq!(pay(&shop, &text, 541, "idempotency-key-1"), Err(Code::IdempotencyMismatch));
    assert_eq!(pay(&other, &text, 540, "idempotency-key-3").unwrap().outcome, Outcome::TokenUsed);
    assert_eq!(pay(&other, "JT1NOTATOKEN", 540, "idempotency-key-4").unwrap().outcome, Outcome::TryAgain);
    assert_eq!(pay(&device, &text, 540, "idempotency-key-5"), Err(Code::NotEnrolled));
    assert_eq!(pay(&shop, &text, 0, "idempotency-key-6"), Err(Code::BadAmount));
    assert_eq!(balance(&issuer, &channel), 1460);

    prove_card(&issuer, &device, "card-1");
    let confirmed = top_up(&issuer, &device, 5000, "card-1").unwrap();
    assert!(matches!(confirmed, IntentConfirmed::Done { .. }));
    assert_eq!(balance(&issuer, &channel), 6460);

    let look_up = LookUpPayment { key: "idempotency-key-1".into() };
    assert_eq!(shop.call(&issuer, &look_up).unwrap(), paid);
    assert_eq!(other.call(&issuer, &look_up), Err(Code::NotFound));
    let reverse = ReversePayment { payment: paid.payment.unwrap(), key: "idempotency-key-7".into() };
    assert_eq!(other.call(&issuer, &reverse), Err(Code::NotFound));
    assert_eq!(shop.call(&issuer, &reverse).unwrap().outcome, Outcome::Reversed);
    assert_eq!(shop.call(&issuer, &look_up).unwrap().outcome, Outcome::Reversed);
    assert_eq!(balance(&issuer, &channel), 7000);
    use receipt::Kind::*;
    let kinds: Vec<_> = kinds(&issuer, &channel).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [Opening, DeviceAdded, Payment, Held, CardProved, TopUp, Refund]);
}

#[test]
fn a_freeze_needs_one_own_key_and_stops_everything_that_gives() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let intent = prepare_top_up(&issuer, &device, 5000, "card-1").unwrap();
    let at = u32::try_from(issuer.ledger().now_ms() / 1000).unwrap();
    let order = |issued_at| Freeze {
        issuer: "https://issuer.example".parse().unwrap(),
        account: device.account.clone().unwrap(),
        thumb: public(DEVICE).thumbprint(),
        nonce: Nonce([6; 16]),
        issued_at,
    };
    // Signed by another key than the proof's, and too old.
    let call = FreezeAccount { statement: Bytes(device.state(&order(at))) };
    assert_eq!(channel.call(&issuer, &call).err(), Some(Code::WrongKey));
    let old = FreezeAccount { statement: Bytes(channel.state(&order(at - 301))) };
    assert_eq!(channel.call(&issuer, &old).err(), Some(Code::IntentExpired));
    let call = FreezeAccount { statement: Bytes(channel.state(&order(at))) };
    assert_eq!(channel.call(&issuer, &call).unwrap().at, at);
    issuer.ledger().clock().advance(60_000);
    assert_eq!(channel.call(&issuer, &call).unwrap().at, at);

    let confirm = agree(&device, &intent, &Passkey::new(PASSKEY));
    assert_eq!(device.call(&issuer, &confirm).err(), Some(Code::Frozen));
    assert_eq!(prepare_top_up(&issuer, &device, 5000, "card-1").err(), Some(Code::Frozen));
    let shop = till(&issuer, TILL, "t/1001");
    let token = token(&issuer, device.account.as_ref().unwrap(), 1);
    let call = TakePayment { token, amount: Amount::of(100), currency: Currency::JPY, key: "k".repeat(16) };
    assert_eq!(shop.call(&issuer, &call).unwrap().outcome, Outcome::Declined);
    let synced = standing(&issuer, &channel);
    assert_eq!((synced.status, synced.devices[0].status), (DeviceStatus::Frozen, DeviceStatus::Frozen));
    assert_eq!(kinds(&issuer, &channel).pop().unwrap(), (receipt::Kind::Declined, Some("frozen".into())));
}

#[test]
fn a_proof_counts_once_for_its_own_call_and_names_its_account() {
    let issuer = world();
    let (mut device, channel) = enrolled(&issuer, "hanako");
    device.send(&issuer, Refill::PATH, &text(&Refill {}));
    let request = device.request(Refill::PATH, text(&Refill {}));
    let answer = |request: &Request| code(&now(issuer.answer(request)));
    assert_eq!(answer(&request), Some(Code::OverLimit));
    assert_eq!(answer(&request), Some(Code::ProofReplayed));
    let mut other_body = device.request(Refill::PATH, text(&Refill {}));
    other_body.body = b"{ }".to_vec();
    assert_eq!(answer(&other_body), Some(Code::ProofRefused));
    let mut bare = device.request(Refill::PATH, text(&Refill {}));
    bare.proof = None;
    assert_eq!(answer(&bare), Some(Code::ProofRefused));
    let mut elsewhere = device.request(ProveCard::PATH, text(&Refill {}));
    elsewhere.path = Refill::PATH.into();
    assert_eq!(answer(&elsewhere), Some(Code::ProofRefused));
    let stale = device.request(Refill::PATH, text(&Refill {}));
    issuer.ledger().clock().advance(300_000);
    let reply = now(issuer.answer(&stale));
    assert_eq!(code(&reply), Some(Code::UseDpopNonce));
    assert!(reply.nonce.is_some());
    device.account = None;
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::ProofRefused));
    device.account = Some("acc-other".parse().unwrap());
    assert_eq!(device.call(&issuer, &Refill {}).err(), Some(Code::ProofRefused));
    let other_device = Sync { nonce: Nonce([1; 16]), after: 0, shown: 0, thumb: public(CHANNEL).thumbprint() };
    assert_eq!(channel.call(&issuer, &other_device).err(), Some(Code::WrongKey));
    assert_eq!(device.call(&issuer, &WhichTill {}).err(), Some(Code::NotEnrolled));
}

#[test]
fn bodies_are_read_strictly_and_extension_results_are_named() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let answer = |path: &str, body: &[u8]| code(&device.send(&issuer, path, body));
    assert_eq!(answer(Refill::PATH, b"{\"more\":1}"), Some(Code::Malformed));
    assert_eq!(answer(Refill::PATH, b""), Some(Code::Malformed));
    // A call that changes something says which call it is.
    assert_eq!(answer(Refill::PATH, b"{}"), Some(Code::Malformed));
    assert_eq!(answer(Refill::PATH, &vec![b' '; MAX_BODY + 1]), Some(Code::TooLarge));
    let intent = Intent {
        issuer: issuer.settings().issuer.clone(),
        account: device.account.clone().unwrap(),
        thumb: device.key().thumbprint(),
        credential: Bytes(vec![1]).try_into().unwrap(),
        head: Hash::ZERO,
        nonce: Nonce([0; 16]),
        expires_at: 0,
        action: crate::wire::intent::Action::Codes,
    };
    let agreed = text(&agree(&device, &intent, &Passkey::new(PASSKEY)));
    let mut call: serde_json::Value = serde_json::from_slice(&agreed).unwrap();
    let body = serde_json::to_vec(&call).unwrap();
    assert_eq!(answer(ConfirmIntent::PATH, &body), Some(Code::IntentExpired));
    call["assertion"]["clientExtensionResults"] = serde_json::json!({ "prf": { "results": { "first": "AAAA" } } });
    let body = serde_json::to_vec(&call).unwrap();
    assert_eq!(answer(ConfirmIntent::PATH, &body), Some(Code::PrfLeaked));
    // Before anything else: whoever sends it, with whatever proof, to whatever path, under whatever name it is spelled.
    let unproved = Request { proof: None, ..device.request(ConfirmIntent::PATH, body.clone()) };
    assert_eq!(code(&now(issuer.answer(&unproved))), Some(Code::PrfLeaked));
    let nowhere = Request { path: "/v1/nowhere".into(), ..unproved };
    assert_eq!(code(&now(issuer.answer(&nowhere))), Some(Code::PrfLeaked));
    for leak in [
        r#"{"registration":{"clientExtensionResults":{"prf":{"enabled":true,"results":{"first":"AAAA"}}}}}"#,
        r#"{"after":1,"prf":{"results":{"first":"AAAA","second":"BBBB"}}}"#,
        r#"{"list":[[{"client\u0045xtensionResults":{"\u0070rf":{"results":{}}}}]]}"#,
    ] {
        for path in [ConfirmEnrolment::PATH, FollowNews::PATH, TakePayment::PATH] {
            let reply = now(issuer.answer(&device.request(path, leak.into())));
            assert_eq!(code(&reply), Some(Code::PrfLeaked), "{path} {leak}");
            assert!(!String::from_utf8(reply.body).unwrap().contains("AAAA"));
        }
    }
}

#[test]
fn only_the_listed_calls_are_there() {
    let issuer = world();
    let ask = |method: &str, path: &str| {
        let request =
            Request { method: method.into(), path: path.into(), body: vec![], proof: None, source: String::new() };
        now(issuer.answer(&request))
    };
    assert_eq!(ask("GET", WELL_KNOWN).status, 200);
    assert_eq!(ask("POST", WELL_KNOWN).status, 404);
    assert_eq!(ask("GET", LogIn::PATH).status, 404);
    assert_eq!(ask("POST", "/v1/nothing").status, 404);
    let known: WellKnown = serde_json::from_slice(&ask("GET", WELL_KNOWN).body).unwrap();
    assert!(known.key_set.open(&known.key_set.root, &known.issuer).is_ok());
}

#[test]
fn till_codes_work_once() {
    let issuer = world();
    let code = now(issuer.send_till_code(&"t/1001".parse().unwrap())).unwrap();
    let shop = Client::new(TILL);
    let enrolled = shop.call(&issuer, &EnrolTill { code: code.clone() }).unwrap();
    assert_eq!(shop.call(&issuer, &WhichTill {}).unwrap(), enrolled);
    assert_eq!(Client::new(60).call(&issuer, &EnrolTill { code }).err(), Some(Code::CodeRefused));
    assert_eq!(Client::new(60).call(&issuer, &WhichTill {}).err(), Some(Code::NotEnrolled));
    assert!(now(issuer.send_till_code(&"t/9".parse().unwrap())).is_err());
}
