#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::token::Limit;

fn token(atc: u32, issued_at: u32) -> Token {
    Token { limit: Limit::Allowance, expires_at: issued_at + 60, issued_at, atc, random: [7; 4] }
}

fn taken(token: &Token, at: u32) -> Use {
    Use {
        atc: token.atc,
        random: token.random,
        issued_at: token.issued_at,
        claims: claims_hash(token),
        at,
        till: "t/1".parse().unwrap(),
        amount: Amount::of(540),
        outcome: Outcome::Approved,
        payment: Some("p".into()),
        seq: 0,
    }
}

fn window(tokens: &[(u32, u32)]) -> Window {
    let mut window = Window::default();
    for (atc, issued_at) in tokens {
        window.take(taken(&token(*atc, *issued_at), *issued_at));
    }
    window
}

#[test]
fn the_same_token_is_a_repeat_and_another_of_its_counter_is_a_clone() {
    let window = window(&[(5, 1000)]);
    assert!(matches!(window.judge(&token(5, 1000)), Judgement::Repeat(seen) if seen.payment.as_deref() == Some("p")));
    let copy = Token { random: [8; 4], ..token(5, 1000) };
    assert_eq!(window.judge(&copy), Judgement::Clone);
}

#[test]
fn counters_may_skip_and_come_late_but_not_against_their_dates() {
    // A clock that was put right explains 160 seconds either way.
    let window = window(&[(5, 1000), (9, 1100)]);
    for fresh in [(10, 1100), (10, 940), (7, 1050), (7, 1260), (7, 840), (4, 1160)] {
        assert_eq!(window.judge(&token(fresh.0, fresh.1)), Judgement::Fresh, "{fresh:?}");
    }
    for copied in [(10, 939), (7, 1261), (7, 839), (4, 1161)] {
        assert_eq!(window.judge(&token(copied.0, copied.1)), Judgement::Clone, "{copied:?}");
    }
}

#[test]
fn named_counters_are_used_and_evidence_of_nothing() {
    let mut window = window(&[(5, 1000)]);
    assert!(window.name(9));
    assert_eq!(window.floor(), 9);
    // A token that was taken is still the same one; all others up to the named counter are used, whatever they say.
    assert!(matches!(window.judge(&token(5, 1000)), Judgement::Repeat(_)));
    for used in [(1, 1), (5, 1001), (6, 90_000), (9, 1), (9, 90_000)] {
        assert_eq!(window.judge(&token(used.0, used.1)), Judgement::Behind, "{used:?}");
    }
    // The dates of what was named bind nothing after it.
    assert_eq!(window.judge(&token(10, 1)), Judgement::Fresh);
    window.take(taken(&token(10, 700), 700));
    assert_eq!(window.judge(&token(11, 539)), Judgement::Clone);
    // It never goes back, and no further than 65,536 at once.
    assert!(window.name(3));
    assert_eq!(window.floor(), 10);
    assert!(!window.name(10 + 65_537));
    assert_eq!(window.floor(), 10);
    assert!(window.name(10 + 65_536));
    assert_eq!(window.judge(&token(10 + 65_536, 800)), Judgement::Behind);
    assert_eq!(window.judge(&token(10 + 65_537, 800)), Judgement::Fresh);
    // The key that follows goes on above them.
    assert_eq!(window.follow().judge(&token(10 + 65_536, 800)), Judgement::Behind);
}

#[test]
fn counters_are_named_where_none_was_taken() {
    let mut window = Window::default();
    assert!(!window.name(65_537));
    assert!(window.name(65_536));
    assert_eq!(window.judge(&token(65_536, 1)), Judgement::Behind);
    assert_eq!(window.judge(&token(65_537, 1)), Judgement::Fresh);
}

