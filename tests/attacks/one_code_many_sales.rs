//! One code shown again and again at one till, each time as a new sale: 24 at the same moment.

use super::parallel_replay::{at_once, request};
use super::row::Row;
use super::stage::{Stage, heard};
use jitsuin::code::Code;
use jitsuin::wire::calls::Outcome;

const SALES: usize = 24;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let token = wallet.payment_code(None).await.unwrap().text;
    let mut requests = Vec::new();
    for number in 0..SALES {
        requests.push(request(&stage, &till, &token, &format!("one-code-many-sales-{number:02}")).await);
    }
    let answers = at_once(&stage, requests);
    let approved = answers.iter().filter(|answer| answer.outcome == Outcome::Approved).count() as u64;
    let refused = answers.iter().map(|answer| answer.outcome).find(|outcome| *outcome != Outcome::Approved);
    // Goods that the shop handed over, and was not paid for.
    let paid = stage.lost().await;
    assert_eq!(paid, 540);
    Row::new(
        "Shows one code at one till for 24 sales at the same moment",
        "one sale for each use of a code; the till is told which payment it was",
        &refused.map_or_else(|| "approved".into(), heard),
        approved * 540 - paid,
    )
    .expect(Code::TokenUsed, 0)
}
