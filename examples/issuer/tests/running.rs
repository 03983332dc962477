//! A server as whoever runs it sees it: its log, its readiness, its end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod server;

use serde_json::Value;
use server::{Answer, PROGRAM, Server, folder};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{ChildStderr, Command, Stdio};

/// A server without pages over this ledger, its log piped.
fn start(ledger: &Path, environment: &[(&str, &str)], more: &[&str]) -> (Server, ChildStderr) {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0", "--demo", "--ledger"]).arg(format!("sqlite:{}", ledger.display()));
    command.args(more).envs(environment.iter().copied()).stderr(Stdio::piped());
    let mut server = Server::run(&mut command);
    let log = server.stderr();
    (server, log)
}

fn simple() -> (Server, ChildStderr) {
    start(&folder().join("ledger.sqlite"), &[], &[])
}

/// The log of a server that has ended.
fn lines(log: ChildStderr) -> Vec<Value> {
    BufReader::new(log).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

#[test]
fn a_log_that_nobody_reads_stops_no_call() {
    let (server, log) = simple();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let calls: u64 = 7_000;
    let request = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..calls {
        stream.write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the connection was closed");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
    }
    // Now somebody reads, and is told what is missing.
    let reading = std::thread::spawn(move || lines(log));
    assert!(server.stop().success());
    let said = reading.join().unwrap();
    let written = said.iter().filter(|line| line["path"] == "/nothing").count() as u64;
    let dropped: u64 = said.iter().filter_map(|line| line["dropped"].as_u64()).sum();
    assert!(dropped > 0 && written > 0);
    assert!(written + dropped >= calls, "{written} written, {dropped} dropped");
    assert_eq!(said.last().unwrap()["message"], "ended", "the end is written");
}

#[test]
fn a_stdout_that_nobody_reads_stops_nothing() {
    let ledger = folder().join("ledger.sqlite");
    // Its only reader sleeps, and the pipe is full before the server starts.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = format!(
        "head -c 65536 /dev/zero; exec '{PROGRAM}' --demo --listen 127.0.0.1:{port} --ledger 'sqlite:{}' 2>/dev/null",
        ledger.display()
    );
    let mut shell = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = (0..600).find_map(|_| {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
            std::thread::sleep(std::time::Duration::from_millis(50));
            return None;
        };
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Some(answer)
    });
    shell.kill().unwrap();
    shell.wait().unwrap();
    assert!(answer.unwrap().starts_with("HTTP/1.1 200 "));
}

#[test]
fn rust_log_chooses_the_lines() {
    let call = |environment: &[(&str, &str)]| {
        let (server, log) = start(&folder().join("ledger.sqlite"), environment, &[]);
        server.get("/nothing");
        server.get("/health");
        assert!(server.stop().success());
        lines(log)
    };
    let of = |said: &[Value], path: &str| said.iter().filter(|line| line["path"] == path).count();
    for usual in [&[][..], &[("RUST_LOG", "")], &[("RUST_LOG", "info")]] {
        let said = call(usual);
        assert_eq!((of(&said, "/nothing"), of(&said, "/health")), (1, 0), "{usual:?}");
    }
    assert_eq!(of(&call(&[("RUST_LOG", "warn")]), "/nothing"), 0);
    assert_eq!(of(&call(&[("RUST_LOG", "jitsuin_issuer=debug")]), "/health"), 1);
}

#[test]
fn a_filter_that_can_not_be_read_stops_the_start() {
    for filter in ["jitsuin_issuer=loud", "info,[", "="] {
        let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
        let output = Command::new(PROGRAM)
            .args(["--demo", "--listen", "127.0.0.1:0", "--ledger", &ledger])
            .env("RUST_LOG", filter)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{filter}");
        assert!(said.starts_with("jitsuin-issuer: can't read RUST_LOG"), "{said}");
    }
}

