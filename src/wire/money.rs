//! Money is an integer of minor units and a currency; there are no fractions anywhere.

use super::cbor::{Reader, Writer};
use super::json::{self, BadJson, FromJson, Json, ToJson, json_object, json_serde};
use super::{Field, Refusal};
use crate::code::Words;

/// Minor units, 0 to 2^53 - 1: what a JavaScript number and a bigint both hold exactly. In JSON a decimal string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount, 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// An amount of minor units.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] above [`Amount::MAX`].
    pub const fn new(minor_units: u64) -> Result<Self, Refusal> {
        if minor_units > Self::MAX.0 { Err(Refusal::OutOfRange) } else { Ok(Self(minor_units)) }
    }

    /// A constant of at most 32 bits, which is always in range.
    #[must_use]
    pub const fn of(minor_units: u32) -> Self {
        Self(minor_units as u64)
    }

    /// The minor units.
    #[must_use]
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// The sum, if it is in range.
    #[must_use]
    pub const fn plus(self, other: Self) -> Option<Self> {
        // Two 53-bit numbers can't overflow 64 bits.
        match Self::new(self.0 + other.0) {
            Ok(sum) => Some(sum),
            Err(_) => None,
        }
    }

    /// The difference, if it is not negative.
    #[must_use]
    pub const fn minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl core::fmt::Display for Amount {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::str::FromStr for Amount {
    type Err = Refusal;

    /// Decimal minor units without sign or leading zero.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let plain = !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || (text.len() > 1 && text.starts_with("0")) {
            return Err(Refusal::BadText);
        }
        // 16 digits are far from the end of 64 bits.
        Self::new(text.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
    }
}

impl ToJson for Amount {
    fn write(&self, to: &mut json::Writer) {
        to.decimal_text(self.0);
    }
}

