//! What strangers do on bare sockets, before any request exists: nobody silences a server with 200 descriptors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod server;

use server::{PROGRAM, Server, folder, read_answer};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{ChildStderr, Command, Stdio};
use std::time::Duration;

const HONEST: &str = "GET /.well-known/jitsuin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A demo that may open 200 files and serves one large file, and its log.
fn narrow() -> (Server, ChildStderr) {
    let place = folder();
    std::fs::create_dir(place.join("pkg")).unwrap();
    std::fs::write(place.join("pkg/large.bin"), vec![b'x'; 16 << 20]).unwrap();
    let mut command = Command::new("prlimit");
    command.args(["--nofile=200:200", PROGRAM, "--listen", "127.0.0.1:0", "--demo", "--ledger"]);
    command.arg(format!("sqlite:{}", place.join("ledger.sqlite").display()));
    command.arg("--pkg").arg(place.join("pkg")).stderr(Stdio::piped());
    let mut server = Server::run(&mut command);
    let log = server.stderr();
    (server, log)
}

/// Whether an honest call from this address is answered.
fn answers(server: &Server, source: &str) -> bool {
    let mut stream = server.connect_from(source);
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let _ = stream.write_all(HONEST.as_bytes());
    read_answer(&mut stream).is_some_and(|answer| answer.status == 200)
}

/// The addresses of one stranger, or of as many as there are sockets.
fn sources(many: bool) -> impl Iterator<Item = String> {
    (0..200).map(
        move |number| {
            if many { format!("127.0.{}.{}", 1 + number / 100, 1 + number % 100) } else { "127.0.0.1".into() }
        },
    )
}

/// Opens 200 sockets that send these bytes and then nothing, and calls honestly all the while.
fn besiege(bytes: &[u8]) {
    for many in [false, true] {
        let (server, log) = narrow();
        let mut held: Vec<TcpStream> = Vec::new();
        for (number, source) in sources(many).enumerate() {
            let mut stream = server.connect_from(&source);
            let _ = stream.write_all(bytes);
            held.push(stream);
            if number % 20 == 19 {
                assert!(answers(&server, "127.0.0.2"), "after {number} sockets, of many addresses: {many}");
            }
        }
        for source in ["127.0.0.2", "127.0.0.3", "127.9.9.9"] {
            assert!(answers(&server, source), "{source}, of many addresses: {many}");
        }
        drop(held);
        assert!(server.stop().success());
        let lines = BufReader::new(log).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let said: Vec<serde_json::Value> = lines.collect();
        let kind = if many { "too many in all" } else { "too many of one address" };
        let told = said.iter().filter(|line| line["message"].as_str().unwrap().contains(kind)).count();
        assert!(told > 0, "{kind}: {said:?}");
        let all = said.iter().filter(|line| line["message"].as_str().unwrap().starts_with("connections:")).count();
        assert!(all < 20, "hundreds of refusals, each kind told once a minute: {all} lines");
    }
}

#[test]
fn idle_sockets_silence_nobody() {
    besiege(b"");
}

#[test]
fn half_sent_heads_silence_nobody() {
    besiege(b"POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nX-Never: end");
}

#[test]
fn half_sent_bodies_silence_nobody() {
    besiege(
        b"POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    );
}

#[test]
fn half_sent_chunks_silence_nobody() {
    besiege(b"POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{");
}

#[test]
fn answers_that_nobody_reads_silence_nobody() {
    besiege(b"GET /pkg/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

#[test]
fn kept_connections_silence_nobody() {
    besiege(b"GET /.well-known/jitsuin HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

#[test]
fn what_keeps_the_server_waiting_is_closed() {
    let (server, _log) = narrow();
    let post =
        "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    let idle = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let begun = ["", "GET / HTTP/1.1\r\nHost: local", idle, post].map(|bytes| {
        let mut stream = server.connect_from("127.0.0.1");
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    });
    let mut unread = server.connect_from("127.0.0.1");
    unread.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    unread.write_all(b"GET /pkg/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let said = begun.map(|mut stream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("closed by the server");
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    });
    assert_eq!(said, ["", "", "200", "408"]);
    // Its limit is about over too. What lies in the buffers still comes, and then the end, long before the file's.
    std::thread::sleep(Duration::from_secs(10));
    let mut came = Vec::new();
    let _ = unread.read_to_end(&mut came);
    assert!(came.len() < 16 << 20, "{}", came.len());
}

#[test]
fn a_head_that_two_servers_may_read_in_two_ways_is_refused() {
    let (server, _log) = narrow();
    let post = "POST /v1/sync HTTP/1.1\r\nContent-Type: application/json\r\n";
    for request in [
        "GET /health HTTP/1.1\nHost: localhost\n\n".to_owned(),
        "GET /health HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\r\n\r\n".to_owned(),
        format!("{post}Host: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{post}Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        format!("{post}Host: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("{post}Host: localhost\r\nContent-Length: 2, 2\r\n\r\n{{}}"),
        format!("{post}Host: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ] {
        // What follows would be a request of its own, were the connection kept.
        let answer = server.send_from("127.0.0.1", &format!("{request}{HONEST}"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:?}: {answer}");
    }
}

#[test]
fn bodies_in_chunks_are_read_and_end_their_connection() {
    let (server, _log) = narrow();
    let head = "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = server.send_from("127.0.0.1", &format!("{head}2\r\n{{}}\r\n0\r\n\r\n{HONEST}"));
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

#[test]
fn heads_end_at_32_kilobytes() {
    let (server, _log) = narrow();
    let head = |length: usize| {
        format!("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(length))
    };
    assert!(server.send_from("127.0.0.1", &head(31 * 1024)).starts_with("HTTP/1.1 200 "));
    for bytes in [head(33 * 1024), head(1 << 20), format!("GET /{} ", "x".repeat(1 << 20))] {
        let answer = server.send_from("127.0.0.1", &bytes);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    assert!(answers(&server, "127.0.0.1"));
}

#[test]
fn kept_connections_answer_one_request_after_the_other() {
    let (server, _log) = narrow();
    let post =
        "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{\n}";
    let answer = server.send_from("127.0.0.1", &format!("{post}{post}\r\n{HONEST}"));
    assert_eq!((answer.matches("HTTP/1.1 401 ").count(), answer.matches("HTTP/1.1 200 ").count()), (2, 1), "{answer}");
}

#[test]
fn no_descriptor_is_told_and_passes() {
    let (server, log) = narrow();
    let limit = |files: &str| {
        let set =
            Command::new("prlimit").args(["--pid", &server.id(), &format!("--nofile={files}:200")]).status().unwrap();
        assert!(set.success());
    };
    limit("3");
    let waiting = server.connect_from("127.0.0.2");
    let mut lines = BufReader::new(log).lines();
    let told = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("the system gives none")));
    assert!(told.unwrap().unwrap().contains("Too many open files"));
    limit("200");
    assert!(answers(&server, "127.0.0.2"));
    drop(waiting);
    assert!(server.stop().success());
    let again = lines.filter(|line| line.as_ref().is_ok_and(|line| line.contains("the system gives none"))).count();
    assert!(again < 5, "{again}");
}

#[test]
fn a_server_with_too_few_descriptors_says_how_many_it_needs() {
    let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
    let output = Command::new("prlimit")
        .args(["--nofile=80:80", PROGRAM, "--demo", "--listen", "127.0.0.1:0", "--ledger", &ledger])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("raise the limit (ulimit -n) to 96 or more"), "{said}");
}
