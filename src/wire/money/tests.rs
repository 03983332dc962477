#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn an_amount_is_decimal_text_without_ornament() {
    assert_eq!("540".parse(), Ok(Amount::of(540)));
    assert_eq!("0".parse(), Ok(Amount::ZERO));
    assert_eq!("9007199254740991".parse(), Ok(Amount::MAX));
    assert_eq!("9007199254740992".parse::<Amount>(), Err(Refusal::OutOfRange));
    for bad in ["", "-1", "+1", "01", "1.0", "1e3", " 1", "１", "99999999999999999999"] {
        assert_eq!(bad.parse::<Amount>(), Err(Refusal::BadText), "{bad}");
    }
    assert!(serde_json::from_str::<Amount>("540").is_err(), "a JSON number is not an amount");
}

#[test]
fn sums_and_differences_stay_in_range() {
    assert_eq!(Amount::MAX.plus(Amount::of(1)), None);
    assert_eq!(Amount::of(1).minus(Amount::of(2)), None);
    assert_eq!(Amount::of(1).plus(Amount::of(2)), Some(Amount::of(3)));
}

#[test]
fn the_table_of_currencies_is_sound() {
    assert_eq!(LETTERS.count(), NUMBERS.len());
    assert_eq!(LETTERS.count(), EXPONENTS.len());
    for ((letters, number), exponent) in LETTERS.zip(NUMBERS).zip(EXPONENTS) {
        assert_eq!(letters.parse::<Currency>().unwrap().number(), *number);
        assert_eq!(Currency::from_number(u64::from(*number)).unwrap().letters(), letters);
        assert!(*exponent <= 3 && letters.len() == 3 && letters.bytes().all(|byte| byte.is_ascii_uppercase()));
    }
    assert_eq!(Currency::JPY.exponent(), 0);
    assert!("XXX".parse::<Currency>().is_err());
    assert!(Currency::from_number(65_536 + 392).is_err());
}
