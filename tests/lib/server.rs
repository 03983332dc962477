//! A PostgreSQL server on a socket in a folder of its own, gone when dropped.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static SERVERS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Server {
    process: Child,
    folder: PathBuf,
    port: u16,
}

/// Where distributions put them, after the `PATH`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::var_os("POSTGRES_BIN").map(PathBuf::from).into_iter().collect();
    folders.extend(std::env::split_paths(&path));
    for (parent, below) in [("/usr/lib/postgresql", "bin"), ("/usr/local/opt", "bin"), ("/opt/homebrew/opt", "bin")] {
        let mut found: Vec<PathBuf> = std::fs::read_dir(parent)
            .map(|entries| entries.flatten().map(|entry| entry.path().join(below)).collect())
            .unwrap_or_default();
        found.sort();
        folders.extend(found.into_iter().rev());
    }
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then somebody else's number, from the list of users.
fn other_user(folder: &Path) -> Result<Option<u32>, String> {
    if std::fs::metadata(folder).unwrap().uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split(':').nth(2)?.parse().ok()
    };
    number("postgres").or_else(|| number("nobody")).map(Some).ok_or_else(|| "no user but root to run PostgreSQL".into())
}

impl Server {
    /// Why there is none, in words, where there can be none. It listens on a socket alone.
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_with(5432, "", &[], |_| ())
    }

    /// The same on a port of some addresses too, with more settings, and with files that `bring` puts into its folder.
    pub(crate) fn start_with(port: u16, hosts: &str, more: &[&str], bring: impl Fn(&Path)) -> Result<Self, String> {
        let programs = programs().ok_or("no PostgreSQL on this machine (initdb)")?;
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("jitsuin-postgres-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let user = other_user(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        if let Some(user) = user {
            chown(&folder, Some(user), None).unwrap();
        }
        let data = folder.join("data");
        let mut make = Self::command(&programs, "initdb", &folder, user);
        let made = make.arg("-D").arg(&data).args(["-U", "jitsuin", "-A", "trust", "-E", "UTF8", "--no-sync"]).output();
        let made = made.unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        bring(&data);
        if let Some(user) = user {
            std::fs::read_dir(&data).unwrap().for_each(|file| chown(file.unwrap().path(), Some(user), None).unwrap());
        }
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut start = Self::command(&programs, "postgres", &folder, user);
        start.arg("-D").arg(&data).arg("-k").arg(&folder).args(["-h", hosts, "-N", "200", "-p", &port.to_string()]);
        let process = start.args(more).stderr(log).spawn().unwrap();
        let mut server = Self { process, folder, port };
        server.wait();
        Ok(server)
    }

    fn command(programs: &Path, name: &str, folder: &Path, user: Option<u32>) -> Command {
        let mut command = Command::new(programs.join(name));
        command.current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(user) = user {
            command.uid(user);
        }
        command
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://jitsuin@localhost/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    /// Has a statement done, by its superuser.
    pub(crate) fn ask(&self, statement: String) -> Result<(), sqlx::Error> {
        let url = self.address("postgres");
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&url).await?;
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
            connection.close().await
        })
    }

    fn wait(&mut self) {
        while self.ask("SELECT 1".into()).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// From now on a role needs a password.
    #[allow(dead_code, reason = "a module of several suites, each of which uses its own part")]
    pub(crate) fn demand_password(&self, role: &str) {
        let file = self.folder.join("data/pg_hba.conf");
        let before = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("local all {role} scram-sha-256\n{before}")).unwrap();
        self.ask("SELECT pg_reload_conf()".into()).unwrap();
    }

    /// The address of a new database. Names of databases end after 63 bytes.
    pub(crate) fn database(&self, name: &str) -> String {
        let name: String = name.chars().take(60).collect();
        self.ask(format!("CREATE DATABASE {name}")).unwrap();
        self.address(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // "Immediate shutdown": the folder goes anyway. A killed server would leave its shared memory behind.
        let quit = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        if !quit.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
