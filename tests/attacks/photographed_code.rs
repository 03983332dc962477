//! A live code photographed over the shoulder and charged by an accomplice's till before the owner's own till does.

use super::row::Row;
use super::stage::{Stage, heard};
use jitsuin::issuer::ledger::{Kind as Kept, Ledger as _, Needs, Records};
use jitsuin::wallet::ports::Platform as _;
use jitsuin::wire::id::AccountId;
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::receipt::Kind;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, accomplice) = stage.shops().await;
    let shown = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(accomplice.outcome(&shown, 10_001, "theft-1").await, Outcome::AmountOver);
    // A refused code is spent: the guess above ended this one. The thief is luckier with the next.
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-2").await, Outcome::TokenUsed);
    stage.world.advance(61);
    let shown = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-3").await, Outcome::Approved);
    let own = till.outcome(&shown, 540, "sale-1").await;
    // The shop is not paid out: the payment waits, and its owner is told where the code was used.
    wallet.sync().await.unwrap();
    let held = wallet.receipts(None, 5).into_iter().find(|receipt| receipt.kind == Kind::Held).unwrap();
    assert_eq!(held.reason.as_deref(), Some(Code::TokenUsed.name()));
    // The photo is worth nothing more: the same call hears the same answer, any other that the code is used.
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-3").await, Outcome::Approved);
    assert_eq!(accomplice.outcome(&shown, 10_000, "theft-4").await, Outcome::TokenUsed);
    assert_eq!(accomplice.outcome(&shown, 9_999, "theft-5").await, Outcome::TokenUsed);
    // With the next code, at the next shop, the victim is no worse off, whether the phone had network or not.
    for is_online in [true, false] {
        assert_eq!(paying_elsewhere_a_minute_later(is_online).await, (10_000, 0));
    }
    Row::new(
        "Photographs a live code and has an accomplice's till charge it first",
        "one use; the payment is held once the owner's own till offers the code, the next payment elsewhere was made unaware of it, or the owner says not me",
        &heard(own),
        stage.lost().await,
    )
    .expect(Code::TokenUsed, 10_000)
}

/// A thief charges a photographed code; its owner pays at another shop a minute later. Yen lost before and after the money
/// was given back, which nothing but a person of the issuer decides: neither time nor the thief.
async fn paying_elsewhere_a_minute_later(is_online: bool) -> (u64, u64) {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, accomplice) = stage.shops().await;
    let photo = wallet.payment_code(None).await.unwrap().text;
    place.transport().set_offline(!is_online);
    assert_eq!(accomplice.outcome(&photo, 10_000, "theft-1").await, Outcome::Approved);
    if is_online {
        wallet.sync().await.unwrap();
        wallet.shown(wallet.receipts(None, 1)[0].sequence).await.unwrap();
    }
    stage.world.advance(60);
    let code = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::Approved);
    stage.agreed(540);
    let before = stage.lost().await;
    place.transport().set_offline(false);
    wallet.sync().await.unwrap();
    // Online the owner was shown the theft before paying on, so it alone is what they object to. Offline it waits already.
    let waits = wallet.receipts(None, 5).into_iter().find(|receipt| receipt.kind == Kind::Held);
    assert_eq!(waits.is_some(), !is_online);
    let theft = wallet.receipts(None, 9).into_iter().rfind(|receipt| receipt.kind == Kind::Payment).unwrap();
    assert_eq!(waits.map_or(Some(theft.sequence), |held| held.undoes), Some(theft.sequence));
    wallet.not_mine(theft.sequence).await.unwrap();
    stage.world.advance(8 * 24 * 3600);
    stage.world.issuer.sweep().await.unwrap();
    let (account, held) = held(&stage).await;
    stage.world.issuer.settle_held(&account, &held, true).await.unwrap();
    (before, stage.lost().await)
}

/// The one payment that waits, and whose it is.
async fn held(stage: &Stage) -> (AccountId, String) {
    let ledger = stage.world.issuer.ledger();
    let mut found = Vec::new();
    for key in ledger.keys(Kept::Accounts).await.unwrap() {
        let read = |records: &mut Records| {
            let account = records.accounts.get(&key).unwrap();
            account.held.iter().map(|held| (account.id.clone(), held.payment.clone())).collect::<Vec<_>>()
        };
        found.extend(ledger.transact(Needs::new().and(Kept::Accounts, &key), read).await.unwrap());
    }
    assert_eq!(found.len(), 1);
    found.remove(0)
}
