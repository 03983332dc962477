//! A copy of the whole profile, used from another machine at once and as much as it can.

use super::row::Row;
use super::stage::{Stage, Thief, data, forge};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::Outcome;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, other) = stage.shops().await;
    let copy = place.copied();
    let thief = Thief::thief_of(&stage.world, &copy).await;
    // The passkey is not in the files: no top-up.
    let copied = stage.world.wallet(&copy).await;
    let top_up = stage.world.top_up(&copied, 30_000, "card-1").await.unwrap_err().code;
    assert!(matches!(top_up, Code::NoCredential | Code::Cancelled), "{top_up}");
    let mut declined = Vec::new();
    for theft in 0..6 {
        stage.world.advance(61);
        let code = forge(&copy, &thief, stage.world.now(), |token| token.atc += theft);
        let shop = if theft % 2 == 0 { &till } else { &other };
        if shop.outcome(&code, 10_000, &format!("theft-{theft}")).await != Outcome::Approved {
            declined.push(stage.reason(&wallet).await);
        }
    }
    assert!(declined.iter().all(|reason| reason == Code::OverAllowance.name()), "{declined:?}");
    // The next day's allowance is not reached: the owner pays as usual, without a look at the network before.
    stage.world.advance(24 * 3600);
    let own = forge(&place, &Thief::thief_of(&stage.world, &place).await, stage.world.now(), |token| {
        token.atc = data(&copy).atc + 1;
        token.random = [8; 4];
    });
    assert_eq!(till.outcome(&own, 540, "sale-1").await, Outcome::Declined);
    assert_eq!(stage.reason(&wallet).await, Code::CloneSuspected.name());
    assert_eq!(wallet.state().status, Status::Suspended);
    stage.world.advance(61);
    let late = forge(&copy, &thief, stage.world.now(), |token| token.atc += 20);
    assert_eq!(till.outcome(&late, 10_000, "late").await, Outcome::Declined);
    Row::new(
        "Copies the profile with its key and pays until the owner's next payment, a day later",
        "allowance of a day, then clone evidence",
        Code::CloneSuspected.name(),
        stage.lost().await,
    )
    .expect(Code::CloneSuspected, 20_000)
}
