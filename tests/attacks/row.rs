//! What an attack came to.

use jitsuin::code::Code;
use std::fmt::{Display, Formatter, Result};
use std::future::Future;

/// Heading of the page under which a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Incident,
    Code,
    Key,
    Issuer,
    Stopping,
    Guessing,
}

impl Group {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Incident => "The incident of 2019, step by step, and what came after",
            Self::Code => "A payment code in the wrong hands",
            Self::Key => "A key in the wrong hands",
            Self::Issuer => "A lying network, a lying issuer, a leaked ledger",
            Self::Stopping => "Freeze, release and replacement turned round",
            Self::Guessing => "Guessing, and everybody at once",
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its file.
    pub name: &'static str,
    /// What the attacker has and does.
    pub attack: &'static str,
    /// What stopped it.
    pub stopped_by: &'static str,
    /// The code it stopped with.
    pub code: Code,
    /// Yen lost at the most, from the books.
    pub lost: u64,
}

impl Row {
    /// A row whose file is filled in when it is played.
    pub fn new(attack: &'static str, stopped_by: &'static str, code: &str, lost: u64) -> Self {
        let code = Code::from_name(code).unwrap_or_else(|| panic!("{code} is not in the list of codes"));
        Self { name: "", attack, stopped_by, code, lost }
    }

    /// Holds the row to what is known of it.
    pub fn expect(self, code: Code, lost: u64) -> Self {
        assert_eq!((self.code, self.lost), (code, lost), "{}", self.attack);
        self
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { attack, stopped_by, code, lost, .. } = self;
        write!(f, "{attack} | {stopped_by}: {code} | JPY {}", grouped(*lost))
    }
}

/// `24000` as `24,000`.
pub fn grouped(yen: u64) -> String {
    let digits = yen.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Plays an attack. SQLite's pool wants a runtime around it; the wallet's futures stay on this thread.
pub fn run(name: &'static str, play: impl Future<Output = Row>) -> Row {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let _within = runtime.enter();
    Row { name, ..jitsuin::wallet::memory::run(play) }
}
