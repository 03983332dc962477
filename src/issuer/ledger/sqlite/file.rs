//! The ledger's file: found or made, asked whether it is a ledger, and known again while it is open.
//!
//! Nothing here opens the file but SQLite and its first creation: to close any descriptor of a file takes away every lock
//! that this process has on it (sqlite.org/howtocorrupt.html section 2.2).

use super::super::place::{Opening, Part, PlaceError};
use super::{LedgerError, PATIENCE, Step};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use std::fs::Metadata;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// In the header of each ledger, where SQLite keeps a number for the program that a file belongs to: "Jits".
pub(super) const APPLICATION: i32 = i32::from_be_bytes(*b"Jits");
/// Ledgers of before had no mark; nothing else has these tables, all in one file.
const TABLES: &str = "SELECT COUNT(*), \
    COUNT(CASE WHEN name IN ('issuer_keys', 'credentials', 'till_answers', 'receipts', 'entries') THEN 1 END) \
    FROM sqlite_schema";
const KNOWN_BY: i64 = 5;
/// Whether something would be lost with it.
const IS_BEGUN: &str = "SELECT EXISTS (SELECT 1 FROM issuer_keys) OR EXISTS (SELECT 1 FROM accounts) \
    OR EXISTS (SELECT 1 FROM receipts)";

/// A file that was found where it was said to be.
pub(super) struct Found {
    /// As it was named, from the root: a link stays one.
    named: PathBuf,
    /// Where it lies.
    real: PathBuf,
}

/// A file that is open, with its log and the log's index. SQLite makes these two anew whenever nobody has the file open, so a
/// connection that does nothing else keeps it open.
pub(super) struct File {
    /// Names with what has to be there.
    parts: [(Part, PathBuf, Identity); 3],
    kept_open: Mutex<Option<SqliteConnection>>,
}

/// What stays the same of a file for as long as it is the same one. An inode's number alone may come again.
#[derive(PartialEq, Eq)]
struct Identity {
    inode: Option<(u64, u64)>,
    made: Option<std::time::SystemTime>,
}

impl Identity {
    fn at(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|file| Self::of(&file))
    }

    fn of(file: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = Some((std::os::unix::fs::MetadataExt::dev(file), std::os::unix::fs::MetadataExt::ino(file)));
        #[cfg(not(unix))]
        let inode = None;
        Self { inode, made: file.created().ok() }
    }
}

impl Found {
    /// Finds the file, or makes it where it is to be made; it is a ledger then, or has nothing in it yet.
    pub(super) async fn at(named: &Path, opening: Opening) -> Result<Self, LedgerError> {
        // From the root, for SQLite knows names that are none, such as `:memory:`.
        let named = std::path::absolute(named).map_err(refused)?;
        if let Err(error) = std::fs::metadata(&named) {
            make(&named, opening, &error)?;
        }
        let metadata = std::fs::metadata(&named).map_err(refused)?;
        if !metadata.is_file() {
            return Err(PlaceError::NotAFile.into());
        }
        if has_two_names(&metadata) {
            return Err(PlaceError::TwoNames.into());
        }
        let real = named.canonicalize().map_err(refused)?;
        check_folder(&real)?;
        let found = Self { named, real };
        found.each_part(check_mode)?;
        found.check_contents(opening).await?;
        // Only now: what is no ledger is left as it is.
        found.each_part(close_to_group)?;
        Ok(found)
    }

    /// Looks at each of its files that is there.
    fn each_part(&self, look: impl Fn(Part, &Path, &Metadata) -> Result<(), PlaceError>) -> Result<(), PlaceError> {
        for part in [Part::Main, Part::Log, Part::Index, Part::Journal] {
            let path = beside(&self.real, part);
            if let Ok(file) = std::fs::metadata(&path) {
                look(part, &path, &file)?;
            }
        }
        Ok(())
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.real
    }

    /// Keeps it open, with options that make it have a log, and remembers what is there.
    pub(super) async fn keep_open(self, options: &SqliteConnectOptions) -> Result<File, LedgerError> {
        let mut connection = SqliteConnection::connect_with(options).await.map_err(unread)?;
        // SQLite opens the log at the first reading.
        sqlx::query(TABLES).fetch_one(&mut connection).await.map_err(unread)?;
        let part = |part: Part, path: PathBuf| match Identity::at(&path) {
            Ok(identity) => Ok((part, path, identity)),
            Err(error) => Err(refused(error)),
        };
        let beside = |which: Part| part(which, beside(&self.real, which));
        let parts = [part(Part::Main, self.named)?, beside(Part::Log)?, beside(Part::Index)?];
        Ok(File { parts, kept_open: Mutex::new(Some(connection)) })
    }

    async fn check_contents(&self, opening: Opening) -> Result<(), LedgerError> {
        // It changes nothing: no mode of the journal, no table.
        let options = SqliteConnectOptions::new().filename(&self.real).busy_timeout(PATIENCE);
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(unread)?;
        let found = contents(&mut connection).await;
        connection.close().await.map_err(unread)?;
        match (found?, opening) {
            (Contents::Foreign, _) => Err(PlaceError::Foreign.into()),
            (Contents::Incomplete, _) => Err(PlaceError::Incomplete.into()),
            (Contents::Nothing, Opening::Existing) => Err(PlaceError::Empty.into()),
            (Contents::Ledger { begun: true }, Opening::New) => Err(PlaceError::Exists.into()),
            _ => Ok(()),
        }
    }
}

