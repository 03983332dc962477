#![allow(clippy::unwrap_used)]
use super::*;

const START: u32 = 1_790_000_100;

fn ceiling() -> Ceiling {
    Ceiling { hour: Amount::of(1_000), day: Amount::of(3_000), new_payers_hour: 2, new_payers_day: 3 }
}

#[test]
fn an_hour_s_and_a_day_s_yen_are_capped_exactly() {
    let mut flow = Flow::default();
    flow.add(Amount::of(600), false, START);
    assert_eq!(flow.check(&ceiling(), Amount::of(400), false, START), Ok(()));
    assert_eq!(flow.check(&ceiling(), Amount::of(401), false, START), Err(Tripped::Amount));
    for hour in 1..4 {
        flow.add(Amount::of(800), false, START + hour * 2 * HOUR);
    }
    let now = START + 8 * HOUR;
    assert_eq!(flow.check(&ceiling(), Amount::of(1), false, now), Err(Tripped::Amount));
    assert_eq!(flow.check(&ceiling(), Amount::of(1), false, START + DAY + STEP), Ok(()));
}

#[test]
fn new_payers_are_capped_and_known_ones_go_on() {
    let mut flow = Flow::default();
    flow.add(Amount::of(1), true, START);
    flow.add(Amount::of(1), true, START + 1);
    flow.add(Amount::of(1), false, START + 2);
    assert_eq!(flow.check(&ceiling(), Amount::of(1), true, START + 3), Err(Tripped::NewPayers));
    assert_eq!(flow.check(&ceiling(), Amount::of(1), false, START + 3), Ok(()));
    let later = START + HOUR + STEP;
    assert_eq!(flow.check(&ceiling(), Amount::of(1), true, later), Ok(()));
    flow.add(Amount::of(1), true, later);
    assert_eq!(flow.check(&ceiling(), Amount::of(1), true, later + HOUR + STEP), Err(Tripped::NewPayers));
}

#[test]
fn it_stays_small_forgets_after_a_day_and_tells_once_an_hour() {
    let mut flow = Flow::default();
    for second in 0..3 * DAY / 10 {
        flow.add(Amount::of(1), true, START + second * 10);
    }
    assert!(flow.steps.len() <= 290, "{}", flow.steps.len());
    assert!(flow.tell(START));
    assert!(!flow.tell(START + HOUR - 1));
    assert!(flow.tell(START + HOUR));
}

#[test]
fn a_step_is_forgotten_in_the_second_in_which_it_counts_no_more() {
    let mut flow = Flow::default();
    flow.add(Amount::of(1), false, START);
    flow.add(Amount::of(1), false, START + DAY + STEP - 1);
    assert_eq!(flow.steps.len(), 2);
    flow.add(Amount::of(1), false, START + DAY + STEP);
    assert_eq!(flow.steps.iter().map(|step| step.at).collect::<Vec<_>>(), [START + DAY, START + DAY + STEP]);
}

#[test]
fn the_wait_lasts_until_the_oldest_step_of_the_hour_counts_no_more() {
    let mut flow = Flow::default();
    assert_eq!(flow.hour_ends(START), 1);
    flow.add(Amount::of(1_000), false, START);
    flow.add(Amount::of(1), false, START + STEP);
    assert_eq!(flow.hour_ends(START), HOUR + STEP);
    let wait = flow.hour_ends(START + 7);
    assert_eq!(flow.check(&ceiling(), Amount::of(900), false, START + 7 + wait - 1), Err(Tripped::Amount));
    assert_eq!(flow.check(&ceiling(), Amount::of(900), false, START + 7 + wait), Ok(()));
    assert_eq!(flow.hour_ends(START + HOUR + STEP), STEP);
    assert_eq!(flow.hour_ends(START + HOUR + 2 * STEP), 1);
}

#[test]
fn sums_beyond_the_largest_amount_trip_instead_of_wrapping() {
    let mut flow = Flow::default();
    flow.add(Amount::MAX, false, START);
    flow.add(Amount::MAX, false, START);
    let none = Ceiling { hour: Amount::MAX, day: Amount::MAX, new_payers_hour: u32::MAX, new_payers_day: u32::MAX };
    assert_eq!(flow.check(&none, Amount::of(1), false, START), Err(Tripped::Amount));
}

#[test]
fn a_flow_ends_when_nothing_of_it_counts_any_more() {
    let mut flow = Flow::default();
    flow.add(Amount::of(3_000), false, START);
    let ends = flow.ends();
    assert_eq!(flow.check(&ceiling(), Amount::of(1), false, ends - 1), Err(Tripped::Amount));
    assert_eq!(flow.check(&ceiling(), Amount::of(1), false, ends), Ok(()));
    assert!(flow.tell(ends));
    assert_eq!(flow.ends(), ends + HOUR);
    assert!(flow.tell(ends + HOUR));
}
