//! The owner froze the account in time; the thief, who copied the profile and reads the messages, lets it go again.

use super::row::Row;
use super::stage::{Stage, forge};
use super::stopping::release_by_hand;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{Outcome, Unfreeze};

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let (his_place, copied, key) = stage.copier(&place).await;
    stage.world.advance(10);
    wallet.freeze().await.unwrap();

    // As often as he likes: no message is sent, and nothing of the owner's is used up.
    let before = stage.world.issuer.inbox(0).await.unwrap().len();
    for guess in 0..50 {
        let call = Unfreeze { attempt: format!("attempt-{guess}"), code: format!("{guess:08}") };
        assert_eq!(key.call(&call).await.unwrap_err().code, Code::CodeRefused.name());
        assert_eq!(release_by_hand(&key, &his_place, &place).await, Code::AssertionRefused.name());
    }
    assert_eq!(stage.world.issuer.inbox(0).await.unwrap().len(), before);
    let by_hand = release_by_hand(&key, &his_place, &place).await;
    let token = forge(&copied, &key, stage.world.now(), |_| {});
    assert_eq!(till.outcome(&token, 10_000, "theft").await, Outcome::Declined);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
    // The owner's own release goes through at once.
    stage.world.release(&wallet).await;
    assert_eq!(wallet.state().status, Status::Ready);
    Row::new(
        "Has a copied profile and the owner's messages, and lets the frozen account go again",
        "the owner's passkey over the release, and only then a contact code",
        &by_hand,
        stage.lost().await,
    )
    .expect(Code::AssertionRefused, 0)
}
