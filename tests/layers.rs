//! Data flows one way: a room may only use the rooms below it. Read off the `use` lines and paths of every file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use std::path::{Path, PathBuf};

/// Each room and what it may use. `js` reaches `issuer` only in the files named, behind a feature.
const ROOMS: &[(&str, &[&str])] = &[
    ("code", &[]),
    ("wire", &["code"]),
    ("rules", &["code", "wire"]),
    ("wallet", &["code", "wire", "rules"]),
    ("browser", &["code", "wire", "rules", "wallet"]),
    ("js", &["code", "wire", "rules", "wallet", "browser"]),
    ("issuer", &["code", "wire", "rules"]),
];

/// Files of `js` that may use the issuer's rules, and the features they are compiled with only.
const ISSUERS: &[(&str, &str)] =
    &[("js/world", "js-testing"), ("js/vectors", "js-testing"), ("js/verifier", "js-verifier")];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a file is `module.rs` or stands in the folder beside it.
fn below(file: &str, module: &str) -> bool {
    file.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

fn uses(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().enumerate().filter(move |(_, line)| code(line)).flat_map(|(number, line)| {
        line.match_indices("crate::").map(move |(at, word)| {
            let rest = line.get(at + word.len()..).unwrap_or_default();
            (number + 1, rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        })
    })
}

fn upward(file: &str, text: &str) -> Vec<String> {
    let room = room(file);
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else { return vec![] };
    let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
    let issuers = ISSUERS.iter().any(|(own, _)| below(file, own));
    uses(text)
        .filter(|(_, used)| is_room(used) && *used != room && !allowed.contains(used))
        .filter(|(_, used)| !(issuers && *used == "issuer"))
        .map(|(line, used)| format!("src/{file}:{line} uses crate::{used}"))
        .collect()
}

#[test]
fn no_arrow_points_up() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![];
    files(&src, &mut found);
    assert!(found.len() > 20, "the test must see the rooms");
    let mut wrong = vec![];
    for path in found {
        let file = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        assert!(
            file == "lib.rs" || ROOMS.iter().any(|(name, _)| *name == room(&file)),
            "a file outside the rooms: {file}"
        );
        wrong.extend(upward(&file, &std::fs::read_to_string(&path).unwrap()));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_upward_arrow_would_be_seen() {
    assert_eq!(upward("wire/token.rs", "use crate::wallet::Wallet;").len(), 1);
    assert_eq!(upward("wallet/pay.rs", "let x = crate::issuer::desk();").len(), 1);
    assert_eq!(upward("js/wallet.rs", "use crate::issuer::Issuer;").len(), 1);
    assert_eq!(upward("js/world.rs", "use crate::issuer::Issuer;").len(), 0);
    assert_eq!(upward("js/verifier/single_use.rs", "use crate::issuer::replay::Window;").len(), 0);
    assert_eq!(upward("js/verifiers.rs", "use crate::issuer::replay::Window;").len(), 1);
    assert_eq!(upward("rules/chain.rs", "use crate::wire::head::Head; // crate::wallet").len(), 1);
    assert_eq!(upward("rules/chain.rs", "use crate::wire::head::Head;").len(), 0);
}

#[test]
fn who_reaches_the_issuer_from_js_is_compiled_with_its_feature_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let text = std::fs::read_to_string(src.join("js.rs")).unwrap();
    for (module, feature) in ISSUERS {
        let name = module.strip_prefix("js/").unwrap();
        assert!(text.contains(&format!("#[cfg(feature = \"{feature}\")]\nmod {name};")), "{module}");
        assert!(src.join(format!("{module}.rs")).is_file(), "{module}");
    }
}

#[test]
fn the_wallet_reads_no_clock_and_no_page() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["wire", "rules", "wallet"] {
        let mut found = vec![src.join(format!("{room}.rs"))];
        files(&src.join(room), &mut found);
        for path in found {
            let text = std::fs::read_to_string(&path).unwrap();
            for banned in ["web_sys", "js_sys", "wasm_bindgen", "std::time", "SystemTime"] {
                assert!(!text.contains(banned), "{} mentions {banned}", path.display());
            }
        }
    }
}
