//! An issuer that shows two histories: one over a copy of its ledger, made before a payment.

use super::row::Row;
use super::stage::Stage;
use super::world::ISSUER;
use jitsuin::code::Code;
use jitsuin::wallet::memory::FnTransport;
use jitsuin::wallet::ports::{Platform, Response};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::Outcome;
use std::cell::RefCell;
use std::rc::Rc;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let asked = Rc::new(RefCell::new(stage.world.clone()));
    let road = Rc::clone(&asked);
    let transport = FnTransport::new(move |request| {
        let world = road.borrow().clone();
        async move {
            let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
            let reply = world.answer(request.method, &path, request.body, request.proof).await;
            Ok(Response { status: reply.status, body: reply.body, nonce: reply.nonce, retry_after: reply.retry_after })
        }
    });
    let place = stage.world.place_over(ISSUER, transport);
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let (till, _) = stage.shops().await;
    let other = stage.forked().await;

    let code = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::Approved);
    stage.agreed(540);
    wallet.sync().await.unwrap();
    let paid = wallet.state().balance;
    // The other history lacks the payment and has a freeze instead.
    asked.replace(other);
    let refused = wallet.sync().await.unwrap_err().code;
    assert_eq!(wallet.state().balance, paid, "what was checked stays");
    assert!(wallet.state().alerts.iter().any(|alert| alert.kind == AlertKind::UnknownUse));
    assert!(!place.transport().sent().is_empty());
    Row::new("Shows the owner a history in which a payment never was", "head of the chain", refused.name(), stage.lost().await)
        .expect(Code::ChainFork, 0)
}
