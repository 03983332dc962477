//! Freezing strangers for the fun of it: whoever can do that at will has switched the service off.

use super::row::Row;
use super::stage::{Stage, Thief};
use super::stopping::stop_code;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{EnterCode, FreezeByCode, FreezeByTicket, LogIn, Outcome};
use std::collections::BTreeSet;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, _) = stage.shops().await;
    // The thief has an account of his own, and so stop codes of the right form.
    let (_, own) = stage.stranger().await;
    stage.world.enrol(&own, "taro").await.unwrap();
    let thief = Thief::stranger(&stage.world);
    let stop = |code: String| async { thief.call(&FreezeByCode { code }).await.map_err(|problem| problem.code) };
    let (his, hers) = (stop_code(&stage, "taro@example.test").await, stop_code(&stage, "hanako@example.test").await);
    let account = |code: &str| code.split_once('.').unwrap().1.to_owned();
    let (swapped, empty) = (his.replace(&account(&his), &account(&hers)), format!(".{}", account(&hers)));
    let mut refused = BTreeSet::new();
    for code in [swapped, empty, account(&hers), String::new()] {
        refused.insert(stop(code).await.unwrap_err());
    }
    // The ticket of a login that he looked on at works for the key that got it.
    let owner = Thief::stranger(&stage.world);
    let log_in = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let attempt = owner.call(&log_in).await.unwrap().attempt;
    let code = stage.world.code_for("hanako@example.test").await;
    let ticket = owner.call(&EnterCode { attempt, code }).await.unwrap().ticket;
    assert_eq!(thief.call(&FreezeByTicket { ticket }).await.unwrap_err().code, Code::TicketExpired.name());
    // An hour of guesses, with no limit: nothing here can be guessed.
    for _ in 0..4 {
        for guess in 0..400 {
            let Err(code) = stop(format!("{guess:054}.{}", account(&hers))).await else { panic!("frozen by a guess") };
            refused.insert(code);
        }
        stage.world.advance(900);
    }
    assert_eq!(refused, [Code::CodeRefused.name().to_owned()].into());
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    stage.agreed(540);
    Row::new(
        "Freezes somebody else: guesses stop codes for an hour, puts another account into his own, takes a ticket he saw",
        "MAC over account and time, 5 minutes, one use",
        Code::CodeRefused.name(),
        stage.lost().await,
    )
    .expect(Code::CodeRefused, 0)
}
