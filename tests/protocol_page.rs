//! The protocol's page, held to the code: what is cited exists, and what can be called or answered is named.
//! `JITSUIN_WRITE_DOCS=1 cargo test --test protocol_page` writes its table of codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use jitsuin::code::{Audience, Code};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::calls::{ByCall, Call, LogIn, LogInStarted, Outcome, Problem, read_body};
use jitsuin::wire::dpop::{self, Claims};
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::sha256;
use std::collections::{BTreeMap, BTreeSet};
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

/// The text up to the bracket that closes what was open before it.
fn until_closed(text: &str) -> &str {
    let mut open = 0;
    let end = text.char_indices().find_map(|(at, letter)| {
        open += i32::from(letter == '{') - i32::from(letter == '}');
        (open < 0).then_some(at)
    });
    text.get(..end.unwrap()).unwrap()
}

/// The members of every JSON object of `src/wire`, by the object's name: what `json_object!` lists, as it is written.
fn members() -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for path in files(&["src/wire"], &["rs"]) {
        let text = read(&path);
        for part in text.split("json_object! {").skip(1) {
            let Some((head, rest)) = part.split_once('{') else { continue };
            let [_, name] = head.split_whitespace().collect::<Vec<_>>()[..] else { continue };
            let fields = until_closed(rest).split(',').map(str::trim).filter(|field| !field.is_empty());
            let written =
                |field: &str| field.split_once(" = ").map_or(field, |(_, name)| name.trim_matches('"')).to_owned();
            found.insert(name.to_owned(), fields.map(written).collect());
        }
    }
    // It is written by hand.
    let confirmed = read(&root().join("src/wire/calls/device.rs"));
    let (_, names) = confirmed.split_once("const OUTCOME: &str = \"").unwrap();
    let names = names.split('"').next().unwrap().split(' ').map(String::from).collect();
    assert!(found.insert("IntentConfirmed".to_owned(), names).is_none());
    found
}

/// Path, request, reply and name of each call.
fn calls() -> Vec<[String; 4]> {
    let mut found = Vec::new();
    for path in files(&["src/wire/calls"], &["rs"]) {
        for part in read(&path).split("\ncall! { ").skip(1) {
            let line = part.lines().next().unwrap().trim_end_matches(" }").replace(',', "");
            let [request, path, reply, name] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            found.push([path.trim_matches('"'), request, reply, name].map(String::from));
        }
    }
    found
}

/// What a cell of the page's tables lists between back quotes, without the values in brackets.
fn listed(cell: &str) -> Vec<String> {
    let Some(list) = cell.split('`').nth(1) else { return Vec::new() };
    let mut bare = String::new();
    let mut depth = 0;
    for letter in list.chars() {
        depth += i32::from(letter == '(');
        if depth == 0 {
            bare.push(letter);
        }
        depth -= i32::from(letter == ')');
    }
    bare.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty() && name != "{}").collect()
}

#[test]
fn every_call_stands_with_every_member_of_its_json() {
    let (page, members, calls) = (page(), members(), calls());
    assert_eq!(calls.len(), jitsuin::issuer::desk::CALLS.len(), "{calls:?}");
    let mut answered = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| `/v1/")) {
        let cells: Vec<_> = row.split(" | ").collect();
        let path = cells[0].trim_start_matches("| ").trim_matches('`');
        let [_, request, reply, name] =
            calls.iter().find(|call| call[0] == path).unwrap_or_else(|| panic!("{path}: no call"));
        let mut sent = members[request].clone();
        if name == "ByCall" {
            sent.push("call".to_owned());
        }
        let mut said = members[reply].clone();
        match path {
            // It must be there: it may be missing in the code so that its lack has a code of its own.
            "/v1/intents/confirm" => sent[2] = sent[2].trim_end_matches('?').to_owned(),
            // One form for two calls, each with one of its lists.
            "/v1/enrolment" => said.retain(|name| name != "credentials?"),
            "/v1/recovery" => said.retain(|name| name != "exclude?"),
            _ => {}
        }
        if path == "/v1/enrolment" || path == "/v1/recovery" {
            let last = said.pop().unwrap();
            said.push(last.trim_end_matches('?').to_owned());
        }
        assert_eq!(listed(cells[2]), sent, "{path}: body");
        let before = answered.last().cloned();
        let answer = if cells[3].starts_with("the same") { before.unwrap() } else { listed(cells[3]) };
        assert_eq!(answer, said, "{path}: answer");
        answered.push(answer);
    }
    assert_eq!(answered.len(), calls.len(), "a call without a row, or with two");
}

/// The lines of a part of the page: from this text on, to the next heading or the end.
fn part<'a>(page: &'a str, start: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("{PAGE} has no {start:?}"));
    rest.split("\n##").next().unwrap()
}

