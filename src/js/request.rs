//! What the page asks for: a JSON list of texts, a verb's name and then its arguments. One text over the border, since each
//! further one costs the module as much as all that is read here.

use crate::code::Code;
use crate::wallet::Error;
use crate::wire::json::{self, FromJson, Json};
use crate::wire::money::Amount;
use crate::wire::till_code::Form;

/// One call of the page's.
pub(super) struct Request(Json);

impl Request {
    /// What is no list of texts asks for nothing, which no verb is called.
    pub(super) fn new(said: &str) -> Self {
        Self(json::parse(said.as_bytes()).unwrap_or(Json::Null))
    }

    /// The text at this place, if there is one.
    pub(super) fn given(&self, place: usize) -> Option<&str> {
        self.0.item(place).text().ok()
    }

    /// A text that the verb has to have; one that is left out is as an empty one.
    pub(super) fn text(&self, place: usize) -> &str {
        self.given(place).unwrap_or_default()
    }

    /// What stands at this place, refused as `code`; an `Option` may be left out.
    ///
    /// # Errors
    /// `code`.
    pub(super) fn read<T: FromJson>(&self, place: usize, code: Code) -> Result<T, Error> {
        self.0.item(place).to().map_err(|_| Error::new(code))
    }

    /// The same for the argument of this name.
    ///
    /// # Errors
    /// `bad-argument`, which names it.
    pub(super) fn argument<T: FromJson>(&self, place: usize, name: &'static str) -> Result<T, Error> {
        self.0.item(place).to().map_err(|_| Error::bad_argument(name))
    }

    /// A number, which crosses as amounts do.
    ///
    /// # Errors
    /// `bad-argument`, which names it.
    pub(super) fn number(&self, place: usize, name: &'static str) -> Result<u64, Error> {
        self.argument(place, name).map(Amount::minor_units)
    }

    /// The most that a code may be worth, if the page says so, and in which form it is.
    ///
    /// # Errors
    /// `bad-amount`, `bad-argument`.
    pub(super) fn bounds(&self, place: usize) -> Result<(Option<Amount>, Form), Error> {
        let max = self.read(place, Code::BadAmount)?;
        let form: Option<Form> = self.argument(place + 1, "form")?;
        Ok((max, form.unwrap_or_default()))
    }
}
