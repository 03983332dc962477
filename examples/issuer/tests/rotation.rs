//! `--rotate-keys` beside servers that run on: they take the new keys with their next call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod callers;
mod server;

use callers::{Till, code, enrol, message, top_up_and_pay, wallet};
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{EnrolTill, FreezeByCode};
use server::{Server, folder, run_well};
use sqlx::Connection as _;
use std::path::Path;
use std::rc::Rc;

const URL: &str = "http://localhost:8080";

fn sets(server: &Server) -> (serde_json::Value, usize) {
    let known = server.get("/.well-known/jitsuin").json();
    (known["key_set"].clone(), known["past"].as_array().unwrap().len())
}

#[test]
fn servers_that_run_take_new_keys_by_themselves_and_old_codes_are_refused() {
    let place = folder();
    let ledger = format!("sqlite:{}", place.join("ledger.sqlite").display());
    let start = || Rc::new(Server::start(&["--demo", "--ledger", &ledger, "--public-url", URL]));
    let (first, second) = (start(), start());
    jitsuin::wallet::memory::run(async {
        let (till, late) = (Till::new(&first), Till::new(&second));
        till.call(&EnrolTill { code: code(&first, "t/1001") });
        let unused = code(&first, "t/2002");
        let wallet = wallet(&first, None).await;
        enrol(&first, &wallet).await;
        let stop = message(&first, "To stop everything").lines().last().unwrap().to_owned();
        let (before, past) = sets(&first);
        assert_eq!(past, 0);

        let said = run_well(&["--rotate-keys", "--ledger", &ledger, "--public-url", URL]);
        assert!(said.contains("rotated") && said.contains("t/2002"), "{said}");
        assert!(said.contains("a new one waits to be sent") && !said.contains("was sent"), "{said}");
        for server in [&first, &second] {
            let (now, past) = sets(server);
            assert_eq!(past, 1);
            assert_ne!(now, before);
            let stranger = Till::new(server);
            assert_eq!(stranger.refused(&FreezeByCode { code: stop.clone() }), "code-refused");
            assert_eq!(stranger.refused(&EnrolTill { code: unused.clone() }), "code-refused");
        }
        late.call(&EnrolTill { code: code(&second, "t/2002") });
        wallet.sync().await.unwrap();
        assert_eq!((wallet.state().status, wallet.state().alerts.len()), (Status::Ready, 0));
        top_up_and_pay(&wallet, &till).await;
    });
}

fn raw(file: &Path, statement: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_rotation_whose_new_till_codes_can_t_be_written_says_so_and_forgets_no_till() {
    let file = folder().join("ledger.sqlite");
    let ledger = format!("sqlite:{}", file.display());
    let program = |what: &str| server::run_in_full(&[what, "--ledger", &ledger, "--public-url", URL]);
    let start = || Server::start(&["--demo", "--ledger", &ledger, "--public-url", URL]);
    assert!(start().stop().success());
    raw(
        &file,
        "CREATE TRIGGER fails BEFORE INSERT ON till_codes WHEN NEW.body LIKE '%t/2002%' BEGIN SELECT RAISE(ABORT, 'no'); END",
    );

    let (status, out, log) = program("--rotate-keys");
    assert!(!status.success());
    assert!(out.contains("rotated") && !log.contains("can't rotate"), "{out}{log}");
    assert!(log.contains("1 till(s)") && log.contains("--renew-till-codes"), "{log}");
    let of = |till: &str, out: &str| out.lines().find(|line| line.contains(till)).unwrap_or_default().to_owned();
    assert!(of("t/1001", &out).contains("a new one waits to be sent"), "{out}");
    assert!(of("t/2002", &out).contains("still needs a new one"), "{out}");

    // Again, as often as it takes: whoever has a new code keeps it, and the keys stay.
    let (status, out, log) = program("--renew-till-codes");
    assert!(!status.success() && of("t/2002", &out).contains("still needs"), "{out}{log}");
    assert_eq!(of("t/1001", &out), "");
    raw(&file, "DROP TRIGGER fails");
    let (status, out, log) = program("--renew-till-codes");
    assert!(status.success() && of("t/2002", &out).contains("a new one waits to be sent"), "{out}{log}");
    assert_eq!(of("t/1001", &out), "");
    let (status, out, log) = program("--renew-till-codes");
    assert!(status.success() && out.contains("no till waits"), "{out}{log}");

    let server = Rc::new(start());
    assert_eq!(sets(&server).1, 1, "rotated once");
    for till in ["t/1001", "t/2002"] {
        Till::new(&server).call(&EnrolTill { code: code(&server, till) });
    }
}

#[test]
fn a_rotation_that_can_t_begin_changes_nothing() {
    let file = folder().join("ledger.sqlite");
    let ledger = format!("sqlite:{}", file.display());
    let start = || Server::start(&["--demo", "--ledger", &ledger, "--public-url", URL]);
    let server = start();
    let before = sets(&server);
    assert!(server.stop().success());
    raw(&file, "CREATE TRIGGER fails BEFORE INSERT ON issuer_keys BEGIN SELECT RAISE(ABORT, 'no'); END");
    let (status, out, log) = server::run_in_full(&["--rotate-keys", "--ledger", &ledger, "--public-url", URL]);
    assert!(!status.success() && out.is_empty() && log.contains("can't rotate the keys"), "{out}{log}");
    raw(&file, "DROP TRIGGER fails");
    assert_eq!(sets(&start()), before);
}

#[test]
fn a_rotation_needs_the_ledger_that_the_issuer_runs_with() {
    let place = folder();
    let ledger = format!("sqlite:{}", place.join("ledger.sqlite").display());
    let rotate = |url: &str| server::run(&["--rotate-keys", "--ledger", &ledger, "--public-url", url]);
    let (status, said) = rotate(URL);
    assert!(!status.success() && said.contains("there is nothing at this place"), "{said}");
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    assert!(Server::start(&["--demo", "--ledger", &ledger, "--public-url", URL]).stop().success());
    let (status, said) = rotate("http://localhost:8081");
    assert!(!status.success() && said.contains("keeps its public URL"), "{said}");
}
