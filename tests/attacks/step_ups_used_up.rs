//! A copied key, as fast as it can, so that its owner, who has the passkey, can do nothing any more: it opens step-ups, fails
//! their confirms, and lowers the limit. Then it pays. Before step-ups were stored nowhere: `intent-limit` for rotation and
//! top-up, `too-many-attempts` for the release, the limit lowered, JPY 20,000 lost.

use super::row::Row;
use super::stage::{Stage, data, forge, top_up};
use super::stopping::{agree_by_hand, release_by_hand};
use super::world::{balance, yen};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{Outcome, PrepareLimit};

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let (his_place, copied, key) = stage.copier(&place).await;
    let before = balance(&wallet);
    let source = "card-1".parse().unwrap();
    let owners = wallet.prepare_top_up(yen(5_000), jitsuin::wire::money::Currency::JPY, source).await.unwrap();
    let limit = wallet.state().limit.unwrap().amount;
    let mut refusal = String::new();
    for _ in 0..20 {
        let prepared = key.call(&top_up(1_000, "card-1", Some(&copied))).await.unwrap();
        for _ in 0..5 {
            refusal = agree_by_hand(&key, &his_place, &place, prepared.clone()).await;
        }
        let lower = PrepareLimit { old: limit, new: yen(1), head: data(&copied).link.hash };
        let prepared = key.call(&lower).await.unwrap();
        assert_eq!(agree_by_hand(&key, &his_place, &place, prepared).await, Code::AssertionRefused.name());
    }

    // The owner tops up with what was prepared before all this, stops and releases, and gives the device another key.
    wallet.confirm(owners.id).await.unwrap();
    assert_eq!(balance(&wallet), before + 5_000);
    stage.world.advance(10);
    wallet.freeze().await.unwrap();
    for _ in 0..20 {
        assert_eq!(release_by_hand(&key, &his_place, &place).await, Code::AssertionRefused.name());
    }
    stage.world.release(&wallet).await;
    let rotation = wallet.prepare_rotation(None).await.unwrap();
    wallet.confirm(rotation.id).await.unwrap();
    wallet.sync().await.unwrap();
    assert_eq!((wallet.state().status, wallet.state().limit.unwrap().amount), (Status::Ready, limit));

    for (sale, amount) in [("first", 10_000), ("second", 10_000)] {
        let token = forge(&copied, &key, stage.world.now(), |_| {});
        assert_eq!(till.outcome(&token, amount, sale).await, Outcome::Declined);
        stage.world.advance(61);
    }
    Row::new(
        "Has a copied profile, opens step-ups, fails their confirms and lowers the limit as fast as he can, so that the owner can neither top up, nor release, nor renew the key",
        "step-ups that wait are stored nowhere, and a nonce is spent by its own confirms alone; every limit and release takes the passkey",
        &refusal,
        stage.lost().await,
    )
    .expect(Code::AssertionRefused, 0)
}
