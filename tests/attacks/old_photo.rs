//! A photo of a code, used after its time. It must not hurt the owner either.

use super::row::Row;
use super::stage::{Stage, heard};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::Outcome;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, other) = stage.shops().await;
    let photo = wallet.payment_code(None).await.unwrap().text;
    let mut outcome = Outcome::Approved;
    for later in [71, 3_600, 24 * 3_600, 30 * 24 * 3_600] {
        stage.world.advance(later);
        outcome = till.outcome(&photo, 540, &format!("sale-{later}")).await;
        assert_eq!(outcome, Outcome::TokenExpired);
        assert_eq!(other.outcome(&photo, 540, &format!("sale-{later}")).await, Outcome::TokenExpired);
    }
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready, "the owner's key is as good as before");
    assert!(wallet.state().alerts.is_empty());
    Row::new("Uses a photo of a code a minute, an hour, a day and a month later", "time of the code", &heard(outcome), stage.lost().await)
        .expect(Code::TokenExpired, 0)
}
