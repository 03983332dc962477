#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::ledger::Needs;
use crate::issuer::testing::{START, Stage, account};
use crate::wire::money::Amount;

fn money(amount: u32, currency: &str) -> Money {
    Money { amount: Amount::of(amount), currency: currency.parse().unwrap() }
}

#[test]
fn money_is_written_with_its_currency_and_decimals() {
    assert_eq!(written(money(5000, "JPY")), "JPY 5000");
    assert_eq!(written(money(0, "JPY")), "JPY 0");
    assert_eq!(written(money(1250, "EUR")), "EUR 12.50");
    assert_eq!(written(money(5, "EUR")), "EUR 0.05");
    assert_eq!(written(money(5, "BHD")), "BHD 0.005");
}

#[test]
fn a_message_with_a_code_says_what_the_code_does_in_the_owner_s_language() {
    let stage = Stage::new();
    let mut owner = account(&stage, 0);
    let english = Message::to_owner(&owner, START, &Event::ContactCode { code: "01234567", is_last: false });
    assert_eq!(english.code.as_deref(), Some("01234567"));
    assert!(english.text.contains("01234567 registers a device"));
    owner.language = Language::Ja;
    let japanese = Message::to_owner(&owner, START, &Event::ContactCode { code: "01234567", is_last: false });
    assert!(japanese.text.contains("01234567") && japanese.text.contains("登録"));
    for (language, words) in [
        (Language::En, ["None of these tries got in", "change it", "To stop everything"]),
        (Language::Ja, ["成功したものはありません", "変更してください", "停止するには"]),
    ] {
        owner.language = language;
        let warning = stage.decide(Needs::new(), |moment, _| Message::alarm(moment, &owner, &Event::ManyTries));
        assert_eq!((warning.code, &warning.to), (None, &owner.contact));
        assert!(words.iter().all(|word| warning.text.contains(word)), "{}", warning.text);
    }
    let frozen = Message::to_owner(&owner, START, &Event::Frozen);
    assert_eq!((frozen.code, frozen.to), (None, owner.contact));
}
