//! A till that takes more than its customer sees: first a code without a bound, then one with the sale's amount in it.

use super::row::Row;
use super::stage::{Stage, heard};
use super::world::yen;
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;

const SALE: u32 = 540;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let bounded = wallet.payment_code(Some(yen(SALE))).await.unwrap().text;
    for (number, guess) in [9_999, 1_000, 541].into_iter().enumerate() {
        let outcome = till.outcome(&bounded, guess, &format!("bounded-{number}")).await;
        assert_ne!(outcome, Outcome::Approved, "{guess}");
    }
    stage.world.advance(61);
    let open = wallet.payment_code(None).await.unwrap().text;
    let over = till.outcome(&open, 10_001, "open-0").await;
    stage.world.advance(61);
    let open = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(till.outcome(&open, 10_000, "open-1").await, Outcome::Approved);
    stage.agreed(SALE);
    // Again, and with other amounts: no sale.
    assert_eq!(till.outcome(&open, 10_000, "open-2").await, Outcome::TokenUsed);
    assert_eq!(till.outcome(&open, 9_000, "open-3").await, Outcome::TokenUsed);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.receipts(None, 1)[0].money.unwrap().amount, yen(10_000), "the owner sees what was taken");
    Row::new(
        "A till charges JPY 10,000 for a sale of JPY 540, guesses amounts and repeats itself",
        "allowance of one payment; one use",
        &heard(over),
        stage.lost().await,
    )
    .expect(Code::AmountOver, 9_460)
}
