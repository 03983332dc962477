//! The grammar of RFC 8259.

use super::BadJson;
use crate::wire::base::utf8;

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
    /// A list, whose items have no names: so that lists and objects are one type in the page's module.
    List(Vec<(String, Json)>),
    /// In the order of the text, doubles included.
    Object(Vec<(String, Json)>),
}

/// Reads one JSON text and nothing after it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, BadJson> {
    let mut parser = Parser { rest: utf8(bytes).ok_or(BadJson)?.as_bytes() };
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
            b'[' => self.items(b']', depth).map(Json::List),
            b'{' => self.items(b'}', depth).map(Json::Object),
            _ => self.number(),
        }
    }

    /// A list or an object, which ends with `end`.
    fn items(&mut self, end: u8, depth: u8) -> Result<Vec<(String, Json)>, BadJson> {
        let depth = depth.checked_sub(1).ok_or(BadJson)?;
        let mut items = Vec::new();
        self.next()?;
        self.space();
        if self.take_if(end) {
            return Ok(items);
        }
        loop {
            let mut name = String::new();
            if end == b'}' {
                self.space();
                name = self.text()?;
                self.space();
                if self.next()? != b':' {
                    return Err(BadJson);
                }
            }
            items.push((name, self.value(depth)?));
            self.space();
            match self.next()? {
                b',' => {}
                byte if byte == end => return Ok(items),
                _ => return Err(BadJson),
            }
        }
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
            match self.next()? {
                b'"' => return utf8(&text).map(String::from).ok_or(BadJson),
                b'\\' => text.extend_from_slice(self.escaped()?.encode_utf8(&mut [0; 4]).as_bytes()),
                0..=0x1f => return Err(BadJson),
                byte => text.push(byte),
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
                let mut character = self.unit()?;
                // UTF-16: two units make one character beyond the first 65,536.
                if character & 0xfc00 == 0xd800 {
                    let second = if self.take_if(b'\\') && self.take_if(b'u') { self.unit()? } else { 0 };
                    if second & 0xfc00 != 0xdc00 {
                        return Err(BadJson);
                    }
                    character = 0x10000 + ((character & 0x3ff) << 10 | second & 0x3ff);
                }
                char::from_u32(character).ok_or(BadJson)?
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
