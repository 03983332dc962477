//! A SQLite ledger over a database that fails at each step, is locked by somebody else, or has no room; and calls that are
//! cut off. `postgres.rs` does the same to PostgreSQL.
#![cfg(all(feature = "issuer", feature = "wallet", feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test stops where something is wrong")]

#[path = "lib/ledger_faults.rs"]
mod faults;
#[path = "lib/promises.rs"]
mod promises;

use faults::{all_works, ends, is_kept, look, stop, write};
use jitsuin::issuer::ledger::{Kind, Ledger as _, Needs, Opening, Records, SqliteLedger};
use jitsuin::issuer::used::Used;
use jitsuin::wire::calls::{LogIn, Problem, WhichTill};
use promises::{Caller, clock, movement, run, used};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Runs a test with a file of its own.
fn with(name: &str, test: impl AsyncFnOnce(PathBuf)) {
    let folder = std::env::temp_dir().join(format!("jitsuin-faults-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    run(test(folder.join("ledger.sqlite")));
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn open(file: &Path) -> SqliteLedger {
    SqliteLedger::open_with(file, Opening::Either, clock()).await.unwrap()
}

/// Somebody else at the same file.
async fn stranger(file: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap()
}

/// Holds the file for itself until it is released.
async fn held(file: &Path) -> SqliteConnection {
    let mut stranger = stranger(file).await;
    say(&mut stranger, "BEGIN IMMEDIATE").await;
    stranger
}

async fn release(mut stranger: SqliteConnection) {
    say(&mut stranger, "COMMIT").await;
}

async fn say(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}

#[test]
fn a_failed_statement_leaves_no_trace_whatever_it_undid() {
    with("statement", async |file| {
        let ledger = open(&file).await;
        let mut stranger = stranger(&file).await;
        for (name, trigger) in [
            ("rollback", "CREATE TRIGGER t BEFORE INSERT ON used BEGIN SELECT RAISE(ROLLBACK, 'no'); END"),
            ("abort", "CREATE TRIGGER t BEFORE INSERT ON used BEGIN SELECT RAISE(ABORT, 'no'); END"),
            ("fail", "CREATE TRIGGER t BEFORE INSERT ON used BEGIN SELECT RAISE(FAIL, 'no'); END"),
            // The record is written before it fails.
            ("late", "CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT RAISE(ROLLBACK, 'no'); END"),
            ("half", "CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT RAISE(FAIL, 'no'); END"),
        ] {
            say(&mut stranger, trigger).await;
            for number in 0..8 {
                write(&ledger, &format!("{name}-failed-{number}")).await.unwrap_err();
            }
            say(&mut stranger, "DROP TRIGGER t").await;
            all_works(&ledger, name).await;
            for number in 0..8 {
                assert!(!is_kept(&ledger, &format!("{name}-failed-{number}")).await);
            }
        }
    });
}

#[test]
fn a_failed_commit_keeps_nothing_and_the_next_one_works() {
    with("commit", async |file| {
        let ledger = open(&file).await;
        let mut stranger = stranger(&file).await;
        // A reference that is looked at in COMMIT.
        let broken = "CREATE TABLE parents (id INTEGER PRIMARY KEY); \
                      CREATE TABLE orphans (id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED); \
                      CREATE TRIGGER t AFTER INSERT ON entries BEGIN INSERT INTO orphans VALUES (1); END";
        say(&mut stranger, broken).await;
        for number in 0..8 {
            write(&ledger, &format!("failed-{number}")).await.unwrap_err();
        }
        say(&mut stranger, "DROP TRIGGER t").await;
        all_works(&ledger, "after").await;
        assert!(!is_kept(&ledger, "failed-0").await);
    });
}

#[test]
fn a_failed_read_leaves_its_connection_behind() {
    with("read", async |file| {
        let ledger = open(&file).await;
        let mut stranger = stranger(&file).await;
        let account = "acc-1".parse().unwrap();
        say(&mut stranger, "ALTER TABLE evidence RENAME TO hidden").await;
        for _ in 0..8 {
            ledger.evidence(&account).await.unwrap_err();
        }
        say(&mut stranger, "ALTER TABLE hidden RENAME TO evidence").await;
        all_works(&ledger, "after").await;
    });
}

/// What SQLite rolls back by itself: a full disk.
#[test]
fn a_full_disk_with_room_again_needs_no_restart() {
    let folder = std::env::temp_dir().join(format!("jitsuin-faults-full-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(&folder).output();
    if !mounted.is_ok_and(|done| done.status.success()) {
        println!("skipped: only root may mount a small disk");
        std::fs::remove_dir(&folder).unwrap();
        return;
    }
    let unmount = Unmount(folder.clone());
    run(async move {
        let ledger = open(&folder.join("ledger.sqlite")).await;
        all_works(&ledger, "before").await;
        let filler = folder.join("filler");
        std::fs::write(&filler, vec![0; 8 << 20]).unwrap_err();
        let mut failures = 0;
        for number in 0..400 {
            failures += usize::from(write(&ledger, &format!("full-{number}")).await.is_err());
            if failures == 20 {
                break;
            }
        }
        assert_eq!(failures, 20, "the disk is full");
        std::fs::remove_file(&filler).unwrap();
        all_works(&ledger, "after").await;
        ledger.close().await;
    });
    drop(unmount);
}

/// Takes a small disk away again, also after a failure.
struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_call_may_be_cut_off_at_every_point() {
    with("cut", async |file| faults::a_call_may_be_cut_off_at_every_point(open(&file).await).await);
}

/// In BEGIN, which waits for somebody else's transaction.
#[test]
fn a_call_may_be_cut_off_in_begin() {
    with("begin", async |file| {
        let ledger = open(&file).await;
        let mut stranger = stranger(&file).await;
        for round in 0..6 {
            say(&mut stranger, "BEGIN IMMEDIATE").await;
            for name in ["a", "b", "c", "d"] {
                let waited = Duration::from_millis(100);
                let name = format!("cut-{round}-{name}");
                assert!(
                    tokio::time::timeout(waited, write(&ledger, &name)).await.is_err(),
                    "it waits for the stranger"
                );
            }
            say(&mut stranger, "COMMIT").await;
            ends("the next call", write(&ledger, &format!("next-{round}"))).await.unwrap();
        }
        all_works(&ledger, "after").await;
        for round in 0..6 {
            assert!(!look(&ledger, &format!("cut-{round}-a")).await.unwrap());
        }
    });
}

#[test]
fn calls_end_in_their_order() {
    with("order", async |file| {
        let ledger = open(&file).await;
        faults::calls_end_in_their_order(ledger, async || held(&file).await, release, 0).await;
    });
}

#[test]
fn who_waits_too_long_is_told_so() {
    with("late", async |file| {
        faults::who_waits_too_long_is_told_so(open(&file).await, async || held(&file).await, release).await;
    });
}

#[test]
fn what_stops_something_is_next_after_the_one_that_runs() {
    with("next", async |file| {
        let ledger = Arc::new(open(&file).await);
        all_works(&*ledger, "before").await;
        let held = held(&file).await;
        let mut calls = Vec::new();
        for number in 0..30 {
            let ledger = Arc::clone(&ledger);
            calls.push(tokio::spawn(async move { write(&*ledger, &format!("queue-{number}")).await }));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let freezing = Arc::clone(&ledger);
        calls.push(tokio::spawn(async move { stop(&*freezing, "stop").await }));
        tokio::time::sleep(Duration::from_millis(50)).await;
        release(held).await;
        for call in calls {
            ends("a call", call).await.unwrap().unwrap();
        }
        let entries = ledger.entries().await.unwrap();
        let names = entries.iter().map(|entry| &*entry.movement).filter(|name| !name.starts_with("before"));
        let place = names.clone().position(|name| name == "stop").unwrap() / 2;
        assert!(place <= 1, "{:?}", names.collect::<Vec<_>>());
    });
}

/// What a wallet hears of a ledger that fails or is slow, and what is kept for the log.
#[test]
fn an_answer_says_when_to_come_again_and_only_the_log_why() {
    with("answer", async |file| {
        let issuer = promises::open(open(&file).await).await;
        let caller = Caller::new(1);
        let nonce = promises::nonce(&issuer, &caller).await;
        let mut stranger = stranger(&file).await;
        // A login changes something whoever tries it, so it is written.
        let login = LogIn { login: "hanako".into(), password: "a guess".into(), language: "en".into() };
        let ask = async |request| {
            let reply = issuer.answer(&request).await;
            let problem: Problem = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(reply.retry_after, problem.retry_after);
            let sent = String::from_utf8(reply.body).unwrap();
            for word in ["ledger", "SQLite", "trigger", "locked"] {
                assert!(!sent.contains(word), "{sent}");
            }
            (reply.status, problem.code, reply.retry_after.is_some(), reply.cause.unwrap_or_default())
        };

        let fails = "CREATE TRIGGER t BEFORE INSERT ON used BEGIN SELECT RAISE(ROLLBACK, 'no'); END";
        say(&mut stranger, fails).await;
        let (status, code, waits, cause) = ask(caller.request(&login, 1, &nonce)).await;
        assert_eq!((status, &*code, waits), (503, "issuer-unavailable", true));
        assert_eq!(cause, "the ledger failed to write: SQLite 1811");
        say(&mut stranger, "DROP TRIGGER t").await;

        say(&mut stranger, "BEGIN IMMEDIATE").await;
        let (status, code, waits, cause) = ask(caller.request(&login, 2, &nonce)).await;
        assert_eq!((status, &*code, waits), (503, "issuer-busy", true));
        assert_eq!(cause, "the ledger took too long to begin a transaction: database is locked (SQLite 5)");
        say(&mut stranger, "COMMIT").await;

        let (status, code, waits, cause) = ask(caller.request(&WhichTill {}, 3, &nonce)).await;
        assert_eq!((status, &*code, waits, &*cause), (409, "not-enrolled", false, ""));
    });
}

/// SQLite itself lets whoever tries at the right moment go first.
#[test]
fn what_stops_something_gets_its_turn_in_a_stream_of_others() {
    with("turn", async |file| {
        let ledger = Arc::new(open(&file).await);
        let (end, ended) = tokio::sync::watch::channel(false);
        let begun = Arc::new(AtomicUsize::new(0));
        let streams: Vec<_> = (0..6)
            .map(|stream| {
                let (ledger, ended, begun) = (Arc::clone(&ledger), ended.clone(), Arc::clone(&begun));
                tokio::spawn(async move {
                    let key = format!("stream-{stream}");
                    while !*ended.borrow() {
                        let rule = |records: &mut Records| {
                            begun.fetch_add(1, Ordering::SeqCst);
                            records.used.put(&key, Used { until: 7 });
                        };
                        ledger.transact(used(&key), rule).await.unwrap();
                    }
                })
            })
            .collect();
        let mut passed = Vec::new();
        // For as long as it takes that there is a stream.
        while passed.len() < 40 || begun.load(Ordering::SeqCst) <= 100 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let number = passed.len();
            let name = format!("stop-{number}");
            let before = begun.load(Ordering::SeqCst);
            let needs = Needs::new().and(Kind::Orders, &name).urgent();
            let rule = |records: &mut Records| {
                records.entries.extend(movement(&name, 5).entries());
                begun.load(Ordering::SeqCst) - before
            };
            passed.push(ledger.transact(needs, rule).await.unwrap());
        }
        end.send_replace(true);
        for stream in streams {
            stream.await.unwrap();
        }
        // The one that runs, and one that is about to. On a busy machine a thread may stand still between the look at the
        // stream and the call.
        let at_once = passed.iter().filter(|passed| **passed <= 2).count();
        assert!(at_once * 4 >= passed.len() * 3, "{passed:?}");
    });
}

/// Junk that stops nothing is urgent too: it must not close the tills.
#[test]
fn a_stream_of_what_stops_something_keeps_nobody_out() {
    with("stream", async |file| {
        let ledger = Arc::new(open(&file).await);
        let (end, ended) = tokio::sync::watch::channel(false);
        let streams: Vec<_> = (0..6)
            .map(|stream| {
                let (ledger, ended) = (Arc::clone(&ledger), ended.clone());
                tokio::spawn(async move {
                    for number in 0.. {
                        if *ended.borrow() {
                            return number;
                        }
                        stop(&*ledger, &format!("stop-{stream}-{number}")).await.unwrap();
                    }
                    0
                })
            })
            .collect();
        for number in 0..40 {
            write(&*ledger, &format!("sale-{number}")).await.unwrap();
        }
        end.send_replace(true);
        let mut stopped = 0;
        for stream in streams {
            stopped += stream.await.unwrap();
        }
        assert!(stopped > 40, "{stopped} is no stream");
    });
}

/// Whoever sends what is urgent has as many connections as they like. Each of the others stands behind one of it.
#[test]
fn one_that_stops_something_and_one_that_does_not_take_turns() {
    const JUNK: usize = 240;
    const WRITERS: usize = 20;
    const EACH: usize = 10;
    with("turns", async |file| {
        let ledger = Arc::new(open(&file).await);
        let (end, ended) = tokio::sync::watch::channel(false);
        let ran = Arc::new(AtomicUsize::new(0));
        let junk: Vec<_> = (0..JUNK)
            .map(|number| {
                let (ledger, ended, ran) = (Arc::clone(&ledger), ended.clone(), Arc::clone(&ran));
                tokio::spawn(async move {
                    let key = format!("junk-{number}");
                    while !*ended.borrow() {
                        let needs = Needs::new().and(Kind::Orders, &key).urgent();
                        ledger.transact(needs, |_| ran.fetch_add(1, Ordering::SeqCst)).await.unwrap();
                    }
                })
            })
            .collect();
        // All of them wait by then.
        while ran.load(Ordering::SeqCst) < JUNK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = ran.load(Ordering::SeqCst);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move {
                    for number in 0..EACH {
                        write(&*ledger, &format!("sale-{writer}-{number}")).await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let urgent = ran.load(Ordering::SeqCst) - before;
        end.send_replace(true);
        for task in junk {
            task.await.unwrap();
        }
        assert!(urgent <= 3 * WRITERS * EACH, "{urgent} urgent ones passed {} others", WRITERS * EACH);
    });
}
