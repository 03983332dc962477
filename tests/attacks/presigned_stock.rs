//! A minute with the unlocked phone: a stock of signed codes, dated ahead, for use when their time comes.

use super::row::Row;
use super::stage::{Stage, Thief, data, forge};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::Outcome;

const HOUR: u32 = 3_600;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, other) = stage.shops().await;
    let phone = Thief::thief_of(&stage.world, &place).await;
    let now = stage.world.now();
    // For some minutes soon, which no rule calls offline, and for each of the next 48 hours.
    let times: Vec<u32> = [120, 240, 360].into_iter().chain((1..=48).map(|hour| hour * HOUR)).collect();
    let sign = |(number, later): (usize, &u32)| {
        forge(&place, &phone, now, |token| {
            token.issued_at += later;
            token.expires_at += later;
            token.atc += u32::try_from(number).unwrap();
        })
    };
    let stock: Vec<String> = times.iter().enumerate().map(sign).collect();
    assert_eq!(till.outcome(&stock[0], 10_000, "at-once").await, Outcome::TokenExpired);
    assert_eq!(stage.reason(&wallet).await, Code::TokenAhead.name());
    // The owner's wallet stays closed for a day. Every code is tried in its minute, the next one before its time.
    for (number, later) in times.iter().enumerate().take(26) {
        stage.world.advance(u64::from(now + later - stage.world.now()));
        let amount = if *later < HOUR { 10_000 } else { 5_000 };
        let shop = if number % 2 == 0 { &till } else { &other };
        shop.outcome(&stock[number], amount, &format!("theft-{number}")).await;
        assert_eq!(till.outcome(&stock[number + 1], 1_000, &format!("ahead-{number}")).await, Outcome::TokenExpired);
    }
    assert_eq!(till.outcome(&stock[3], 5_000, "expired").await, Outcome::TokenExpired);
    // The owner's next code has an earlier number and a later date than the codes of the stock.
    let atc = data(&place).atc + 1;
    let own = forge(&place, &phone, stage.world.now(), |token| {
        token.atc = atc;
        token.random = [8; 4];
    });
    assert_eq!(till.outcome(&own, 540, "sale-1").await, Outcome::Declined);
    assert_eq!(stage.reason(&wallet).await, Code::CloneSuspected.name());
    assert_eq!(wallet.state().status, Status::Suspended);
    stage.world.advance(u64::from(now + times[27] - stage.world.now()));
    assert_eq!(till.outcome(&stock[27], 5_000, "after").await, Outcome::Declined);
    Row::new(
        "Makes a stock of codes dated ahead in a minute with the unlocked phone; the owner pays a day later",
        "time of the code; allowance of a day; clone evidence",
        Code::CloneSuspected.name(),
        stage.lost().await,
    )
    .expect(Code::CloneSuspected, 20_000)
}
