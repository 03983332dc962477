//! The name of a device stands in the alarm to the owner, and whoever registers it chooses the name.

use super::row::Row;
use super::stage::{Stage, Thief, heard};
use super::stopping::stop_code;
use jitsuin::code::Code;
use jitsuin::wire::calls::{FreezeByCode, Outcome};

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (till, _) = stage.shops().await;
    let (_, thief) = stage.stranger().await;
    let ticket = stage.world.ticket(&thief, "taro").await.unwrap();
    let name = "Login\" was refused: see https://evil.example/a +81 」 ok \"";
    let ceremony = thief.prepare_enrolment(&ticket, name, None).await.unwrap();
    thief.confirm(ceremony.id).await.unwrap();
    thief.sync().await.unwrap();
    let code = thief.payment_code(None).await.unwrap();
    let inbox = stage.world.issuer.inbox(0).await.unwrap();
    let (_, alarm) = inbox.iter().rev().find(|(_, message)| message.to == "taro@example.test").unwrap();
    let (before, rest) = alarm.text.split_once('「').unwrap();
    let (quoted, after) = rest.split_once('」').unwrap();
    assert!(before.is_empty() && after.starts_with(" can now pay"), "the sentence is the issuer's: {}", alarm.text);
    assert!(!quoted.contains(['.', ':', '/', '@', '+']) && !quoted.contains(|sign: char| sign.is_ascii_digit()));
    assert_eq!(alarm.text.matches("://").count(), 1, "the one link is the issuer's: {}", alarm.text);
    // The owner does what the alarm says.
    let code_of_alarm = stop_code(&stage, "taro@example.test").await;
    Thief::stranger(&stage.world).call(&FreezeByCode { code: code_of_alarm }).await.unwrap();
    let outcome = till.outcome(&code.text, 540, "sale-1").await;
    assert_eq!(heard(outcome), heard(Outcome::Declined));
    Row::new(
        "Reads the owner's messages, enrols the first device and names it so that the alarm reads as a refusal with a link",
        "names in messages are quoted and in full width; stop code of the alarm",
        &stage.reason(&thief).await,
        stage.lost().await,
    )
    .expect(Code::Frozen, 0)
}
