//! What the operator says on the command line.

use jitsuin::wire::id::{AccountId, IssuerId};
use jitsuin::wire::origin::Origin;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// What the server is told once, at its start.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Addresses to listen on.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where the records are kept.
    pub(crate) ledger: Place,
    /// The issuer's identity, as it stands in proofs and statements: never taken from a request. Without it, a demo
    /// is `http://localhost` with the port it got.
    pub(crate) public_url: Option<IssuerId>,
    /// Origins whose pages may call.
    pub(crate) origins: Vec<Origin>,
    /// Two known accounts, two tills and an inbox that anyone on this machine can read.
    pub(crate) demo: bool,
    /// Whether the issuer's keys are rotated instead of serving.
    pub(crate) rotate_keys: bool,
    /// The account whose evidence is written to a file instead of serving.
    pub(crate) export: Option<Export>,
    /// A proxy in front, whose word for the caller's address is believed; none: the socket's address counts.
    pub(crate) proxy: Option<IpAddr>,
    /// Folder of the pages; none: no pages.
    pub(crate) www: Option<PathBuf>,
    /// Folder of the npm package, served under `/pkg/` where pages are.
    pub(crate) pkg: PathBuf,
}

/// An account's evidence, and where it goes.
#[derive(Debug)]
pub(crate) struct Export {
    /// The account.
    pub(crate) account: AccountId,
    /// A file that does not exist yet.
    pub(crate) out: PathBuf,
}

/// Where the records are kept.
#[derive(PartialEq, Eq)]
pub(crate) enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database, by its address.
    Database(String),
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            // An address may hold a password.
            Self::Database(_) => f.write_str("in PostgreSQL"),
        }
    }
}

impl core::fmt::Debug for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// Why the server does not start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// No option is called so.
    UnknownOption(String),
    /// The option needs a value.
    NoValue(String),
    /// The value is not one that the option takes.
    BadValue(&'static str),
    /// The text is no issuer.
    BadIssuer(String),
    /// The text is no origin.
    BadOrigin(String),
    /// The option must be given.
    Missing(&'static str),
    /// A demo, with its known passwords and open inbox, may not be reached from other machines.
    DemoBeyondLoopback(SocketAddr),
}

impl core::fmt::Display for Unusable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnknownOption(name) => write!(f, "there is no option {name}\n{USAGE}"),
            Self::NoValue(name) => write!(f, "{name} needs a value\n{USAGE}"),
            Self::BadValue(expected) => write!(f, "expected {expected}\n{USAGE}"),
            Self::BadIssuer(text) => write!(
                f,
                "--public-url takes https://host, https://host:port or http://localhost:port: in lower case, without a path, without the port \
443 or 80, not {text:?}\n{USAGE}"
            ),
            Self::BadOrigin(text) => write!(
                f,
                "--origins takes https://host, https://host:port, http://localhost:port, an app's capacitor://localhost, and \
android:apk-key-hash: with the base64url of 32 bytes: in lower case, without a path, without the port 443 or 80, not {text:?}\n{USAGE}"
            ),
            Self::Missing(name) => write!(f, "{name} must be given\n{USAGE}"),
            Self::DemoBeyondLoopback(address) => {
                write!(f, "--demo refuses to listen on {address}: its passwords are known and its inbox is open")
            }
        }
    }
}

const USAGE: &str = "usage: jitsuin-issuer --listen ADDR… --ledger sqlite:FILE|postgres://… --public-url URL [--origins A,B] \
[--www DIR] [--pkg DIR] [--demo] [--proxy IP], with --rotate-keys or --export-evidence ACCOUNT --out FILE in the place of --listen, or \
--help";

/// What `--help` prints.
pub(crate) const HELP: &str = "\
jitsuin-issuer: the reference issuer of Jitsuin

  --listen IP:PORT      Address to listen on. May be given several times. Port 0 takes a free one.
  --ledger PLACE        Where the records and the issuer's keys are kept: sqlite:FILE, which is made if it is missing,
                        or postgres://HOST/DATABASE.
  --public-url URL      The issuer's identity: an origin such as https://issuer.example, as it stands in proofs and
                        statements. With --demo it may be left out: http://localhost and the port.
  --origins A,B         Origins whose pages may call and whose passkey answers are taken, such as https://wallet.example,
                        capacitor://localhost, and android:apk-key-hash:… for an Android app. Without it: the identity.
  --www DIR             Folder of web pages to serve. Without it, only --demo serves pages. No call needs them.
  --pkg DIR             Folder of the npm package, served under /pkg/ where pages are served. No call needs it.
  --demo                Adds the accounts hanako and taro, two tills, an inbox that anybody on this machine can read and
                        a card company. Listens on loopback addresses only.
  --proxy IP            Address of a proxy in front. Of calls that come from it, the last address in X-Forwarded-For counts
                        as the caller's; any other caller's header counts for nothing.
  --rotate-keys         Replaces every secret of the issuer but its root, sends new codes to tills that wait, and ends.
                        Servers that run over the ledger take the new keys by themselves. It needs --ledger and
                        --public-url, and no --listen.
  --export-evidence ACCOUNT
                        Writes what an account signed, with its receipts, to a new file that only its owner may read, and
                        ends. It needs --out, --ledger, --public-url and --origins, and no --listen.
  --out FILE            The file of --export-evidence.
  -h, --help            Prints this and ends.