#[test]
fn a_window_written_before_counters_were_named_is_read() {
    let mut json = serde_json::to_value(window(&[(5, 1000)])).unwrap();
    json.as_object_mut().unwrap().remove("named").unwrap();
    assert_eq!(serde_json::from_value::<Window>(json).unwrap(), window(&[(5, 1000)]));
}

#[test]
fn a_leap_of_more_than_65536_is_a_clone() {
    assert_eq!(Window::default().judge(&token(65_536, 1)), Judgement::Fresh);
    assert_eq!(Window::default().judge(&token(65_537, 1)), Judgement::Clone);
    let window = window(&[(5, 1000)]);
    assert_eq!(window.judge(&token(5 + 65_536, 1000)), Judgement::Fresh);
    assert_eq!(window.judge(&token(5 + 65_537, 1000)), Judgement::Clone);
}

#[test]
fn the_last_counter_of_the_key_before_is_used_whatever_its_date() {
    let next = window(&[(9, 1000)]).follow();
    for issued_at in [839, 1000, 1161] {
        assert_eq!(next.judge(&token(9, issued_at)), Judgement::Behind, "{issued_at}");
    }
    assert_eq!(next.judge(&token(10, 1000)), Judgement::Fresh);
}

#[test]
fn the_window_is_64_wide() {
    let window = window(&[(100, 1000)]);
    assert_eq!(window.judge(&token(37, 1000)), Judgement::Fresh);
    assert_eq!(window.judge(&token(36, 1000)), Judgement::Behind);
}

#[test]
fn old_uses_leave_but_never_the_last_64_counters() {
    let mut window = window(&[(1, 1000), (60, 1100)]);
    window.take(taken(&token(61, 1100 + DAY), 1100 + DAY));
    assert_eq!(window.uses.len(), 3);
    window.take(taken(&token(130, 1200 + DAY), 1200 + DAY));
    let left: Vec<u32> = window.uses.iter().map(|seen| seen.atc).collect();
    assert_eq!(left, [61, 130]);
    assert_eq!(window.floor(), 130);
}

#[test]
fn one_refused_token_is_news_once() {
    let mut window = Window::default();
    assert!(window.note(&token(1, 1), 1000, 3));
    assert!(!window.note(&token(1, 1), 1000, 3));
    assert!(window.note(&token(2, 1), 1000, 3));
    assert!(!window.note(&token(1, 1), 1000 + DAY, 3), "nor after the hour");
    assert_eq!(window.judge(&token(1, 1)), Judgement::Fresh);
}

#[test]
fn so_many_refused_tokens_are_news_in_an_hour_whichever_way_the_clock_goes() {
    let mut window = Window::default();
    let mut news = |atc, now| window.note(&token(atc, 1), now, 2);
    assert!(news(1, 10_000) && news(2, 10_001));
    for now in [10_002, 13_599, 6_402] {
        assert!(!news(3, now), "{now}");
    }
    assert!(news(3, 13_600) && !news(4, 13_600) && news(4, 13_601));
}

#[test]
fn refused_tokens_are_forgotten_from_the_oldest_on_and_the_bound_holds_where_it_is_higher() {
    let mut window = Window::default();
    for atc in 1..=40 {
        assert!(window.note(&token(atc, 1), atc * HOUR, 3));
    }
    assert_eq!(window.refused.len(), REMEMBERED);
    let mut window = Window::default();
    let written = (1..=100).filter(|atc| window.note(&token(*atc, 1), 1000, 40)).count();
    assert_eq!(written, 40);
}

#[test]
fn a_window_that_noted_one_refused_token_alone_is_read() {
    for noted in [serde_json::json!(null), serde_json::json!([5, [1, 2, 3, 4]])] {
        let mut json = serde_json::to_value(window(&[(5, 1000)])).unwrap();
        let held = json.as_object_mut().unwrap();
        held.remove("refused").unwrap();
        held.insert("noted".into(), noted);
        assert_eq!(serde_json::from_value::<Window>(json).unwrap(), window(&[(5, 1000)]));
    }
}
