//! What the operator says on the command line.

use crate::forwarded::Network;
use jitsuin::issuer::ledger::Opening;
use jitsuin::wire::id::{AccountId, IssuerId, from_base64};
use jitsuin::wire::origin::Origin;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the server is told once, at its start.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Addresses to listen on.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where the records are kept.
    pub(crate) ledger: Place,
    /// Whether a new ledger and a new issuer are made there.
    pub(crate) create: bool,
    /// Thumbprint of the root that the ledger's issuer has to have.
    pub(crate) root: Option<String>,
    /// The issuer's identity, as it stands in proofs and statements: never taken from a request. Without it, a demo
    /// is `http://localhost` with the port it got.
    pub(crate) public_url: Option<IssuerId>,
    /// Origins whose pages may call.
    pub(crate) origins: Vec<Origin>,
    /// Two known accounts, two tills and an inbox that anyone on this machine can read.
    pub(crate) demo: bool,
    /// Whether the issuer's keys are rotated instead of serving.
    pub(crate) rotate_keys: bool,
    /// Whether tills that a rotation left without a code are sent one instead of serving.
    pub(crate) renew_till_codes: bool,
    /// The account whose evidence is written to a file instead of serving.
    pub(crate) export: Option<Export>,
    /// Proxies in front, whose word for the caller's address is believed; none: the socket's address counts.
    pub(crate) trusted_proxies: Vec<Network>,
    /// How long calls are still taken after the server was asked to end and says that it is not ready; none: see
    /// [`Settings::drain_delay`].
    drain_delay: Option<Duration>,
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
    /// It follows no option that takes a value. It is not repeated: it may be an address with a password.
    Stray,
    /// The option needs a value.
    NoValue(String),
    /// The option takes no value.
    TakesNoValue(String),
    /// The value is not one that the option takes.
    BadValue(&'static str),
    /// The text is no issuer.
    BadIssuer(String),
    /// The text is no origin.
    BadOrigin(String),
    /// The option must be given.
    Missing(&'static str),
    /// A new issuer has nothing to rotate or to export.
    NothingThereYet(&'static str),
    /// What does one thing and ends listens nowhere.
    ServesNobody(&'static str),
    /// Two such things at once.
    OneAtATime,
    /// A demo, with its known passwords and open inbox, may not be reached from other machines.
    DemoBeyondLoopback(SocketAddr),
}

impl core::error::Error for Unusable {}

impl core::fmt::Display for Unusable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnknownOption(name) => write!(f, "there is no option {name}\n{USAGE}"),
            Self::TakesNoValue(name) => write!(f, "{name} takes no value\n{USAGE}"),
            Self::Stray => write!(f, "one argument is neither an option nor an option's value\n{USAGE}"),
            Self::NoValue(name) => write!(f, "{name} needs a value\n{USAGE}"),
            Self::BadValue(expected) => write!(f, "expected {expected}\n{USAGE}"),
            Self::BadIssuer(text) => write!(
                f,
                "--public-url takes https://host, https://host:port or http://localhost:port: in lower case, without a path, without the port \
443 or 80, not {:?}\n{USAGE}",
                without_login(text)
            ),
            Self::BadOrigin(text) => write!(
                f,
                "--origins takes https://host, https://host:port, http://localhost:port, an app's capacitor://localhost, and \
android:apk-key-hash: with the base64url of 32 bytes: in lower case, without a path, without the port 443 or 80, not {:?}\n{USAGE}",
                without_login(text)
            ),
            Self::Missing(name) => write!(f, "{name} must be given\n{USAGE}"),
            Self::NothingThereYet(name) => {
                write!(f, "{name} can't go with --create: a new ledger has nothing in it yet\n{USAGE}")
            }
            Self::ServesNobody(name) => write!(f, "{name} serves nobody: leave --listen out\n{USAGE}"),
            Self::OneAtATime => {
                write!(
                    f,
                    "--rotate-keys, --renew-till-codes and --export-evidence can't go together: run one after the other\n{USAGE}"
                )
            }
            Self::DemoBeyondLoopback(address) => {
                write!(f, "--demo refuses to listen on {address}: its passwords are known and its inbox is open")
            }
        }
    }
}

/// An address without its user and password, which would stand in the log.
fn without_login(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, place)| place)
}

const USAGE: &str = "usage: jitsuin-issuer --listen ADDR… --ledger sqlite:FILE|postgresql://… --public-url URL [--create] [--root R] \
[--origins A,B] [--www DIR] [--pkg DIR] [--demo] [--trusted-proxy A,B] [--drain-delay SECONDS], with --rotate-keys, --renew-till-codes or \
--export-evidence ACCOUNT --out FILE in the place of --listen, or \
--help";

