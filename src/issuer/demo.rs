//! The people, cards and shops of a demo or a test: written into a ledger once, books included.

use super::Issuer;
use super::account::{Account, LoginEntry, Source};
use super::books::{Line, Movement};
use super::error::Refused;
use super::funding::{CardKind, Funding};
use super::ledger::{Kind, Ledger, Needs, Records};
use super::logins::taken;
use super::messages::Language;
use super::moment::Moment;
use super::password::PasswordHash;
use super::receipts::{self, Draft};
use super::tills::Till;
use super::typed;
use crate::code::Code;
use crate::rules::chain::Link;
use crate::rules::spending::Meter;
use crate::wire::id::{AccountId, Audience, Bytes, PlaceId, SourceId};
use crate::wire::money::Amount;
use crate::wire::receipt;
use crate::wire::state::Sources;
use crate::wire::text::Label;

/// One account to open.
#[derive(Clone, Debug)]
pub struct Person {
    /// Login.
    pub login: String,
    /// Password.
    pub password: String,
    /// What the owner knows the account by.
    pub label: Label,
    /// Where messages go.
    pub contact: String,
    /// Opened with the wallet: no cool-off. Otherwise it existed before, as the accounts of 2019 did.
    pub opened_with_wallet: bool,
    /// Brought in, minor units.
    pub balance: Amount,
    /// Cards, `card-1`, `card-2`, …, at most [`Sources::MOST`].
    pub cards: Vec<CardKind>,
}

/// One till of a shop.
#[derive(Clone, Debug)]
pub struct Shop {
    /// `t/…`
    pub till: Audience,
    /// `m/…`
    pub merchant: Audience,
    /// Registered name of the merchant.
    pub name: Label,
    /// Where the till stands, if a place is registered.
    pub place: Option<Label>,
    /// The issuer's id of that place.
    pub place_id: Option<PlaceId>,
    /// When the merchant was registered, seconds since 1970; 0: long ago.
    pub merchant_since: u32,
}

/// Everything to write.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Accounts.
    pub people: Vec<Person>,
    /// Tills.
    pub shops: Vec<Shop>,
}

impl Default for Plan {
    /// `hanako`, whose account was opened with the wallet, and `taro`, whose account existed before; two shops with a
    /// till each. Passwords are `<login>-password`; both have JPY 2,000 and a card of each behaviour.
    fn default() -> Self {
        let person = |login: &str, opened_with_wallet| {
            Some(Person {
                login: login.into(),
                password: format!("{login}-password"),
                label: login.parse().ok()?,
                contact: format!("{login}@example.test"),
                opened_with_wallet,
                balance: Amount::of(2_000),
                cards: CardKind::ALL.into(),
            })
        };
        let shop = |number: &str, name: &str, place: &str| {
            Some(Shop {
                till: format!("t/{number}").parse().ok()?,
                merchant: format!("m/{number}").parse().ok()?,
                name: name.parse().ok()?,
                place: Some(place.parse().ok()?),
                place_id: None,
                merchant_since: 0,
            })
        };
        Self {
            people: [person("hanako", true), person("taro", false)].into_iter().flatten().collect(),
            shops: [shop("1001", "Kado no Mise", "Tokyo Kanda"), shop("2002", "Eki Shop", "Osaka Umeda")]
                .into_iter()
                .flatten()
                .collect(),
        }
    }
}

/// What a first seeding made; empty the next time.
#[derive(Clone, Debug, Default)]
pub struct Seeded {
    /// Accounts by login.
    pub accounts: Vec<(String, AccountId)>,
    /// One-time codes by till; they are in the inbox too.
    pub till_codes: Vec<(Audience, String)>,
}

/// Writes what the ledger does not have yet.
///
/// # Errors
/// [`Code::IssuerUnavailable`] if the ledger fails; [`Code::BadArgument`] for a login, password or id that can't be, or too
/// many cards; [`Code::LoginTaken`] for two logins that are compared alike, also where one is in the ledger: no account is
/// opened then.
pub async fn seed<L: Ledger, F: Funding>(issuer: &Issuer<L, F>, plan: &Plan) -> Result<Seeded, Refused> {
    let mut seeded = Seeded::default();
    let now_ms = issuer.ledger.now_ms();
    let logins = logins(&plan.people)?;
    for (person, login) in plan.people.iter().zip(&logins) {
        let needs = Needs::new().and(Kind::Logins, login);
        issuer.decide(now_ms, needs, |_, records| is_open(records, person, login)).await?;
    }
    for (person, login) in plan.people.iter().zip(&logins) {
        if person.cards.len() > Sources::MOST {
            return Err(Code::BadArgument.into());
        }
        let id: AccountId = issuer.name("acc-")?.parse().map_err(|_| Code::BadArgument)?;
        let cost = issuer.settings.password_cost;
        let password = PasswordHash::new(&person.password, issuer.salt()?, cost).ok_or(Code::BadArgument)?;
        let needs = Needs::new().and(Kind::Logins, login).and(Kind::Accounts, &id);
        let opened = issuer
            .decide(now_ms, needs, |moment, records| open_account(moment, records, person, login, &id, &password))
            .await?;
        if opened {
            seeded.accounts.push((person.login.clone(), id));
        }
    }
    for shop in &plan.shops {
        let needs = Needs::new().and(Kind::Tills, &shop.till);
        let opened = issuer
            .decide(now_ms, needs, |moment, records| {
                let news = records.tills.get(&shop.till).is_none();
                if news {
                    records.tills.put(&shop.till, till(moment, shop));
                }
                Ok(news)
            })
            .await?;
        if opened {
            seeded.till_codes.push((shop.till.clone(), issuer.send_till_code(&shop.till).await?));
        }
    }
    Ok(seeded)
}

