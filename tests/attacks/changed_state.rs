//! Somebody on the road shows a frozen account as active, with more left and a higher limit.

use super::forged_state::lie_in_state;
use super::row::Row;
use super::stage::Stage;
use super::world::yen;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::state::{DeviceState, DeviceStatus};
use std::cell::Cell;
use std::rc::Rc;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let lying = Rc::new(Cell::new(false));
    let lies = Rc::clone(&lying);
    let place = stage.place_behind(move |path, response| {
        let lie = |state: &mut DeviceState| {
            state.status = DeviceStatus::Active;
            state.limit = yen(900_000);
            state.left.amount = yen(900_000);
        };
        if lies.get() { lie_in_state(path, response, lie) } else { response }
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let limit = wallet.state().limit;
    wallet.freeze().await.unwrap();

    lying.set(true);
    let heard = wallet.sync().await.err().map_or(Code::Approved, |error| error.code);
    assert_eq!((wallet.state().status, wallet.state().limit), (Status::Frozen, limit), "nothing of it is believed");
    Row::new(
        "Shows a frozen account as active, with more left and a higher limit than the issuer says",
        "signature over the state, with this call's nonce",
        heard.name(),
        stage.lost().await,
    )
    .expect(Code::IssuerUntrusted, 0)
}
