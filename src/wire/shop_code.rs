//! EMVCo merchant-presented codes, JPQR included (EMV QRCPS Merchant-Presented Mode 1.1): the text in a shop's window.
//!
//! A code is a row of data objects: two digits of id, two digits of length in **characters**, the value. Id 00 stands
//! first, id 63, a CRC over all UTF-8 bytes before its value, stands last; the rest in any order, each id once per level.
//!
//! Nothing in a code is proved: anybody can print one. What a wallet shows is the registered name in the issuer's signed
//! [`quote`](super::quote), never the name written here (protocol section 6).

mod amount;
mod check;
mod objects;
mod tip;

use super::money::Currency;
use crate::code::Code;
use crate::wire::json::{ToJson, Writer, json_object, json_serde, json_words};
use objects::Objects;
use std::collections::BTreeMap;

pub use amount::CodeAmount;
pub use check::crc;
pub use tip::{Percentage, Tip};

/// Longest code, in characters. More does not fit the picture the specification has in mind.
pub const MAX_CHARACTERS: usize = 512;

/// The globally unique identifier of JPQR's account template.
pub const JPQR: &str = "jp.or.paymentsjapan";

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident $name:literal;)*) => {
        /// Why a code was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $reason,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$reason,)*];

            /// The stable name, as it stands in the vectors.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name,)* }
            }
        }
    };
}

reasons! {
    /// More than [`MAX_CHARACTERS`].
    TooLong "too-long";
    /// The code does not end in `6304` and four hexadecimal digits.
    NoCrc "no-crc";
    /// The CRC is that of another text, or not written in upper case.
    BadCrc "bad-crc";
    /// An id is not two digits.
    BadId "bad-id";
    /// A length is not two digits from 01 to 99.
    BadLength "bad-length";
    /// A value ends behind its template or the code.
    Truncated "truncated";
    /// An id stands twice at one level.
    DuplicateId "duplicate-id";
    /// The first object is not the format indicator 00.
    NoFormat "no-format";
    /// The format indicator is not `01`.
    UnknownFormat "unknown-format";
    /// A mandatory object is missing: an account, the currency, the country, or the fee that id 55 announces.
    MissingId "missing-id";
    /// A value is not in the format of its id.
    BadValue "bad-value";
    /// A name or another shown text holds a control character or one that changes the direction of writing.
    DeceptiveText "deceptive-text";
}

/// A refused code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShopCodeRefusal {
    /// Why.
    pub reason: Reason,
    /// Where: index of the character, counted from 0, at which the refused object or value begins.
    pub at: usize,
}

impl ShopCodeRefusal {
    /// What a caller hears.
    #[must_use]
    pub const fn code(self) -> Code {
        match self.reason {
            Reason::BadCrc => Code::ShopCodeBadCrc,
            _ => Code::ShopCodeMalformed,
        }
    }
}

impl core::fmt::Display for ShopCodeRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} at character {}", self.reason.name(), self.at)
    }
}

impl core::error::Error for ShopCodeRefusal {}

/// The value of a data object: its text, or the objects inside where the id is a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Objects by id.
    Template(BTreeMap<String, String>),
}

impl ToJson for Value {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Text(text) => to.text(text),
            Self::Template(objects) => objects.write(to),
        }
    }
}
json_serde! { @to Value }

json_words! {
    /// Whether a code is shown for many payments or for one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PointOfInitiation {
        /// 11: a printed code.
        Static "static",
        /// 12: made for one payment.
        Dynamic "dynamic",
    }
}

/// Name and city in the language of the place (template 64).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageTemplate {
    /// ISO 639, two letters.
    pub language: String,
    /// The merchant's name.
    pub merchant_name: String,
    /// Its city.
    pub merchant_city: Option<String>,
}
json_object! { written LanguageTemplate { language, merchant_name = "merchantName", merchant_city = "merchantCity" } }

/// The four levels of a JPQR store id, from the contract down to the till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jpqr {
    /// 13 characters.
    pub level1: String,
    /// 4 characters.
    pub level2: String,
    /// 6 characters.
    pub level3: String,
    /// 6 characters.
    pub level4: String,
}
json_object! { written Jpqr { level1, level2, level3, level4 } }

