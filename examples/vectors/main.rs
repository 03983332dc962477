//! Writes the test vectors of protocol v1 into `tests/vectors/`, one rule per file. Run it after a change of the wire
//! format and read the difference: `cargo run --example vectors`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a developer's tool: it stops where something is wrong"
)]

mod codes;
mod proof;
mod samples;
mod signer;
mod statements;
mod text;
mod token;
mod value;

use data_encoding::HEXLOWER;
use jitsuin::issuer::jwks::Jwks;
use jitsuin::wire::key::PublicKey;
use serde_json::{Value as Json, json};
use std::path::Path;

/// Seconds since 1970 at which the vectors are checked.
pub(crate) const NOW: u32 = 1_795_000_000;

/// Where vectors go.
pub(crate) struct Folder<'a> {
    statement: &'a str,
    written: usize,
}

/// What makes one vector.
pub(crate) struct Vector<'a> {
    pub(crate) rule: &'a str,
    pub(crate) source: &'a str,
    pub(crate) input: String,
    pub(crate) key: PublicKey,
    pub(crate) aad: &'a [u8],
    pub(crate) now: u32,
    pub(crate) expect: &'a str,
    pub(crate) others: &'a str,
    pub(crate) fields: Json,
}

impl Folder<'_> {
    pub(crate) fn write(&mut self, vector: Vector<'_>) {
        self.write_more(vector, &[]);
    }

    /// A proof's vector also says the call that it is checked for.
    pub(crate) fn write_proof(&mut self, vector: Vector<'_>, call: Json) {
        self.write_more(vector, &[("call", call)]);
    }

    /// A token that is judged by what was taken before it also says that, oldest first.
    pub(crate) fn write_after(&mut self, vector: Vector<'_>, after: &[String]) {
        self.write_more(vector, &[("after", after.into())]);
    }

    /// A text's vector also says which type it is parsed into.
    pub(crate) fn write_text(&mut self, vector: Vector<'_>, kind: &str) {
        self.write_more(vector, &[("type", kind.into())]);
    }

    fn write_more(&mut self, vector: Vector<'_>, more: &[(&str, Json)]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(self.statement);
        std::fs::create_dir_all(&folder).unwrap();
        let mut json = json!({
            "rule": vector.rule, "source": vector.source, "input": vector.input, "publicKey": vector.key,
            "externalAad": HEXLOWER.encode(vector.aad), "now": vector.now, "expect": vector.expect,
            "others": vector.others, "fields": vector.fields,
        });
        for (member, value) in more {
            json[*member] = value.clone();
        }
        let name: String =
            vector.rule.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let file = folder.join(format!("{name}.json"));
        assert!(!WRITTEN.lock().unwrap().contains(&file), "two vectors for one rule: {}", file.display());
        WRITTEN.lock().unwrap().push(file.clone());
        std::fs::write(file, serde_json::to_string_pretty(&json).unwrap() + "\n").unwrap();
        self.written += 1;
    }
}

static WRITTEN: std::sync::Mutex<Vec<std::path::PathBuf>> = std::sync::Mutex::new(Vec::new());

fn main() {
    for statement in
        statements::ALL.iter().map(|statement| statement.name).chain(["token", "intent", "dpop", "body", "text"])
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(statement);
        let _absent_at_first = std::fs::remove_dir_all(&folder);
    }
    for statement in statements::ALL {
        let mut folder = Folder { statement: statement.name, written: 0 };
        statements::write(&mut folder, statement);
        println!("{:>4} {}", folder.written, statement.name);
    }
    let mut folder = Folder { statement: "token", written: 0 };
    token::write(&mut folder);
    println!("{:>4} token", folder.written);
    let mut folder = Folder { statement: "intent", written: 0 };
    statements::write_intents(&mut folder);
    println!("{:>4} intent", folder.written);
    let mut folder = Folder { statement: "body", written: 0 };
    text::write_bodies(&mut folder);
    println!("{:>4} body", folder.written);
    let mut folder = Folder { statement: "text", written: 0 };
    text::write(&mut folder);
    println!("{:>4} text", folder.written);
    let mut folder = Folder { statement: "dpop", written: 0 };
    proof::write(&mut folder);
    println!("{:>4} dpop", folder.written);
    let jwks = serde_json::to_string_pretty(&Jwks::of(&samples::issuer_keys())).unwrap() + "\n";
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/jwks.json"), jwks).unwrap();
    println!("{:>4} shop-code", codes::write_shop_codes());
    println!("{:>4} till-code", codes::write_till_codes());
}
