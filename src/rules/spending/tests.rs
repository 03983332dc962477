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
    assert_eq!(meter.used(NOW + 2), (Amount::of(10_000), 1));
}

#[test]
fn times_at_the_end_of_the_range_do_not_overflow() {
    let mut meter = Meter::default();
    meter.add(Amount::MAX, u32::MAX - 1);
    meter.add(Amount::MAX, u32::MAX - 1);
    assert_eq!(meter.used(u32::MAX - 1), (Amount::MAX, 2));
}
