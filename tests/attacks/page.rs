//! `docs/threat-model.md`: the parts that are written from what the suites printed.

use super::row::{Group, Row, grouped};

/// The rows as the page shows them.
pub fn table<'r>(rows: impl Iterator<Item = (Group, &'r Row)>) -> String {
    let mut text = String::new();
    let mut open = None;
    for (group, row) in rows {
        if open != Some(group) {
            open = Some(group);
            text += &format!(
                "\n### {}\n\n| attack | what stopped it | code | yen lost at the most | file |\n|---|---|---|---:|---|\n",
                group.title()
            );
        }
        let Row { name, attack, stopped_by, code, lost } = row;
        let link = format!("[`{name}`](../tests/attacks/{name}.rs)");
        text += &format!("| {attack} | {stopped_by} | [`{code}`](errors.md#{code}) | {} | {link} |\n", grouped(*lost));
    }
    text + "\n"
}

/// Holds the part of the page between its marks equal to `text`; `JITSUIN_WRITE_DOCS=1` writes it.
pub fn check(text: &str, part: &str) {
    // Tests of one program run side by side; each writes its own part of the one page.
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/threat-model.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (begin, end) = (format!("<!-- {part}: begin -->\n"), format!("<!-- {part}: end -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin}"));
    let (held, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark {end}"));
    if std::env::var_os("JITSUIN_WRITE_DOCS").is_some() {
        std::fs::write(file, format!("{before}{begin}{text}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(held, text, "JITSUIN_WRITE_DOCS=1 cargo test --features sqlite --test attacks");
}