impl FromJson for Amount {
    fn blank() -> Self {
        Self::ZERO
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = json.text()?.parse().map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { Amount }

impl Field for Amount {
    fn write(&self, to: &mut Writer) {
        to.uint(self.0);
    }

    fn blank() -> Self {
        FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::new(from.uint()?)?;
        Ok(())
    }
}

/// An amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: Currency,
}
json_object! { open Money { amount, currency } }

macro_rules! currencies {
    ($($letters:literal $number:literal $exponent:literal)*) => {
        // The active currencies of ISO 4217. Three lists, since one of rows is twice as large in the page's module.
        const LETTERS: Words<'_> = Words(concat!($($letters, " ",)*));
        const NUMBERS: &[u16] = &[$($number,)*];
        const EXPONENTS: &[u8] = &[$($exponent,)*];
    };
}

currencies! {
    "AED" 784 2 "AFN" 971 2 "ALL" 8 2 "AMD" 51 2 "AOA" 973 2 "ARS" 32 2 "AUD" 36 2 "AWG" 533 2 "AZN" 944 2 "BAM" 977 2
    "BBD" 52 2 "BDT" 50 2 "BHD" 48 3 "BIF" 108 0 "BMD" 60 2 "BND" 96 2 "BOB" 68 2 "BRL" 986 2 "BSD" 44 2 "BTN" 64 2
    "BWP" 72 2 "BYN" 933 2 "BZD" 84 2 "CAD" 124 2 "CDF" 976 2 "CHF" 756 2 "CLP" 152 0 "CNY" 156 2 "COP" 170 2 "CRC" 188 2
    "CUP" 192 2 "CVE" 132 2 "CZK" 203 2 "DJF" 262 0 "DKK" 208 2 "DOP" 214 2 "DZD" 12 2 "EGP" 818 2 "ERN" 232 2 "ETB" 230 2
    "EUR" 978 2 "FJD" 242 2 "FKP" 238 2 "GBP" 826 2 "GEL" 981 2 "GHS" 936 2 "GIP" 292 2 "GMD" 270 2 "GNF" 324 0 "GTQ" 320 2
    "GYD" 328 2 "HKD" 344 2 "HNL" 340 2 "HTG" 332 2 "HUF" 348 2 "IDR" 360 2 "ILS" 376 2 "INR" 356 2 "IQD" 368 3 "IRR" 364 2
    "ISK" 352 0 "JMD" 388 2 "JOD" 400 3 "JPY" 392 0 "KES" 404 2 "KGS" 417 2 "KHR" 116 2 "KMF" 174 0 "KPW" 408 2 "KRW" 410 0
    "KWD" 414 3 "KYD" 136 2 "KZT" 398 2 "LAK" 418 2 "LBP" 422 2 "LKR" 144 2 "LRD" 430 2 "LSL" 426 2 "LYD" 434 3 "MAD" 504 2
    "MDL" 498 2 "MGA" 969 2 "MKD" 807 2 "MMK" 104 2 "MNT" 496 2 "MOP" 446 2 "MRU" 929 2 "MUR" 480 2 "MVR" 462 2 "MWK" 454 2
    "MXN" 484 2 "MYR" 458 2 "MZN" 943 2 "NAD" 516 2 "NGN" 566 2 "NIO" 558 2 "NOK" 578 2 "NPR" 524 2 "NZD" 554 2 "OMR" 512 3
    "PAB" 590 2 "PEN" 604 2 "PGK" 598 2 "PHP" 608 2 "PKR" 586 2 "PLN" 985 2 "PYG" 600 0 "QAR" 634 2 "RON" 946 2 "RSD" 941 2
    "RUB" 643 2 "RWF" 646 0 "SAR" 682 2 "SBD" 90 2 "SCR" 690 2 "SDG" 938 2 "SEK" 752 2 "SGD" 702 2 "SHP" 654 2 "SLE" 925 2
    "SOS" 706 2 "SRD" 968 2 "SSP" 728 2 "STN" 930 2 "SVC" 222 2 "SYP" 760 2 "SZL" 748 2 "THB" 764 2 "TJS" 972 2 "TMT" 934 2
    "TND" 788 3 "TOP" 776 2 "TRY" 949 2 "TTD" 780 2 "TWD" 901 2 "TZS" 834 2 "UAH" 980 2 "UGX" 800 0 "USD" 840 2 "UYU" 858 2
    "UZS" 860 2 "VES" 928 2 "VND" 704 0 "VUV" 548 0 "WST" 882 2 "XAF" 950 0 "XCD" 951 2 "XCG" 532 2 "XOF" 952 0 "XPF" 953 0
    "YER" 886 2 "ZAR" 710 2 "ZMW" 967 2 "ZWG" 924 2
}

/// A currency of ISO 4217: its number on the wire, its letters in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u16);

impl Currency {
    /// Yen.
    pub const JPY: Self = Self(392);

    /// Its place in the lists.
    fn place(self) -> Option<usize> {
        NUMBERS.iter().position(|number| *number == self.0)
    }

    /// The currency with this number.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] for a number that is not in use.
    pub fn from_number(number: u64) -> Result<Self, Refusal> {
        let currency = u16::try_from(number).map(Self).map_err(|_| Refusal::OutOfRange)?;
        currency.place().map(|_| currency).ok_or(Refusal::OutOfRange)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The three letters.
    #[must_use]
    pub fn letters(self) -> &'static str {
        self.place().map_or("XXX", |place| LETTERS.at(place))
    }

    /// How many decimals the currency is written with.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.place().and_then(|place| EXPONENTS.get(place)).copied().unwrap_or_default()
    }
}

impl core::fmt::Debug for Currency {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.letters())
    }
}

impl core::str::FromStr for Currency {
    type Err = Refusal;

    fn from_str(letters: &str) -> Result<Self, Refusal> {
        LETTERS.place(letters).and_then(|place| NUMBERS.get(place)).copied().map(Self).ok_or(Refusal::OutOfRange)
    }
}

impl ToJson for Currency {
    fn write(&self, to: &mut json::Writer) {
        to.text(self.letters());
    }
}

impl FromJson for Currency {
    fn blank() -> Self {
        Self::JPY
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = json.text()?.parse().map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { Currency }

impl Field for Currency {
    fn write(&self, to: &mut Writer) {
        to.uint(u64::from(self.0));
    }

    fn blank() -> Self {
        FromJson::blank()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = Self::from_number(from.uint()?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
