//! A script that reached every page at once: each owner's key pays at one shop's till as much as it can. First at the
//! till of a shop that is known, then at one whose merchant came a week ago.

use super::row::Row;
use super::stage::{Shop, Stage, Thief, data, forge, person};
use jitsuin::code::Code;
use jitsuin::issuer::demo::{self, Plan};
use jitsuin::wallet::Wallet;
use jitsuin::wallet::memory::Place;
use jitsuin::wire::calls::Outcome;

const USERS: u32 = 60;

pub async fn play() -> Row {
    let robbed = rob(false).await;
    Row::new(
        "Pays with the keys of 60 owners, twice each, at one shop's till within three minutes",
        "circuit breaker of the till: JPY 500,000 an hour",
        &robbed.0,
        robbed.1,
    )
    .expect(Code::PaymentsPaused, 500_000)
}

/// The reason that an owner reads, and yen lost.
pub async fn rob(at_young_merchant: bool) -> (String, u64) {
    let logins: Vec<String> = (0..USERS).map(|number| format!("user-{number}")).collect();
    let people: Vec<_> = logins.iter().map(|login| person(login, true)).collect();
    let stage = Stage::with(&people).await;
    let till: Shop = if at_young_merchant { young_shop(&stage).await } else { stage.shops().await.0 };
    let mut phones: Vec<(Thief, Place, Wallet<Place>)> = Vec::new();
    for login in &logins {
        let (place, wallet) = stage.stranger().await;
        stage.world.enrol(&wallet, login).await.unwrap();
        phones.push((Thief::thief_of(&stage.world, &place).await, place, wallet));
    }
    let mut refused = Vec::new();
    for round in 0..2 {
        stage.world.advance(61);
        for (number, (key, place, wallet)) in phones.iter().enumerate() {
            let atc = data(place).atc + 1 + round;
            let code = forge(place, key, stage.world.now(), |token| token.atc = atc);
            if till.outcome(&code, 10_000, &format!("theft-{round}-{number}")).await != Outcome::Approved {
                refused.push(wallet);
            }
        }
    }
    let reason = stage.reason(refused[0]).await;
    let told = stage.world.issuer.inbox(0).await.unwrap();
    assert!(told.iter().any(|(_, message)| message.to == stage.world.issuer.settings().operator), "the operator is told");
    (reason, stage.lost().await)
}

async fn young_shop(stage: &Stage) -> Shop {
    let mut shops = Plan::default().shops;
    shops.truncate(1);
    shops[0].till = "t/3003".parse().unwrap();
    shops[0].merchant = "m/3003".parse().unwrap();
    shops[0].merchant_since = stage.world.now() - 7 * 24 * 3600;
    demo::seed(&stage.world.issuer, &Plan { people: Vec::new(), shops }).await.unwrap();
    stage.world.till("3003").await
}
