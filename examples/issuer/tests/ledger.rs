//! What the built program says of a ledger that can't be opened or used: each cause in words of its own, on stderr alone.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub
)]

#[path = "../../../tests/lib/server.rs"]
mod postgres;
mod server;

use server::{Server, folder};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jitsuin-issuer");

/// What the program says when it does not start.
fn refusal(ledger: &str, more: &[&str]) -> String {
    let arguments = ["--demo", "--listen", "127.0.0.1:0", "--ledger", ledger];
    let mut command = Command::new(PROGRAM);
    let mut process = command.args(arguments).args(more).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            process.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "it started with {ledger}: {said}");
    // The place is another one each time.
    said.lines().last().unwrap().replace(ledger.trim_start_matches("sqlite:"), "PLACE")
}

/// A demo's ledger, closed.
fn made() -> PathBuf {
    let file = folder().join("ledger.sqlite");
    assert!(Server::demo(&file).stop().success());
    file
}

fn at(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
}

/// Somebody else at a file, who says something and stays.
fn stranger(file: &Path, statement: &'static str) -> SqliteConnection {
    block(async {
        let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection
    })
}

/// Waits until a stranger is gone from the file.
fn leave(stranger: SqliteConnection) {
    block(stranger.close()).unwrap();
}

/// Each has one of its words, and no two say the same.
fn told_apart(faults: &[(String, &[&str])]) {
    for (said, words) in faults {
        assert!(words.iter().any(|word| said.contains(word)), "{said:?} has none of {words:?}");
        assert!(!said.contains("the ledger is unavailable"), "{said}");
    }
    let distinct: BTreeSet<_> = faults.iter().map(|(said, _)| said).collect();
    assert_eq!(distinct.len(), faults.len(), "{distinct:#?}");
}

#[test]
fn what_is_wrong_with_a_file_is_said_at_the_start() {
    let place = folder();
    let mut faults: Vec<(String, &[&str])> = Vec::new();
    faults.push((refusal(&at(&place.join("none/ledger")), &[]), &["No such file", "no such folder"]));
    faults.push((refusal(&at(&place), &[]), &["unable to open", "it is not a file"]));

    let text = place.join("text");
    std::fs::write(&text, "amount,currency\n100,392\n".repeat(100)).unwrap();
    chmod(&text, 0o600);
    faults.push((refusal(&at(&text), &[]), &["not a database", "another program"]));

    let damaged = made();
    let bytes = std::fs::read(&damaged).unwrap();
    std::fs::write(&damaged, &bytes[..bytes.len() / 3]).unwrap();
    faults.push((refusal(&at(&damaged), &[]), &["malformed"]));

    let later = made();
    leave(stranger(&later, "PRAGMA user_version = 99"));
    faults.push((refusal(&at(&later), &[]), &["a later version made the ledger"]));

    let elsewhere = refusal(&at(&made()), &["--public-url", "http://localhost:4242"]);
    faults.push((elsewhere, &["another issuer's", "it is the ledger of"]));

    let missing = made();
    leave(stranger(&missing, "ALTER TABLE issuer_keys RENAME TO hidden"));
    faults.push((refusal(&at(&missing), &[]), &["lacks tables"]));

    let unread = made();
    leave(stranger(&unread, "UPDATE issuer_keys SET body = '{}'"));
    faults.push((refusal(&at(&unread), &[]), &["a row of issuer_keys"]));

    let locked = made();
    let stranger = stranger(&locked, "BEGIN IMMEDIATE");
    faults.push((refusal(&at(&locked), &[]), &["took too long to begin a transaction: database is locked"]));
    leave(stranger);

    match SmallDisk::mount() {
        Some(disk) => {
            let file = disk.0.join("ledger.sqlite");
            assert!(Server::demo(&file).stop().success());
            std::fs::write(disk.0.join("filler"), vec![0; 8 << 20]).unwrap_err();
            faults.push((refusal(&at(&file), &[]), &["full", "disk I/O"]));
            std::fs::remove_file(disk.0.join("filler")).unwrap();
            disk.make_read_only();
            faults.push((refusal(&at(&file), &[]), &["readonly", "Read-only", "read-only"]));
        }
        None => println!("skipped: a full and a read-only disk, which only root may make"),
    }
    told_apart(&faults);
}

