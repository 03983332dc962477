//! Pages that are written from the code, held equal to it. `JITSUIN_WRITE_DOCS=1 cargo test --test docs` writes them.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use jitsuin::code::{Audience, Code};
use std::fmt::Write as _;

fn errors_page() -> String {
    let mut page = String::from(
        "# Codes\n\n\
         Every refusal has one of these codes, in Rust (`jitsuin::code::Code`), over HTTP (`code` of an RFC 9457 problem) and in\n\
         JavaScript (`JitsuinError.code`). A code is never renamed and never gets a second meaning; new ones may come. What a user reads\n\
         stands in `jitsuin/messages`, in English and Japanese. *Retry* says whether the same call can succeed later or after another tap.\n\
         A till hears only the codes whose audience is the till; every other refusal of a payment is `declined` to it.\n\n\
         This page is written from `src/code.rs`; a test holds the two equal.\n",
    );
    for code in Code::ALL {
        let audience = match code.audience() {
            Audience::User => "user",
            Audience::Page => "page",
            Audience::Till => "till",
            _ => "operator",
        };
        let retry = if code.retryable() { "yes" } else { "no" };
        write!(
            page,
            "\n## {code}\n\n{}\n\nAudience: {audience}. Mended by: {}. Retry: {retry}. HTTP: {}.\n",
            code.text(),
            code.fix().name(),
            code.status()
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_of_codes_says_what_the_code_says() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    if std::env::var_os("JITSUIN_WRITE_DOCS").is_some() {
        std::fs::write(file, errors_page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), errors_page(), "JITSUIN_WRITE_DOCS=1 cargo test --test docs");
}