impl File {
    /// Whether the file and what lies beside it are still where they were opened. If somebody deletes its log SQLite goes on
    /// in one without a name, and whoever opens the file next makes another one.
    pub(super) fn check(&self) -> Result<(), PlaceError> {
        for (part, path, opened) in &self.parts {
            let gone = |gone| if *part == Part::Main { gone } else { PlaceError::PartGone(*part) };
            match Identity::at(path) {
                Ok(found) if found == *opened => {}
                Ok(_) => return Err(gone(PlaceError::Replaced)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Err(gone(PlaceError::Gone));
                }
                Err(error) => return Err(PlaceError::System(error.kind())),
            }
        }
        Ok(())
    }

    /// Lets it go. The last one that has the file open writes into it what stands in the log, which may have no name any more,
    /// so other connections are to be closed before.
    pub(super) async fn close(&self) {
        let connection = self.kept_open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connection) = connection {
            // What is in the log is on the disk already, and is read when the file is opened next.
            let _ = connection.close().await;
        }
    }
}

enum Contents {
    Nothing,
    Foreign,
    Incomplete,
    Ledger { begun: bool },
}

async fn contents(connection: &mut SqliteConnection) -> Result<Contents, LedgerError> {
    let application = sqlx::query("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(unread)?;
    let application: i32 = application.try_get(0).map_err(unread)?;
    let row = sqlx::query(TABLES).fetch_one(&mut *connection).await.map_err(unread)?;
    let (all, known): (i64, i64) = (row.try_get(0).map_err(unread)?, row.try_get(1).map_err(unread)?);
    let is_ours = application == APPLICATION || (application == 0 && known == KNOWN_BY);
    if is_ours && known == KNOWN_BY {
        let begun = sqlx::query(IS_BEGUN).fetch_one(&mut *connection).await.map_err(unread)?;
        let begun = begun.try_get(0).map_err(unread)?;
        return Ok(Contents::Ledger { begun });
    }
    Ok(match application {
        APPLICATION => Contents::Incomplete,
        0 if all == 0 => Contents::Nothing,
        _ => Contents::Foreign,
    })
}

/// SQLite's SQLITE_NOTADB says that a file is something else; SQLITE_CORRUPT is said of a damaged one.
fn unread(error: sqlx::Error) -> LedgerError {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some("26") => PlaceError::Foreign.into(),
        Some("11") => PlaceError::Damaged.into(),
        _ => LedgerError::at(Step::Open, &error),
    }
}

fn refused(error: Error) -> PlaceError {
    PlaceError::System(error.kind())
}

/// Makes a file for its owner alone, whatever the umask is: it holds keys and unsent messages. SQLite gives the files
/// beside it the same mode.
fn make(named: &Path, opening: Opening, why_missing: &Error) -> Result<(), PlaceError> {
    if !matches!(why_missing.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
        return Err(PlaceError::System(why_missing.kind()));
    }
    if named.is_symlink() {
        return Err(PlaceError::LinkToNothing);
    }
    if !named.parent().is_some_and(Path::is_dir) {
        return Err(PlaceError::NoFolder);
    }
    if !opening.makes() {
        return Err(PlaceError::Missing);
    }
    // Checked before anything is made there.
    check_folder(named)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(named) {
        Ok(_made) => {
            #[cfg(unix)]
            _made.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(refused)?;
            Ok(())
        }
        // Somebody else made it in this moment, and what it is is looked at next.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

fn beside(file: &Path, part: Part) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(part.ending());
    name.into()
}

/// A folder that its group may write into is left to its owner: many systems make all folders so, with a group for each user.
#[cfg(unix)]
fn check_folder(file: &Path) -> Result<(), PlaceError> {
    const EVERYBODY: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    let Some(folder) = file.parent() else { return Ok(()) };
    let mode = mode(&std::fs::metadata(folder).map_err(refused)?);
    if mode & (EVERYBODY | STICKY) == EVERYBODY { Err(PlaceError::OpenFolder(mode)) } else { Ok(()) }
}

#[cfg(unix)]
fn check_mode(part: Part, _path: &Path, file: &Metadata) -> Result<(), PlaceError> {
    const EVERYBODY: u32 = 0o006;
    let mode = mode(file);
    if mode & EVERYBODY == 0 { Ok(()) } else { Err(PlaceError::OpenToOthers(part, mode)) }
}

/// Takes away what a file's group may do: who mounts a volume for a group, as Kubernetes does, gives it that at each start.
#[cfg(unix)]
fn close_to_group(part: Part, path: &Path, file: &Metadata) -> Result<(), PlaceError> {
    const GROUP: u32 = 0o060;
    const OWNER: u32 = 0o700;
    let open = mode(file);
    if open & GROUP == 0 {
        return Ok(());
    }
    let owners = std::os::unix::fs::PermissionsExt::from_mode(open & OWNER);
    let closed = std::fs::set_permissions(path, owners).and_then(|()| std::fs::metadata(path));
    // Some file systems take a mode and keep the old one.
    match closed {
        Ok(file) if mode(&file) & GROUP == 0 => Ok(()),
        // SQLite may have ended it meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound && part != Part::Main => Ok(()),
        _ => Err(PlaceError::OpenToOthers(part, open)),
    }
}

#[cfg(unix)]
fn has_two_names(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) > 1
}

#[cfg(unix)]
fn mode(file: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(file) & 0o7777
}

#[cfg(not(unix))]
fn check_folder(_no_modes_here: &Path) -> Result<(), PlaceError> {
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_no_modes_here: Part, _path: &Path, _file: &Metadata) -> Result<(), PlaceError> {
    Ok(())
}

#[cfg(not(unix))]
fn close_to_group(_no_modes_here: Part, _path: &Path, _file: &Metadata) -> Result<(), PlaceError> {
    Ok(())
}

#[cfg(not(unix))]
fn has_two_names(_not_said_here: &Metadata) -> bool {
    false
}
