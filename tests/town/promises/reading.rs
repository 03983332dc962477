//! Facts, read once for all promises: receipts taken apart, what each moved, and which sale took it. What was read before is
//! kept for the next moment, for histories only grow and there are many moments.

use super::super::facts::{Facts, OwnerFacts, Sale};
use jitsuin::code::Code;
use jitsuin::issuer::account::{Account, Device};
use jitsuin::issuer::books::{Book, Entry};
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::rules::policy::Policy;
use jitsuin::wire::Field;
use jitsuin::wire::calls::{Outcome, ReceiptItem};
use jitsuin::wire::cbor::Reader;
use jitsuin::wire::id::{Hash, Thumbprint};
use jitsuin::wire::receipt::{Body, Kind, Receipt};
use jitsuin::wire::token::{Token, UnverifiedToken};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Everything that promises look at.
pub struct Reading<'a> {
    /// As they are.
    pub facts: &'a Facts,
    /// The issuer's limits.
    pub policy: &'a Policy,
    /// True time, seconds since 1970.
    pub now: u32,
    /// By account.
    pub histories: BTreeMap<&'a str, History<'a>>,
    /// What the code of each sale says, if it is a payment token's text.
    pub codes: Vec<Option<Rc<Token>>>,
}

/// One account.
pub struct History<'a> {
    /// Its record.
    pub account: &'a Account,
    /// Its receipts.
    pub stored: &'a [StoredReceipt],
    /// The same, taken apart; none for one that can't be read.
    pub said: Vec<Option<Rc<Said>>>,
    /// Its lines in the books, in order.
    pub entries: Vec<&'a Entry>,
    /// Its payments, in order.
    pub paid: Vec<Paid<'a>>,
}

/// What one receipt says.
pub struct Said {
    /// Its signed part.
    pub receipt: Receipt,
    /// What the next one names.
    pub link: Hash,
    /// Its details, if they were not erased and are those that were signed.
    pub body: Option<Body>,
    /// Whether its details were erased.
    pub is_erased: bool,
}

/// One payment.
pub struct Paid<'a> {
    /// Number of its receipt.
    pub seq: u64,
    /// Seconds since 1970.
    pub at: u32,
    /// With which key.
    pub thumb: Thumbprint,
    /// The token's counter and random part.
    pub token: (u32, [u8; 4]),
    /// Minor units.
    pub amount: u64,
    /// Its id, by the books.
    pub id: Option<&'a str>,
    /// Who got the money, by the books.
    pub merchant: Option<&'a str>,
    /// Number of the receipt that gave it back, and whether a till did that.
    pub given_back: Option<(u64, bool)>,
    /// The sale that took it, by its place in the facts.
    pub sale: Option<usize>,
}

/// What a kind of receipt moves: the first part of the movement's name, and whether the account gains.
pub fn moves(kind: Kind) -> Option<(&'static str, bool)> {
    match kind {
        Kind::Payment => Some(("payment/", false)),
        Kind::Refund => Some(("refund/", true)),
        Kind::TopUp => Some(("top-up/", true)),
        Kind::Opening => Some(("opening/", true)),
        _ => None,
    }
}

/// Whether an answer says that no payment was made, for good. A till that may take nothing now may take it later.
pub fn is_no(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Approved | Outcome::Reversed | Outcome::TillBlocked)
}

