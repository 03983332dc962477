//! Step 4 of 2019: JPY 30,000 from the stored card, three times in a minute, by whoever had logged in.

use super::row::Row;
use super::stage::{Stage, Thief, data, top_up};
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (owner, _wallet) = stage.owner().await;
    // Past any wallet's own checks, with the owner's account id.
    let mut thief = Thief::stranger(&stage.world);
    thief.account = Some(data(&owner).account.unwrap().id);
    let mut refused = Vec::new();
    for _ in 0..3 {
        refused.push(thief.call(&top_up(30_000, "card-1", Some(&owner))).await.unwrap_err().code);
        stage.world.advance(20);
    }
    assert_eq!(refused, ["not-enrolled"; 3]);
    assert_eq!(stage.charged().await, 0);
    Row::new(
        "Tops up JPY 30,000 from the stored card, three times in a minute, with the password alone",
        "no registered device key",
        &refused[0],
        stage.charged().await + stage.lost().await,
    )
    .expect(Code::NotEnrolled, 0)
}
