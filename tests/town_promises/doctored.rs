//! True facts of a small world, and hands that change them: what no honest issuer, wallet or till would leave behind.

use super::facts::{Broken, ChargeFacts, DidKind, Facts, Loot, LootKind, Sale, WalletFacts};
use super::promises::broken;
use super::promises::reading::read_receipt;
use super::true_stories::Town;
use super::world::yen;
use jitsuin::issuer::account::{Account, State};
use jitsuin::issuer::books::{Book, Entry, Line, Movement};
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::rules::chain::Link;
use jitsuin::rules::policy::Policy;
use jitsuin::wallet::memory::{MemoryEntropy, SoftKey, run};
use jitsuin::wire::calls::{Outcome, ReceiptItem};
use jitsuin::wire::cbor::Writer;
use jitsuin::wire::id::{AccountId, Bytes, Handle, Hash, Veil};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::number::Whole;
use jitsuin::wire::receipt::{Body, Kind, Receipt};
use jitsuin::wire::sign1::encode;
use jitsuin::wire::token::{Limit, Token};

thread_local! {
    static STORY: Facts = run(tell());
}

/// Hanako registers a device, pays, has a payment given back, tops up, freezes, releases and pays again. Her till asks for too
/// much once, and once offers a code again. Then all is quiet.
pub fn story() -> Facts {
    STORY.with(Clone::clone)
}

async fn tell() -> Facts {
    let mut town = Town::new().await;
    town.pay(0, 540).await;
    let again = town.sales[0].code.clone();
    town.offer(&again, 0, 540, false).await;
    town.is_calm().await;
    town.pay(0, 300).await;
    town.back(2).await;
    town.is_calm().await;
    town.pay(0, 50_000).await;
    town.top_up(5_000, "card-1").await;
    town.is_calm().await;
    town.did(DidKind::Froze);
    town.wallet.freeze().await.unwrap();
    town.is_calm().await;
    town.did(DidKind::Released);
    town.world.release(&town.wallet).await;
    town.is_calm().await;
    town.pay(0, 700).await;
    town.is_calm().await;
    town.facts(true).await
}

/// A sale at hanako's till.
pub fn sale(key: &str, code: &str, amount: u32, told: Vec<(Outcome, Option<String>)>) -> Sale {
    Sale {
        step: 1,
        till: "t/1001".into(),
        merchant: "m/1001".into(),
        key: key.into(),
        code: code.into(),
        amount: amount.into(),
        owner: 0,
        meant: true,
        by_thief: false,
        told,
    }
}

/// A charge that was made for good.
pub fn charge(key: &str, amount: u64) -> ChargeFacts {
    ChargeFacts { key: key.into(), amount, charged: true, settled: true }
}

/// What is broken, by the policy that the world's issuer has.
pub fn broken_now(facts: &Facts) -> Vec<Broken> {
    broken(facts, &Policy::default())
}

/// True facts keep all promises; changed like this, exactly this one is broken.
pub fn breaks(promise: &str, change: impl FnOnce(&mut Facts)) {
    let mut facts = story();
    assert_eq!(broken_now(&facts), []);
    change(&mut facts);
    let seen = broken_now(&facts);
    assert_eq!(seen.iter().map(|broken| broken.promise).collect::<Vec<_>>(), [promise], "{seen:?}");
}

/// Changed like this, all promises are still kept.
pub fn keeps(change: impl FnOnce(&mut Facts)) {
    let mut facts = story();
    change(&mut facts);
    assert_eq!(broken_now(&facts), []);
}

/// Now, seconds since 1970.
pub fn now(facts: &Facts) -> u32 {
    u32::try_from(facts.now_ms / 1000).unwrap()
}

/// Hanako's account and receipts.
pub fn own(facts: &mut Facts) -> &mut (Account, Vec<StoredReceipt>) {
    facts.accounts.get_mut(facts.owners[0].account.as_str()).unwrap()
}

/// Hanako's wallet.
pub fn phone(facts: &mut Facts) -> &mut WalletFacts {
    &mut facts.owners[0].wallets[0]
}

/// A thief gets something now.
pub fn rob(facts: &mut Facts, what: LootKind) {
    let at_ms = facts.now_ms;
    let owner = &mut facts.owners[0];
    owner.robbed.push(Loot { what, at_ms });
    if what == LootKind::Profile {
        owner.copied.extend(owner.wallets.iter().filter_map(|wallet| Some(wallet.state.device.as_ref()?.id.clone())));
    }
}

/// Time passes, and something is under way.
pub fn later(facts: &mut Facts, seconds: u64) {
    facts.now_ms += seconds * 1000;
    facts.calm = false;
}

fn body(amount: Option<u32>) -> Body {
    Body {
        salt: [7; 16],
        amount: amount.map(yen),
        currency: Some(Currency::JPY),
        shop: None,
        place: None,
        source: None,
        device_label: None,
        undoes: None,
        reason: None,
    }
}

