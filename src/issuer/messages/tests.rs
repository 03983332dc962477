#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::ledger::Needs;
use crate::issuer::testing::{START, Stage, account};

#[test]
fn a_message_with_a_code_says_what_the_code_does_in_the_owner_s_language() {
    let stage = Stage::new();
    let mut owner = account(&stage, 0);
    let code = Event::ContactCode { code: "01234567", stop_page: "https://w.example/stop.html", is_last: false };
    let english = Message::to_owner(&owner, START, &code);
    assert_eq!(english.code.as_deref(), Some("01234567"));
    assert!(english.text.contains("01234567 registers a device") && english.text.contains("stops your account"));
    assert!(english.text.contains("https://w.example/stop.html"));
    owner.language = Language::Ja;
    let japanese = Message::to_owner(&owner, START, &code);
    assert!(japanese.text.contains("01234567") && japanese.text.contains("登録"));
    assert!(japanese.text.contains("停止") && japanese.text.contains("https://w.example/stop.html"));
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

#[test]
fn a_frozen_account_s_messages_say_that_it_stays_so_and_who_can_release_it_when() {
    let stage = Stage::new();
    let mut owner = account(&stage, 0);
    let label = "phone".parse().unwrap();
    let replaced = |release| Event::KeyReplaced { label: Named(&label), release };
    let later = START + 24 * 3600;
    for (language, works, frozen) in [
        (
            Language::En,
            ["small amounts", "freeze the account at once"],
            ["release it from 2026-09-22 14:14 UTC", "release it now", "can't release it", "stays frozen. If"],
        ),
        (
            Language::Ja,
            ["少額", "すぐにアカウントを停止してください"],
            [
                "2026年9月22日 23:14（日本時間）から",
                "す。この端末で停止を解除できます",
                "解除できません",
                "停止したままです。心",
            ],
        ),
    ] {
        (owner.language, owner.frozen_at) = (language, None);
        let text = Message::to_owner(&owner, START, &replaced(None)).text;
        assert!(works.iter().all(|words| text.contains(words)), "{text}");
        owner.frozen_at = Some(START);
        let events = [replaced(Some(later)), replaced(Some(START)), replaced(None), Event::SignedOff(Named(&label))];
        for (event, words) in events.iter().zip(frozen) {
            let text = Message::to_owner(&owner, START, event).text;
            assert!(text.contains(words) && !works.iter().any(|words| text.contains(words)), "{text}");
        }
    }
}
