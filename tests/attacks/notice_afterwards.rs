//! Step 6 of 2019: owners heard of it by mail after the money had moved. Here a copied key pays once; the owner's own
//! wallet tells it at the next look, and one call stops every device.

use super::row::Row;
use super::stage::{Stage, Thief, data, forge};
use jitsuin::code::Code;
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::Outcome;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let thief = Thief::thief_of(&stage.world, &place).await;
    let stolen = forge(&place, &thief, stage.world.now(), |token| token.atc += 1);
    assert_eq!(till.outcome(&stolen, 10_000, "theft-1").await, Outcome::Approved);
    stage.world.advance(61);
    wallet.sync().await.unwrap();
    let alerts = wallet.state().alerts;
    assert!(alerts.iter().any(|alert| alert.kind == AlertKind::UnknownUse), "{alerts:?}");
    // "It was not me", from a locked wallet.
    wallet.lock();
    wallet.freeze().await.unwrap();
    let atc = data(&place).atc + 2;
    let next = forge(&place, &thief, stage.world.now(), |token| token.atc = atc);
    assert_eq!(till.outcome(&next, 10_000, "theft-2").await, Outcome::Declined);
    let reason = stage.reason(&wallet).await;
    Row::new(
        "Pays with a copied key; the owner opens the wallet after the first payment",
        "unknown-use alert, freeze in one call",
        &reason,
        stage.lost().await,
    )
    .expect(Code::Frozen, 10_000)
}