impl<'a> Reading<'a> {
    /// Reads.
    pub fn of(facts: &'a Facts, policy: &'a Policy) -> Self {
        let mut own = BTreeMap::<&str, Vec<&Entry>>::new();
        let mut merchants = HashMap::<&str, &str>::new();
        for entry in &facts.entries {
            match entry.book {
                Book::Accounts => own.entry(&entry.account).or_default().push(entry),
                Book::Merchants => {
                    merchants.insert(&entry.movement, &entry.account);
                }
                _ => {}
            }
        }
        let codes = KEPT.with_borrow_mut(|kept| kept.codes(&facts.sales));
        let mut sales = HashMap::<(u32, [u8; 4]), Vec<usize>>::new();
        for (at, code) in codes.iter().enumerate() {
            if let Some(code) = code {
                sales.entry((code.atc, code.random)).or_default().push(at);
            }
        }
        let mut told = HashMap::<&str, usize>::new();
        for (at, sale) in facts.sales.iter().enumerate() {
            for payment in sale.told.iter().filter_map(|(_, payment)| payment.as_deref()) {
                told.entry(payment).or_insert(at);
            }
        }
        let read = |(id, (account, stored)): (&'a String, &'a (Account, Vec<StoredReceipt>))| {
            let said = KEPT.with_borrow_mut(|kept| kept.receipts(id, stored));
            let entries = own.remove(id.as_str()).unwrap_or_default();
            let mut paid = payments(&said, &entries, &merchants);
            for one in &mut paid {
                let took = |at: &usize| could_take(&facts.sales[*at], one);
                let by_code = || sales.get(&one.token)?.iter().copied().find(took);
                one.sale = one.id.and_then(|id| told.get(id).copied()).or_else(by_code);
            }
            (id.as_str(), History { account, stored, said, entries, paid })
        };
        let histories = facts.accounts.iter().map(read).collect();
        let now = u32::try_from(facts.now_ms / 1000).unwrap();
        Self { facts, policy, now, histories, codes }
    }

    /// The latest true time, in milliseconds, of what the ledger dated so, in seconds.
    pub fn latest_ms(&self, at: u32) -> u64 {
        u64::from(at) * 1000 + self.facts.behind_ms
    }

    /// Owners with the histories of their accounts.
    pub fn owners(&self) -> impl Iterator<Item = (&'a OwnerFacts, &History<'a>)> {
        self.facts.owners.iter().filter_map(|owner| Some((owner, self.histories.get(owner.account.as_str())?)))
    }
}

/// Whether a sale may have taken this payment, though its till was not told so.
fn could_take(sale: &Sale, paid: &Paid<'_>) -> bool {
    let is_same = sale.amount == paid.amount && paid.merchant.is_none_or(|merchant| merchant == sale.merchant);
    is_same && !sale.told.iter().any(|(outcome, payment)| is_no(*outcome) || payment.is_some())
}

impl Said {
    /// Whether its details name this as the reason.
    pub fn is_because(&self, code: Code) -> bool {
        let reason = self.body.as_ref().and_then(|body| body.reason.as_ref());
        reason.is_some_and(|reason| reason.to_string() == code.name())
    }
}

impl History<'_> {
    /// The receipts that can be read.
    pub fn readable(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.said.iter().flatten().map(Rc::as_ref)
    }

    /// The receipt with this number.
    pub fn numbered(&self, seq: u64) -> Option<&Said> {
        let at = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.said.get(at)?.as_deref().filter(|said| said.receipt.seq.get() == seq)
    }

    /// The first of the keys that were put in each other's place until this one: they share their windows.
    pub fn line(&self, thumb: Thumbprint) -> Thumbprint {
        let mut first = thumb;
        for _ in &self.account.devices {
            let before = |device: &&Device| device.replaced_by == Some(first);
            match self.account.devices.iter().find(before) {
                Some(device) => first = device.thumb,
                None => break,
            }
        }
        first
    }
}

