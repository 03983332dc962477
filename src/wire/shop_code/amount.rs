//! Amounts in a shop's code: ids 54 and 56.

use super::super::money::{Amount, Currency};
use crate::wire::json::json_object;

/// Longest amount, in characters.
const MAX_CHARACTERS: usize = 13;

/// An amount that a code names, other than zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeAmount {
    /// As it is written, such as `23.72`.
    pub text: String,
    /// Minor units of the code's currency. `None` if the text has more decimals than the currency, such as a part of a yen:
    /// such a code fixes an amount that nobody can pay, so it must not be taken for one that leaves the amount open.
    pub minor_units: Option<Amount>,
}
json_object! { written CodeAmount { text, minor_units = "minorUnits" } }

impl CodeAmount {
    /// Parse digits, with or without a point and digits behind it. `None` for another form and for zero (EMV QRCPS MPM 4.7.4.1).
    pub(super) fn parse(text: &str, currency: Currency) -> Option<Self> {
        let (whole, fraction) = decimal(text, MAX_CHARACTERS)?;
        let is_zero = whole.bytes().chain(fraction.bytes()).all(|digit| digit == b'0');
        let minor_units = minor_units(whole, fraction, usize::from(currency.exponent()));
        (!is_zero).then(|| Self { text: text.into(), minor_units })
    }
}

/// Split `digits[.digits]` of at most this many characters.
pub(super) fn decimal(text: &str, longest: usize) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (text.len() <= longest && !whole.is_empty() && plain(whole) && plain(fraction)).then_some((whole, fraction))
}

/// Zeros behind the currency's last decimal change nothing; another digit there can't be paid.
fn minor_units(whole: &str, fraction: &str, decimals: usize) -> Option<Amount> {
    Amount::new(scaled(whole, fraction, decimals)?).ok()
}

/// The number in units of its last decimal, or `None` if it has more decimals than that.
pub(super) fn scaled(whole: &str, fraction: &str, decimals: usize) -> Option<u64> {
    let fraction = fraction.trim_end_matches('0');
    let zeros = decimals.checked_sub(fraction.len())?;
    let number: u64 = format!("{whole}{fraction}").parse().ok()?;
    number.checked_mul(10_u64.checked_pow(u32::try_from(zeros).ok()?)?)
}
