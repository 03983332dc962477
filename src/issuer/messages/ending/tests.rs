#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::money::Amount;

fn sum(amount: u32, currency: &str) -> Money {
    Money { amount: Amount::of(amount), currency: currency.parse().unwrap() }
}

#[test]
fn money_is_written_with_its_currency_and_decimals() {
    assert_eq!(money(sum(5000, "JPY")), "JPY 5000");
    assert_eq!(money(sum(0, "JPY")), "JPY 0");
    assert_eq!(money(sum(1250, "EUR")), "EUR 12.50");
    assert_eq!(money(sum(5, "EUR")), "EUR 0.05");
    assert_eq!(money(sum(5, "BHD")), "BHD 0.005");
}

#[test]
fn times_are_written_to_the_next_whole_minute_in_the_reader_s_zone() {
    let written = |at| [Language::En, Language::Ja].map(|language| time(language, at));
    assert_eq!(written(0), ["1970-01-01 00:00 UTC", "1970年1月1日 9:00（日本時間）"]);
    assert_eq!(written(951_782_341), ["2000-02-29 00:00 UTC", "2000年2月29日 9:00（日本時間）"]);
    assert_eq!(written(1_798_761_541), ["2027-01-01 00:00 UTC", "2027年1月1日 9:00（日本時間）"]);
    assert_eq!(written(1_790_086_400), ["2026-09-22 14:14 UTC", "2026年9月22日 23:14（日本時間）"]);
    // Neither a leap year in 2100 nor an overflow at the end.
    assert_eq!(written(4_107_542_400)[0], "2100-03-01 00:00 UTC");
    assert_eq!(written(u32::MAX)[0], "2106-02-07 06:29 UTC");
}
