//! Where the records are: made only where told, known again, and missed when they are gone. Asked of the built program.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs,
    unreachable_pub
)]

mod server;

use jitsuin::issuer::account::CredentialEntry;
use jitsuin::issuer::ledger::{Kind, Ledger as _, Needs, Records, SqliteLedger};
use jitsuin::wire::id::{Bytes, CredentialId, Thumbprint};
use server::{Server, folder};
use sqlx::Connection as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jitsuin-issuer");
const URL: &str = "http://localhost:8080";

fn at(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

fn start(file: &Path, more: &[&str]) -> Server {
    Server::start(&[&["--ledger", &at(file), "--public-url", URL], more].concat())
}

/// What the program says when it does not start.
fn refusal_of(ledger: &str, more: &[&str]) -> String {
    let mut process = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0", "--public-url", URL, "--ledger", ledger])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let listens = lines.into_iter().any(|line| line.starts_with("listening on"));
    if listens {
        process.kill().unwrap();
    }
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let status = process.wait().unwrap();
    assert!(!listens, "it started with {ledger}");
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

fn refusal(file: &Path, more: &[&str]) -> String {
    refusal_of(&at(file), more)
}

fn raw(file: &Path, statement: &'static str) {
    block(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
}

fn chmod(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn listed(place: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(place).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    names
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn root(server: &Server) -> String {
    let line = server.said.iter().find_map(|line| line.strip_prefix("root ")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_ledger_is_made_only_where_told() {
    let place = folder();
    let file = place.join("typo");
    let said = refusal(&file, &[]);
    assert!(said.contains("there is nothing at this place") && said.contains("--create"), "{said}");
    assert!(listed(&place).is_empty());

    let server = start(&file, &["--create"]);
    let made = root(&server);
    assert!(server.stop().success());
    let bytes = std::fs::read(&file).unwrap();

    // A script that is run again does no harm, and is told what to change.
    let said = refusal(&file, &["--create"]);
    assert!(said.contains("already there") && said.contains("leave --create out"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    assert_eq!(listed(&place), ["typo"]);

    let server = start(&file, &[]);
    assert_eq!(root(&server), made);
    // Nor does it while the issuer runs.
    let said = refusal(&file, &["--create"]);
    assert!(said.contains("already there"), "{said}");
    assert!(server.stop().success());
}

#[test]
fn passkeys_stay_with_their_host() {
    let file = folder().join("ledger.sqlite");
    let wallet = "https://wallet.example";
    assert!(start(&file, &["--create", "--origins", wallet]).stop().success());
    block(async {
        let ledger = SqliteLedger::open(&file).await.unwrap();
        let passkey = CredentialId::try_from(Bytes(vec![7; 16])).unwrap();
        let rule = |records: &mut Records| {
            let account = "acc-1".parse().unwrap();
            records.credentials.put(&passkey, CredentialEntry { account, thumb: Thumbprint([7; 32]) });
        };
        ledger.transact(Needs::new().and(Kind::Credentials, &passkey), rule).await.unwrap();
        ledger.close().await;
    });
    let more = format!("https://other.example,{wallet}");
    for options in [&["--origins", &more][..], &[]] {
        let said = refusal(&file, options);
        assert!(said.contains("its passkeys are of wallet.example and not of "), "{said}");
    }
    // Nobody could check what it would export.
    let evidence = folder().join("evidence.json").display().to_string();
    let ledger = at(&file);
    let export = ["--ledger", &ledger, "--public-url", URL, "--export-evidence", "acc-1", "--out", &evidence];
    let (status, said) = server::run(&[&export[..], &["--origins", &more]].concat());
    assert!(status.code() == Some(1) && said.contains("its passkeys are of wallet.example"), "{said}");
    // A rotation asks for no origins.
    server::run_well(&["--ledger", &at(&file), "--public-url", URL, "--rotate-keys"]);
    assert!(refusal(&file, &["--origins", &more]).contains("name an origin of that host first"));
    assert!(start(&file, &["--origins", &format!("{wallet},https://other.example")]).stop().success());
}

#[test]
fn names_that_sqlite_reads_as_something_else_are_files() {
    let place = folder();
    for name in [":memory:", "file:ledger?mode=memory", "file:ledger"] {
        let command = |more: &[&str]| {
            let arguments = ["--listen", "127.0.0.1:0", "--public-url", URL, "--ledger", &format!("sqlite:{name}")];
            let mut command = Command::new(PROGRAM);
            command.current_dir(&place).args(arguments).args(more).stdout(Stdio::piped()).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        let mut process = command(&["--create"]);
        let listens =
            BufReader::new(process.stdout.take().unwrap()).lines().any(|line| line.unwrap().contains("listening on"));
        assert!(listens, "{name}");
        assert!(Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap().success());
        assert!(process.wait().unwrap().success());
        assert!(std::fs::metadata(place.join(name)).unwrap().len() > 0, "{name}");
    }
}

#[test]
fn a_creation_that_was_cut_off_is_begun_again() {
    // As far as an empty file, and as far as the tables: nothing is signed without keys.
    let place = folder();
    let empty = place.join("empty");
    std::fs::write(&empty, "").unwrap();
    chmod(&empty, 0o600);
    let said = refusal(&empty, &[]);
    assert!(said.contains("the file is empty") && said.contains("--create"), "{said}");
    assert_eq!(std::fs::read(&empty).unwrap(), b"");
    let tables = place.join("tables");
    assert!(start(&tables, &["--create"]).stop().success());
    raw(&tables, "DELETE FROM issuer_keys");
    let said = refusal(&tables, &[]);
    assert!(said.contains("no issuer's keys") && said.contains("--create"), "{said}");
    for file in [&empty, &tables] {
        let made = root(&start(file, &["--create"]));
        assert_eq!(root(&start(file, &[])), made);
    }
}

#[test]
fn whatever_moment_a_creation_is_killed_at_the_same_command_or_the_one_without_create_goes_on() {
    for wait in 0..12 {
        let file = folder().join("ledger.sqlite");
        let ledger = at(&file);
        let arguments = ["--listen", "127.0.0.1:0", "--public-url", URL, "--create", "--ledger", &ledger];
        let mut process =
            Command::new(PROGRAM).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait * 4));
        process.kill().unwrap();
        process.wait().unwrap();
        let made = if let Ok(server) = std::panic::catch_unwind(|| start(&file, &["--create"])) {
            root(&server)
        } else {
            assert!(refusal(&file, &["--create"]).contains("leave --create out"));
            root(&start(&file, &[]))
        };
        assert_eq!(root(&start(&file, &[])), made);
    }
}

#[test]
fn what_is_no_ledger_is_refused_in_its_own_words_and_left_as_it_is() {
    let place = folder();
    let text = place.join("text");
    std::fs::write(&text, "amount,currency\n100,392\n").unwrap();
    let cut = place.join("cut");
    std::fs::write(&cut, "SQLite format 3\0").unwrap();
    let other = place.join("other");
    raw(&other, "CREATE TABLE accounts (id INTEGER); INSERT INTO accounts VALUES (7); PRAGMA user_version = 3");
    let marked = place.join("marked");
    raw(&marked, "CREATE TABLE receipts (id INTEGER); PRAGMA application_id = 7");
    for file in [&text, &cut, &other, &marked] {
        chmod(file, 0o600);
    }
    let inside = place.join("folder");
    std::fs::create_dir(&inside).unwrap();
    let before = listed(&place);
    for create in [&[][..], &["--create"], &["--demo"]] {
        for file in [&text, &cut, &other, &marked] {
            let bytes = std::fs::read(file).unwrap();
            let said = refusal(file, create);
            assert!(said.contains("another program's file"), "{}: {said}", file.display());
            assert_eq!(std::fs::read(file).unwrap(), bytes, "{}", file.display());
        }
        let said = refusal(&inside, create);
        assert!(said.contains("not a file"), "{said}");
        let said = refusal(&text.join("ledger"), create);
        assert!(said.contains("there is no such folder"), "{said}");
        let said = refusal(&place.join("none").join("ledger"), create);
        assert!(said.contains("there is no such folder"), "{said}");
        assert_eq!(listed(&place), before);
    }
}

#[test]
fn a_ledger_from_before_files_were_marked_is_known_by_its_tables_and_marked() {
    let file = folder().join("ledger.sqlite");
    assert!(start(&file, &["--create"]).stop().success());
    raw(&file, "PRAGMA application_id = 0");
    assert!(start(&file, &[]).stop().success());
    // Bytes 68 to 71 of the header (sqlite.org/fileformat2.html).
    assert_eq!(std::fs::read(&file).unwrap()[68..72], *b"Jits");
}

#[test]
fn a_file_that_others_may_read_or_write_is_refused_with_what_mends_it() {
    let place = folder();
    let file = place.join("ledger.sqlite");
    assert!(start(&file, &["--create"]).stop().success());
    for (others, demo) in [(0o604, false), (0o602, false), (0o666, false), (0o644, true)] {
        chmod(&file, others);
        let said = refusal(&file, if demo { &["--demo"] } else { &[] });
        assert!(said.contains(&format!("mode {others:o}")) && said.contains("chmod 600"), "{said}");
        assert_eq!(mode(&file), others);
    }
    chmod(&file, 0o600);
    for ending in ["-wal", "-shm", "-journal"] {
        let side = beside(&file, ending);
        std::fs::write(&side, "").unwrap();
        chmod(&side, 0o644);
        let said = refusal(&file, &[]);
        assert!(said.contains(ending) && said.contains("chmod 600"), "{said}");
        std::fs::remove_file(&side).unwrap();
    }
    chmod(&place, 0o777);
    for more in [&[][..], &["--create"]] {
        let said = refusal(&if more.is_empty() { file.clone() } else { place.join("new") }, more);
        assert!(said.contains("folder") && said.contains("chmod o-w"), "{said}");
    }
    // In /tmp others can't put another file in its place.
    chmod(&place, 0o1777);
    assert!(start(&file, &[]).stop().success());
    chmod(&place, 0o755);
    assert!(start(&file, &[]).stop().success());
}

#[test]
fn a_file_that_its_group_may_read_or_write_becomes_its_owners_alone() {
    let file = folder().join("ledger.sqlite");
    assert!(start(&file, &["--create"]).stop().success());
    for group in [0o640, 0o620, 0o660] {
        chmod(&file, group);
        let server = start(&file, &[]);
        for part in [file.clone(), beside(&file, "-wal"), beside(&file, "-shm")] {
            assert_eq!(mode(&part), 0o600, "{group:o}: {}", part.display());
        }
        // As after a pod that was killed: its files beside the ledger are still there at the next start.
        drop(server);
        for part in [file.clone(), beside(&file, "-wal"), beside(&file, "-shm")] {
            chmod(&part, group);
        }
        let server = start(&file, &[]);
        for part in [file.clone(), beside(&file, "-wal"), beside(&file, "-shm")] {
            assert_eq!(mode(&part), 0o600, "{group:o}: {}", part.display());
        }
        assert!(server.stop().success());
    }
    // What is no ledger of this program stays as it is.
    let other = folder().join("other.sqlite");
    raw(&other, "CREATE TABLE a (b)");
    chmod(&other, 0o660);
    assert!(refusal(&other, &[]).contains("another program's"));
    assert_eq!(mode(&other), 0o660);
}

#[test]
fn new_files_are_their_owners_alone_whatever_the_umask_is() {
    for umask in ["000", "022", "777"] {
        let file = folder().join("ledger.sqlite");
        let line = format!(
            "umask {umask}; exec {PROGRAM} --listen 127.0.0.1:0 --public-url {URL} --create --ledger sqlite:{}",
            file.display()
        );
        let mut process =
            Command::new("sh").args(["-c", &line]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let listens =
            BufReader::new(process.stdout.take().unwrap()).lines().any(|line| line.unwrap().contains("listening on"));
        assert!(listens, "{umask}");
        for ending in ["", "-wal", "-shm"] {
            assert_eq!(mode(&beside(&file, ending)), 0o600, "{umask} {ending}");
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[test]
fn a_link_to_a_ledger_is_that_ledger_and_nothing_is_made_through_one() {
    let place = folder();
    let (file, link) = (place.join("ledger.sqlite"), place.join("link"));
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for more in [&[][..], &["--create"]] {
        let said = refusal(&link, more);
        assert!(said.contains("a link to nothing"), "{said}");
    }
    assert_eq!(listed(&place), ["link"]);
    let made = root(&start(&file, &["--create"]));
    let server = start(&link, &[]);
    assert_eq!(root(&server), made);
    // SQLite's side files lie beside the file and not beside the link.
    assert!(beside(&file, "-wal").exists() && !beside(&link, "-wal").exists());
    assert!(server.stop().success());
}

#[test]
fn the_ledger_of_another_issuer_is_named() {
    let file = folder().join("ledger.sqlite");
    let server = start(&file, &["--create"]);
    let made = root(&server);
    assert!(server.stop().success());
    let (ledger, other) = (at(&file), "http://localhost:8081");
    let (status, said) = server::run(&["--listen", "127.0.0.1:0", "--ledger", &ledger, "--public-url", other]);
    assert!(
        !status.success() && said.contains(URL) && said.contains(other) && said.contains("keeps its public URL"),
        "{said}"
    );
    assert!(start(&file, &["--root", &made]).stop().success());
    let another = jitsuin::wire::id::to_base64(&[7; 32]);
    let said = refusal(&file, &["--root", &another]);
    assert!(said.contains(&made) && said.contains(&another), "{said}");
    assert_eq!(listed(file.parent().unwrap()), ["ledger.sqlite"]);
}

/// An issuer with its demo and what it answers to a call that writes and to one that reads.
fn answers(server: &Server) -> (u16, u16) {
    (server.post("/demo/victim", &[], "{}").status, server.post("/demo/inbox", &[], "{}").status)
}

const WORKS: (u16, u16) = (200, 200);
const GONE: (u16, u16) = (503, 503);

#[test]
fn a_file_that_is_moved_away_is_missed_and_works_again_once_it_is_back() {
    let place = folder();
    let (file, away) = (place.join("ledger.sqlite"), place.join("away"));
    let server = start(&file, &["--demo"]);
    assert_eq!(answers(&server), WORKS);
    std::fs::rename(&file, &away).unwrap();
    assert_eq!(answers(&server), GONE);
    // A copy is another file, even with the same bytes.
    std::fs::copy(&away, &file).unwrap();
    assert_eq!(answers(&server), GONE);
    std::fs::rename(&away, &file).unwrap();
    assert_eq!(answers(&server), WORKS);
    assert!(server.stop().success());
    assert!(start(&file, &["--demo"]).stop().success());
}

#[test]
fn a_file_that_is_deleted_is_missed() {
    let file = folder().join("ledger.sqlite");
    let server = start(&file, &["--demo"]);
    assert_eq!(answers(&server), WORKS);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(answers(&server), GONE);
    assert!(!file.exists(), "nothing is made in its place");
}

#[test]
fn a_link_that_is_pointed_elsewhere_is_noticed() {
    let place = folder();
    let (one, other, link) = (place.join("one"), place.join("other"), place.join("link"));
    for file in [&one, &other] {
        assert!(start(file, &["--demo"]).stop().success());
    }
    std::os::unix::fs::symlink(&one, &link).unwrap();
    let server = start(&link, &["--demo"]);
    assert_eq!(answers(&server), WORKS);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    assert_eq!(answers(&server), GONE);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&one, &link).unwrap();
    assert_eq!(answers(&server), WORKS);
}

#[test]
fn without_its_log_a_file_takes_nothing_more_and_an_end_in_order_loses_nothing() {
    for ending in ["-wal", "-shm"] {
        let file = folder().join("ledger.sqlite");
        let server = start(&file, &["--demo"]);
        assert_eq!(answers(&server), WORKS);
        let count =
            || block(async { SqliteLedger::open(&file).await.unwrap().keys(Kind::Accounts).await.unwrap().len() });
        let before = count();
        std::fs::remove_file(beside(&file, ending)).unwrap();
        assert_eq!(answers(&server), GONE, "{ending}");
        assert!(server.stop().success());
        assert_eq!(count(), before, "{ending}");
    }
}
