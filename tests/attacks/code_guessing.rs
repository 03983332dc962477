//! The password is known; the 8 digits of the contact code are guessed for a day.

use super::row::Row;
use super::stage::Stage;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, thief) = stage.stranger().await;
    let (mut guesses, mut refused) = (0u32, Vec::new());
    for round in 0..96u32 {
        for _ in 0..10 {
            let attempt = match thief.log_in("taro", "taro-password", "en").await {
                Ok(attempt) => attempt,
                Err(error) => {
                    refused.push(error.code);
                    break;
                }
            };
            for guess in 0..5 {
                let digits = format!("{:08}", round * 50 + guess);
                refused.push(thief.enter_code(&attempt, &digits).await.unwrap_err().code);
                guesses += 1;
            }
        }
        stage.world.advance(900);
    }
    assert!(refused.contains(&Code::TooManyAttempts));
    assert!(refused.iter().all(|code| matches!(code, Code::CodeRefused | Code::TooManyAttempts)), "{refused:?}");
    // 3 of 5 guesses at each code count; the others meet an attempt that has ended.
    let odds = f64::from(guesses) * 0.6 / 1e8;
    assert!(odds < 1.5e-5, "a day's guesses hit with {odds}");
    Row::new("Knows the password and guesses contact codes for a day", "3 tries a code, 5 codes in 15 minutes", Code::CodeRefused.name(), stage.lost().await)
        .expect(Code::CodeRefused, 0)
}
