//! The same promises of PostgreSQL, with a server of its own that lives as long as this program. It is no test of
//! libtest's, since there would be nobody to stop that server; where there is no PostgreSQL each promise is ignored, and
//! counted so.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something is wrong"
)]

#[cfg(unix)]
#[path = "lib/ledger_faults.rs"]
mod faults;
#[cfg(unix)]
#[path = "postgres/faults.rs"]
mod over_postgres;
#[path = "lib/promises.rs"]
mod promises;
#[cfg(unix)]
#[path = "lib/server.rs"]
mod server;
#[cfg(unix)]
#[allow(missing_docs, dead_code, unreachable_pub, reason = "a module of several programs, each of which uses its part")]
#[path = "town/mod.rs"]
mod town;
#[cfg(unix)]
#[path = "postgres/town.rs"]
mod town_over_postgres;

#[cfg(not(unix))]
fn main() {
    println!("test result: ok. 0 passed; 0 failed; 0 ignored; the server's socket needs Unix");
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    tests::main()
}

#[cfg(unix)]
mod tests {
    use crate::promises::{self, *};
    use crate::server::Server;
    use jitsuin::issuer::demo;
    use jitsuin::issuer::ledger::{Ledger as _, LedgerError, Opening, PostgresLedger};
    use sqlx::{Connection as _, PgConnection};
    use std::process::ExitCode;
    use std::sync::Arc;

    pub(crate) async fn open(url: &str) -> PostgresLedger {
        PostgresLedger::open_with(url, Opening::Either, clock()).await.unwrap()
    }

    pub(crate) async fn raw(url: &str, statement: &'static str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(statement).execute(&mut connection).await?;
        connection.close().await
    }

    fn entries_and_receipts_are_never_changed_or_deleted(url: String) {
        run(async move {
            let issuer = promises::open(open(&url).await).await;
            demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
            for statement in [
                "UPDATE entries SET amount = 1",
                "DELETE FROM entries",
                "TRUNCATE entries",
                "UPDATE receipts SET seq = 9",
                "UPDATE receipts SET receipt = '\\x00'",
                "DELETE FROM receipts",
                "TRUNCATE receipts",
                "UPDATE receipts SET link = '\\x00'",
                "UPDATE evidence SET body = ''",
                "UPDATE evidence SET until = 1",
                "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ('m', 'cards', 'a', 0, 392, 1)",
                "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ('m', 'none', 'a', 1, 392, 1)",
            ] {
                assert!(raw(&url, statement).await.is_err(), "{statement}");
            }
            // A body may be erased, and evidence deleted.
            raw(&url, "UPDATE receipts SET body = ''").await.unwrap();
            raw(&url, "DELETE FROM evidence").await.unwrap();
            issuer.audit().await.unwrap();
            // Half a movement written behind the ledger's back is found.
            let half = "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ('m', 'cards', 'a', 1, 392, 1)";
            raw(&url, half).await.unwrap();
            assert!(issuer.audit().await.is_err());
        });
    }

    fn a_second_server_finds_everything_and_no_proof_counts_at_both(url: String) {
        run(async move {
            let issuer = promises::open(open(&url).await).await;
            let seeded = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
            let second = promises::open(open(&url).await).await;
            assert_eq!(second.keys().set(), issuer.keys().set());
            assert!(demo::seed(&second, &demo::Plan::default()).await.unwrap().accounts.is_empty());
            let caller = Caller::new(1);
            let nonce = nonce(&issuer, &caller).await;
            let call = jitsuin::wire::calls::EnrolTill { code: seeded.till_codes[0].1.clone() };
            let request = caller.request(&call, 1, &nonce);
            let (one, other) = tokio::join!(said(&issuer, request.clone()), said(&second, request));
            let mut answers = [one, other];
            answers.sort();
            assert_eq!(answers, ["ok", "proof-replayed"]);
            second.audit().await.unwrap();
        });
    }

    fn one_call_has_one_effect_at_two_servers(url: String) {
        run(async move {
            let first = promises::open(open(&url).await).await;
            let second = promises::open(open(&url).await).await;
            promises::one_call_at_all(&[Arc::new(first), Arc::new(second)]).await;
        });
    }

    fn a_rotation_at_one_server_is_met_by_the_next_call_of_another(url: String) {
        run(async move {
            let first = promises::open(open(&url).await).await;
            let second = promises::open(open(&url).await).await;
            promises::a_rotation_at_one_is_met_by_the_next_call_of_another(Arc::new(first), Arc::new(second)).await;
        });
    }

