//! The row of data objects, and what the known ids among them must look like.

use super::super::text::Shown;
use super::{Jpqr, LanguageTemplate, Reason, ShopCodeRefusal, Value, digits, is_jpqr};
use std::collections::BTreeMap;

/// One object: where its id stands, where its value begins, and the value.
struct Object {
    id: String,
    at: usize,
    value_at: usize,
    value: Value,
}

/// All objects of a code, in the order they stand.
pub(super) struct Objects {
    objects: Vec<Object>,
    end: usize,
}

/// Characters with their index in the whole code.
struct Row<'t> {
    characters: &'t [char],
    start: usize,
}

impl<'t> Row<'t> {
    fn refuse(&self, reason: Reason) -> ShopCodeRefusal {
        ShopCodeRefusal { reason, at: self.start }
    }

    fn two_digits(&mut self, reason: Reason) -> Result<[char; 2], ShopCodeRefusal> {
        let refusal = self.refuse(reason);
        let (&pair, rest) = self.characters.split_first_chunk::<2>().ok_or(self.refuse(Reason::Truncated))?;
        if !pair.iter().all(char::is_ascii_digit) {
            return Err(refusal);
        }
        self.characters = rest;
        self.start += 2;
        Ok(pair)
    }

    /// The next object's id, where its value begins, and its characters.
    fn next(&mut self) -> Result<(String, Row<'t>), ShopCodeRefusal> {
        let id = self.two_digits(Reason::BadId)?;
        let bad_length = self.refuse(Reason::BadLength);
        let length = self
            .two_digits(Reason::BadLength)?
            .iter()
            .fold(0, |sum, digit| sum * 10 + digit.to_digit(10).map_or(0, |digit| digit as usize));
        if length == 0 {
            return Err(bad_length);
        }
        let (value, rest) = self.characters.split_at_checked(length).ok_or(self.refuse(Reason::Truncated))?;
        let value = Row { characters: value, start: self.start };
        self.characters = rest;
        self.start += length;
        Ok((id.iter().collect(), value))
    }

    fn text(&self) -> String {
        self.characters.iter().collect()
    }

    fn template(mut self) -> Result<BTreeMap<String, String>, ShopCodeRefusal> {
        let mut inside = BTreeMap::new();
        while !self.characters.is_empty() {
            let at = self.start;
            let (id, value) = self.next()?;
            if inside.insert(id, value.text()).is_some() {
                return Err(ShopCodeRefusal { reason: Reason::DuplicateId, at });
            }
        }
        Ok(inside)
    }
}

impl Objects {
    pub(super) fn read(text: &str) -> Result<Self, ShopCodeRefusal> {
        let characters: Vec<char> = text.chars().collect();
        let mut row = Row { characters: &characters, start: 0 };
        let mut objects: Vec<Object> = vec![];
        while !row.characters.is_empty() {
            let at = row.start;
            let (id, value) = row.next()?;
            if objects.iter().any(|object| object.id == id) {
                return Err(ShopCodeRefusal { reason: Reason::DuplicateId, at });
            }
            let value_at = value.start;
            let text = value.text();
            let value = match id.parse() {
                Ok(26..=51 | 62 | 64) => Value::Template(value.template()?),
                // Free for anybody: many are templates, some are texts that only look like one at their start.
                Ok(80..=99_u8) => value.template().map_or(Value::Text(text), Value::Template),
                _ => Value::Text(text),
            };
            objects.push(Object { id, at, value_at, value });
        }
        Ok(Self { objects, end: row.start })
    }

    /// 00 first, 63 last.
    pub(super) fn in_order(&self) -> Result<(), ShopCodeRefusal> {
        let Some(Object { value: Value::Text(format), .. }) = self.objects.first().filter(|first| first.id == "00")
        else {
            return Err(ShopCodeRefusal { reason: Reason::NoFormat, at: 0 });
        };
        if format != "01" {
            return Err(ShopCodeRefusal { reason: Reason::UnknownFormat, at: 4 });
        }
        match self.objects.last() {
            Some(last) if last.id == "63" => Ok(()),
            // The last characters look like a CRC but are the end of another value.
            last => Err(ShopCodeRefusal { reason: Reason::NoCrc, at: last.map_or(0, |last| last.at) }),
        }
    }

