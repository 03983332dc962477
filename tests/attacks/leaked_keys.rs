//! The row with the issuer's own keys too, as the reference issuer keeps it in the same file, and the network with it:
//! receipts can be forged, payments can not.

use super::forgery::{self, Forger};
use super::leak::Leak;
use super::leaked_database::forge_from;
use super::row::Row;
use super::stage::{Stage, Thief, WEALTH, data, heard};
use super::world::balance;
use jitsuin::code::Code;
use jitsuin::wallet::ports::Response;
use jitsuin::wire::calls::Outcome;
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let lie = Rc::new(RefCell::new(None::<(Forger, Vec<u8>)>));
    let told = Rc::clone(&lie);
    let place = stage.place_behind(move |path, response| match (path, &*told.borrow()) {
        ("/v1/sync", Some((forger, news))) if response.status == 200 => {
            let body = forger.state_for(&forgery::replace(&response.body, news, true));
            Response { body, ..response }
        }
        _ => response,
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let (till, _) = stage.shops().await;
    let leak = Leak::of(&stage.file()).await;
    let keys = leak.table("issuer_keys").next().unwrap().1;
    let secret = keys["uses"].as_array().unwrap().iter().find(|held| held[0] == "receipt").unwrap()[1].as_str().unwrap();

    // Believed: whoever holds the receipt key and the network writes what a wallet shows.
    let forger = Forger::with_stored(secret);
    let news = forger.news(&data(&place), stage.world.now(), 5_000_000);
    lie.replace(Some((forger, news)));
    wallet.sync().await.unwrap();
    assert_eq!(balance(&wallet), u64::from(WEALTH) + 5_000_000, "said first under what is not protected");
    // And paid for: nothing. The books are not what a wallet shows, and no key of the issuer's makes a token.
    let thief = Thief::stranger(&stage.world);
    let account = leak.table("accounts").find(|(_, account)| account["devices"].as_array().is_some_and(|all| !all.is_empty()));
    let used: Value = account.unwrap().1["devices"][0]["handles"][0].clone();
    let outcome = till.outcome(&forge_from(&stage, &thief, &used), 540, "theft-1").await;
    assert_eq!(outcome, Outcome::TryAgain);
    // The real issuer's next words do not follow the forged ones: the wallet says so.
    lie.replace(None);
    assert_eq!(wallet.sync().await.unwrap_err().code, Code::ChainFork);
    Row::new(
        "Has the issuer's keys too, and the owner's network: shows JPY 5,000,000 that never came, and tries to pay",
        "no key of the issuer's signs a payment; the fork shows as soon as the network is honest",
        &heard(outcome),
        stage.lost().await + stage.charged().await,
    )
    .expect(Code::TryAgain, 0)
}
