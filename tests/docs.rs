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
        if loads(*code) {
            page.push_str("What helps in which bundler and runtime: [bundlers.md](bundlers.md#what-the-errors-of-loading-mean).\n");
        }
    }
    page
}

/// Said by the package as it loads its module.
fn loads(code: Code) -> bool {
    matches!(code, Code::WasmLoadFailed | Code::WasmBlocked | Code::WasmDigest | Code::NoWebassembly)
}

fn code_table() -> String {
    let mut table = String::from(
        "// @ts-check\n\
         /**\n \
          * Every code: who can mend it, whether the same call can succeed later or after another tap, and one English sentence for logs.\n \
          * Written from `src/code.rs`; a test holds the two equal.\n \
          * @type {Readonly<Record<string, readonly [fix: \"user\" | \"page\" | \"host\" | \"issuer\", retryable: boolean, text: string]>>}\n \
          */\n\
         export const CODES = Object.freeze({\n",
    );
    for code in Code::ALL {
        writeln!(table, "  \"{code}\": [\"{}\", {}, \"{}\"],", code.fix().name(), code.retryable(), code.text())
            .unwrap();
    }
    table + "});\n"
}

/// Holds a file equal to what it is written from, or writes it.
fn hold(file: &str, text: &str) {
    let file = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("JITSUIN_WRITE_DOCS").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "JITSUIN_WRITE_DOCS=1 cargo test --test docs");
}

#[test]
fn the_page_of_codes_says_what_the_code_says() {
    hold("docs/errors.md", &errors_page());
}

#[test]
fn the_package_s_table_of_codes_says_what_the_code_says() {
    hold("pkg/code-table.js", &code_table());
}

#[test]
fn every_row_of_the_limits_on_tries_has_its_test() {
    let page = std::fs::read_to_string("docs/account-safety.md").unwrap();
    let section = page.split("\n### ").find(|part| part.starts_with("Limits on tries")).unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |")).collect();
    assert!(rows.len() >= 12, "the test must see the table");
    let tests: String = std::fs::read_dir("src/issuer/desk/tests")
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for row in rows {
        let name = row.rsplit('`').nth(1).unwrap();
        assert!(tests.contains(&format!("#[test]\nfn {name}()")), "{name}");
    }
}