fn payments<'a>(
    said: &[Option<Rc<Said>>],
    entries: &[&'a Entry],
    merchants: &HashMap<&'a str, &'a str>,
) -> Vec<Paid<'a>> {
    let mut paid = Vec::<Paid<'a>>::new();
    let moving = said.iter().flatten().filter(|said| moves(said.receipt.kind).is_some());
    // The movements stand in the order of the receipts: both were written under the account's lock.
    for (said, entry) in moving.zip(entries.iter().map(Some).chain(std::iter::repeat(None))) {
        let Receipt { seq, time, kind, thumb: Some(thumb), atc: Some(atc), random: Some(random), .. } = said.receipt
        else {
            continue;
        };
        let token = (atc, random);
        if kind == Kind::Refund {
            // A till says where it gives back; a person of the issuer is nowhere.
            let by_till = said.body.as_ref().is_none_or(|body| body.shop.is_some());
            if let Some(one) = paid.iter_mut().rev().find(|one| (one.thumb, one.token) == (thumb, token)) {
                one.given_back = Some((seq.get(), by_till));
            }
            continue;
        }
        let movement = entry.map(|entry| entry.movement.as_str());
        let stated = said.body.as_ref().and_then(|body| body.amount).map(|amount| amount.minor_units());
        paid.push(Paid {
            seq: seq.get(),
            at: time,
            thumb,
            token,
            amount: stated.or_else(|| entry.map(|entry| entry.amount.unsigned_abs())).unwrap_or_default(),
            id: movement.and_then(|movement| movement.strip_prefix("payment/")),
            merchant: movement.and_then(|movement| merchants.get(movement).copied()),
            given_back: None,
            sale: None,
        });
    }
    paid
}

/// The payload of a COSE_Sign1, of whoever signed it.
fn payload(cose: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::up_to(64 * 1024, cose).ok()?;
    let is_form = reader.tag().ok()? == 18 && reader.array().ok()? == 4;
    reader.bytes().ok()?;
    reader.map().ok()?.end().ok()?;
    reader.bytes().ok().filter(|_| is_form)
}

/// Takes a receipt apart.
pub fn read_receipt(item: &ReceiptItem) -> Option<Said> {
    let mut reader = Reader::new(payload(&item.receipt.0)?).ok()?;
    let mut receipt = Receipt::blank();
    receipt.read(&mut reader).ok()?;
    reader.end().ok()?;
    let body = Body::from_bytes(&item.body.0).ok().map(|body| *body).filter(|body| body.hash() == receipt.body_hash);
    Some(Said { link: receipt.link(), receipt, body, is_erased: item.body.0.is_empty() })
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// A receipt as it was stored, and what it says.
type Read = (ReceiptItem, Option<Rc<Said>>);

/// What was read before, with the bytes that it was read from.
#[derive(Default)]
struct Kept {
    receipts: BTreeMap<String, Vec<Read>>,
    codes: Vec<(String, Option<Rc<Token>>)>,
}

/// Accounts that are kept: those of a few towns.
const MOST: usize = 256;

impl Kept {
    fn receipts(&mut self, id: &str, stored: &[StoredReceipt]) -> Vec<Option<Rc<Said>>> {
        if self.receipts.len() > MOST {
            self.receipts.clear();
        }
        let kept = self.receipts.entry(id.to_owned()).or_default();
        let same = kept.iter().zip(stored).take_while(|((item, _), stored)| *item == stored.item).count();
        kept.truncate(same);
        for one in &stored[same..] {
            kept.push((one.item.clone(), read_receipt(&one.item).map(Rc::new)));
        }
        kept.iter().map(|(_, said)| said.clone()).collect()
    }

    fn codes(&mut self, sales: &[Sale]) -> Vec<Option<Rc<Token>>> {
        let same = self.codes.iter().zip(sales).take_while(|((code, _), sale)| *code == sale.code).count();
        self.codes.truncate(same);
        for sale in &sales[same..] {
            self.codes.push((sale.code.clone(), read_code(&sale.code).map(Rc::new)));
        }
        self.codes.iter().map(|(_, code)| code.clone()).collect()
    }
}

fn read_code(text: &str) -> Option<Token> {
    let unverified = UnverifiedToken::from_text(text).ok()?;
    let mut reader = Reader::new(payload(unverified.as_cose())?).ok()?;
    let mut token = Token::blank();
    token.read(&mut reader).ok()?;
    Some(token)
}
