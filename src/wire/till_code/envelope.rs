//! The envelope that a wallet draws: this product's own scheme, written without the general form's tree of objects, which
//! would cost the page's module more than all that stands here.

use super::{Scheme, Surrogate, TillCode};
use crate::wire::Refusal;
use crate::wire::base::{self, BASE64};
use crate::wire::json::json_words;
use crate::wire::token::{self, UnverifiedToken};

/// ISO/IEC 7816-5: an identifier that starts with F is nobody's registered one.
const OWN_AID: &[u8] = b"\xf0JITSUIN";
const OWN_LABEL: &str = "JITSUIN";
/// The same for every user. ISO/IEC 7812 gives no such number to an issuer.
const OWN_PAN: [u8; 8] = [0x99; 8];

/// Format indicator, up to the application template.
const START: &[u8] = b"\x85\x05CPV01";
/// The application template, up to the transparent one: AID, label, number, version.
const APPLICATION: &[u8] =
    b"\x4f\x08\xf0JITSUIN\x50\x07JITSUIN\x5a\x08\x99\x99\x99\x99\x99\x99\x99\x99\x9f\x08\x02\x00\x01";

json_words! {
    /// What the text of a payment code is.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Form {
        /// `JT1…`, which fits the smaller picture.
        #[default]
        Jitsuin "jitsuin",
        /// The envelope, for tills that know only EMVCo codes.
        Emvco "emvco",
    }
}

impl Form {
    /// The text around a signed token's COSE_Sign1.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`] for more bytes than a token has.
    pub fn text(self, cose: &[u8]) -> Result<String, Refusal> {
        match self {
            Self::Jitsuin => Ok(token::text_of(cose)),
            Self::Emvco => {
                let inside = object(b"\x63", &object(b"\xdf\x01", cose)?)?;
                let application = object(b"\x61", &[APPLICATION, &inside].concat())?;
                let mut text = base::encode(BASE64, &[START, &application].concat());
                while !text.len().is_multiple_of(4) {
                    text.push('=');
                }
                Ok(text)
            }
        }
    }
}

fn object(tag: &[u8], value: &[u8]) -> Result<Vec<u8>, Refusal> {
    let length = u8::try_from(value.len()).map_err(|_| Refusal::WrongLength)?;
    let long: &[u8] = if length < 0x80 { &[] } else { &[0x81] };
    Ok([tag, long, &[length], value].concat())
}

impl Scheme {
    /// This product's own: what [`Form::Emvco`] writes.
    #[must_use]
    pub fn jitsuin() -> Self {
        Self { aid: OWN_AID.into(), label: OWN_LABEL.into(), surrogate: Surrogate::Pan(OWN_PAN.into()) }
    }
}

/// The token of a payment code in either form: `JT1…` or the envelope of [`Scheme::jitsuin`].
///
/// # Errors
/// What [`UnverifiedToken::from_text`] refuses; of an envelope what [`TillCode::from_text`] and [`TillCode::token`] do.
pub fn read_payment_code(text: &str) -> Result<UnverifiedToken, Refusal> {
    if text.starts_with(token::PREFIX) {
        UnverifiedToken::from_text(text)
    } else {
        TillCode::from_text(text)?.token(&Scheme::jitsuin())
    }
}
