//! Ids 55 to 57: what a shop asks beside the amount (EMV QRCPS MPM 4.7.5 to 4.7.7).

use super::super::money::Currency;
use super::amount::{self, CodeAmount};
use super::objects::Objects;
use super::{Reason, ShopCodeRefusal};
use crate::wire::json::{ToJson, Writer, json_serde};

/// Longest percentage, in characters.
const MAX_PERCENTAGE: usize = 5;

/// A share of the amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Percentage {
    /// As it is written, such as `3.50`.
    pub text: String,
    /// Hundredths of a percent, 1 to 9,999.
    pub basis_points: u16,
}

/// What a code asks beside its amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    /// 55 is `01`: the payer is asked whether to add a tip.
    Asked,
    /// 55 is `02`: this fee comes on top of the amount (id 56).
    Fixed(CodeAmount),
    /// 55 is `03`: this share of the amount comes on top of it (id 57). The specification does not say how it is rounded.
    Percentage(Percentage),
}

impl ToJson for Tip {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Asked => to.object("kind", &[&"asked"]),
            Self::Fixed(fee) => to.object("kind fee", &[&"fixed", fee]),
            Self::Percentage(Percentage { text, basis_points }) => {
                to.object("kind text basisPoints", &[&"percentage", text, &u32::from(*basis_points)]);
            }
        }
    }
}
json_serde! { @to Tip }

impl Percentage {
    /// Parse `00.01` to `99.99`, leading and closing zeros left out or not.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = amount::decimal(text, MAX_PERCENTAGE)?;
        let basis_points = u16::try_from(amount::scaled(whole, fraction, 2)?).ok()?;
        (1..10_000).contains(&basis_points).then(|| Self { text: text.into(), basis_points })
    }
}

/// Read ids 55 to 57 together: a fee stands exactly where 55 announces it.
///
/// # Errors
/// [`Reason::BadValue`] for a value in another form and for a fee that is not announced; [`Reason::MissingId`] for an
/// announced one that is missing.
pub(super) fn read(objects: &Objects, currency: Currency) -> Result<Option<Tip>, ShopCodeRefusal> {
    let fixed = objects.value("56", |text| CodeAmount::parse(text, currency))?;
    let percentage = objects.value("57", Percentage::parse)?;
    let indicator = objects.value("55", |text| ["01", "02", "03"].into_iter().find(|known| *known == text))?;
    let stray = |id| ShopCodeRefusal { reason: Reason::BadValue, at: objects.value_at(id) };
    match (indicator, fixed, percentage) {
        (None, None, None) => Ok(None),
        (Some("01"), None, None) => Ok(Some(Tip::Asked)),
        (Some("02"), Some(fee), None) => Ok(Some(Tip::Fixed(fee))),
        (Some("03"), None, Some(share)) => Ok(Some(Tip::Percentage(share))),
        (Some("02"), None, _) | (Some("03"), _, None) => Err(objects.missing()),
        (Some("03"), Some(_), _) | (_, Some(_), None) => Err(stray("56")),
        (_, _, Some(_)) => Err(stray("57")),
        // The indicator is one of the three.
        (Some(_), None, None) => Err(stray("55")),
    }
}