/// What `--help` prints.
pub(crate) const HELP: &str = "\
jitsuin-issuer: the reference issuer of Jitsuin

  --listen IP:PORT      Address to listen on. May be given several times. Port 0 takes a free one.
  --ledger PLACE        Where the records and the issuer's keys are kept: sqlite:FILE, or postgresql://HOST/DATABASE (or
                        postgres://). It has to be there already, but for --create and --demo. A file that others than its
                        owner may read is refused. A database on another machine is spoken to over TLS alone, and its
                        certificate is checked; sslrootcert=FILE names an authority of your own. Leave a password out, for
                        others see it, and give it by PGPASSFILE (a file of the mode 600).
  --create              Makes a new ledger and a new issuer's keys: for the first start alone. Where a ledger is, it is refused.
  --root THUMBPRINT     Refuses a ledger whose issuer has another root than this one, which each start prints.
  --public-url URL      The issuer's identity: an origin such as https://issuer.example, as it stands in proofs and
                        statements. With --demo it may be left out: http://localhost and the port.
  --origins A,B         Origins whose pages may call and whose passkey answers are taken, such as https://wallet.example,
                        capacitor://localhost, and android:apk-key-hash:… for an Android app. Without it: the identity. The
                        first page's host is that of all passkeys: once there are any, a start with another one is refused.
  --www DIR             Folder of web pages to serve. Without it, only --demo serves pages. No call needs them.
  --pkg DIR             Folder of the npm package, served under /pkg/ where pages are served. No call needs it.
  --demo                Makes the ledger if it is missing, and adds the accounts hanako and taro, two tills, an inbox that
                        anybody on this machine can read and a card company. Listens on loopback addresses only. Of an
                        issuer's own ledger and of a demo's, each is refused in the other's place.
  --trusted-proxy A,B   Proxies in front: addresses, or networks such as 10.0.0.0/8. Of calls that come from one of them, the
                        right-most address in X-Forwarded-For or Forwarded that is not in this list counts as the caller's;
                        any other caller's headers count for nothing. May be given several times.
  --drain-delay SECONDS How long calls are still taken after it was asked to end, while /ready answers 503 already: 5, with
                        --demo 0. A second signal ends the wait.
  --rotate-keys         Replaces every secret of the issuer but its root, makes new codes for tills that wait, and ends.
                        Servers that run over the ledger take the new keys by themselves. It needs --ledger and
                        --public-url, and no --listen.
  --renew-till-codes    Makes the new codes that --rotate-keys could not make, and ends. It leaves the keys as they are.
  --export-evidence ACCOUNT
                        Writes what an account signed, with its receipts, to a new file that only its owner may read, and
                        ends. It needs --out, --ledger, --public-url and --origins, and no --listen.
  --out FILE            The file of --export-evidence.
  -h, --help            Prints this and ends.

Without --demo this program sends no message and makes no account or till: embed jitsuin::issuer::Issuer for that
(demo::seed, send_till_code, inbox; see examples/issuer/README.md). Messages wait in the ledger's messages.

It prints the thumbprint of its root, which a wallet pins, and then a line 'listening on IP:PORT' for each address.
";

