//! Step 3 of 2019: a reset link to any address, a default birth date, contacts changed without proof.

use super::row::Row;
use super::stage::{Stage, Thief};
use jitsuin::code::Code;
use jitsuin::issuer::ledger::{Kind, Ledger, Needs};

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let stranger = Thief::stranger(&stage.world);
    // No call changes a password or a contact, whatever is sent to it.
    for path in ["/v1/password/reset", "/v1/login/reset", "/v1/contact", "/v1/account/contact", "/v1/birth-date"] {
        let body = br#"{"login":"taro","birth":"2019-01-01","send_to":"thief@example.test"}"#.to_vec();
        let refused = stranger.post(path, body).await.unwrap_err();
        assert_eq!(refused.code, Code::NotFound.name(), "{path}");
    }
    // The shop's own service desk is talked into another contact.
    let ledger = stage.world.issuer.ledger();
    let keys = ledger.keys(Kind::Accounts).await.unwrap();
    for key in keys {
        let now = stage.world.now();
        let talked_into = |records: &mut jitsuin::issuer::ledger::Records| {
            let mut account = records.accounts.get(&key).cloned().unwrap();
            account.contact = "thief@example.test".into();
            account.contact_changed_at = Some(now);
            records.accounts.put(&key, account);
        };
        ledger.transact(Needs::new().and(Kind::Accounts, &key), talked_into).await.unwrap();
    }
    let before = stage.world.issuer.inbox(0).await.unwrap().len();
    stage.world.advance(29 * 24 * 3600);
    let (_, thief) = stage.stranger().await;
    let attempt = thief.log_in("taro", "taro-password", "en").await.unwrap();
    assert_eq!(stage.world.issuer.inbox(0).await.unwrap().len(), before, "no code goes to a fresh contact");
    let refused = thief.enter_code(&attempt, "00000000").await.unwrap_err().code;
    Row::new(
        "Has the service desk change the contact to his own, then logs in",
        "no contact code to a contact changed within 30 days",
        refused.name(),
        stage.lost().await,
    )
    .expect(Code::CodeRefused, 0)
}