/// The people's logins as they are compared.
///
/// # Errors
/// [`Code::BadArgument`] for what can't be one; [`Code::LoginTaken`] for two that are the same.
fn logins(people: &[Person]) -> Result<Vec<String>, Refused> {
    let mut logins: Vec<String> = vec![];
    for person in people {
        let login = typed::login(&person.login).ok_or(Code::BadArgument)?;
        let alike = people.iter().zip(&logins).find(|(_, held)| **held == login);
        if let Some((held, _)) = alike {
            return Err(taken(&person.login, &held.login));
        }
        logins.push(login);
    }
    Ok(logins)
}

/// Whether this login has its account already.
///
/// # Errors
/// [`Code::LoginTaken`] if that was opened under another spelling.
fn is_open(records: &Records, person: &Person, login: &str) -> Result<bool, Refused> {
    let Some(entry) = records.logins.get(login) else { return Ok(false) };
    match &entry.opened_as {
        Some(held) if *held != person.login => Err(taken(&person.login, held)),
        _ => Ok(true),
    }
}

fn till(moment: &Moment<'_>, shop: &Shop) -> Till {
    Till {
        till: shop.till.clone(),
        merchant: shop.merchant.clone(),
        name: shop.name.clone().into(),
        place: shop.place.clone().map(Into::into),
        place_id: shop.place_id.clone(),
        currency: moment.settings.currency,
        blocked: false,
        merchant_since: shop.merchant_since,
        ceiling: None,
        keys: Vec::new(),
    }
}

fn open_account(
    moment: &Moment<'_>,
    records: &mut Records,
    person: &Person,
    login: &str,
    id: &AccountId,
    password: &PasswordHash,
) -> Result<bool, Refused> {
    if is_open(records, person, login)? {
        return Ok(false);
    }
    let mut account = Account {
        id: id.clone(),
        label: person.label.clone().into(),
        language: Language::Ja,
        contact: person.contact.clone(),
        contact_changed_at: None,
        user_handle: Bytes(moment.chance.next::<32>().into()),
        opened_with_wallet: person.opened_with_wallet,
        had_device: false,
        balance: person.balance,
        currency: moment.settings.currency,
        link: Link::START,
        frozen_at: None,
        frozen_seq: 0,
        spent: Meter::default(),
        topped_up: Meter::default(),
        devices: Vec::new(),
        sources: (1..)
            .zip(&person.cards)
            .map(|(number, kind)| card(moment, number, *kind))
            .collect::<Result<_, _>>()?,
        held: Vec::new(),
        reported_more: 0,
        tokens_from: 0,
        own_limit: None,
    };
    if !person.balance.is_zero() {
        let mut draft = Draft::new(receipt::Kind::Opening);
        draft.body.amount = Some(person.balance);
        draft.body.currency = Some(account.currency);
        receipts::issue(moment, records, &mut account, draft);
        let movement = Movement {
            name: format!("opening/{id}"),
            from: Line::openings(),
            to: Line::account(id),
            amount: person.balance,
            currency: account.currency,
            at: moment.now(),
        };
        records.entries.extend(movement.entries());
    }
    records.logins.put(
        login,
        LoginEntry { account: id.clone(), password: password.clone(), opened_as: Some(person.login.clone()) },
    );
    records.accounts.put(id, account);
    Ok(true)
}

fn card(moment: &Moment<'_>, number: u16, kind: CardKind) -> Result<Source, Refused> {
    let id: SourceId = format!("card-{number}").parse().map_err(|_| Code::BadArgument)?;
    let what = match kind {
        CardKind::Normal => "VISA ···· 4242",
        CardKind::Declines => "VISA ···· 0002 (declines)",
        CardKind::Late => "JCB ···· 0505 (answers late)",
        CardKind::Twice => "JCB ···· 2222 (answers twice)",
        CardKind::Never => "AMEX ···· 0000 (never answers)",
        CardKind::Queued => "AMEX ···· 0180 (is in a queue for 3 minutes)",
        CardKind::Notifies => "JCB ···· 0707 (answers by a notice alone)",
    };
    Ok(Source {
        id,
        label: what.parse::<Label>()?.into(),
        random: moment.chance.next(),
        processor: kind.card().into(),
        proved: Vec::new(),
    })
}
