//! Step 5 of 2019: in a shop of another prefecture within the hour. Here by somebody who reads the owner's messages
//! too, and so enrols the account's first device: the one take-over that the protocol names as not prevented.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, thief) = stage.stranger().await;
    stage.world.enrol(&thief, "taro").await.unwrap();
    assert_eq!(stage.world.top_up(&thief, 30_000, "card-1").await.unwrap_err().code, Code::CoolingOff);
    let (till, other) = stage.shops().await;
    // As much as goes at two shops, five minutes apart, then small sales.
    for (sale, amount) in [3_000, 3_000, 1_000, 1_000, 100, 1].into_iter().enumerate() {
        stage.world.advance(300);
        let Ok(code) = thief.payment_code(None).await else { continue };
        for (shop, name) in [(&till, "a"), (&other, "b")] {
            shop.outcome(&code.text, amount, &format!("sale-{name}-{sale}")).await;
        }
        thief.sync().await.unwrap();
    }
    let refused = thief.payment_code(None).await.unwrap_err().code;
    assert_eq!(stage.charged().await, 0);
    let inbox = stage.world.issuer.inbox(0).await.unwrap();
    assert!(inbox.iter().any(|(_, message)| message.to == "taro@example.test"), "the owner was told");
    Row::new(
        "Reads the owner's messages as well, enrols the first device, and goes shopping within the hour",
        "cool-off: no card, JPY 3,000 a day",
        refused.name(),
        stage.lost().await,
    )
    .expect(Code::OverAllowance, 3_000)
}
