//! PostgreSQL that fails at each step, is locked by somebody else, or hangs up; and calls that are cut off.

use crate::faults::{self, all_works, ends, is_kept, look, write};
use crate::promises::{run, used};
use crate::tests::{Test, open, raw};
use jitsuin::issuer::ledger::{Ledger as _, LedgerError, Records, Step};
use sqlx::{Connection as _, PgConnection};

pub(crate) const ALL: &[Test] = &[
    ("a_failed_statement_leaves_no_trace", a_failed_statement_leaves_no_trace),
    ("a_failed_commit_keeps_nothing", a_failed_commit_keeps_nothing),
    ("a_failed_read_leaves_its_connection_behind", a_failed_read_leaves_its_connection_behind),
    ("a_server_that_hangs_up_is_called_again", a_server_that_hangs_up_is_called_again),
    ("a_call_may_be_cut_off_at_every_point", a_call_may_be_cut_off_at_every_point),
    ("a_call_may_be_cut_off_in_begin", a_call_may_be_cut_off_in_begin),
    ("calls_end_in_their_order", calls_end_in_their_order),
];

const FAILS: &str = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = NEW.key; END $$";
const HANGS_UP: &str = "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS \
                        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$";

async fn stranger(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
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
        let hold = async || {
            let mut stranger = stranger(&url).await;
            say(&mut stranger, "BEGIN; LOCK TABLE used IN ACCESS EXCLUSIVE MODE").await;
            stranger
        };
        let release = async |mut stranger: PgConnection| say(&mut stranger, "COMMIT").await;
        faults::calls_end_in_their_order(ledger, hold, release, 7).await;
    });
}
