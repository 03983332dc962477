use super::*;

const CAP: Cap = Cap { each: Amount::of(10_000), total: Amount::of(20_000), count: 3 };
const NOW: u32 = 1_790_000_000;

#[test]
fn a_window_fills_and_empties() {
    let mut meter = Meter::default();
    assert_eq!(meter.check(&CAP, Amount::of(10_000), NOW), Ok(()));
    meter.add(Amount::of(10_000), NOW);
    meter.add(Amount::of(6_000), NOW + 10);
    let left = Left { each: Amount::of(4_000), amount: Amount::of(4_000), count: 1, resets_at: NOW + WINDOW };
    assert_eq!(meter.check(&CAP, Amount::of(4_001), NOW + 20), Err(Over::Window(left)));
    assert_eq!(meter.check(&CAP, Amount::of(4_000), NOW + 20), Ok(()));
    meter.add(Amount::of(1), NOW + 20);
    assert_eq!(meter.left(&CAP, NOW + 30).count, 0);
    assert!(meter.check(&CAP, Amount::of(1), NOW + 30).is_err());
    assert_eq!(meter.check(&CAP, Amount::of(10_000), NOW + WINDOW), Ok(()));
}

#[test]
fn a_movement_counts_for_24_hours() {
    let mut meter = Meter::default();
    meter.add(Amount::of(500), NOW);
    assert_eq!(meter.used(NOW + 86_399), (Amount::of(500), 1));
    assert_eq!(meter.used(NOW + 86_400), (Amount::ZERO, 0));
}

#[test]
fn one_movement_has_a_cap_of_its_own() {
    let over = Meter::default().check(&CAP, Amount::of(10_001), NOW);
    assert!(matches!(over, Err(Over::Each(_))), "{over:?}");
}

#[test]
fn a_reversed_payment_gives_its_room_back() {
    let mut meter = Meter::default();
    meter.add(Amount::of(10_000), NOW);
    meter.add(Amount::of(10_000), NOW + 1);
    meter.take_back(Entry { at: NOW, amount: Amount::of(10_000) });
    meter.take_back(Entry { at: NOW, amount: Amount::of(10_000) });
    assert_eq!(meter.entries, [Entry { at: NOW + 1, amount: Amount::of(10_000) }]);
}

#[test]
fn what_has_left_the_window_is_forgotten_with_the_next_movement() {
    let mut meter = Meter::default();
    meter.add(Amount::of(1), NOW);
    meter.add(Amount::of(2), NOW + WINDOW - 1);
    assert_eq!(meter.entries.len(), 2);
    meter.add(Amount::of(3), NOW + WINDOW);
    assert_eq!(meter.entries.iter().map(|entry| entry.at).collect::<Vec<_>>(), [NOW + WINDOW - 1, NOW + WINDOW]);
}

#[test]
fn the_nearest_movement_is_the_newest_unless_the_clock_went_back() {
    let mut meter = Meter::default();
    assert_eq!(meter.nearest_at(NOW), None);
    meter.add(Amount::of(1), NOW);
    meter.add(Amount::of(1), NOW + 100);
    assert_eq!(meter.nearest_at(NOW + 200), Some(NOW + 100));
    assert_eq!(meter.nearest_at(NOW + 10), Some(NOW));
}

#[test]
fn times_at_the_end_of_the_range_do_not_overflow() {
    let mut meter = Meter::default();
    meter.add(Amount::MAX, u32::MAX - 1);
    meter.add(Amount::MAX, u32::MAX - 1);
    assert_eq!(meter.used(u32::MAX - 1), (Amount::MAX, 2));
}
