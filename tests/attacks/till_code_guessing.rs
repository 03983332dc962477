//! Becoming a shop's till: its one-time code is guessed.

use super::row::Row;
use super::stage::{Stage, Thief};
use jitsuin::code::Code;
use jitsuin::wire::calls::EnrolTill;
use std::collections::BTreeSet;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let mut codes = BTreeSet::new();
    let mut refused = String::new();
    for guess in 0..stage.world.issuer.settings().attempts.per_source + 10 {
        let thief = Thief::stranger(&stage.world);
        refused = thief.call(&EnrolTill { code: format!("{guess:016}") }).await.unwrap_err().code;
        codes.insert(refused.clone());
    }
    assert_eq!(codes, BTreeSet::from(["code-refused".to_owned(), "too-many-attempts".to_owned()]));
    Row::new("Guesses the one-time code of a shop's till", "80 random bits; tries from one source", &refused, stage.lost().await)
        .expect(Code::TooManyAttempts, 0)
}
