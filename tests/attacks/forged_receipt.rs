//! A lying network puts receipts of its own into a sync: the owner is to believe that money came.

use super::forgery::{self, Forger};
use super::row::Row;
use super::stage::{Stage, data};
use super::world::balance;
use jitsuin::code::Code;
use jitsuin::wallet::ports::Response;
use std::cell::RefCell;
use std::rc::Rc;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let lie = Rc::new(RefCell::new(None::<Vec<u8>>));
    let told = Rc::clone(&lie);
    let place = stage.place_behind(move |path, response| match (path, &*told.borrow()) {
        ("/v1/sync", Some(body)) => {
            Response { body: forgery::replace(&response.body, body, false), ..response }
        }
        _ => response,
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let before = balance(&wallet);
    // Signed by a key that the forger made.
    lie.replace(Some(Forger::with_own_key().news(&data(&place), stage.world.now(), 5_000_000)));
    let refused = wallet.sync().await.unwrap_err().code;
    assert_eq!(balance(&wallet), before);
    Row::new("Puts a forged receipt of JPY 5,000,000 into the answer", "issuer's keys, pinned by the wallet", refused.name(), stage.lost().await)
        .expect(Code::ReceiptForged, 0)
}
