//! PostgreSQL that fails at each step, is locked by somebody else, or hangs up; and calls that are cut off.

use crate::faults::{self, all_works, ends, is_kept, look, stop, write};
use crate::promises::{self, Caller, clock, run, used};
use crate::tests::{Test, open, raw};
use jitsuin::issuer::Refused;
use jitsuin::issuer::ledger::{Ledger as _, LedgerError, Opening, PostgresLedger, Records, Step};
use jitsuin::wire::calls::SignOff;
use sqlx::{Connection as _, PgConnection};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ALL: &[Test] = &[
    ("a_failed_statement_leaves_no_trace", a_failed_statement_leaves_no_trace),
    ("a_failed_commit_keeps_nothing", a_failed_commit_keeps_nothing),
    ("a_failed_read_leaves_its_connection_behind", a_failed_read_leaves_its_connection_behind),
    ("a_statement_that_takes_too_long_is_ended", a_statement_that_takes_too_long_is_ended),
    ("a_server_that_hangs_up_is_called_again", a_server_that_hangs_up_is_called_again),
    ("a_call_may_be_cut_off_at_every_point", a_call_may_be_cut_off_at_every_point),
    ("a_call_may_be_cut_off_in_begin", a_call_may_be_cut_off_in_begin),
    ("calls_end_in_their_order", calls_end_in_their_order),
    ("who_waits_too_long_is_told_so", who_waits_too_long_is_told_so),
    ("what_stops_something_waits_for_no_queue", what_stops_something_waits_for_no_queue),
    ("what_stops_something_needs_no_new_connection", what_stops_something_needs_no_new_connection),
    ("a_call_that_stops_something_waits_for_no_reader", a_call_that_stops_something_waits_for_no_reader),
    ("a_cause_repeats_nothing_of_a_row", a_cause_repeats_nothing_of_a_row),
    ("a_server_that_is_gone_is_named", a_server_that_is_gone_is_named),
];

const FAILS: &str = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = NEW.key; END $$";
const HANGS_UP: &str = "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS \
                        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$";

const SLEEPS: &str = "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS \
                      $$ BEGIN PERFORM pg_sleep(100); RETURN NEW; END $$";

