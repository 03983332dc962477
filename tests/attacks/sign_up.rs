//! Step 1 and 2 of 2019: ID and password from a list, typed on any other phone, were all that it took.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::money::Currency;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, thief) = stage.stranger().await;
    let attempt = thief.log_in("taro", "taro-password", "en").await.unwrap();
    // The password is right. The digits that went to the owner are not the thief's to read.
    let mut refused = Vec::new();
    for guess in ["00000000", "12345678", "20190701"] {
        refused.push(thief.enter_code(&attempt, guess).await.unwrap_err().code);
    }
    assert_eq!(refused, [Code::CodeRefused; 3]);
    assert_eq!(thief.prepare_enrolment("guessed", "Thief", None).await.unwrap_err().code, Code::TicketExpired);
    assert_eq!(thief.payment_code(None).await.unwrap_err().code, Code::NotEnrolled);
    let top_up = thief.prepare_top_up(super::world::yen(30_000), Currency::JPY, "card-1".parse().unwrap()).await;
    assert_eq!(top_up.unwrap_err().code, Code::NotEnrolled);
    assert_eq!(thief.state().status, Status::New);
    let inbox = stage.world.issuer.inbox(0).await.unwrap();
    let told = inbox.iter().any(|(_, message)| message.to == "taro@example.test" && message.text.contains("change it"));
    assert!(told, "the owner hears that the password is known, before anything could move");
    assert_eq!(stage.charged().await, 0);
    Row::new("Signs up in two taps with a known ID and password, on another phone", "contact code", refused[0].name(), stage.lost().await)
        .expect(Code::CodeRefused, 0)
}
