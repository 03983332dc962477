//! A copied profile, a stolen password and a stolen contact code against the owner's way to renew the key.

use super::row::Row;
use super::stage::{Stage, Thief, data, forge};
use jitsuin::code::Code;
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{Outcome, PrepareRotation, Refill};
use jitsuin::wire::enrolment::Custody;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    let (till, other) = stage.shops().await;
    // Login, password and contact code make a session, and no device key: it replaces nothing.
    let (_, session) = stage.stranger().await;
    stage.world.ticket(&session, "hanako").await.unwrap();
    let mut stranger = Thief::stranger(&stage.world);
    stranger.account = data(&place).account.map(|account| account.id);
    let new_thumb = jitsuin::wallet::ports::SigningKey::public(&stranger.key).thumbprint();
    let call = PrepareRotation { new_thumb, custody: Custody::Software, head: data(&place).link.hash };
    assert_eq!(stranger.call(&call).await.unwrap_err().code, Code::NotEnrolled.name());

    // The copied profile has the device key, and pays as much as the limits leave.
    let copy = place.copied();
    let thief = Thief::thief_of(&stage.world, &copy).await;
    for theft in 0..4 {
        stage.world.advance(61);
        let code = forge(&copy, &thief, stage.world.now(), |token| token.atc += theft);
        let shop = if theft % 2 == 0 { &till } else { &other };
        shop.outcome(&code, 10_000, &format!("theft-{theft}")).await;
    }
    // It may ask for a new key and gets none: the passkey is not in the files.
    let copied = stage.world.wallet(&copy).await;
    let ceremony = copied.prepare_rotation(None).await.unwrap();
    let refused = copied.confirm(ceremony.id).await.unwrap_err().code;
    assert!(matches!(refused, Code::NoCredential | Code::Cancelled), "{refused}");

    // The owner renews the key: suspended or not, every copy is dead at once, and the meters go on.
    wallet.sync().await.unwrap();
    let ceremony = wallet.prepare_rotation(None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
    stage.world.advance(24 * 3600);
    let late = forge(&copy, &thief, stage.world.now(), |token| token.atc += 20);
    assert_eq!(till.outcome(&late, 100, "late").await, Outcome::Declined);
    // What the copy's calls hear; its codes write nothing in the owner's history.
    let refused = thief.call(&Refill {}).await.unwrap_err().code;
    Row::new(
        "Has the password and a contact code, then a copied profile, and tries to renew the key for himself",
        "a new key takes old key and passkey; the owner's renewal ends every copy",
        &refused,
        stage.lost().await,
    )
    .expect(Code::Revoked, 20_000)
}