#[test]
fn every_member_of_every_call_stands_with_its_type() {
    let (page, members) = (page(), members());
    let rows = part(&page, "### Members and their types").lines().filter(|line| line.starts_with("| `"));
    let named: Vec<String> =
        rows.flat_map(|row| row.split(" | ").next().unwrap().split('`').skip(1).step_by(2).map(String::from)).collect();
    let mut wanted = BTreeSet::from(["call".to_owned()]);
    for [_, request, reply, _] in calls() {
        let both = members[&request].iter().chain(&members[&reply]);
        wanted.extend(both.map(|member| member.trim_end_matches('?').to_owned()));
    }
    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(named.len(), wanted.len(), "a member with two types");
}

#[test]
fn every_kind_of_receipt_stands_with_what_writes_it() {
    let page = page();
    let (_, rest) = page.split_once("| what happens | receipts, in this order |").unwrap();
    // Behind the table stand those that no call writes yet.
    let (table, rest) = rest.split_once("\n\n").unwrap();
    let unwritten = rest.split("\n\n").next().unwrap();
    for kind in Kind::ALL {
        let name = format!("`{}`", kind.name());
        let of_payments = matches!(kind, Kind::Declined | Kind::DeviceSuspended);
        let stands = table.contains(&name) || unwritten.contains(&name) || (of_payments && page.contains(&name));
        assert!(stands, "{PAGE} does not say what writes {name}");
    }
}

#[test]
fn the_call_in_full_is_one_that_the_issuer_s_own_check_takes() {
    let page = page();
    let part = part(&page, "### One call in full");
    let blocks = |kind: &str| -> Vec<String> {
        let start = format!("```{kind}\n");
        let blocks = part.split(&*start).skip(1);
        blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
    };
    let (json, http) = (blocks("json"), blocks("http"));
    let [body, first_claims, problem, second_claims, answer] = &json[..] else { panic!("{json:?}") };
    let [first, refused, second, answered] = &http[..] else { panic!("{http:?}") };
    let header = |message: &str, name: &str| {
        let line = message.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(String::from));
        line.unwrap_or_else(|| panic!("{message}: no {name}"))
    };

    let (login, ByCall(_)) = read_body::<LogIn>(body.as_bytes()).unwrap();
    assert_eq!((&*login.login, &*login.language), ("hanako", "en"));
    let url = format!("http://localhost:8787{}", LogIn::PATH);
    let checked = |request: &str, claims: &str| {
        assert!(request.starts_with(&format!("POST {} HTTP/1.1\n", LogIn::PATH)), "{request}");
        let proof = dpop::verify(&header(request, "DPoP"), "POST", &url, body.as_bytes()).unwrap();
        // What stands there to be read is what was signed.
        let written: Claims = serde_json::from_str(claims).unwrap();
        assert_eq!(proof.claims, written);
        assert_eq!(proof.claims.bdy.as_bytes(), &sha256(body.as_bytes()));
        proof
    };
    let (one, two) = (checked(first, first_claims), checked(second, second_claims));
    assert_eq!((one.key.thumbprint(), &*one.claims.nonce), (two.key.thumbprint(), ""));
    assert_ne!(one.claims.jti, two.claims.jti);
    assert_eq!(two.claims.nonce, header(refused, "DPoP-Nonce"));
    let problem: Problem = serde_json::from_str(problem).unwrap();
    assert_eq!((&*problem.code, problem.status), ("use-dpop-nonce", 401));
    assert!(refused.starts_with("HTTP/1.1 401 ") && answered.starts_with("HTTP/1.1 200 "));
    assert!(!serde_json::from_str::<LogInStarted>(answer).unwrap().attempt.is_empty());
    // One letter more is another body.
    let changed = body.replace("hanako", "hanakoo");
    assert!(dpop::verify(&header(second, "DPoP"), "POST", &url, changed.as_bytes()).is_err());
}

#[test]
fn every_object_inside_an_answer_stands_with_its_members() {
    let (page, members) = (page().split_whitespace().collect::<Vec<_>>().join(" "), members());
    for name in ["ReceiptItem", "KnownCredential", "Left", "UsedHere", "WellKnown", "SignedKeySet", "Problem"] {
        let written = format!("`{{{}}}`", members[name].join(", "));
        assert!(page.contains(&written), "{PAGE} does not say {written} ({name})");
    }
    for name in ["RegistrationResponse", "AssertionResponse"] {
        let written = format!("response: {{{}}}", members[name].join(", "));
        assert!(page.contains(&written), "{PAGE} does not say {written} ({name})");
    }
}

#[test]
fn every_outcome_and_alert_is_named() {
    let page = page();
    let words = Outcome::ALL.iter().map(|outcome| outcome.name());
    for word in words {
        assert!(page.contains(&format!("`{word}`")), "{PAGE} does not name {word}");
    }
    let (_, alerts) = page.split_once("**Alerts of a wallet**").unwrap();
    let alerts = alerts.split("\n\n").next().unwrap();
    for kind in AlertKind::ALL {
        assert!(alerts.contains(&format!("`{}`", kind.name())), "{PAGE} does not list the alert {}", kind.name());
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