fn instance(answer: &Answer) -> String {
    answer.json()["instance"].as_str().unwrap().strip_prefix("urn:jitsuin:request:").unwrap().to_owned()
}

#[test]
fn each_call_has_an_id_in_answer_problem_and_log() {
    let (server, log) = simple();
    let (first, second) = (server.post("/v1/sync", &[], "{}"), server.get("/nothing"));
    for answer in [&first, &second] {
        let id = answer.header("x-request-id");
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert_eq!(instance(answer), id);
    }
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(server.get("/.well-known/jitsuin").header("x-request-id").len(), 32);
    assert_eq!(server.get("/style.css").header("x-request-id").len(), 32);
    let forged = server.ask("GET", "/nothing", &[("X-Request-Id", "of-a-stranger")], "");
    assert_ne!(forged.header("x-request-id"), "of-a-stranger");
    assert!(server.stop().success());
    let said = lines(log);
    for (answer, path) in [(&first, "/v1/sync"), (&second, "/nothing")] {
        let id = answer.header("x-request-id");
        let found: Vec<_> = said.iter().filter(|line| line["id"] == id).collect();
        assert_eq!((found.len(), &found[0]["path"]), (1, &path.into()));
    }
}

#[test]
fn a_trusted_proxy_names_its_calls() {
    let (server, _log) = start(&folder().join("ledger.sqlite"), &[], &["--trusted-proxy", "127.0.0.1"]);
    let of =
        |given: &str| server.ask("GET", "/nothing", &[("X-Request-Id", given)], "").header("x-request-id").to_owned();
    assert_eq!(of("0af7651916cd43dd8448eb211c80319c"), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(of("of-the_Proxy-1"), "of-the_Proxy-1");
    for bad in ["short", "with space", "\"quoted\"", "", &"x".repeat(65)] {
        assert_eq!(of(bad).len(), 32, "{bad:?}");
    }
}

#[test]
fn a_body_that_is_cut_off_is_not_too_large() {
    let (server, log) = simple();
    for framing in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n9\r\n{"] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        stream.write_all(format!("{head}{framing}").as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.contains("413") && !answer.contains("too-large"), "{answer}");
    }
    let large = server.post("/v1/sync", &[], &"x".repeat(40_000));
    assert_eq!((large.status, &large.json()["code"]), (413, &"too-large".into()));
    assert!(server.stop().success());
    let said = lines(log);
    assert_eq!(said.iter().filter(|line| line["code"] == "too-large").count(), 1);
    assert_eq!(said.iter().filter(|line| line["message"] == "a body was cut off").count(), 2, "{said:?}");
}

/// Takes the ledger's write lock until it is dropped.
fn lock(ledger: &Path) -> (tokio::runtime::Runtime, SqliteConnection) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let held = runtime.block_on(async {
        let mut other = SqliteConnection::connect(&format!("sqlite:{}", ledger.display())).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        other
    });
    (runtime, held)
}