async fn stranger(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// Holds the records of these tests until it is released.
async fn held(url: &str) -> PgConnection {
    let mut stranger = stranger(url).await;
    say(&mut stranger, "BEGIN; LOCK TABLE used IN ACCESS EXCLUSIVE MODE").await;
    stranger
}

async fn release(mut stranger: PgConnection) {
    say(&mut stranger, "COMMIT").await;
}

async fn say(connection: &mut PgConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}

/// Calls that fail while a trigger is there, and work after it.
async fn fails_only_with(url: &str, name: &str, trigger: &'static str, step: Step) {
    let ledger = open(url).await;
    all_works(&ledger, &format!("before-{name}")).await;
    raw(url, trigger).await.unwrap();
    for number in 0..20 {
        let failed = write(&ledger, &format!("{name}-{number}")).await.unwrap_err();
        assert!(matches!(failed, LedgerError::Unavailable(at, _) if at == step), "{failed:?}");
    }
    raw(url, "DROP TRIGGER t ON used").await.unwrap();
    all_works(&ledger, &format!("after-{name}")).await;
    for number in 0..20 {
        assert!(!is_kept(&ledger, &format!("{name}-{number}")).await);
    }
}

fn a_failed_statement_leaves_no_trace(url: String) {
    run(async move {
        raw(&url, FAILS).await.unwrap();
        open(&url).await.close().await;
        let trigger = "CREATE TRIGGER t BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION fail()";
        fails_only_with(&url, "statement", trigger, Step::Write).await;
    });
}

fn a_failed_commit_keeps_nothing(url: String) {
    run(async move {
        raw(&url, FAILS).await.unwrap();
        raw(&url, HANGS_UP).await.unwrap();
        open(&url).await.close().await;
        let fails = "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON used INITIALLY DEFERRED \
                     FOR EACH ROW EXECUTE FUNCTION fail()";
        fails_only_with(&url, "fails", fails, Step::Commit).await;
        let hangs_up = "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON used INITIALLY DEFERRED \
                        FOR EACH ROW EXECUTE FUNCTION hang_up()";
        fails_only_with(&url, "hangs-up", hangs_up, Step::Commit).await;
    });
}

fn a_failed_read_leaves_its_connection_behind(url: String) {
    run(async move {
        let ledger = open(&url).await;
        let account = "acc-1".parse().unwrap();
        raw(&url, "ALTER TABLE evidence RENAME TO hidden").await.unwrap();
        for _ in 0..20 {
            ledger.evidence(&account).await.unwrap_err();
        }
        raw(&url, "ALTER TABLE hidden RENAME TO evidence").await.unwrap();
        all_works(&ledger, "after").await;
    });
}

/// A thread of its own, for what a rule waits for: a rule is no async function.
fn hang_up_on_everybody(url: &str) {
    let url = url.to_owned();
    let hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE application_name = 'jitsuin' AND datname = current_database()";
    std::thread::spawn(move || run(async move { raw(&url, hang_up).await.unwrap() })).join().unwrap();
}

fn a_statement_that_takes_too_long_is_ended(url: String) {
    run(async move {
        let ledger = open(&url).await;
        raw(&url, SLEEPS).await.unwrap();
        raw(&url, "CREATE TRIGGER t BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION sleep()").await.unwrap();
        let failed = write(&ledger, "slow").await.unwrap_err();
        assert!(matches!(failed, LedgerError::Busy(Step::Write, _)), "{failed:?}");
        raw(&url, "DROP TRIGGER t ON used").await.unwrap();
        all_works(&ledger, "after").await;
    });
}

fn a_server_that_hangs_up_is_called_again(url: String) {
    run(async move {
        let ledger = open(&url).await;
        all_works(&ledger, "before").await;
        // Between two calls, after a read, and in a statement.
        hang_up_on_everybody(&url);
        all_works(&ledger, "idle").await;
        for (name, changes, step) in [("kept", true, Step::Write), ("looked", false, Step::Rollback)] {
            let rule = |records: &mut Records| {
                hang_up_on_everybody(&url);
                if changes {
                    records.used.put(name, jitsuin::issuer::used::Used { until: 7 });
                }
            };
            let failed = ledger.transact(used(name), rule).await.unwrap_err();
            assert!(matches!(failed, LedgerError::Unavailable(at, _) if at == step), "{name}: {failed:?}");
            all_works(&ledger, name).await;
            assert!(!look(&ledger, name).await.unwrap());
        }
        raw(&url, HANGS_UP).await.unwrap();
        let trigger = "CREATE TRIGGER t BEFORE INSERT ON used FOR EACH ROW EXECUTE FUNCTION hang_up()";
        fails_only_with(&url, "statement", trigger, Step::Write).await;
    });
}

fn a_call_may_be_cut_off_at_every_point(url: String) {
    run(async move {
        faults::a_call_may_be_cut_off_at_every_point(open(&url).await).await;
        // No transaction of a call that was cut off is still there.
        let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jitsuin' \
                    AND datname = current_database() AND state LIKE 'idle in transaction%'";
        let mut stranger = stranger(&url).await;
        let left: i64 = sqlx::query_scalar(left).fetch_one(&mut stranger).await.unwrap();
        assert_eq!(left, 0);
    });
}

/// Cut off at its first wait, which is for the answer to BEGIN: the database begins the transaction all the same.
fn a_call_may_be_cut_off_in_begin(url: String) {
    run(async move {
        let ledger = open(&url).await;
        all_works(&ledger, "before").await;
        for round in 0..100 {
            for polls in 1..4 {
                faults::cut_off(write(&ledger, &format!("cut-{round}-{polls}")), polls).await;
            }
            let next = format!("next-{round}");
            ends("the next call", write(&ledger, &next)).await.unwrap();
        }
        all_works(&ledger, "after").await;
    });
}

fn calls_end_in_their_order(url: String) {
    run(async move {
        let ledger = open(&url).await;
        faults::calls_end_in_their_order(ledger, async || held(&url).await, release, 7).await;
    });
}

fn who_waits_too_long_is_told_so(url: String) {
    run(async move {
        faults::who_waits_too_long_is_told_so(open(&url).await, async || held(&url).await, release).await;
    });
}

fn what_stops_something_waits_for_no_queue(url: String) {
    run(async move {
        let ledger = Arc::new(open(&url).await);
        all_works(&*ledger, "before").await;
        let held = held(&url).await;
        let calls: Vec<_> = (0..30)
            .map(|number| {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move { write(&*ledger, &format!("queue-{number}")).await })
            })
            .collect();
        // All connections of the others are taken before it comes.
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jitsuin' \
                       AND datname = current_database() AND wait_event_type = 'Lock'";
        let mut watcher = stranger(&url).await;
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.unwrap() < 8 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop(&*ledger, "stop").await.unwrap();
        assert!(calls.iter().all(|call| !call.is_finished()), "the others wait still");
        release(held).await;
        for call in calls {
            ends("a call", call).await.unwrap().unwrap();
        }
    });
}