/// Long enough for whoever asks /ready every two seconds.
const DRAIN_DELAY: Duration = Duration::from_secs(5);

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
            create: false,
            root: None,
            public_url: None,
            origins: Vec::new(),
            demo: false,
            rotate_keys: false,
            renew_till_codes: false,
            export: None,
            trusted_proxies: Vec::new(),
            drain_delay: None,
            www: None,
            pkg: beside_sources("pkg"),
        };
        let (mut account, mut out) = (None, None);
        while let Some(argument) = arguments.next() {
            if !argument.starts_with('-') {
                return Err(Unusable::Stray);
            }
            let (name, joined) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let flag = match name {
                "--demo" => &mut settings.demo,
                "--create" => &mut settings.create,
                "--rotate-keys" => &mut settings.rotate_keys,
                "--renew-till-codes" => &mut settings.renew_till_codes,
                _ => {
                    let mut value =
                        || joined.clone().or_else(|| arguments.next()).ok_or_else(|| Unusable::NoValue(name.into()));
                    match name {
                        "--export-evidence" => {
                            let id = value()?.parse();
                            account = Some(id.map_err(|_| Unusable::BadValue("--export-evidence ACCOUNT"))?);
                        }
                        "--out" => out = Some(PathBuf::from(value()?)),
                        _ => settings.option(name, value)?,
                    }
                    continue;
                }
            };
            if joined.is_some() {
                return Err(Unusable::TakesNoValue(name.into()));
            }
            *flag = true;
        }
        settings.export = match (account, out) {
            (Some(account), Some(out)) => Some(Export { account, out }),
            (Some(_), None) => return Err(Unusable::Missing("--out")),
            (None, Some(_)) => return Err(Unusable::Missing("--export-evidence")),
            (None, None) => None,
        };
        settings.finish()
    }

    /// How long calls are still taken once the server says that it is not ready. A demo has nobody who asks.
    pub(crate) fn drain_delay(&self) -> Duration {
        self.drain_delay.unwrap_or(if self.demo { Duration::ZERO } else { DRAIN_DELAY })
    }

    /// Whether it serves calls, and does not do one thing and end.
    pub(crate) const fn serves(&self) -> bool {
        self.instead().is_none()
    }

    fn option(&mut self, name: &str, value: impl FnOnce() -> Result<String, Unusable>) -> Result<(), Unusable> {
        match name {
            "--listen" => {
                let address = value()?.parse().map_err(|_| Unusable::BadValue("--listen IP:PORT"))?;
                self.listen.push(address);
            }
            "--drain-delay" => {
                let seconds = value()?.parse::<u8>();
                let seconds = seconds.map_err(|_| Unusable::BadValue("--drain-delay SECONDS, at most 255"))?;
                self.drain_delay = Some(Duration::from_secs(seconds.into()));
            }
            "--trusted-proxy" => {
                let listed = value()?;
                let expected =
                    "--trusted-proxy A,B: addresses, or networks such as 10.0.0.0/8 whose other bits are zero";
                for text in listed.split(',') {
                    self.trusted_proxies.push(text.parse().map_err(|()| Unusable::BadValue(expected))?);
                }
            }
            "--ledger" => {
                let ledger = value()?;
                let file = ledger.strip_prefix("sqlite:").filter(|file| !file.is_empty());
                let file = file.map(|file| Place::File(file.into()));
                let is_database = ["postgres://", "postgresql://"].iter().any(|scheme| ledger.starts_with(scheme));
                let place = file.or_else(|| is_database.then(|| Place::Database(ledger.clone())));
                self.ledger = place.ok_or(Unusable::BadValue("--ledger sqlite:FILE or postgresql://HOST/DATABASE"))?;
            }
            "--root" => {
                let root = value()?;
                if !from_base64(&root).is_ok_and(|bytes| bytes.len() == 32) {
                    return Err(Unusable::BadValue("--root THUMBPRINT, 43 letters and digits as a start prints them"));
                }
                self.root = Some(root);
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
            _ => {
                // A mistyped address may follow other signs than an equals sign.
                let name = name.split(|letter: char| letter != '-' && !letter.is_ascii_alphanumeric()).next();
                return Err(Unusable::UnknownOption(name.unwrap_or_default().into()));
            }
        }
        Ok(())
    }

    /// Whether the ledger has to be there. What is mistyped makes nothing.
    pub(crate) const fn opening(&self) -> Opening {
        match (self.create, self.demo, self.serves()) {
            (true, ..) => Opening::New,
            (false, true, true) => Opening::Either,
            _ => Opening::Existing,
        }
    }

    /// The option that has it do something else instead of serving.
    const fn instead(&self) -> Option<&'static str> {
        match (self.rotate_keys, self.renew_till_codes, &self.export) {
            (true, ..) => Some("--rotate-keys"),
            (_, true, _) => Some("--renew-till-codes"),
            (.., Some(_)) => Some("--export-evidence"),
            _ => None,
        }
    }

    fn finish(mut self) -> Result<Self, Unusable> {
        if self.listen.is_empty() && self.serves() {
            return Err(Unusable::Missing("--listen"));
        }
        if matches!(&self.ledger, Place::File(file) if file.as_os_str().is_empty()) {
            return Err(Unusable::Missing("--ledger"));
        }
        if let Some(instead) = self.instead() {
            if [self.rotate_keys, self.renew_till_codes, self.export.is_some()].iter().filter(|asked| **asked).count()
                > 1
            {
                return Err(Unusable::OneAtATime);
            }
            if self.create {
                return Err(Unusable::NothingThereYet(instead));
            }
            if !self.listen.is_empty() {
                return Err(Unusable::ServesNobody(instead));
            }
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
