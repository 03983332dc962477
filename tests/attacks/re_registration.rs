//! What came after 2019: moving the account to a new device. Password and messages are both the thief's.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (_, thief) = stage.stranger().await;
    let ticket = stage.world.ticket(&thief, "hanako").await.unwrap();
    let refused = thief.prepare_enrolment(&ticket, "Thief", None).await.unwrap_err().code;
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().devices.len(), 1);
    let inbox = stage.world.issuer.inbox(0).await.unwrap();
    assert!(inbox.iter().rev().any(|(_, message)| message.text.contains("registers a device that can pay")));
    Row::new(
        "Moves an account that has a device to his own, with password and contact code",
        "only the first device is enrolled that way",
        refused.name(),
        stage.lost().await,
    )
    .expect(Code::NotFirstDevice, 0)
}
