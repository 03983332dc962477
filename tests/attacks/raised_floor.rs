//! Somebody on the road raises the counter's floor in one answer, so that the owner's next code looks like a clone's.

use super::forged_state::lie_in_state;
use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::Outcome;
use std::cell::Cell;
use std::rc::Rc;

/// Just above what the issuer takes for one key's own counting.
const FLOOR: u32 = 65_537;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let lying = Rc::new(Cell::new(false));
    let lies = Rc::clone(&lying);
    let place = stage.place_behind(move |path, response| {
        if lies.get() { lie_in_state(path, response, |state| state.floor = FLOOR) } else { response }
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let (till, _) = stage.shops().await;
    wallet.payment_code(None).await.unwrap();

    lying.set(true);
    let heard = wallet.sync().await.err().map_or(Code::Approved, |error| error.code);
    lying.set(false);
    stage.world.advance(2);
    let code = wallet.payment_code(None).await.unwrap();
    let outcome = till.outcome(&code.text, 540, "sale-1").await;
    wallet.sync().await.unwrap();
    assert_eq!((outcome, wallet.state().status), (Outcome::Approved, Status::Ready), "an honest key pays on");
    stage.agreed(540);
    Row::new(
        "Raises the counter's floor in an answer, so that the owner's own codes look like a copy's",
        "signature over the state, with this call's nonce",
        heard.name(),
        stage.lost().await,
    )
    .expect(Code::IssuerUntrusted, 0)
}