    fn find(&self, id: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.id == id)
    }

    /// A text read by `read`, which gives `None` for what is not in its format.
    pub(super) fn value<T>(
        &self,
        id: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ShopCodeRefusal> {
        let Some(object) = self.find(id) else { return Ok(None) };
        let Value::Text(text) = &object.value else { return Ok(None) };
        read(text).map(Some).ok_or(ShopCodeRefusal { reason: Reason::BadValue, at: object.value_at })
    }

    /// Where the value of an object begins.
    pub(super) fn value_at(&self, id: &str) -> usize {
        self.find(id).map_or(self.end, |object| object.value_at)
    }

    /// A mandatory object is missing: seen at the end.
    pub(super) fn missing(&self) -> ShopCodeRefusal {
        ShopCodeRefusal { reason: Reason::MissingId, at: self.end }
    }

    pub(super) fn accounts(&self) -> Result<BTreeMap<String, Value>, ShopCodeRefusal> {
        let accounts: BTreeMap<_, _> = self
            .objects
            .iter()
            .filter(|object| ("02"..="51").contains(&object.id.as_str()))
            .map(|object| (object.id.clone(), object.value.clone()))
            .collect();
        if accounts.is_empty() { Err(self.missing()) } else { Ok(accounts) }
    }

    pub(super) fn template(&self, id: &str) -> BTreeMap<String, String> {
        match self.find(id).map(|object| &object.value) {
            Some(Value::Template(inside)) => inside.clone(),
            _ => BTreeMap::new(),
        }
    }

    pub(super) fn language(&self) -> Result<Option<LanguageTemplate>, ShopCodeRefusal> {
        let Some(object) = self.find("64") else { return Ok(None) };
        let refusal = ShopCodeRefusal { reason: Reason::BadValue, at: object.value_at };
        let mut inside = self.template("64");
        let language = inside.remove("00").filter(|language| language.len() == 2).ok_or(refusal)?;
        let merchant_name = inside.remove("01").ok_or(refusal)?;
        Ok(Some(LanguageTemplate { language, merchant_name, merchant_city: inside.remove("02") }))
    }

    /// The JPQR store id: four levels of 13, 4, 6 and 6 digits.
    pub(super) fn jpqr(&self, accounts: &BTreeMap<String, Value>) -> Result<Option<Jpqr>, ShopCodeRefusal> {
        let Some((id, Value::Template(inside))) = accounts.iter().find(|(_, account)| is_jpqr(account)) else {
            return Ok(None);
        };
        let at = self.find(id).map_or(0, |object| object.value_at);
        let level = |id: &str, length| {
            inside
                .get(id)
                .and_then(|text| digits(text, length))
                .map(String::from)
                .ok_or(ShopCodeRefusal { reason: Reason::BadValue, at })
        };
        Ok(Some(Jpqr {
            level1: level("01", 13)?,
            level2: level("02", 4)?,
            level3: level("03", 6)?,
            level4: level("04", 6)?,
        }))
    }

    /// Checks the texts that somebody may show: names, places, and what templates 62 and 64 hold.
    ///
    /// # Errors
    /// [`Reason::DeceptiveText`] for a character that may not stand in a [`Shown`].
    pub(super) fn check_shown(&self) -> Result<(), ShopCodeRefusal> {
        let shown = |object: &&Object| matches!(object.id.as_str(), "59" | "60" | "61" | "62" | "64");
        let holds = |text: &str| text.chars().all(Shown::may_hold);
        let deceptive = |object: &&Object| match &object.value {
            Value::Text(text) => !holds(text),
            Value::Template(inside) => !inside.values().all(|text| holds(text)),
        };
        match self.objects.iter().filter(shown).find(deceptive) {
            Some(object) => Err(ShopCodeRefusal { reason: Reason::DeceptiveText, at: object.value_at }),
            None => Ok(()),
        }
    }

    pub(super) fn into_raw(self) -> BTreeMap<String, Value> {
        self.objects.into_iter().map(|object| (object.id, object.value)).collect()
    }
}