/// A code taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantCode {
    /// Id 01, where the code says so.
    pub point_of_initiation: Option<PointOfInitiation>,
    /// Ids 02 to 51: where the money may go. At least one.
    pub merchant_accounts: BTreeMap<String, Value>,
    /// The id of the account to use: JPQR's if there is one, else the lowest template, else the lowest id. One choice, so
    /// that two readers of a code with several accounts never pay two different ones.
    pub merchant_account: String,
    /// Id 52, ISO 18245, four digits. Some national schemes leave it out.
    pub merchant_category_code: Option<String>,
    /// Id 53.
    pub currency: Currency,
    /// Id 54; `None` where the payer types the amount.
    pub amount: Option<CodeAmount>,
    /// Ids 55 to 57: what the shop asks beside the amount. Whoever shows the amount alone shows less than is asked.
    pub tip: Option<Tip>,
    /// Id 58, ISO 3166, two letters.
    pub country_code: String,
    /// Id 59: what the code claims. Some national schemes leave it out.
    pub merchant_name: Option<String>,
    /// Id 60.
    pub merchant_city: Option<String>,
    /// Id 61.
    pub postal_code: Option<String>,
    /// Id 62.
    pub additional_data: BTreeMap<String, String>,
    /// Id 64.
    pub language_template: Option<LanguageTemplate>,
    /// The store id, where an account is JPQR's.
    pub jpqr: Option<Jpqr>,
    /// Every object, known or not, by id.
    pub raw: BTreeMap<String, Value>,
}
json_object! {
    written MerchantCode {
        point_of_initiation = "pointOfInitiation", merchant_accounts = "merchantAccounts",
        merchant_account = "merchantAccount", merchant_category_code = "merchantCategoryCode", currency, amount, tip,
        country_code = "countryCode", merchant_name = "merchantName", merchant_city = "merchantCity",
        postal_code = "postalCode", additional_data = "additionalData", language_template = "languageTemplate",
        jpqr, raw,
    }
}

/// Takes a merchant-presented code apart.
///
/// # Errors
/// The first [`ShopCodeRefusal`]: length, CRC, objects, then values.
pub fn parse_merchant_code(text: &str) -> Result<MerchantCode, ShopCodeRefusal> {
    check::length_and_crc(text)?;
    let objects = Objects::read(text)?;
    objects.in_order()?;

    let point_of_initiation = objects.value("01", |text| match text {
        "11" => Some(PointOfInitiation::Static),
        "12" => Some(PointOfInitiation::Dynamic),
        _ => None,
    })?;
    let merchant_accounts = objects.accounts()?;
    let currency = objects
        .value("53", |text| {
            digits(text, 3).and_then(|text| text.parse().ok()).and_then(|number| Currency::from_number(number).ok())
        })?
        .ok_or_else(|| objects.missing())?;
    let jpqr = objects.jpqr(&merchant_accounts)?;
    let code = MerchantCode {
        point_of_initiation,
        merchant_account: chosen(&merchant_accounts).unwrap_or_default(),
        merchant_accounts,
        merchant_category_code: objects.value("52", |text| digits(text, 4).map(String::from))?,
        currency,
        amount: objects.value("54", |text| CodeAmount::parse(text, currency))?,
        tip: tip::read(&objects, currency)?,
        country_code: objects.value("58", country)?.ok_or_else(|| objects.missing())?,
        merchant_name: objects.value("59", |text| Some(text.into()))?,
        merchant_city: objects.value("60", |text| Some(text.into()))?,
        postal_code: objects.value("61", |text| Some(text.into()))?,
        additional_data: objects.template("62"),
        language_template: objects.language()?,
        jpqr,
        raw: BTreeMap::new(),
    };
    objects.check_shown()?;
    Ok(MerchantCode { raw: objects.into_raw(), ..code })
}

/// The documented choice among several accounts.
fn chosen(accounts: &BTreeMap<String, Value>) -> Option<String> {
    let template = |value: &Value| matches!(value, Value::Template(_));
    let first =
        |wanted: &dyn Fn(&Value) -> bool| accounts.iter().find(|(_, value)| wanted(value)).map(|(id, _)| id.clone());
    first(&is_jpqr).or_else(|| first(&template)).or_else(|| first(&|_| true))
}

fn is_jpqr(account: &Value) -> bool {
    matches!(account, Value::Template(inside) if inside.get("00").is_some_and(|name| name == JPQR))
}

fn digits(text: &str, count: usize) -> Option<&str> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn country(text: &str) -> Option<String> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| text.into())
}

#[cfg(test)]
mod tests;
