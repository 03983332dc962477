//! The grammar of RFC 8259.

use super::BadJson;

/// Deeper texts are refused, so that no input can exhaust the stack.
const DEEPEST: u8 = 32;

/// A JSON text, read.
#[derive(Debug)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0.
    Whole(u64),
    /// A whole number below 0.
    Negative(i64),
    /// Any other number: nothing here is ever read from one.
    Fraction,
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// In the order of the text, doubles included.
    Object(Vec<(String, Json)>),
}

/// Reads one JSON text and nothing after it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, BadJson> {
    let mut parser = Parser { rest: core::str::from_utf8(bytes).map_err(|_| BadJson)?.as_bytes() };
    let json = parser.value(DEEPEST)?;
    parser.space();
    if parser.rest.is_empty() { Ok(json) } else { Err(BadJson) }
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Result<u8, BadJson> {
        let (first, rest) = self.rest.split_first().ok_or(BadJson)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take_if(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            let _ = self.next();
        }
        found
    }

    fn take_while(&mut self, fits: fn(&u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().take_while(|byte| fits(byte)).count();
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        taken
    }

    fn space(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn word(&mut self, word: &str, json: Json) -> Result<Json, BadJson> {
        self.rest = self.rest.strip_prefix(word.as_bytes()).ok_or(BadJson)?;
        Ok(json)
    }

    fn value(&mut self, depth: u8) -> Result<Json, BadJson> {
        self.space();
        match self.peek().ok_or(BadJson)? {
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'"' => self.text().map(Json::Text),
            b'[' => self.list(depth.checked_sub(1).ok_or(BadJson)?),
            b'{' => self.object(depth.checked_sub(1).ok_or(BadJson)?),
            _ => self.number(),
        }
    }

    /// After a value: whether another one follows in a list or object that ends with `end`.
    fn more(&mut self, end: u8) -> Result<bool, BadJson> {
        self.space();
        match self.next()? {
            b',' => Ok(true),
            byte if byte == end => Ok(false),
            _ => Err(BadJson),
        }
    }

    /// After the opening bracket: whether the list or object is empty.
    fn empty(&mut self, end: u8) -> Result<bool, BadJson> {
        self.next()?;
        self.space();
        Ok(self.take_if(end))
    }

    fn list(&mut self, depth: u8) -> Result<Json, BadJson> {
        let mut items = Vec::new();
        if !self.empty(b']')? {
            loop {
                items.push(self.value(depth)?);
                if !self.more(b']')? {
                    break;
                }
            }
        }
        Ok(Json::List(items))
    }

    fn object(&mut self, depth: u8) -> Result<Json, BadJson> {
        let mut members = Vec::new();
        if !self.empty(b'}')? {
            loop {
                self.space();
                let name = self.text()?;
                self.space();
                if !self.take_if(b':') {
                    return Err(BadJson);
                }
                members.push((name, self.value(depth)?));
                if !self.more(b'}')? {
                    break;
                }
            }
        }
        Ok(Json::Object(members))
    }

    fn number(&mut self) -> Result<Json, BadJson> {
        let negative = self.take_if(b'-');
        let digits = self.digits()?;
        if digits.len() > 1 && digits.first() == Some(&b'0') {
            return Err(BadJson);
        }
        let mut whole = true;
        if self.take_if(b'.') {
            self.digits()?;
            whole = false;
        }
        if self.take_if(b'e') || self.take_if(b'E') {
            let _ = self.take_if(b'+') || self.take_if(b'-');
            self.digits()?;
            whole = false;
        }
        let mut value = 0_u64;
        for digit in digits {
            let more = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0')));
            (value, whole) = more.map_or((0, false), |value| (value, whole));
        }
        Ok(match (whole, negative) {
            (true, false) => Json::Whole(value),
            (true, true) => 0_i64.checked_sub_unsigned(value).map_or(Json::Fraction, Json::Negative),
            (false, _) => Json::Fraction,
        })
    }

    fn digits(&mut self) -> Result<&'a [u8], BadJson> {
        let digits = self.take_while(u8::is_ascii_digit);
        if digits.is_empty() { Err(BadJson) } else { Ok(digits) }
    }

    fn text(&mut self) -> Result<String, BadJson> {
        if !self.take_if(b'"') {
            return Err(BadJson);
        }
        let mut text = Vec::new();
        loop {
            text.extend_from_slice(self.take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)));
            match self.next()? {
                b'"' => return String::from_utf8(text).map_err(|_| BadJson),
                b'\\' => {
                    let character = self.escaped()?;
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => return Err(BadJson),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, BadJson> {
        Ok(match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                // UTF-16: two units make one character beyond the first 65,536.
                if let 0xd800..=0xdbff = first {
                    if !(self.take_if(b'\\') && self.take_if(b'u')) {
                        return Err(BadJson);
                    }
                    let second = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(BadJson)?;
                    char::from_u32(0x10000 + ((first - 0xd800) << 10) + second).ok_or(BadJson)?
                } else {
                    char::from_u32(first).ok_or(BadJson)?
                }
            }
            _ => return Err(BadJson),
        })
    }

    fn unit(&mut self) -> Result<u32, BadJson> {
        (0..4).try_fold(0, |unit, _| {
            let digit = char::from(self.next()?).to_digit(16).ok_or(BadJson)?;
            Ok(unit << 4 | digit)
        })
    }
}
