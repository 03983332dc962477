//! What every check says: JSON with `taken` or `refused`, the other one `null`. A refusal has the fields of the package's
//! error, so that nothing of it is written down twice.

use crate::code::Code;
use crate::wire::json::{self, ToJson, Writer, json_object};

struct Refused {
    code: &'static str,
    retryable: bool,
    fix: &'static str,
    confidence: &'static str,
    message: &'static str,
    details: Option<Argument>,
}
json_object! { written Refused { code, retryable, fix, confidence, message, details } }

/// Which argument is wrong.
struct Argument {
    argument: &'static str,
}
json_object! { written Argument { argument } }

struct Answer<'a> {
    taken: Option<&'a dyn ToJson>,
    refused: Option<Refused>,
}

impl ToJson for Answer<'_> {
    fn write(&self, to: &mut Writer) {
        let nothing = None::<bool>;
        let taken = self.taken.unwrap_or(&nothing);
        to.object("taken refused", &[taken, &self.refused]);
    }
}

fn text(answer: &Answer<'_>) -> String {
    // The writer writes UTF-8 only.
    json::to_text(answer)
}

/// The text for this refusal.
pub(super) fn refusal(code: Code) -> String {
    refused(code, None)
}

/// The text for an argument of the wrong shape.
pub(super) fn bad_argument(argument: &'static str) -> String {
    refused(Code::BadArgument, Some(Argument { argument }))
}

fn refused(code: Code, details: Option<Argument>) -> String {
    let (retryable, fix, message) = (code.retryable(), code.fix().name(), code.text());
    let refused = Refused { code: code.name(), retryable, fix, confidence: "certain", message, details };
    text(&Answer { taken: None, refused: Some(refused) })
}

/// The text for what came of a check.
pub(super) fn answer<T: ToJson>(checked: Result<T, Code>) -> String {
    match checked {
        Ok(taken) => text(&Answer { taken: Some(&taken), refused: None }),
        Err(code) => refusal(code),
    }
}
