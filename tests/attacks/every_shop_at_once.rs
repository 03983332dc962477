//! A script that reached every page, and accomplices in more than one shop: what the issuer's own ceiling leaves. It is
//! cut into shares by account, and it is low here, since five thousand wallets would be needed to reach the default.

use super::row::Row;
use super::stage::{Stage, Thief, data, forge, person};
use jitsuin::code::Code;
use jitsuin::wallet::Wallet;
use jitsuin::wallet::memory::Place;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::money::Amount;
use jitsuin::wire::sha256;
use std::collections::BTreeMap;

/// Yen an hour, of all.
const CEILING: u32 = 160_000;
const SHARES: u32 = 8;
/// Enough people that each share has one of them.
const MOST: u32 = 200;

pub async fn play() -> Row {
    let logins: Vec<String> = (0..MOST).map(|number| format!("user-{number}")).collect();
    let people: Vec<_> = logins.iter().map(|login| person(login, true)).collect();
    let stage = Stage::under(&people, |settings| {
        settings.policy.breakers.all.hour = Amount::of(CEILING);
        settings.policy.breakers.shares = SHARES;
    })
    .await;
    let shops = stage.shops().await;
    let mut phones: Vec<(Thief, Place, Wallet<Place>)> = Vec::new();
    let mut shares = BTreeMap::<u32, u32>::new();
    for login in &logins {
        let (place, wallet) = stage.stranger().await;
        stage.world.enrol(&wallet, login).await.unwrap();
        *shares.entry(share(&place)).or_default() += 1;
        phones.push((Thief::thief_of(&stage.world, &place).await, place, wallet));
        // At least two in each: more than it lets go.
        if shares.values().filter(|people| **people > 1).count() == usize::try_from(SHARES).unwrap() {
            break;
        }
    }
    let mut refused = None;
    for round in 0..2 {
        stage.world.advance(61);
        for (number, (key, place, wallet)) in phones.iter().enumerate() {
            let till = if number % 2 == 0 { &shops.0 } else { &shops.1 };
            let code = forge(place, key, stage.world.now(), |token| token.atc = data(place).atc + 1 + round);
            if till.outcome(&code, 10_000, &format!("theft-{round}-{number}")).await != Outcome::Approved {
                refused.get_or_insert(wallet);
            }
        }
    }
    let reason = stage.reason(refused.unwrap()).await;
    let told = stage.world.issuer.inbox(0).await.unwrap();
    assert!(told.iter().any(|(_, message)| message.to == stage.world.issuer.settings().operator), "the operator is told");
    Row::new(
        "Pays with every owner's key at two shops, with the issuer's ceiling at JPY 160,000 an hour (by default 100,000,000)",
        "circuit breaker in all, 8 shares by account",
        &reason,
        stage.lost().await,
    )
    .expect(Code::PaymentsPaused, u64::from(CEILING))
}

/// Which share of the ceiling an account's payments count in.
fn share(place: &Place) -> u32 {
    let hash = sha256(data(place).account.unwrap().id.as_str().as_bytes());
    u32::from(u16::from_be_bytes([hash[0], hash[1]])) % SHARES
}
