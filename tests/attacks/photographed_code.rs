//! A live code photographed over the shoulder and charged by an accomplice's till before the owner's own till does.

use super::row::Row;
use super::stage::{Stage, heard};
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::receipt::Kind;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, accomplice) = stage.shops().await;
    let shown = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(accomplice.outcome(&shown, 10_001, "theft-1").await, Outcome::AmountOver);
    // A refused code is spent: the guess above ended this one. The thief is luckier with the next.
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-2").await, Outcome::TokenUsed);
    stage.world.advance(61);
    let shown = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-3").await, Outcome::Approved);
    let own = till.outcome(&shown, 540, "sale-1").await;
    // The shop is not paid out: the payment waits, and its owner is told where the code was used.
    wallet.sync().await.unwrap();
    let held = wallet.receipts(None, 5).into_iter().find(|receipt| receipt.kind == Kind::Held).unwrap();
    assert_eq!(held.reason.as_deref(), Some(Code::UsedElsewhere.name()));
    // The photo is worth nothing more: the same call hears the same answer, any other that the code is used.
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-3").await, Outcome::Approved);
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-4").await, Outcome::TokenUsed);
    assert_eq!(accomplice.outcome(&shown, 9_999, "theft-5").await, Outcome::TokenUsed);
    Row::new(
        "Photographs a live code and has an accomplice's till charge it first",
        "one use; the payment is held once the owner's own till offers the code",
        &heard(own),
        stage.lost().await,
    )
    .expect(Code::TokenUsed, 10_000)
}
