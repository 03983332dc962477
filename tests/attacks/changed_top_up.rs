//! A script in the page shows one amount and has the passkey sign another.

use super::row::Row;
use super::stage::Stage;
use super::by_hand::ByHand;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, _wallet) = stage.owner().await;
    let shown = ByHand::prepare(&stage.world, &place, 1_000, "card-1").await;
    let wanted = ByHand::prepare(&stage.world, &place, 30_000, "card-1").await;
    // The person agreed to JPY 1,000; what is confirmed says 30,000, co-signed for either.
    let assertion = shown.assert(&place, &shown.intent).await;
    let mut refused = String::new();
    for intent in [&shown.intent, &wanted.intent] {
        let co_signature = wanted.co_sign(intent, &assertion, &wanted.caller);
        refused = wanted.confirm(assertion.clone(), Some(co_signature)).await.unwrap_err();
        assert_eq!(refused, Code::IntentMismatch.name());
    }
    Row::new(
        "Has the owner agree to a top-up of JPY 1,000 and confirms one of JPY 30,000",
        "challenge of the passkey covers the whole intent",
        &refused,
        stage.charged().await + stage.lost().await,
    )
    .expect(Code::IntentMismatch, 0)
}
