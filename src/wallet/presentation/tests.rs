use super::*;
use crate::wire::money::{Amount, Currency, Money};

fn code(counter: u32) -> PaymentCode {
    PaymentCode {
        text: "JT1".into(),
        counter,
        made_at: 1_000_000,
        expires_at: 1_060_000,
        expires_at_here: 1_060_000,
        size: 53,
        path: String::new(),
        svg: String::new(),
    }
}

/// A code that was made just now.
fn ready(counter: u32, origin: CodeOrigin, now: u64) -> ToPresent {
    ToPresent { code: code(counter), origin, made: now }
}

fn origin(device: &str, newest: u64) -> CodeOrigin {
    CodeOrigin { device: device.into(), newest }
}

/// Made by the key, after no receipt.
fn first() -> CodeOrigin {
    origin("key", 0)
}

fn receipt(kind: Kind, counter: u32, by: By) -> ReceiptView {
    let money = Money { amount: Amount::of(1), currency: Currency::JPY };
    ReceiptView {
        id: String::new(),
        sequence: 1,
        at: 0,
        kind,
        balance: money,
        money: None,
        shop: None,
        place: None,
        source: None,
        device: Some("key".into()),
        device_label: None,
        counter: Some(counter),
        by: Some(by),
        undoes: None,
        reason: None,
        missing: None,
    }
}

fn waiting(reason: Wait) -> View {
    View::Waiting { reason }
}

#[test]
fn codes_rotate_for_five_minutes_and_then_wait_for_a_tap() {
    let mut presentation = Presentation::new();
    assert_eq!(presentation.at(0), waiting(Wait::Start));
    assert_eq!(presentation.tapped(0), View::Making);
    let mut made = 0;
    let mut now = 0;
    while now < LONGEST_MS + 60_000 {
        if presentation.at(now) == View::Making {
            made += 1;
            assert_eq!(presentation.made(&ready(made, first(), now), now), View::Showing { seconds_left: 30 });
        }
        now += 1_000;
    }
    assert_eq!(made, 10);
    assert_eq!(presentation.at(now), waiting(Wait::Rested));
    assert_eq!(presentation.tapped(now), View::Making);
}

#[test]
fn after_debit_refusal_and_blur_no_code_is_made_until_a_tap() {
    for (end, reason) in [(Kind::Payment, Wait::Paid), (Kind::Declined, Wait::Declined)] {
        let mut presentation = Presentation::new();
        presentation.tapped(0);
        presentation.made(&ready(4, first(), 0), 0);
        presentation.at(30_000);
        presentation.made(&ready(5, first(), 30_000), 30_000);
        // An earlier code of the same presentation ends it too.
        assert!(presentation.noticed(&receipt(end, 4, By::ThisDevice)));
        assert_eq!(presentation.at(31_000), waiting(reason));
        assert_eq!(presentation.at(600_000), waiting(reason));
        assert_eq!(presentation.tapped(600_000), View::Making);
    }
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.made(&ready(1, first(), 0), 0);
    assert_eq!(presentation.blurred(10), waiting(Wait::Blurred));
    assert_eq!(presentation.at(40_000), waiting(Wait::Blurred));
}

#[test]
fn a_code_that_comes_after_the_end_is_not_drawn() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.blurred(10);
    assert_eq!(presentation.made(&ready(1, first(), 20), 20), waiting(Wait::Blurred));
    assert_eq!(presentation.failed(30), waiting(Wait::Blurred));
}

#[test]
fn what_others_paid_ends_nothing() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.made(&ready(4, first(), 0), 0);
    assert!(!presentation.noticed(&receipt(Kind::Payment, 4, By::OtherDevice)));
    assert!(!presentation.noticed(&receipt(Kind::Payment, 3, By::ThisDevice)));
    assert!(!presentation.noticed(&receipt(Kind::TopUp, 4, By::ThisDevice)));
    assert_eq!(presentation.at(1_000), View::Showing { seconds_left: 29 });
}

#[test]
fn a_code_that_could_not_be_made_waits_for_a_tap() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    assert_eq!(presentation.failed(0), waiting(Wait::Failed));
}

