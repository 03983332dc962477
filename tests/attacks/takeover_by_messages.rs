//! Replacing a lost key is the way back into an account: the thief has password and messages, and says the key is lost.

use super::row::Row;
use super::stage::{Stage, Thief};
use super::stopping::recover_by_hand;
use jitsuin::code::Code;
use jitsuin::wire::calls::{EnterCode, LogIn, Outcome, Ticket};

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let (his_place, his) = stage.stranger().await;
    stage.world.enrol(&his, "taro").await.unwrap();

    let (_, thief) = stage.stranger().await;
    let ticket = stage.world.ticket(&thief, "hanako").await.unwrap();
    let ceremony = thief.prepare_recovery(&ticket, "Thief", None).await.unwrap();
    assert_eq!(thief.confirm(ceremony.id).await.unwrap_err().code, Code::Cancelled, "the passkey is not there, and the platform says no more");

    let key = Thief::stranger(&stage.world);
    let log_in = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let attempt = key.call(&log_in).await.unwrap().attempt;
    let code = stage.world.code_for("hanako@example.test").await;
    let Ticket { ticket } = key.call(&EnterCode { attempt, code }).await.unwrap();
    let by_hand = recover_by_hand(&stage, &his_place, Ticket { ticket }, key).await.unwrap_err();

    wallet.sync().await.unwrap();
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved, "the owner's key is alive");
    stage.agreed(540);
    Row::new(
        "Reports the owner's key as lost and puts his own in its place, with password and messages",
        "the owner's passkey over the new key",
        &by_hand,
        stage.lost().await,
    )
    .expect(Code::AssertionRefused, 0)
}
