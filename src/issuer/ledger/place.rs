//! Where a ledger is kept: whether it is to be there, and what can be wrong with the place.

/// Whether a ledger has to be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It has to be there, with its issuer's keys: every start but the first. Nothing is made in the place of a name that
    /// was mistyped.
    Existing,
    /// It must not be there. What a creation that was cut off has left is gone on with, as long as it holds no issuer's keys
    /// and no account.
    New,
    /// Either: for demos and tests.
    Either,
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl Opening {
    pub(super) const fn makes(self) -> bool {
        !matches!(self, Self::Existing)
    }
}

/// A file of SQLite's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The file that the ledger is named by.
    Main,
    /// `-wal`: what is not yet in the main file.
    Log,
    /// `-shm`: the log's index.
    Index,
    /// `-journal`: what undoes a transaction that was cut off.
    Journal,
}

impl Part {
    /// What its name has after the main file's.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Log => "-wal",
            Self::Index => "-shm",
            Self::Journal => "-journal",
        }
    }
}

/// What is wrong with the place that a ledger was opened at, or is kept at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceError {
    /// There is no such file, and it was not to be made.
    Missing,
    /// The folder of the file is missing.
    NoFolder,
    /// A symbolic link whose target is missing. No file is made through one.
    LinkToNothing,
    /// The file has not a byte, or no table, and it was not to be made.
    Empty,
    /// A folder or a device.
    NotAFile,
    /// The file has a second name, a hard link. SQLite keeps its log beside the name that it was opened by, so that whoever
    /// opens the other one sees another ledger.
    TwoNames,
    /// The file or the database is another program's.
    Foreign,
    /// The file is malformed: cut off, or overwritten in places.
    Damaged,
    /// A ledger of which some tables are missing.
    Incomplete,
    /// A ledger is there, and a new one was to be made.
    Exists,
    /// Others than its owner may read or write a file, by its mode.
    OpenToOthers(Part, u32),
    /// Everybody may put another file in the place of one in this folder.
    OpenFolder(u32),
    /// The system does not let it be looked at or made.
    System(std::io::ErrorKind),
    /// The file was moved or deleted after it had been opened. If that happened while a transaction was written, what was
    /// decided stands in that file, and is found again once it is back.
    Gone,
    /// Another file took its place after it had been opened.
    Replaced,
    /// A file beside it, without which it loses what it was told, was moved or deleted after it had been opened.
    PartGone(Part),
    /// The text is no address of a PostgreSQL database.
    BadAddress,
    /// The address has a parameter that is not known here: one that was mistyped would leave out what it was to ask for.
    UnknownParameter,
    /// This parameter of the address has a value that it does not take.
    BadParameter(&'static str),
    /// The file that this parameter names can't be read.
    UnreadableFile(&'static str),
    /// The file that this parameter names holds no certificate.
    NoCertificate(&'static str),
    /// The file that this parameter names holds no private key.
    NoKey(&'static str),
    /// The database has no tables, and they were not to be made.
    NoTables,
    /// The address asks for a connection to another machine that others can read.
    Unencrypted,
    /// The database's server has no TLS.
    NoTls,
    /// This program has no TLS.
    BuiltWithoutTls,
    /// The server's certificate is another host's.
    OtherName,
    /// The server's certificate comes from an authority that is not known here.
    UnknownAuthority,
    /// The server's certificate does not hold: it has ended, or can't be read.
    BadCertificate,
}

impl core::fmt::Display for PlaceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is nothing at this place: look at its name, or have a new ledger made",
            Self::NoFolder => "there is no such folder: look at its name, or make it first",
            Self::LinkToNothing => "it is a link to nothing: name the file itself",
            Self::Empty => "the file is empty: look at its name, or have a new ledger made in it",
            Self::NotAFile => "it is not a file: name a file",
            Self::TwoNames => "its file has a second name (a hard link): remove that one, and copy the file where a copy is meant",
            Self::Foreign => "it is another program's file or database, and was left as it is: look at its name",
            Self::Damaged => "its file is damaged (malformed), and was left as it is: restore it from a backup",
            Self::Incomplete => "the ledger lacks tables, and was left as it is: restore it from a backup",
            Self::Exists => "a ledger is already there, and was left as it is: open it as it is, or name another place",
            Self::OpenToOthers(part, mode) => {
                let file = if *part == Part::Main { "its file" } else { "the file beside it that ends in " };
                let ending = part.ending();
                return write!(f, "{file}{ending} has the mode {mode:o}, so that others may read or write it: chmod 600 it");
            }
            Self::OpenFolder(mode) => {
                return write!(
                    f,
                    "its folder has the mode {mode:o}, so that everybody may put another file there: chmod o-w the folder"
                );
            }
            Self::System(kind) => return write!(f, "the system refuses it: {kind}"),
            Self::Gone => "its file was moved or deleted while it was open: put the same file back, or restart over a backup",
            Self::Replaced => {
                "another file took its place while it was open: put the first one back, or restart to use the other"
            }
            Self::PartGone(part) => {
                return write!(
                    f,
                    "the file beside it that ends in {} was moved or deleted while it was open: end the program in order, \
                     which writes what is missing into the ledger, and start it again",
                    part.ending()
                );
            }
            Self::BadAddress => {
                "it is no address of a database: postgresql://USER:PASSWORD@HOST:PORT/DATABASE is one, with @ : / ? # % in a \
                 password written as %40 %3A %2F %3F %23 %25"
            }
            Self::UnknownParameter => {
                "its address has a parameter that is not known here: look at what stands after the question mark (sslmode, \
                 sslrootcert, sslcert, sslkey, host, hostaddr, port, dbname, user, password, application_name and options are)"
            }
            Self::BadParameter(name) => {
                return write!(f, "{name}: the parameter of its address does not take this value: look at how it is written");
            }
            Self::UnreadableFile(name) => {
                return write!(f, "{name}: the file can't be read: look at its name, and at who may read it");
            }
            Self::NoCertificate(name) => {
                return write!(f, "{name}: the file holds no certificate: name one in PEM (BEGIN CERTIFICATE)");
            }
            Self::NoKey(name) => {
                return write!(f, "{name}: the file holds no private key: name one in PEM (BEGIN PRIVATE KEY)");
            }
            Self::NoTables => "the database has no tables: look at its name, or have a new ledger made in it",
            Self::Unencrypted => {
                "its address says sslmode=disable, and it is on another machine: leave that out, so that nobody on the way reads it"
            }
            Self::NoTls => "its server has no TLS, which the address or the way to another machine asks for: set ssl = on there",
            Self::BuiltWithoutTls => "this program was built without TLS, which its address asks for: build it with TLS",
            Self::OtherName => "its server's certificate is for another name: use the name that stands in the certificate",
            Self::UnknownAuthority => {
                "its server's certificate is of an authority that this machine does not know: name its file with sslrootcert=FILE"
            }
            Self::BadCertificate => "its server's certificate does not hold: give the server one that has not ended",
        })
    }
}

impl core::error::Error for PlaceError {}