    /// A database of version 5 had no evidence, one of version 6 no warnings, and one of version 7 no links.
    fn a_database_of_an_earlier_version_is_brought_up_to_date(url: String) {
        run(async move {
            let (issuer, accounts) = links::seeded(open(&url).await).await;
            issuer.ledger().close().await;
            let earlier = "DROP TRIGGER links_are_final ON receipts; DROP INDEX receipts_link; \
                           ALTER TABLE receipts DROP COLUMN link; DROP TABLE warnings; DROP TABLE evidence; \
                           UPDATE schema_version SET version = 5";
            raw(&url, earlier).await.unwrap();
            let ledger = open(&url).await;
            links::all_are_found(&ledger, &accounts).await;
            raw(&url, "INSERT INTO evidence (account, seq, until, body) VALUES ('acc-a', 1, 1, '{}')").await.unwrap();
            assert!(raw(&url, "UPDATE evidence SET until = 2").await.is_err());
            assert_eq!(ledger.ended_evidence(2).await, Ok(vec!["acc-a".parse().unwrap()]));
        });
    }

    fn a_database_of_a_later_version_is_left_alone(url: String) {
        run(async move {
            open(&url).await.close().await;
            raw(&url, "UPDATE schema_version SET version = 99").await.unwrap();
            let opened = PostgresLedger::open_with(&url, Opening::Either, clock()).await;
            assert_eq!(opened.err(), Some(LedgerError::LaterVersion));
        });
    }

    fn servers_that_start_together_make_the_tables_once(url: String) {
        run(async move {
            let opening: Vec<_> = (0..4)
                .map(|_| {
                    let url = url.clone();
                    tokio::spawn(
                        async move { PostgresLedger::open_with(&url, Opening::New, clock()).await.map(|_| ()) },
                    )
                })
                .collect();
            for opened in opening {
                assert_eq!(opened.await.unwrap(), Ok(()));
            }
        });
    }

    pub(crate) type Test = (&'static str, fn(String));

    macro_rules! list {
        ($($name:ident)*) => {
            const PROMISES: &[Test] = &[
                $((stringify!($name), |url| run(async move { promises::$name(open(&url).await).await }))),*
            ];
        };
    }
    crate::promises!(list);

    const OWN: &[Test] = &[
        ("entries_and_receipts_are_never_changed_or_deleted", entries_and_receipts_are_never_changed_or_deleted),
        (
            "a_second_server_finds_everything_and_no_proof_counts_at_both",
            a_second_server_finds_everything_and_no_proof_counts_at_both,
        ),
        ("one_call_has_one_effect_at_two_servers", one_call_has_one_effect_at_two_servers),
        (
            "a_rotation_at_one_server_is_met_by_the_next_call_of_another",
            a_rotation_at_one_server_is_met_by_the_next_call_of_another,
        ),
        (
            "a_database_of_an_earlier_version_is_brought_up_to_date",
            a_database_of_an_earlier_version_is_brought_up_to_date,
        ),
        ("a_database_of_a_later_version_is_left_alone", a_database_of_a_later_version_is_left_alone),
        ("servers_that_start_together_make_the_tables_once", servers_that_start_together_make_the_tables_once),
    ];

    /// Speaks as libtest does, for whoever counts.
    pub(crate) fn main() -> ExitCode {
        // `cargo test NAME` and `cargo test -- --list` reach every test program.
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let filter = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
        let chosen: Vec<&Test> = PROMISES
            .iter()
            .chain(OWN)
            .chain(crate::over_postgres::ALL)
            .chain(crate::town_over_postgres::ALL)
            .filter(|(name, _)| name.contains(&filter))
            .collect();
        if arguments.iter().any(|argument| argument == "--list") {
            chosen.iter().for_each(|(name, _)| println!("{name}: test"));
            return ExitCode::SUCCESS;
        }
        println!("\nrunning {} tests", chosen.len());
        let (mut passed, mut failed, mut ignored) = (0, 0, 0);
        let server = if chosen.is_empty() { Err("nothing to run".into()) } else { Server::start() };
        for (name, test) in chosen {
            let Ok(server) = server.as_ref().inspect_err(|why| println!("test {name} ... ignored, {why}")) else {
                ignored += 1;
                continue;
            };
            let url = server.database(name);
            if std::thread::spawn(move || test(url)).join().is_ok() {
                println!("test {name} ... ok");
                passed += 1;
            } else {
                println!("test {name} ... FAILED");
                failed += 1;
            }
        }
        // Over the log of the whole run: a connection in a transaction went back to its pool.
        let name = "no_transaction_begins_in_another";
        if let (Ok(server), true) = (&server, filter.is_empty()) {
            let words = ["already a transaction in progress", "no transaction in progress"];
            let log = server.log();
            let found = log.lines().filter(|line| words.iter().any(|words| line.contains(words))).count();
            println!("test {name} ... {}", if found == 0 { "ok" } else { "FAILED" });
            (passed, failed) = if found == 0 { (passed + 1, failed) } else { (passed, failed + 1) };
        }
        let verdict = if failed == 0 { "ok" } else { "FAILED" };
        println!(
            "\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out\n"
        );
        ExitCode::from(u8::from(failed > 0))
    }
}
