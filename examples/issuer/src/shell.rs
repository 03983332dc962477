//! The list that the pages' service worker keeps files by: the SHA-256 of each file of the pages, and of each file of the
//! package as the package names it. Made when the server starts: a file that is changed later is not kept until then.

use crate::settings::Settings;
use jitsuin::wire::sha256;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The package's own list, by file.
const PACKAGE: &str = "digests.json";
/// The worker is no file of the shell: the browser keeps it.
const WORKER: &str = "sw.js";

/// The script that the worker imports, with the pages' constants as they are served.
///
/// # Errors
/// A folder or file that can't be read; a package that was not built.
pub(crate) fn script(settings: &Settings, www: &Path, constants: &str) -> io::Result<String> {
    let mut pages = BTreeMap::new();
    for entry in std::fs::read_dir(www)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name == WORKER || !entry.file_type()?.is_file() {
            continue;
        }
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        pages.insert(path, hex(&std::fs::read(entry.path())?));
    }
    pages.insert("/issuer.js".into(), hex(constants.as_bytes()));
    let package: BTreeMap<String, String> = serde_json::from_slice(&std::fs::read(settings.pkg.join(PACKAGE))?)?;
    let list = serde_json::json!({ "pages": pages, "package": package }).to_string();
    let version = hex(list.as_bytes());
    Ok(format!("self.SHELL = {{ \"version\": \"{version}\", \"files\": {list} }};\n"))
}

fn hex(bytes: &[u8]) -> String {
    sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
