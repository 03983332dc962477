//! The protocol's page, held to the code: what is cited exists, and what can be called or answered is named.
//! `JITSUIN_WRITE_DOCS=1 cargo test --test protocol_page` writes its table of codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use jitsuin::code::{Audience, Code};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::Outcome;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/protocol.md";
const BEGIN: &str = "<!-- codes: begin -->\n";
const END: &str = "<!-- codes: end -->";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join(PAGE)).unwrap()
}

/// Every text file below these folders, but what was installed or built.
fn files(folders: &[&str], endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let skipped = |part: &str| path.ends_with(part);
            if path.is_dir() {
                if !skipped("node_modules") && !skipped("wasm") && !skipped("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

#[test]
fn every_section_that_is_cited_exists() {
    let page = page();
    let cited = "protocol section ";
    let mut count = 0;
    for path in files(&["src", "pkg", "tests", "examples", "www", "docs"], &["rs", "js", "mjs", "ts", "json", "md"]) {
        // A comment may break the words apart.
        let text = read(&path).replace("\n//! ", " ").replace("\n/// ", " ");
        for (at, _) in text.match_indices(cited) {
            let rest = text.get(at + cited.len()..).unwrap_or_default();
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if number.is_empty() {
                continue;
            }
            count += 1;
            assert!(page.contains(&format!("\n## {number}. ")), "{}: section {number}", path.display());
        }
    }
    assert!(count > 470, "{count} citations: is the search broken?");
}

/// What stands between quotes and begins so.
fn quoted(text: &str, start: &str) -> BTreeSet<String> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|part| part.starts_with(start) && !part.contains(['{', ' '])).map(String::from).collect()
}

#[test]
fn every_call_is_named() {
    let page = page();
    let mut calls = BTreeSet::from(["/.well-known/jitsuin".to_owned(), "/.well-known/jwks.json".to_owned()]);
    for path in files(&["src/wire/calls"], &["rs"]) {
        calls.extend(quoted(&read(&path), "/v1/"));
    }
    calls.extend(quoted(&read(&root().join("examples/issuer/src/routes.rs")), "/demo/"));
    assert!(calls.len() > 30, "{calls:?}");
    // Those play the attack of 2019 on the demo's page; nobody else calls them.
    for path in calls.iter().filter(|path| *path != "/demo/victim" && *path != "/demo/books") {
        let named = [format!("`{path}`"), format!(" {path}`")];
        assert!(named.iter().any(|named| page.contains(named)), "{PAGE} does not name {path}");
    }
}

#[test]
fn every_outcome_and_alert_is_named() {
    let page = page();
    let words = Outcome::ALL.iter().map(|outcome| outcome.name());
    for word in words.chain(AlertKind::ALL.iter().map(|kind| kind.name())) {
        assert!(page.contains(&format!("`{word}`")), "{PAGE} does not name {word}");
    }
}

fn table() -> String {
    let mut table = String::from("| code | told to | status | again |\n|---|---|---|---|\n");
    for code in Code::ALL {
        let audience = match code.audience() {
            Audience::User => "user",
            Audience::Page => "page",
            Audience::Till => "till",
            _ => "operator",
        };
        let again = if code.retryable() { "yes" } else { "no" };
        writeln!(table, "| [`{code}`](errors.md#{code}) | {audience} | {} | {again} |", code.status()).unwrap();
    }
    table
}

#[test]
fn the_table_of_codes_says_what_the_code_says() {
    let page = page();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let written = [before, BEGIN, &table(), END, after].concat();
    if std::env::var_os("JITSUIN_WRITE_DOCS").is_some() {
        std::fs::write(root().join(PAGE), &written).unwrap();
    }
    assert_eq!(self::page(), written, "JITSUIN_WRITE_DOCS=1 cargo test --test protocol_page");
}
