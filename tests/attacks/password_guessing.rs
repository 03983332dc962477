//! One account, a day, as many passwords as the issuer takes from one source.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;
use std::collections::BTreeMap;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, thief) = stage.stranger().await;
    let mut answers = BTreeMap::<Option<Code>, u32>::new();
    // Ten tries every five minutes, for a day.
    for round in 0..288 {
        for guess in 0..10 {
            let answer = thief.log_in("taro", &format!("guess-{round}-{guess}"), "en").await.err().map(|error| error.code);
            *answers.entry(answer).or_default() += 1;
        }
        stage.world.advance(300);
    }
    let taken = answers[&None];
    assert_eq!(answers.keys().copied().collect::<Vec<_>>(), [None, Some(Code::TooManyAttempts)]);
    assert!(taken <= 36, "5, then one after 1, 2, 4, 8, 16, 32 minutes, then one an hour: {taken}");
    Row::new("Guesses the password of one account for a day", "tries of an account; the password reaches no key", Code::TooManyAttempts.name(), stage.lost().await)
        .expect(Code::TooManyAttempts, 0)
}