/// Asks until it answers so.
fn until(server: &Server, status: u16) -> Answer {
    for _ in 0..600 {
        let answer = server.get("/ready");
        if answer.status == status {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("/ready never answered {status}");
}

#[test]
fn ready_while_the_ledger_answers() {
    let ledger = folder().join("ledger.sqlite");
    let (server, _log) = start(&ledger, &[], &[]);
    assert_eq!(server.get("/ready").status, 200);
    let (runtime, other) = lock(&ledger);
    let answer = until(&server, 503);
    assert_eq!(answer.json()["code"], "issuer-unavailable");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(server.get("/health").status, 200, "the process runs");
    runtime.block_on(other.close()).unwrap();
    let answer = until(&server, 200);
    assert_eq!((answer.header("cache-control"), &*answer.body), ("no-store", ""));
}

#[test]
fn an_answer_of_long_ago_is_not_given() {
    let ledger = folder().join("ledger.sqlite");
    let (server, log) = start(&ledger, &[], &[]);
    let (runtime, other) = lock(&ledger);
    assert_eq!(server.get("/ready").status, 503, "it waited, and its transaction goes on waiting");
    // This call began later and may wait as long: once it has ended, that transaction has too.
    assert_eq!(server.post("/demo/victim", &[], "{}").status, 503);
    runtime.block_on(other.close()).unwrap();
    assert_eq!(server.get("/ready").status, 200);
    let reading = std::thread::spawn(move || lines(log));
    assert!(server.stop().success());
    let said = reading.join().unwrap();
    let again: Vec<_> = said.iter().filter(|line| line["message"] == "ready again").collect();
    assert_eq!((again.len(), &again[0]["level"]), (1, &"INFO".into()), "{said:?}");
}

/// Makes each write of the issuer's fail, or work again.
fn refuse_writes(ledger: &Path, are_refused: bool) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut other = SqliteConnection::connect(&format!("sqlite:{}", ledger.display())).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(&mut other)
            .await
            .unwrap();
        for table in tables.iter().filter(|table| !table.starts_with("sqlite_")) {
            for event in ["INSERT", "UPDATE"] {
                let name = format!("fault_{table}_{event}");
                let statement = if are_refused {
                    format!("CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'fault'); END")
                } else {
                    format!("DROP TRIGGER {name}")
                };
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut other).await.unwrap();
            }
        }
        other.close().await.unwrap();
    });
}

#[test]
fn ready_while_calls_that_write_are_answered() {
    let ledger = folder().join("ledger.sqlite");
    let (server, _log) = start(&ledger, &[], &[]);
    let write = || server.post("/demo/victim", &[], "{}").status;
    assert_eq!((write(), server.get("/ready").status), (200, 200));
    refuse_writes(&ledger, true);
    assert_eq!(write(), 503);
    until(&server, 503);
    refuse_writes(&ledger, false);
    assert_eq!(write(), 200);
    until(&server, 200);
}

#[test]
fn the_end_is_told_before_it_comes() {
    let (server, _log) = start(&folder().join("ledger.sqlite"), &[], &["--drain-delay", "60"]);
    assert_eq!(server.get("/ready").status, 200);
    let mut begun = TcpStream::connect(&server.address).unwrap();
    let head =
        "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    begun.write_all(head.as_bytes()).unwrap();
    server.terminate();
    until(&server, 503);
    // New calls are still taken, until a second signal ends the wait. Calls that were begun end.
    assert_eq!(server.get("/.well-known/jitsuin").status, 200);
    assert_eq!(server.get("/health").status, 200);
    server.terminate();
    begun.write_all(b"{}").unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(server.wait().success());
}

#[test]
fn it_ends_although_somebody_else_holds_the_ledger() {
    let ledger = folder().join("ledger.sqlite");
    let (server, log) = start(&ledger, &[], &[]);
    let (runtime, other) = lock(&ledger);
    until(&server, 503);
    let reading = std::thread::spawn(move || lines(log));
    server.stop();
    let said = reading.join().unwrap();
    assert_eq!(said.last().unwrap()["message"], "ended");
    runtime.block_on(other.close()).unwrap();
}

#[test]
fn a_failure_is_found_in_the_log_by_what_its_caller_was_told() {
    let ledger = folder().join("ledger.sqlite");
    let (server, log) = start(&ledger, &[], &[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut other = SqliteConnection::connect(&format!("sqlite:{}", ledger.display())).await.unwrap();
        other.execute("ALTER TABLE messages RENAME TO moved").await.unwrap();
        other.close().await.unwrap();
    });
    let answer = server.post("/demo/inbox", &[], "{}");
    assert_eq!((answer.status, &answer.json()["code"]), (503, &"issuer-unavailable".into()));
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    let id = instance(&answer);
    assert!(server.stop().success());
    let said = lines(log);
    let levels: Vec<_> =
        said.iter().filter(|line| line["id"] == *id).map(|line| line["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["ERROR", "INFO"]);
}
