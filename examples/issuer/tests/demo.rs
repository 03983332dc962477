//! A demo's ledger and an issuer's are kept apart: a demo's passwords are known to everybody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod server;

use jitsuin::issuer::ledger::{Kind, Ledger as _, SqliteLedger};
use server::{PROGRAM, Server, folder, run, run_well};
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

const URL: &str = "https://issuer.example";

fn at(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

fn start(ledger: &str, more: &[&str]) -> Server {
    Server::start(&[&["--ledger", ledger, "--public-url", URL], more].concat())
}

/// What the program says when it does not start.
fn refusal(ledger: &str, more: &[&str]) -> String {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0", "--public-url", URL, "--ledger", ledger]).args(more);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = [0; 1];
    // It says something on stdout if it starts.
    let starts = process.stdout.take().unwrap().read(&mut said).unwrap() > 0;
    if starts {
        process.kill().unwrap();
    }
    let output = process.wait_with_output().unwrap();
    assert!(!starts, "it started with {ledger} {more:?}");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

fn keys(file: &Path, kind: Kind) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { SqliteLedger::open(file).await.unwrap().keys(kind).await.unwrap() })
}

/// Makes a demo's ledger what an earlier version of this program left: without the mark.
fn unmark(file: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(&at(file)).await.unwrap();
        let erased = sqlx::query("DELETE FROM used WHERE key = 'demo'").execute(&mut connection).await.unwrap();
        assert_eq!(erased.rows_affected(), 1);
        connection.close().await.unwrap();
    });
}

#[test]
fn a_demo_takes_over_no_ledger_of_an_issuer() {
    let file = folder().join("ledger.sqlite");
    assert!(start(&at(&file), &["--create"]).stop().success());
    let said = refusal(&at(&file), &["--demo"]);
    assert!(said.contains("made without --demo") && said.contains("another place"), "{said}");
    for kind in [Kind::Logins, Kind::Tills, Kind::Accounts, Kind::Used] {
        assert_eq!(keys(&file, kind), [""; 0], "nothing is written into it");
    }
    assert!(start(&at(&file), &[]).stop().success());
}

#[test]
fn a_demos_known_passwords_go_into_no_service() {
    let file = folder().join("ledger.sqlite");
    let ledger = at(&file);
    for make in [&["--demo"][..], &["--demo"]] {
        assert!(start(&ledger, make).stop().success());
        let said = refusal(&ledger, &[]);
        assert!(said.contains("made with --demo") && said.contains("passwords are known"), "{said}");
    }
    // What serves nobody may still be done.
    assert!(run_well(&["--rotate-keys", "--ledger", &ledger, "--public-url", URL]).contains("rotated"));
    let account = keys(&file, Kind::Accounts).remove(0);
    let out = file.with_extension("json");
    let export = ["--export-evidence", &account, "--out", out.to_str().unwrap(), "--origins", URL];
    let (status, said) = run(&[&["--ledger", &ledger, "--public-url", URL][..], &export].concat());
    assert!(status.success(), "{said}");
    assert!(start(&ledger, &["--demo"]).stop().success());
}

#[test]
fn a_demos_ledger_of_before_is_known_by_its_tills() {
    let file = folder().join("ledger.sqlite");
    assert!(start(&at(&file), &["--demo", "--create"]).stop().success());
    unmark(&file);
    assert!(refusal(&at(&file), &[]).contains("made with --demo"));
    assert!(start(&at(&file), &["--demo"]).stop().success());
}

/// Anybody may open an account under any login, so none of an issuer's own makes its ledger a demo's.
#[test]
fn a_ledger_of_a_customer_called_hanako_is_no_demos() {
    use jitsuin::issuer::funding::DemoProcessor;
    use jitsuin::issuer::ledger::{Clock, Opening};
    use jitsuin::issuer::{Issuer, Settings, demo};
    let file = folder().join("ledger.sqlite");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = SqliteLedger::open_with(&file, Opening::New, Clock::system()).await.unwrap();
        let issuer = Issuer::open(ledger, DemoProcessor::new(), Settings::new(URL, &[URL]).unwrap()).await.unwrap();
        let people = demo::Plan::default().people;
        demo::seed(&issuer, &demo::Plan { people, shops: vec![] }).await.unwrap();
        issuer.ledger().close().await;
    });
    assert!(start(&at(&file), &[]).stop().success());
    assert!(refusal(&at(&file), &["--demo"]).contains("made without --demo"));
}
