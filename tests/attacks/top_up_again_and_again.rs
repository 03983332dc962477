//! Step 4 again, by somebody who holds the owner's unlocked phone and is recognised by it: charges until it stops.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let mut refused = Vec::new();
    // Three in a minute, then every 10 minutes for a day less the first.
    for wait in [20; 3].into_iter().chain([600; 140]) {
        for amount in [30_000, 20_000, 10_000, 1_000] {
            if let Err(error) = stage.world.top_up(&wallet, amount, "card-1").await {
                refused.push(error.code);
            }
        }
        stage.world.advance(wait);
    }
    assert!(!refused.is_empty() && refused.iter().all(|code| *code == Code::OverLimit), "{refused:?}");
    Row::new(
        "Charges the card again and again for a day, with the owner's unlocked phone and its screen lock",
        "limits of a top-up: each, day, count, 10 minutes apart",
        refused[0].name(),
        stage.charged().await,
    )
    .expect(Code::OverLimit, 50_000)
}
