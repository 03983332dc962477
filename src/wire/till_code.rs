//! EMVCo consumer-presented codes (EMV QRCPS Consumer-Presented Mode 1.1), both ways: BER-TLV in base64.
//!
//! For tills that know only that form, a payment token's COSE bytes travel inside:
//! `85 "CPV01"`, `61 { 4F <AID>, 50 <label>, 57|5A <surrogate>, 9F08 0001, 63 { DF01 <COSE_Sign1> } }` (protocol
//! section 2). Everything but the token is the same for all users of a scheme, so the envelope names nobody.

mod envelope;
mod tlv;

use super::Refusal;
use super::token::UnverifiedToken;
use data_encoding::BASE64;

pub use envelope::{Form, read_payment_code};
pub use tlv::{Content, Data};

/// A code is shorter than this, in characters.
pub const CHARACTERS_BELOW: usize = 512;

/// The value of the payload format indicator.
const FORMAT: &[u8] = b"CPV01";
/// The application version that this crate writes.
const VERSION: [u8; 2] = [0, 1];

const PAYLOAD_FORMAT: u16 = 0x85;
const APPLICATION_TEMPLATE: u16 = 0x61;
const TRANSPARENT_TEMPLATE: u16 = 0x63;
const AID: u16 = 0x4f;
const LABEL: u16 = 0x50;
const TRACK_2: u16 = 0x57;
const PAN: u16 = 0x5a;
const APPLICATION_VERSION: u16 = 0x9f08;
const TOKEN: u16 = 0xdf01;

/// The number a scheme routes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Surrogate {
    /// Tag 57, track 2 equivalent data, at most 19 bytes.
    Track2(Vec<u8>),
    /// Tag 5A, an application PAN, at most 10 bytes.
    Pan(Vec<u8>),
}

/// What a scheme puts around every token of all its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    aid: Vec<u8>,
    label: String,
    surrogate: Surrogate,
}

impl Scheme {
    /// A scheme: its AID of 5 to 16 bytes, its label of 1 to 16 printable ASCII characters, its surrogate.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] for another length, [`Refusal::BadText`] for another label.
    pub fn new(aid: &[u8], label: &str, surrogate: Surrogate) -> Result<Self, Refusal> {
        let surrogate_fits = match &surrogate {
            Surrogate::Track2(bytes) => (1..=19).contains(&bytes.len()),
            Surrogate::Pan(bytes) => (1..=10).contains(&bytes.len()),
        };
        if !(5..=16).contains(&aid.len()) || !(1..=16).contains(&label.len()) || !surrogate_fits {
            return Err(Refusal::OutOfRange);
        }
        if !label.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(Refusal::BadText);
        }
        Ok(Self { aid: aid.into(), label: label.into(), surrogate })
    }

    /// The text of the envelope around a token's COSE_Sign1.
    ///
    /// # Errors
    /// What [`UnverifiedToken::from_cose`] refuses, and [`Refusal::WrongLength`] for a text of 512 characters or more.
    pub fn envelope(&self, cose: &[u8]) -> Result<String, Refusal> {
        UnverifiedToken::from_cose(cose)?;
        let surrogate = match &self.surrogate {
            Surrogate::Track2(bytes) => Data::bytes(TRACK_2, bytes),
            Surrogate::Pan(bytes) => Data::bytes(PAN, bytes),
        };
        let application = Data::template(
            APPLICATION_TEMPLATE,
            vec![
                Data::bytes(AID, &self.aid),
                Data::bytes(LABEL, self.label.as_bytes()),
                surrogate,
                Data::bytes(APPLICATION_VERSION, &VERSION),
                Data::template(TRANSPARENT_TEMPLATE, vec![Data::bytes(TOKEN, cose)]),
            ],
        );
        let text = BASE64.encode(&tlv::write(&[Data::bytes(PAYLOAD_FORMAT, FORMAT), application]));
        if text.len() < CHARACTERS_BELOW { Ok(text) } else { Err(Refusal::WrongLength) }
    }
}

/// A code taken apart: any scheme's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TillCode {
    objects: Vec<Data>,
}

impl TillCode {
    /// Reads the text: the format indicator first, then at least one application template with an AID. What other schemes
    /// put beside it is kept.
    ///
    /// # Errors
    /// [`Refusal::WrongLength`], [`Refusal::BadBase64`]; of the objects [`Refusal::Truncated`], [`Refusal::NotShortest`],
    /// [`Refusal::Indefinite`], [`Refusal::WrongType`], [`Refusal::DuplicateKey`]; [`Refusal::WrongPrefix`] without the
    /// format indicator, [`Refusal::MissingKey`] without an application or its AID.
    pub fn from_text(text: &str) -> Result<Self, Refusal> {
        if text.len() >= CHARACTERS_BELOW {
            return Err(Refusal::WrongLength);
        }
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| Refusal::BadBase64)?;
        let objects = tlv::read(&bytes)?;
        match objects.first() {
            Some(Data { tag: PAYLOAD_FORMAT, content: Content::Bytes(format) }) if format == FORMAT => {}
            _ => return Err(Refusal::WrongPrefix),
        }
        let code = Self { objects };
        let has_aid =
            |application: &Data| application.inside(AID).and_then(Data::as_bytes).is_some_and(|aid| !aid.is_empty());
        if code.applications().next().is_none() || !code.applications().all(has_aid) {
            return Err(Refusal::MissingKey);
        }
        Ok(code)
    }

    /// Every object, in order.
    #[must_use]
    pub fn objects(&self) -> &[Data] {
        &self.objects
    }

    /// The application templates (tag 61), most wanted first.
    pub fn applications(&self) -> impl Iterator<Item = &Data> {
        self.objects.iter().filter(|object| object.tag == APPLICATION_TEMPLATE)
    }

    /// The payment token of a scheme.
    ///
    /// # Errors
    /// [`Refusal::MissingKey`] if the code has no application of the scheme's AID, or none with a token;
    /// [`Refusal::DuplicateKey`] if it has several, since then it says no one thing;
    /// [`Refusal::WrongType`] if the token is no byte string; what [`UnverifiedToken::from_cose`] refuses.
    pub fn token(&self, scheme: &Scheme) -> Result<UnverifiedToken, Refusal> {
        let ours =
            |application: &&Data| application.inside(AID).and_then(Data::as_bytes) == Some(scheme.aid.as_slice());
        let mut applications = self.applications().filter(ours);
        let (application, second) = (applications.next(), applications.next());
        if second.is_some() {
            return Err(Refusal::DuplicateKey);
        }
        let token = application
            .and_then(|application| application.inside(TRANSPARENT_TEMPLATE)?.inside(TOKEN))
            .ok_or(Refusal::MissingKey)?;
        UnverifiedToken::from_cose(token.as_bytes().ok_or(Refusal::WrongType)?)
    }
}

#[cfg(test)]
mod tests;
