//! The specification names every refusal and every folder of vectors, and points at nothing that is not there.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use jitsuin::wire::key_set::Use;
use jitsuin::wire::receipt::Kind;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/wire.md")).unwrap()
}

/// What stands between backquotes.
fn quoted(page: &str) -> BTreeSet<&str> {
    page.split('`').skip(1).step_by(2).collect()
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/vectors")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

#[test]
fn every_folder_of_vectors_stands_with_its_count() {
    let page = page();
    for folder in folders() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let count = std::fs::read_dir(&folder).unwrap().count();
        let link = format!("[`{name}`](../tests/vectors/{name}), {count}");
        assert!(page.contains(&link), "docs/wire.md lacks: {link}");
    }
}

#[test]
fn every_refusal_of_a_vector_is_explained() {
    let page = page();
    let named = quoted(&page);
    for file in folders().iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let vector: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expect = vector.get("expect").and_then(|expect| expect.as_str()).unwrap();
        assert!(named.contains(expect), "docs/wire.md does not explain {expect}");
    }
}

#[test]
fn every_file_and_example_named_exists_and_is_refused_as_said() {
    let page = page();
    let files = quoted(&page).into_iter().filter(|name| name.starts_with("src/") || name.starts_with("tests/"));
    for file in files.filter(|name| !name.contains('*') && !name.contains('<')) {
        assert!(root().join(file).exists(), "{file}");
    }
    let mut examples = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let (Some(refusal), Some(example)) = (cells.first(), cells.last()) else { continue };
        let file = if example.contains('/') { (*example).to_owned() } else { format!("shop-code/{example}") };
        let Ok(text) = std::fs::read_to_string(root().join(format!("tests/vectors/{file}.json"))) else {
            assert!(refusal.starts_with("jitsuin/v1/"), "no such example: {row}");
            continue;
        };
        let vector: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(vector.get("expect").and_then(|expect| expect.as_str()), Some(*refusal), "{row}");
        examples += 1;
    }
    assert!(examples > 35, "the test must see the tables");
}

#[cfg(feature = "issuer")]
#[test]
fn the_calls_without_a_name_are_the_desk_s() {
    use jitsuin::issuer::desk::CALLS;
    use jitsuin::wire::calls::Effect;
    let page = page();
    let section = page.split("\n### ").find(|part| part.starts_with("Deliveries of one call")).unwrap();
    let listed = |start: &str| -> BTreeSet<&str> {
        let item = section.split("\n- ").find(|item| item.starts_with(start)).unwrap();
        quoted(item.split("\n\n").next().unwrap()).into_iter().filter(|word| word.starts_with("/v1/")).collect()
    };
    let calls = |effect: Effect| CALLS.iter().filter(|(_, held)| *held == effect).map(|(path, _)| *path).collect();
    assert_eq!(listed("Reading"), calls(Effect::Reads));
    assert_eq!(listed("Named by"), calls(Effect::ByKey));
    assert_eq!(CALLS.iter().filter(|(_, effect)| *effect == Effect::ByCall).count(), 21);
}

#[test]
fn the_words_of_receipts_and_key_sets_are_the_codes_own_and_all_of_them() {
    let page = page();
    let words = |start: &str| -> BTreeSet<String> {
        let from = page.find(start).unwrap() + start.len();
        let rest = page.get(from..).unwrap();
        // A row of words goes on over line ends as long as a stroke stands between two.
        let mut found = BTreeSet::new();
        let mut pieces = rest.split('"').skip(1);
        while let (Some(word), Some(between)) = (pieces.next(), pieces.next()) {
            found.insert(word.to_owned());
            if between.trim() != "/" {
                break;
            }
        }
        found
    };
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    assert_eq!(words("\nkind    = "), kinds);
    let uses: BTreeSet<String> = Use::ALL.iter().map(|usage| usage.name().to_owned()).collect();
    assert_eq!(words("issuer-key = { 1 => handle, 2 => point, 3 => "), uses);
}