#[test]
fn what_is_wrong_with_a_database_is_said_at_the_start() {
    let server = match postgres::Server::start() {
        Ok(server) => server,
        Err(why) => return println!("skipped: {why}"),
    };
    let url = server.database("issuer");
    for statement in
        ["CREATE ROLE idle NOLOGIN", "CREATE ROLE guarded LOGIN PASSWORD 'right-one'", "CREATE ROLE reader LOGIN"]
    {
        server.ask(statement.into()).unwrap();
    }
    server.demand_password("guarded");
    let as_role = |role: &str| url.replace("jitsuin@", &format!("{role}@"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("postgres://jitsuin@{}/issuer", free.local_addr().unwrap());
    drop(free);
    let mut faults: Vec<(String, &[&str])> = vec![
        (refusal(&nobody, &[]), &["refused"]),
        (refusal("postgres://jitsuin@localhost/issuer?host=/nowhere", &[]), &["No such file"]),
        (refusal("postgres://jitsuin@nowhere.invalid/issuer?sslmode=disable", &[]), &["lookup", "sslmode=disable"]),
        (refusal(&url.replace("/issuer", "/another"), &[]), &["database \"another\" does not exist"]),
        (refusal(&as_role("nobody"), &[]), &["role \"nobody\" does not exist"]),
        (refusal(&as_role("idle"), &[]), &["not permitted to log in"]),
        (refusal(&as_role("guarded:wrong-one"), &[]), &["password authentication failed"]),
        (refusal(&as_role("reader"), &[]), &["permission denied"]),
    ];
    assert!(faults.iter().all(|(said, _)| !said.contains("wrong-one")), "{faults:?}");
    let mut demo = Server::start(&["--demo", "--ledger", &url]);
    demo.said.clear();
    assert!(demo.stop().success());
    block(async {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("UPDATE schema_version SET version = 99").execute(&mut connection).await.unwrap();
    });
    faults.push((refusal(&url, &[]), &["a later version made the ledger"]));
    told_apart(&faults);
}

/// While it runs: 503 with a time to come again, the cause in the log alone, and no restart.
#[test]
fn a_ledger_that_fails_while_it_runs_is_named_in_the_log_and_needs_no_restart() {
    let place = folder();
    let (file, log) = (place.join("ledger.sqlite"), place.join("log"));
    let ledger = at(&file);
    let server = Server::logging(&["--demo", "--ledger", &ledger], File::create(&log).unwrap());
    let inbox = || server.post("/demo/inbox", &[], "{}");
    assert_eq!(inbox().status, 200);
    leave(stranger(&file, "ALTER TABLE messages RENAME TO hidden"));
    for _ in 0..8 {
        let answer = inbox();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("issuer-unavailable")));
        assert!(answer.header("retry-after").parse::<u32>().is_ok());
        assert!(!answer.body.contains("messages") && !answer.body.contains("SQLite"), "{}", answer.body);
    }
    leave(stranger(&file, "ALTER TABLE hidden RENAME TO messages"));
    assert_eq!(inbox().status, 200);
    assert!(server.stop().success());
    let log = std::fs::read_to_string(&log).unwrap();
    let named = "the ledger failed to read: no such table: messages (SQLite 1)";
    assert_eq!(log.lines().filter(|line| line.contains(named)).count(), 8, "{log}");
}

/// What a call that writes and a probe are answered: the same, soon.
fn both_become(server: &Server, status: u16) {
    let asked = || [server.post("/demo/victim", &[], "{}").status, server.get("/ready").status];
    let begun = Instant::now();
    while asked() != [status; 2] {
        assert!(begun.elapsed() < Duration::from_secs(60), "not {status}: {:?}", asked());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_full_disk_is_told_to_probes_and_needs_no_restart() {
    let Some(disk) = SmallDisk::mount() else { return println!("skipped: a full disk, which only root may make") };
    let server = Server::demo(&disk.0.join("ledger.sqlite"));
    both_become(&server, 200);
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 8 << 20]).unwrap_err();
    both_become(&server, 503);
    std::fs::remove_file(&filler).unwrap();
    both_become(&server, 200);
    assert!(server.stop().success());
}

/// The signal that comes with this limit ends a process that does not take it.
#[test]
fn files_that_may_not_grow_end_nothing() {
    let server = Server::demo(&folder().join("ledger.sqlite"));
    let limit = |most: &str| {
        let limit = ["--pid", &server.id(), &format!("--fsize={most}:unlimited")];
        assert!(Command::new("prlimit").args(limit).status().unwrap().success());
    };
    both_become(&server, 200);
    limit("8192");
    both_become(&server, 503);
    limit("unlimited");
    both_become(&server, 200);
    assert!(server.stop().success());
}

fn chmod(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// Four megabytes of memory as a disk.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = folder();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"]).arg(&folder).output();
        mount.is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }

    fn make_read_only(&self) {
        let mount = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap();
        assert!(mount.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
