//! A code made for one amount, or up to one, charged with another; and its text changed on the way.

use super::row::Row;
use super::stage::{Stage, Thief, forge};
use super::world::yen;
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::money::Currency;
use jitsuin::wire::token::Limit;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let owner = Thief::thief_of(&stage.world, &place).await;
    let exact = forge(&place, &owner, stage.world.now(), |token| {
        token.limit = Limit::Exact { amount: yen(540), currency: Currency::JPY, audience: "t/1001".parse().unwrap() };
    });
    for at in [3, 40, 100, exact.len() - 1] {
        let mut changed = exact.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(till.outcome(&changed, 5_400, &format!("changed-{at}")).await, Outcome::TryAgain);
    }
    assert_eq!(till.outcome(&exact, 5_400, "theft-1").await, Outcome::Declined);
    let reason = stage.reason(&wallet).await;
    stage.world.advance(61);
    let bounded = forge(&place, &owner, stage.world.now(), |token| {
        token.atc += 1;
        token.limit = Limit::UpTo { amount: yen(540), currency: Currency::JPY };
    });
    assert_eq!(till.outcome(&bounded, 541, "theft-2").await, Outcome::AmountOver);
    Row::new("Charges another amount than the code was made for", "amount in the signed code", &reason, stage.lost().await)
        .expect(Code::AmountMismatch, 0)
}
