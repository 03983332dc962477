//! What `scripts/mutations.sh --check` says of patches that can't be tried, so that none is passed over.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether the patches of a folder are good, and what the script says.
fn check(folder: &Path) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/mutations.sh");
    let ran = Command::new("bash").arg(script).arg("--check").arg(folder).output().unwrap();
    (ran.status.success(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

fn patches() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations")
}

/// A folder with the first two patches, the second changed.
fn folder_with(name: &str, change: impl Fn(&str) -> String) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutations-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for file in ["01-code-before-disk.patch", "02-clock-offset-sign.patch"] {
        let text = fs::read_to_string(patches().join(file)).unwrap();
        let text = if file.starts_with("02") { change(&text) } else { text };
        fs::write(folder.join(file), text).unwrap();
    }
    folder
}

#[test]
fn patches_with_head_that_apply_are_good() {
    let settings = |text: &str| format!("Seeds: 12\nDays: 3\nSeed: 7\n{text}");
    let (good, said) = check(&folder_with("good", settings));
    assert!(good, "{said}");
    assert!(said.contains("2 patches"), "{said}");
}

#[test]
fn a_bad_patch_is_named_with_what_is_wrong() {
    // What is put in the place of what, and what the script then says.
    let bad = [
        ("what", ("What:", "Say:"), "no line What:"),
        ("hurts", ("Hurts:", "Hurt:"), "no line Hurts:"),
        ("written", ("Written:", "By:"), "no line Written:"),
        ("seeds", ("What:", "Seeds: many\nWhat:"), "the line Seeds: is not one number"),
        ("stale", ("-    data.offset_ms", "-    data.offset"), "does not apply"),
    ];
    for (name, (from, to), wrong) in bad {
        let (good, said) = check(&folder_with(name, |text| text.replacen(from, to, 1)));
        assert!(!good, "{name}: {said}");
        assert!(said.contains(&format!("02-clock-offset-sign.patch: {wrong}")), "{name}: {said}");
        assert!(!said.contains("01-code-before-disk.patch"), "{name}: {said}");
    }
}

#[test]
fn a_head_ends_where_the_diff_begins() {
    // A line of code that looks like a head's is none.
    let moved = |text: &str| {
        let rest = text.lines().filter(|line| !line.starts_with("What:")).collect::<Vec<_>>().join("\n");
        format!("{rest}\nWhat: said too late\n")
    };
    let (good, said) = check(&folder_with("late", moved));
    assert!(!good && said.contains("no line What:"), "{said}");
}

#[test]
fn every_patch_of_this_tree_is_good() {
    let (good, said) = check(&patches());
    assert!(good, "{said}");
}
