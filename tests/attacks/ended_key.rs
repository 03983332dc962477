//! Codes of a key that its owner has ended, or of a frozen account, offered again and again to fill the owner's history.

use super::row::Row;
use super::stage::{Stage, Thief, forge};
use jitsuin::code::Code;
use jitsuin::issuer::ledger::Ledger;
use jitsuin::wire::calls::{Outcome, Refill};
use jitsuin::wire::receipt::Kind;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let own = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&own.text, 540, "sale-1").await, Outcome::Approved);
    stage.agreed(540);
    wallet.sync().await.unwrap();
    let copy = place.copied();
    let thief = Thief::thief_of(&stage.world, &copy).await;
    let account = thief.account.clone().unwrap();
    let receipts = async || stage.world.issuer.ledger().receipts(&account, 0, 1_000).await.unwrap().len();
    let most = usize::try_from(jitsuin::rules::policy::Policy::default().untaken_receipts_hour).unwrap();

    // Frozen: two codes in turn, then thirty, each with a counter of its own.
    stage.world.advance(61);
    wallet.freeze().await.unwrap();
    let before = receipts().await;
    let turns: Vec<String> =
        (0..2).map(|more| forge(&copy, &thief, stage.world.now(), |token| token.atc += more)).collect();
    for turn in 0..10 {
        for (code, text) in turns.iter().enumerate() {
            assert_eq!(till.outcome(text, 100, &format!("turn-{turn}-{code}")).await, Outcome::Declined);
        }
    }
    assert_eq!(receipts().await, before + 2, "each code writes one receipt");
    for theft in 2..32 {
        let text = forge(&copy, &thief, stage.world.now(), |token| token.atc += theft);
        assert_eq!(till.outcome(&text, 100, &format!("frozen-{theft}")).await, Outcome::Declined);
    }
    assert_eq!(receipts().await, before + most);
    assert_eq!(stage.reason(&wallet).await, Code::Frozen.name(), "the owner sees that a code was offered");

    // Released and renewed: the copy is of an ended key, and writes nothing more.
    stage.world.advance(3_600);
    stage.world.release(&wallet).await;
    let ceremony = wallet.prepare_rotation(None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    let before = receipts().await;
    for theft in 32..62 {
        stage.world.advance(1);
        let text = forge(&copy, &thief, stage.world.now(), |token| token.atc += theft);
        // In each way in which a code may be refused.
        let amount = if theft % 2 == 0 { 100 } else { 10_001 };
        till.outcome(&text, amount, &format!("ended-{theft}")).await;
    }
    assert_eq!(receipts().await, before);
    wallet.sync().await.unwrap();
    assert!(wallet.receipts(None, 100).iter().any(|receipt| receipt.kind == Kind::Payment), "the real one is still there");
    let refused = thief.call(&Refill {}).await.unwrap_err().code;
    Row::new(
        "Offers codes of a copied key again and again, of the frozen account and after the key was renewed, to fill the owner's history",
        "three receipts an hour for codes that are not taken; none for a key that was ended",
        &refused,
        stage.lost().await,
    )
    .expect(Code::Revoked, 0)
}
