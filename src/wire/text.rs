//! What people read (protocol section 6, *Text*): [`Shown`] is any text that a person sees, [`Label`] a name that may be
//! registered. Parsing is the only way to make one, so a text that can't be read can't be written either.

use super::cbor::{Reader, Writer};
use super::json::{self, BadJson, FromJson, Json, ToJson, json_serde};
use super::{Field, Refusal};
use core::ops::Deref;
use core::str::FromStr;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A text that is shown to a person: at most 255 bytes of UTF-8, no control character, no line or paragraph separator,
/// and no character that changes the direction of the text around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shown(String);

impl Shown {
    /// The longest text, in bytes of UTF-8.
    pub const MOST_BYTES: usize = 255;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a character may stand in a shown text. The set is the same in every version of Unicode.
    pub(crate) fn may_hold(character: char) -> bool {
        !character.is_control()
            && !matches!(
                character,
                '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            )
    }
}

impl FromStr for Shown {
    type Err = Refusal;

    /// Takes the text as it is.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] above [`Shown::MOST_BYTES`], [`Refusal::BadText`] for a character that may not stand in it.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.len() > Self::MOST_BYTES {
            return Err(Refusal::OutOfRange);
        }
        if text.chars().all(Self::may_hold) { Ok(Self(text.into())) } else { Err(Refusal::BadText) }
    }
}

impl Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Display for Shown {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl ToJson for Shown {
    fn write(&self, to: &mut json::Writer) {
        to.text(&self.0);
    }
}

impl FromJson for Shown {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = json.text()?.parse().map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { Shown }

impl Field for Shown {
    fn write(&self, to: &mut Writer) {
        to.text(&self.0);
    }

    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Refusal> {
        *self = from.text()?.parse()?;
        Ok(())
    }
}

/// A name that may be registered: of a device, an account, a shop, a place, a card.
///
/// In Unicode's form NFC, without white space at its ends, 1 to 60 scalar values and at most 240 bytes. At least one of
/// them is a letter, number, punctuation mark or symbol that leaves ink. Of the characters that are not drawn only
/// joiners, the zero-width space, variation selectors 1 to 16 and the tags of a regional flag are allowed, and at most 8
/// combining marks stand in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(Shown);

/// Longest text that is normalized, in bytes. The longest label takes up 720 bytes before it is composed.
const MOST_TYPED: usize = 1024;

impl Label {
    /// The longest label, in scalar values.
    pub const MOST_CHARACTERS: usize = 60;
    /// The longest label, in bytes of UTF-8.
    pub const MOST_BYTES: usize = 240;
    /// The most combining marks in a row.
    pub const MOST_MARKS: usize = 8;

    /// The label's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Label {
    type Err = Refusal;

    /// Composes and trims the text, then checks it. A label's own text parses to the same label.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] for a text that is empty or too long, [`Refusal::BadText`] for what may not stand in it.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.len() > MOST_TYPED {
            return Err(Refusal::OutOfRange);
        }
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        let name = composed.trim();
        let characters = name.chars().count();
        if characters == 0 || characters > Self::MOST_CHARACTERS || name.len() > Self::MOST_BYTES {
            return Err(Refusal::OutOfRange);
        }
        let shown = name.parse()?;
        let sound = name.chars().any(leaves_ink) && is_visible_throughout(name) && !stacks_marks(name);
        if sound { Ok(Self(shown)) } else { Err(Refusal::BadText) }
    }
}

impl From<Label> for Shown {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl Deref for Label {
    type Target = Shown;

    fn deref(&self) -> &Shown {
        &self.0
    }
}

impl core::fmt::Display for Label {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_in(group: GeneralCategoryGroup, character: char) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(character))
}

/// Whether a character is a letter, number, punctuation mark or symbol, and no filler that is drawn as a blank.
fn leaves_ink(character: char) -> bool {
    const INK: GeneralCategoryGroup = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation)
        .union(GeneralCategoryGroup::Symbol);
    let filler = matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}');
    !filler && is_in(INK, character)
}

/// Whether every character that is not drawn is one that a script or an emoji needs.
fn is_visible_throughout(name: &str) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        let needed = matches!(character, '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}');
        if ignorable.contains(character) && !needed {
            return false;
        }
        rest = match rest.strip_prefix(TAG_BASE) {
            Some(tagged) => after_tags(tagged),
            None => rest.get(character.len_utf8()..).unwrap_or_default(),
        };
    }
    true
}

/// The black flag: the one base of a valid emoji tag sequence (Unicode Technical Standard 51, annex C).
const TAG_BASE: char = '\u{1f3f4}';
/// Ends a tag sequence.
const TAG_END: char = '\u{e007f}';

/// What follows the tags of a regional flag: 3 to 6 small letters and digits, and their end. The whole text if it begins
/// with no such tags.
fn after_tags(text: &str) -> &str {
    let is_tag = |character: char| matches!(character, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}');
    let end = text.find(|character| !is_tag(character)).unwrap_or(text.len());
    let (tags, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    match rest.strip_prefix(TAG_END) {
        Some(rest) if (3..=6).contains(&tags.chars().count()) => rest,
        _ => text,
    }
}

/// Whether more marks stand in a row than any script needs. A joiner between two marks does not end their row.
fn stacks_marks(name: &str) -> bool {
    let mut row = 0;
    for character in name.chars() {
        if is_in(GeneralCategoryGroup::Mark, character) {
            row += 1;
        } else if !matches!(character, '\u{200c}'..='\u{200d}') {
            row = 0;
        }
        if row > Label::MOST_MARKS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