fn cose(receipt: &Receipt) -> Bytes {
    let mut to = Writer::new();
    to.tag(18);
    to.array(4);
    to.bytes(&[]);
    to.map(0);
    to.bytes(&encode(receipt));
    to.bytes(&[0; 64]);
    Bytes(to.into_bytes())
}

/// Writes one more receipt, with its details changed like this.
pub fn write(facts: &mut Facts, kind: Kind, amount: Option<u32>, change: impl FnOnce(&mut Receipt, &mut Body)) {
    let at = now(facts);
    facts.calm = false;
    let (account, stored) = own(facts);
    let before = read_receipt(&stored.last().unwrap().item).unwrap().receipt;
    let mut body = body(amount);
    let mut receipt = Receipt {
        seq: Whole::from(u32::try_from(account.link.seq).unwrap() + 1),
        prev: account.link.hash,
        time: at,
        kind,
        thumb: Some(account.devices[0].thumb),
        atc: None,
        random: None,
        body_hash: Hash::ZERO,
        balance: account.balance,
        ..before
    };
    change(&mut receipt, &mut body);
    receipt.body_hash = body.hash();
    account.link = Link { seq: receipt.seq.get(), hash: receipt.link() };
    let item = ReceiptItem { receipt: cose(&receipt), body: Bytes(body.to_bytes()) };
    stored.push(StoredReceipt { account: account.id.clone(), seq: receipt.seq.get(), kind, at: receipt.time, item });
}

/// Moves money between two lines of the books.
pub fn book(facts: &mut Facts, name: &str, from: Line, to: Line, amount: u32) {
    let (at, currency) = (now(facts), Currency::JPY);
    facts.entries.extend(Movement { name: name.into(), from, to, amount: yen(amount), currency, at }.entries());
}

/// A line of the shop.
pub fn shop() -> Line {
    Line::merchant(&"m/1001".parse().unwrap())
}

/// Hanako's line.
pub fn hers(facts: &Facts) -> Line {
    Line::account(&facts.owners[0].account)
}

/// Makes a payment in all records, and has the till told so.
pub fn pay(facts: &mut Facts, amount: u32, token: (u32, [u8; 4])) -> Sale {
    let at = now(facts);
    let (account, _) = own(facts);
    account.balance = account.balance.minus(yen(amount)).unwrap();
    account.spent.add(yen(amount), at);
    account.devices[0].spent.add(yen(amount), at);
    let id = format!("doctored-{}", account.link.seq);
    write(facts, Kind::Payment, Some(amount), |receipt, _| {
        receipt.atc = Some(token.0);
        receipt.random = Some(token.1);
    });
    let her = hers(facts);
    book(facts, &format!("payment/{id}"), her, shop(), amount);
    let made = sale(&id, &code(token, at, Limit::Allowance), amount, vec![(Outcome::Approved, Some(id.clone()))]);
    facts.sales.push(made.clone());
    made
}

/// Credits a top-up in all records.
pub fn top_up(facts: &mut Facts, amount: u32) {
    let (at, sum) = (now(facts), yen(amount));
    let (account, _) = own(facts);
    account.balance = account.balance.plus(sum).unwrap();
    account.topped_up.add(sum, at);
    account.devices[0].topped_up.add(sum, at);
    let id = format!("tu-{}", account.link.seq);
    write(facts, Kind::TopUp, Some(amount), |_, _| {});
    let her = hers(facts);
    book(facts, &format!("top-up/{id}"), Line::cards(), her, amount);
    facts.charges.push(charge(&id, amount.into()));
    facts.owners[0].top_ups_agreed.push(amount.into());
}

/// A code that says this, signed by nobody in particular.
pub fn code((atc, random): (u32, [u8; 4]), issued_at: u32, limit: Limit) -> String {
    let key = SoftKey::make(&MemoryEntropy::of_system()).unwrap().0;
    let token = Token { limit, expires_at: issued_at + 60, issued_at, atc, random };
    let unsigned = token.prepare(Handle([1; 8]), &Veil([2; 16])).unwrap();
    let signature = key.sign_now(unsigned.message()).unwrap();
    Token::text(&unsigned, &signature)
}

/// One line that belongs to no movement of two.
pub fn line(facts: &Facts, account: &AccountId, amount: i64) -> Entry {
    Entry {
        movement: "odd".into(),
        book: Book::Accounts,
        account: account.as_str().into(),
        amount,
        currency: Currency::JPY,
        at: now(facts),
    }
}

/// An amount.
pub fn amount(of: u32) -> Amount {
    yen(of)
}

/// Suspends hanako's device.
pub fn suspend(facts: &mut Facts) {
    later(facts, 1);
    write(facts, Kind::DeviceSuspended, None, |_, _| {});
    own(facts).0.devices[0].state = State::Suspended;
}
