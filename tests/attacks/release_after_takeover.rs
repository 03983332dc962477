//! The account is frozen; the thief, who has password, messages and the owner's synchronised passkeys, puts a key of his
//! own into it, which is allowed, and lets it go with that.

use super::row::Row;
use super::stage::{Stage, Thief, forge};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::Outcome;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    stage.world.advance(10);
    wallet.freeze().await.unwrap();
    stage.world.advance(10);
    let his_place = place.synced();
    let thief = stage.world.wallet(&his_place).await;
    let ticket = stage.world.ticket(&thief, "hanako").await.unwrap();
    let ceremony = thief.prepare_recovery(&ticket, "Thief", None).await.unwrap();
    thief.confirm(ceremony.id).await.unwrap();
    thief.sync().await.unwrap();
    assert_eq!(thief.state().status, Status::Frozen);
    let key = Thief::thief_of(&stage.world, &his_place).await;
    let mut refused = Vec::new();
    // Also when its cool-off is over.
    for day in 0..3 {
        refused.push(thief.prepare_unfreeze().await.unwrap_err().code);
        let token = forge(&his_place, &key, stage.world.now(), |token| token.atc += day);
        assert_eq!(till.outcome(&token, 100, &format!("theft-{day}")).await, Outcome::Declined);
        stage.world.advance(86_400);
    }
    assert_eq!(refused, [Code::NotFirstDevice; 3]);
    Row::new(
        "Takes a frozen account over with password, messages and synchronised passkey, and lets it go with the new key",
        "release by a device from before the freeze alone",
        refused[0].name(),
        stage.lost().await,
    )
    .expect(Code::NotFirstDevice, 0)
}
