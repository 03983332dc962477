//! A lying network keeps the receipt of a theft back: first alone, then together with the head that names it.

use super::row::Row;
use super::stage::{Stage, Thief, forge};
use jitsuin::code::Code;
use jitsuin::wallet::ports::Response;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::Outcome;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let held_back = Rc::new(RefCell::new(Vec::<(&str, Value)>::new()));
    let (told, heard) = (Rc::clone(&held_back), Rc::new(RefCell::new(Value::Null)));
    let hear = Rc::clone(&heard);
    let place = stage.place_behind(move |path, response| {
        if path != "/v1/sync" || response.status != 200 {
            return response;
        }
        let mut answer: Value = serde_json::from_slice(&response.body).unwrap();
        hear.replace(answer.clone());
        for (name, value) in told.borrow().iter() {
            answer[*name] = value.clone();
        }
        Response { body: serde_json::to_vec(&answer).unwrap(), ..response }
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let (till, _) = stage.shops().await;
    let before = heard.borrow().clone();
    let thief = Thief::thief_of(&stage.world, &place).await;
    let stolen = forge(&place, &thief, stage.world.now(), |_| {});
    assert_eq!(till.outcome(&stolen, 10_000, "theft-1").await, Outcome::Approved);

    held_back.replace(vec![("receipts", json!([]))]);
    let refused = wallet.sync().await.unwrap_err().code;
    // With a head from before the theft beside them, the state of the same answer betrays it.
    stage.world.advance(61);
    held_back.borrow_mut().push(("head", before["head"].clone()));
    assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
    held_back.borrow_mut().clear();
    wallet.sync().await.unwrap();
    assert!(wallet.state().alerts.iter().any(|alert| alert.kind == AlertKind::UnknownUse));
    Row::new(
        "Pays with a copied key and keeps the receipt from the owner's wallet",
        "chain of receipts, signed head; the owner is told",
        refused.name(),
        stage.lost().await,
    )
    .expect(Code::ChainGap, 10_000)
}
