//! The same with the owner's synchronised passkeys too: nothing is left that only the owner has.

use super::row::Row;
use super::stage::{Stage, Thief, forge};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::Outcome;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    let his_place = place.synced();
    let thief = stage.world.wallet(&his_place).await;
    let ticket = stage.world.ticket(&thief, "hanako").await.unwrap();
    let ceremony = thief.prepare_recovery(&ticket, "Thief", None).await.unwrap();
    thief.confirm(ceremony.id).await.unwrap();
    thief.sync().await.unwrap();
    let cards = stage.charged().await;
    assert_eq!(stage.world.top_up(&thief, 1_000, "card-1").await.unwrap_err().code, Code::CoolingOff);
    let key = Thief::thief_of(&stage.world, &his_place).await;
    let mut outcomes = Vec::new();
    for (number, amount) in [(0, 10_000), (1, 3_000), (2, 3_000), (3, 1)] {
        stage.world.advance(61);
        let token = forge(&his_place, &key, stage.world.now(), |token| token.atc += number);
        outcomes.push(till.outcome(&token, amount, &format!("theft-{number}")).await);
    }
    assert_eq!(outcomes, [Outcome::AmountOver, Outcome::Approved, Outcome::Declined, Outcome::Declined]);
    let reason = stage.reason(&thief).await;
    // The owner hears of it twice: by message, and from a wallet that is no longer one.
    let told = stage.world.issuer.inbox(0).await.unwrap();
    assert!(told.iter().any(|(_, message)| message.to == "hanako@example.test" && message.text.contains("To stop everything")));
    assert_eq!(wallet.sync().await.unwrap_err().code, Code::Revoked);
    assert_eq!(wallet.state().status, Status::Revoked);
    assert_eq!(stage.charged().await, cards);
    Row::new(
        "Takes an account over on its first day with password, messages and the owner's synchronised passkey",
        "cool-off of the new key: no card, JPY 3,000; the owner is told at once",
        &reason,
        stage.lost().await,
    )
    .expect(Code::OverAllowance, 3_000)
}
