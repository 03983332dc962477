//! A script in the unlocked page moves its clock ahead, has codes drawn and moves it back; a stranger offers them when they
//! come alive, before and after the owner's next payment.

use super::row::Row;
use super::stage::{Stage, heard};
use super::world::yen;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wallet::ports::Platform as _;
use jitsuin::wire::calls::Outcome;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, other) = stage.shops().await;
    let mut stock = Vec::new();
    // Near enough that no rule calls them offline; the wallet itself draws no more than a day's allowance.
    for seconds in [600, 700, 800] {
        stage.world.advance(1);
        place.clock().set_skew(seconds * 1000);
        if let Ok(code) = wallet.payment_code(None).await {
            stock.push(code.text);
        }
    }
    assert!(!stock.is_empty());
    place.clock().set_skew(0);
    // The owner's page asks for news by itself, as every open page does; the owner pays between the two offers.
    stage.world.advance(2);
    wallet.sync().await.unwrap();
    stage.world.advance(590);
    let mut outcome = other.outcome(&stock[0], 10_000, "theft-0").await;
    stage.world.advance(10);
    wallet.sync().await.unwrap();
    if let Ok(code) = wallet.payment_code(Some(yen(540))).await
        && till.outcome(&code.text, 540, "sale-1").await == Outcome::Approved
    {
        stage.agreed(540);
    }
    for (number, code) in stock.iter().enumerate() {
        outcome = other.outcome(code, 10_000, &format!("theft-again-{number}")).await;
        stage.world.advance(90);
    }
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready, "no stranger stops the owner");
    Row::new(
        "A script moves the clock of the unlocked page ahead, has codes drawn and moves it back; a stranger offers them when they come alive",
        "the wallet names what a wrong clock dated; the issuer counts it as used, and as evidence of nothing",
        &heard(outcome),
        stage.lost().await,
    )
    .expect(Code::TokenUsed, 0)
}