/// Others have taken all of the server's connections since this ledger was opened.
fn what_stops_something_needs_no_new_connection(url: String) {
    run(async move {
        let issuer = promises::open(open(&url).await).await;
        let caller = Caller::new(1);
        let nonce = promises::nonce(&issuer, &caller).await;
        let mut strangers = Vec::new();
        while let Ok(stranger) = PgConnection::connect(&url).await {
            strangers.push(stranger);
        }
        assert!(strangers.len() > 20, "{}", strangers.len());
        for number in 2..6 {
            let ledger = issuer.ledger();
            let (one, other) = (format!("one-{number}"), format!("other-{number}"));
            let (one, other) = tokio::join!(stop(ledger, &one), stop(ledger, &other));
            one.unwrap();
            other.unwrap();
            let request = caller.request(&SignOff {}, number, &nonce);
            assert_eq!(promises::said(&issuer, request).await, "not-enrolled");
        }
    });
}

/// The connections for reading are taken, and others wait for one.
fn a_call_that_stops_something_waits_for_no_reader(url: String) {
    run(async move {
        let issuer = Arc::new(promises::open(open(&url).await).await);
        let caller = Caller::new(1);
        let nonce = promises::nonce(&issuer, &caller).await;
        let mut held = stranger(&url).await;
        say(&mut held, "BEGIN; LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE").await;
        let readers: Vec<_> = (0..20)
            .map(|_| {
                let issuer = Arc::clone(&issuer);
                tokio::spawn(async move { issuer.ledger().receipts(&"acc-1".parse().unwrap(), 0, 1).await.map(|_| ()) })
            })
            .collect();
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jitsuin' \
                       AND datname = current_database() AND wait_event_type = 'Lock'";
        let mut watcher = stranger(&url).await;
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.unwrap() < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(promises::said(&issuer, caller.request(&SignOff {}, 2, &nonce)).await, "not-enrolled");
        assert!(readers.iter().all(|reader| !reader.is_finished()), "the readers wait still");
        release(held).await;
        for reader in readers {
            ends("a reader", reader).await.unwrap().unwrap();
        }
    });
}

/// What triggers say of a row, in their words and in DETAIL; what a constraint says of one; a number that is none.
fn a_cause_repeats_nothing_of_a_row(url: String) {
    run(async move {
        let ledger = open(&url).await;
        let secret = "proof/secret-of-a-row";
        let faults = [
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'no %', NEW.key USING DETAIL = NEW.key, HINT = NEW.body; END $$",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE unique_violation USING MESSAGE = NEW.key; END $$",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN NEW.until := NEW.key::bigint; RETURN NEW; END $$",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO used (key, body) VALUES ('taken', NEW.key || '/') ; RETURN NEW; END $$",
        ];
        for fault in faults {
            raw(&url, fault).await.unwrap();
            raw(
                &url,
                "CREATE TRIGGER t BEFORE INSERT ON used FOR EACH ROW WHEN (NEW.key <> 'taken') EXECUTE FUNCTION f()",
            )
            .await
            .unwrap();
            raw(&url, "INSERT INTO used (key, body) VALUES ('taken', '{}') ON CONFLICT DO NOTHING").await.unwrap();
            let failed = write(&ledger, secret).await.unwrap_err();
            let refused = Refused::from(failed);
            let told = format!("{refused:?} {refused} {}", refused.cause.as_ref().unwrap().in_full());
            assert!(!told.contains("secret-of-a-row"), "{told}");
            assert!(told.contains("failed to write: "), "{told}");
            raw(&url, "DROP TRIGGER t ON used; DROP FUNCTION f").await.unwrap();
        }
    });
}

/// A pool tries a server that refuses connections again and again, and then says only that time is over.
fn a_server_that_is_gone_is_named(_: String) {
    run(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://jitsuin@{}/jitsuin", free.local_addr().unwrap());
        drop(free);
        let Err(error) = PostgresLedger::open_with(&url, Opening::Either, clock()).await else {
            panic!("nobody is there")
        };
        let cause = Refused::from(error).cause.unwrap().in_full();
        assert!(cause.contains("failed to connect: ") && cause.contains("refused"), "{cause}");
    });
}
