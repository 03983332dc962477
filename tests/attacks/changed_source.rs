//! The same with another card than the owner agreed to, and with a card that was never proved on the device.

use super::row::Row;
use super::stage::{Stage, Thief, top_up};
use super::by_hand::ByHand;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let thief = Thief::thief_of(&stage.world, &place).await;
    let unproved = thief.call(&top_up(1_000, "card-2", Some(&place))).await.unwrap_err().code;
    assert_eq!(unproved, Code::CardProofNeeded.name());
    stage.world.prove_card(&wallet, "card-2").await;
    let shown = ByHand::prepare(&stage.world, &place, 1_000, "card-1").await;
    let wanted = ByHand::prepare(&stage.world, &place, 1_000, "card-2").await;
    let assertion = shown.assert(&place, &shown.intent).await;
    let co_signature = wanted.co_sign(&wanted.intent, &assertion, &wanted.caller);
    let refused = wanted.confirm(assertion, Some(co_signature)).await.unwrap_err();
    Row::new(
        "Has the owner agree to a top-up from one card and confirms it from another",
        "challenge of the passkey covers the source; proof of the card on the device",
        &refused,
        stage.charged().await + stage.lost().await,
    )
    .expect(Code::IntentMismatch, 0)
}
