//! Step 2 of 2019: lists of IDs and passwords from elsewhere, tried in bulk.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;
use std::collections::BTreeMap;

/// Pairs on the list. Two of them are right.
const LIST: usize = 400;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let before = stage.world.issuer.inbox(0).await.unwrap().len();
    let (_, thief) = stage.stranger().await;
    let mut answers = BTreeMap::<Code, usize>::new();
    for number in 0..LIST {
        let (login, password) = match number {
            10 => ("hanako".into(), "hanako-password".into()),
            20 => ("taro".into(), "taro-password".into()),
            _ => (format!("user-{number}"), format!("password-{number}")),
        };
        // A right pair is answered like a wrong one: with an attempt that waits for a contact code.
        let refused = match thief.log_in(&login, &password, "en").await {
            Ok(attempt) => thief.enter_code(&attempt, "00000000").await.unwrap_err(),
            Err(refused) => refused,
        };
        *answers.entry(refused.code).or_default() += 1;
    }
    assert_eq!(answers.keys().copied().collect::<Vec<_>>(), [Code::TooManyAttempts, Code::CodeRefused]);
    let most = usize::try_from(stage.world.issuer.settings().attempts.per_source).unwrap();
    assert!(answers[&Code::CodeRefused] <= most, "so many tries of one source in 15 minutes: {answers:?}");
    assert_eq!(stage.world.issuer.inbox(0).await.unwrap().len(), before + 2, "both owners were told, nobody else");
    assert_eq!(stage.charged().await, 0);
    Row::new(
        "Tries a list of 400 IDs and passwords, two of them right",
        "contact code for each; tries from one source",
        Code::TooManyAttempts.name(),
        stage.lost().await,
    )
    .expect(Code::TooManyAttempts, 0)
}
