//! Step 5 of 2019: two people in one shop with the IDs of eight others, 146 cartons, about JPY 730,000.

use super::row::Row;
use super::stage::{Stage, person};
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;

const LOGINS: [&str; 8] = ["user-1", "user-2", "user-3", "user-4", "user-5", "user-6", "user-7", "user-8"];
/// What a carton cost.
const CARTON: u32 = 5_000;

pub async fn play() -> Row {
    let stage = Stage::with(&LOGINS.map(|login| person(login, false))).await;
    let (till, _) = stage.shops().await;
    let mut refused = Vec::new();
    for login in LOGINS {
        // Even with every owner's messages.
        let (place, thief) = stage.stranger().await;
        stage.world.enrol(&thief, login).await.unwrap();
        for (sale, amount) in [CARTON, 3_000, 1].into_iter().enumerate() {
            stage.world.advance(61);
            // Past the wallet's own counting.
            let key = super::stage::Thief::thief_of(&stage.world, &place).await;
            let atc = u32::try_from(sale).unwrap() + 1;
            let code = super::stage::forge(&place, &key, stage.world.now(), |token| token.atc = atc);
            let outcome = till.outcome(&code, amount, &format!("{login}-{sale}")).await;
            if outcome != Outcome::Approved {
                refused.push(outcome);
            }
        }
    }
    assert_eq!(stage.charged().await, 0);
    assert_eq!(refused, [Outcome::AmountOver, Outcome::Declined].repeat(8), "a carton is above the cool-off's payment");
    Row::new(
        "Two people in one shop with the accounts of eight others, whose messages they read: 146 cartons, JPY 730,000",
        "cool-off of each account",
        "amount-over",
        stage.lost().await,
    )
    .expect(Code::AmountOver, 24_000)
}
