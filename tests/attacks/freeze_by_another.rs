//! A freeze by passkey asks for no account: what a passkey signed must stop its own account and nobody else's.

use super::row::Row;
use super::stage::{Stage, Thief, data};
use super::stopping::{assert, assert_as};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{ConfirmPasskeyFreeze, PreparePasskeyFreeze, freeze_challenge};
use jitsuin::wire::id::{Hash, Nonce};

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (his_place, his) = stage.stranger().await;
    stage.world.enrol(&his, "taro").await.unwrap();
    let settings = stage.world.issuer.settings();
    let challenge = |nonce: Nonce| freeze_challenge(&settings.issuer, &settings.rp_id, nonce);
    let victim = data(&place).account.unwrap();
    let thief = Thief::stranger(&stage.world);
    let refused = |problem: jitsuin::wire::calls::Problem| problem.code;

    let nonce = thief.call(&PreparePasskeyFreeze {}).await.unwrap().nonce;
    let as_her = assert_as(&his_place, &victim.credential, &victim.user_handle, challenge(nonce)).await;
    // What her passkey once signed for something else.
    let other = assert(&place, Hash([7; 32])).await;
    let mut codes = Vec::new();
    for assertion in [as_her, other] {
        codes.push(thief.call(&ConfirmPasskeyFreeze { nonce, assertion }).await.map_err(refused).unwrap_err());
    }
    assert_eq!(codes, [Code::AssertionRefused.name(); 2]);
    // His own passkey stops himself.
    let assertion = assert(&his_place, challenge(nonce)).await;
    thief.call(&ConfirmPasskeyFreeze { nonce, assertion }).await.unwrap();
    his.sync().await.unwrap();
    wallet.sync().await.unwrap();
    assert_eq!((his.state().status, wallet.state().status), (Status::Frozen, Status::Ready));

    // A freeze that she began on a borrowed machine is hers to end there.
    let borrowed = Thief::stranger(&stage.world);
    let nonce = borrowed.call(&PreparePasskeyFreeze {}).await.unwrap().nonce;
    let call = ConfirmPasskeyFreeze { nonce, assertion: assert(&place, challenge(nonce)).await };
    assert_eq!(thief.call(&call).await.map_err(refused).unwrap_err(), Code::IntentExpired.name());
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
    borrowed.call(&call).await.unwrap();
    assert_eq!(borrowed.call(&call).await.map_err(refused).unwrap_err(), Code::IntentExpired.name());
    Row::new(
        "Freezes somebody else by passkey: with his own, with an assertion for something else, with one he recorded",
        "challenge for one key, used once; signature of a passkey of that account",
        &codes[0],
        stage.lost().await,
    )
    .expect(Code::AssertionRefused, 0)
}
