//! A till passes the code that it scanned to an accomplice at another till: after its own sale, and one bound to it.

use super::row::Row;
use super::stage::{Stage, Thief, forge, heard};
use super::world::yen;
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::money::Currency;
use jitsuin::wire::token::Limit;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, accomplice) = stage.shops().await;
    let code = wallet.payment_code(None).await.unwrap().text;
    assert_eq!(till.outcome(&code, 540, "sale-1").await, Outcome::Approved);
    stage.agreed(540);
    let lifted = accomplice.outcome(&code, 10_000, "theft-1").await;

    // A code signed for one till, before that till has used it.
    stage.world.advance(61);
    let owner = Thief::thief_of(&stage.world, &place).await;
    let bound = forge(&place, &owner, stage.world.now(), |token| {
        token.limit = Limit::Exact { amount: yen(540), currency: Currency::JPY, audience: "t/1001".parse().unwrap() };
    });
    assert_eq!(accomplice.outcome(&bound, 540, "theft-2").await, Outcome::Declined);
    assert_eq!(stage.reason(&wallet).await, Code::WrongTill.name());
    assert_eq!(till.outcome(&bound, 540, "sale-2").await, Outcome::Approved, "its own till may still take it");
    stage.agreed(540);
    Row::new("Lifts a scanned code and spends it at another till", "one use; the code's own till", &heard(lifted), stage.lost().await)
        .expect(Code::TokenUsed, 0)
}