It prints the thumbprint of its root, which a wallet pins, and then a line 'listening on IP:PORT' for each address.
";

impl Settings {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// The first argument that can't be used, as [`Unusable`].
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, Unusable> {
        let mut arguments = arguments.into_iter();
        let mut settings = Self {
            listen: Vec::new(),
            ledger: Place::File(PathBuf::new()),
            public_url: None,
            origins: Vec::new(),
            demo: false,
            rotate_keys: false,
            export: None,
            proxy: None,
            www: None,
            pkg: beside_sources("pkg"),
        };
        let (mut account, mut out) = (None, None);
        while let Some(name) = arguments.next() {
            if name == "--demo" {
                settings.demo = true;
                continue;
            }
            if name == "--rotate-keys" {
                settings.rotate_keys = true;
                continue;
            }
            let mut value = || arguments.next().ok_or(Unusable::NoValue(name.clone()));
            match name.as_str() {
                "--export-evidence" => {
                    let id = value()?.parse();
                    account = Some(id.map_err(|_| Unusable::BadValue("--export-evidence ACCOUNT"))?);
                }
                "--out" => out = Some(PathBuf::from(value()?)),
                _ => settings.option(&name, value)?,
            }
        }
        settings.export = match (account, out) {
            (Some(account), Some(out)) => Some(Export { account, out }),
            (Some(_), None) => return Err(Unusable::Missing("--out")),
            (None, Some(_)) => return Err(Unusable::Missing("--export-evidence")),
            (None, None) => None,
        };
        settings.finish()
    }

    fn option(&mut self, name: &str, value: impl FnOnce() -> Result<String, Unusable>) -> Result<(), Unusable> {
        match name {
            "--listen" => {
                let address = value()?.parse().map_err(|_| Unusable::BadValue("--listen IP:PORT"))?;
                self.listen.push(address);
            }
            "--proxy" => self.proxy = Some(value()?.parse().map_err(|_| Unusable::BadValue("--proxy IP"))?),
            "--ledger" => {
                let ledger = value()?;
                let file = ledger.strip_prefix("sqlite:").filter(|file| !file.is_empty());
                let file = file.map(|file| Place::File(file.into()));
                let database = ledger.starts_with("postgres://").then(|| Place::Database(ledger.clone()));
                let place = file.or(database);
                self.ledger = place.ok_or(Unusable::BadValue("--ledger sqlite:FILE or postgres://HOST/DATABASE"))?;
            }
            "--public-url" => {
                let url = value()?;
                self.public_url = Some(url.parse().map_err(|_| Unusable::BadIssuer(url))?);
            }
            "--origins" => {
                let listed = value()?;
                let parse = |text: &str| text.parse().map_err(|_| Unusable::BadOrigin(text.into()));
                self.origins = listed.split(',').map(parse).collect::<Result<_, _>>()?;
            }
            "--www" => self.www = Some(value()?.into()),
            "--pkg" => self.pkg = value()?.into(),
            _ => return Err(Unusable::UnknownOption(name.into())),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Self, Unusable> {
        if self.listen.is_empty() && self.export.is_none() && !self.rotate_keys {
            return Err(Unusable::Missing("--listen"));
        }
        if matches!(&self.ledger, Place::File(file) if file.as_os_str().is_empty()) {
            return Err(Unusable::Missing("--ledger"));
        }
        if self.demo {
            if let Some(address) = self.listen.iter().find(|address| !address.ip().is_loopback()) {
                return Err(Unusable::DemoBeyondLoopback(*address));
            }
            self.www = self.www.or_else(|| Some(beside_sources("www")));
        } else if self.public_url.is_none() {
            return Err(Unusable::Missing("--public-url"));
        }
        Ok(self)
    }
}

/// A folder of the workspace this server was built in: good enough for a demo, which runs where it was built.
fn beside_sources(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)
}

#[cfg(test)]
mod tests;