#[test]
fn a_code_that_comes_too_soon_is_asked_for_again_by_itself() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    assert_eq!(presentation.too_soon(700, 100), View::Soon { seconds_left: 1 });
    assert_eq!(presentation.at(799), View::Soon { seconds_left: 1 });
    assert_eq!(presentation.at(800), View::Making);
    assert_eq!(presentation.made(&ready(1, first(), 800), 800), View::Showing { seconds_left: 30 });
    // The eleventh code of a minute.
    assert_eq!(presentation.at(30_800), View::Making);
    assert_eq!(presentation.too_soon(12_300, 30_800), View::Soon { seconds_left: 13 });
    assert_eq!(presentation.blurred(31_000), waiting(Wait::Blurred));
    assert_eq!(presentation.at(60_000), waiting(Wait::Blurred));
}

#[test]
fn what_ended_meanwhile_is_not_asked_for_again() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.blurred(10);
    assert_eq!(presentation.too_soon(1, 20), waiting(Wait::Blurred));
    assert_eq!(presentation.at(1_000), waiting(Wait::Blurred));
    // A pace that never lets it through ends with the presentation's time.
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.too_soon(60_000, LONGEST_MS - 1_000);
    assert_eq!(presentation.at(LONGEST_MS), waiting(Wait::Rested));
}

#[test]
fn what_a_replaced_key_paid_or_was_refused_ends_nothing() {
    // The new key goes on from the counter below: a stranger offered a code of the copied key with the next one.
    for kind in [Kind::Payment, Kind::Declined] {
        let mut presentation = Presentation::new();
        presentation.tapped(0);
        presentation.made(&ready(5, origin("new key", 0), 0), 0);
        assert!(!presentation.noticed(&receipt(kind, 5, By::ThisDevice)));
        assert_eq!(presentation.at(1_000), View::Showing { seconds_left: 29 });
        let own = ReceiptView { device: Some("new key".into()), ..receipt(kind, 5, By::ThisDevice) };
        assert!(presentation.noticed(&own));
    }
}

#[test]
fn a_receipt_that_was_there_before_the_code_ends_nothing() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.made(&ready(5, origin("key", 1), 0), 0);
    assert!(!presentation.noticed(&receipt(Kind::Declined, 5, By::ThisDevice)));
    // Those that are known when the code is replaced may be of the code before.
    presentation.at(30_000);
    presentation.made(&ready(6, origin("key", 2), 30_000), 30_000);
    let of_the_first = ReceiptView { sequence: 2, ..receipt(Kind::Payment, 5, By::ThisDevice) };
    assert!(presentation.noticed(&of_the_first));
}

#[test]
fn a_code_that_has_ended_does_not_stay_while_the_next_one_is_waited_for() {
    let mut presentation = Presentation::new();
    presentation.tapped(0);
    presentation.made(&ready(1, first(), 0), 0);
    assert_eq!(presentation.at(30_000), View::Making);
    // Other tabs have made ten in this minute.
    assert_eq!(presentation.too_soon(45_000, 30_000), View::Soon { seconds_left: 45 });
    assert_eq!(presentation.at(59_999), View::Soon { seconds_left: 16 });
    assert_eq!(presentation.at(60_000), waiting(Wait::Rested));
    // The first code of a presentation may be waited for longer: there is none on screen.
    presentation.tapped(61_000);
    presentation.too_soon(59_000, 61_000);
    assert_eq!(presentation.at(120_000), View::Making);
}

#[test]
fn a_code_that_was_taken_over_is_replaced_in_time_and_ends_with_its_own_life() {
    let mut presentation = Presentation::new();
    presentation.tapped(25_000);
    assert_eq!(presentation.made(&ready(1, first(), 0), 25_000), View::Showing { seconds_left: 30 });
    assert_eq!(presentation.newest(), Some(1));
    assert_eq!(presentation.at(54_999), View::Showing { seconds_left: 1 });
    assert_eq!(presentation.at(55_000), View::Making);
    // The next one is late: what is on screen is dead 60 seconds after it was made, whenever it was drawn.
    assert_eq!(presentation.at(60_000), waiting(Wait::Rested));
}
