#![allow(clippy::unwrap_used)]
use super::*;

fn movement(name: &str, amount: u32) -> [Entry; 2] {
    Movement {
        name: name.into(),
        from: Line::cards(),
        to: Line::account(&"a".parse().unwrap()),
        amount: Amount::of(amount),
        currency: Currency::JPY,
        at: 1,
    }
    .entries()
}

#[test]
fn movements_sum_to_zero_and_balances_are_their_sum() {
    let mut entries: Vec<Entry> = [movement("top-up/1", 500), movement("top-up/2", 40)].concat();
    assert_eq!(check(&entries), Ok(()));
    assert_eq!(balance(&entries, &"a".parse().unwrap()), 540);
    entries[2].amount -= 1;
    assert_eq!(check(&entries), Err(Fault::Unbalanced("top-up/2".into())));
}

#[test]
fn one_currency_does_not_make_up_for_another() {
    let mut entries = movement("top-up/1", 500);
    entries[1].currency = "EUR".parse().unwrap();
    assert_eq!(check(&entries), Err(Fault::Unbalanced("top-up/1".into())));
}
