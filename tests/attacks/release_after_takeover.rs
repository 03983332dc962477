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
    let refused = thief.prepare_unfreeze().await.unwrap_err().code;
    let token = forge(&his_place, &key, stage.world.now(), |_| {});
    assert_eq!(till.outcome(&token, 100, "theft").await, Outcome::Declined);

    // The owner was told at once, and within that day puts a key of theirs in the place of his, with the same passkey.
    let told = stage.world.issuer.inbox(0).await.unwrap();
    assert!(told.iter().any(|(_, message)| message.to == "hanako@example.test" && message.text.contains("Thief")));
    stage.world.advance(80_000);
    assert!(wallet.sync().await.is_err());
    wallet.forget().await.unwrap();
    let again = stage.world.wallet(&place).await;
    let ticket = stage.world.ticket(&again, "hanako").await.unwrap();
    let ceremony = again.prepare_recovery(&ticket, "Phone", None).await.unwrap();
    again.confirm(ceremony.id).await.unwrap();
    again.sync().await.unwrap();
    stage.world.advance(86_400);
    // His day would be over.
    assert_eq!(thief.prepare_unfreeze().await.unwrap_err().code, Code::Revoked);
    let token = forge(&his_place, &key, stage.world.now(), |token| token.atc += 1);
    assert_eq!(till.outcome(&token, 100, "theft-later").await, Outcome::Declined);
    stage.world.release(&again).await;
    assert_eq!(again.state().status, Status::Ready);
    Row::new(
        "Takes a frozen account over with password, messages and synchronised passkey, to let it go with the new key",
        "first day of the new key; a message at once, and the owner's passkey takes the place back",
        refused.name(),
        stage.lost().await,
    )
    .expect(Code::CoolingOff, 0)
}
