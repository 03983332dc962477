//! The owner froze the account in time; the thief, who copied the profile and reads the messages, lets it go again.

use super::row::Row;
use super::stage::{Stage, Thief, forge};
use super::stopping::release_by_hand;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{Outcome, PrepareUnfreeze, SendUnfreezeCode};
use jitsuin::wire::id::Hash;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let (his_place, his) = stage.stranger().await;
    stage.world.enrol(&his, "taro").await.unwrap();
    let copied = place.copied();
    let key = Thief::thief_of(&stage.world, &copied).await;
    stage.world.advance(10);
    wallet.freeze().await.unwrap();

    // Without the messages: three guesses for each code, five codes in 15 minutes.
    let mut asked = 0;
    let mut refused = loop {
        let attempt = match key.call(&SendUnfreezeCode {}).await {
            Ok(sent) => sent.attempt,
            Err(problem) => break vec![problem.code],
        };
        asked += 1;
        for guess in 0..4 {
            let call = PrepareUnfreeze { attempt: attempt.clone(), code: format!("{guess:08}"), head: Hash::ZERO };
            assert_eq!(key.call(&call).await.unwrap_err().code, Code::CodeRefused.name());
        }
    };
    assert_eq!((asked, refused.remove(0)), (5, Code::TooManyAttempts.name().into()));
    // With them.
    stage.world.advance(900);
    let attempt = key.call(&SendUnfreezeCode {}).await.unwrap().attempt;
    let code = stage.world.code_for("hanako@example.test").await;
    let thief = stage.world.wallet(&copied).await;
    thief.sync().await.unwrap();
    let call = PrepareUnfreeze { attempt: attempt.clone(), code: code.clone(), head: Hash::ZERO };
    let by_hand = release_by_hand(&key, &his_place, &place, &call).await;
    assert_eq!(thief.prepare_unfreeze(&attempt, &code).await.unwrap_err().code, Code::CodeRefused, "used once");
    let token = forge(&copied, &key, stage.world.now(), |_| {});
    assert_eq!(till.outcome(&token, 10_000, "theft").await, Outcome::Declined);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    Row::new(
        "Has a copied profile and the owner's messages, and lets the frozen account go again",
        "contact code with 3 tries, then the owner's passkey over the release",
        &by_hand,
        stage.lost().await,
    )
    .expect(Code::AssertionRefused, 0)
}
