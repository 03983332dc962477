//! What every ledger promises, of the memory ledger and of SQLite; `postgres.rs` runs the same list.
#![cfg(all(feature = "issuer", feature = "wallet", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/promises.rs"]
mod promises;

use jitsuin::issuer::ledger::MemoryLedger;

macro_rules! for_each_ledger {
    ($($name:ident)*) => {
        mod memory {
            $(#[test]
            fn $name() {
                super::promises::run(super::promises::$name(super::MemoryLedger::new(super::promises::clock())));
            })*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[test]
            fn $name() {
                super::file::with(stringify!($name), async |file| {
                    super::promises::$name(super::file::open(&file).await).await;
                });
            })*
        }
    };
}
promises!(for_each_ledger);

#[cfg(feature = "sqlite")]
mod file {
    use super::promises::{self, Caller, clock, links, nonce, run, said};
    use jitsuin::issuer::account::KeyEntry;
    use jitsuin::issuer::demo;
    use jitsuin::issuer::ledger::{Kind, Ledger as _, LedgerError, Needs, Opening, SqliteLedger};
    use jitsuin::wire::calls::{EnrolTill, WhichTill};
    use sqlx::Connection;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    pub(super) async fn open(file: &Path) -> SqliteLedger {
        SqliteLedger::open_with(file, Opening::Either, clock()).await.unwrap()
    }

    /// Runs a test with a file of its own.
    pub(super) fn with(name: &str, test: impl AsyncFnOnce(PathBuf)) {
        let folder = std::env::temp_dir().join(format!("jitsuin-ledger-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        run(test(folder.join("ledger.sqlite")));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_reopened_file_has_everything() {
        with("reopened", async |file| {
            let issuer = promises::open(open(&file).await).await;
            let seeded = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
            let (set, inbox) = (issuer.keys().set().clone(), issuer.inbox(0).await.unwrap());
            let caller = Caller::new(1);
            let nonce = nonce(&issuer, &caller).await;
            let request = caller.request(&EnrolTill { code: seeded.till_codes[0].1.clone() }, 1, &nonce);
            assert_eq!(said(&issuer, request.clone()).await, "ok");
            issuer.ledger().close().await;

            let issuer = promises::open(open(&file).await).await;
            assert_eq!(*issuer.keys().set(), set);
            assert_eq!(issuer.inbox(0).await.unwrap(), inbox);
            assert!(demo::seed(&issuer, &demo::Plan::default()).await.unwrap().accounts.is_empty());
            // The nonce is still a live one, the proof still used, the key still the till's.
            assert_eq!(said(&issuer, request).await, "proof-replayed");
            assert_eq!(said(&issuer, caller.request(&WhichTill {}, 2, &nonce)).await, "ok");
            let keys = issuer.ledger().keys(Kind::Keys).await.unwrap();
            let needs = Needs::new().and(Kind::Keys, &keys[0]);
            let entry = issuer.ledger().transact(needs, |records| records.keys.get(&keys[0]).cloned()).await.unwrap();
            assert_eq!(entry, Some(KeyEntry::Till { till: seeded.till_codes[0].0.clone() }));
            issuer.audit().await.unwrap();
        });
    }

    #[test]
    fn one_call_has_one_effect_at_two_processes_over_one_file() {
        with("two", async |file| {
            let first = promises::open(open(&file).await).await;
            let second = promises::open(open(&file).await).await;
            promises::one_call_at_all(&[Arc::new(first), Arc::new(second)]).await;
        });
    }

    #[test]
    fn a_rotation_at_one_process_is_met_by_the_next_call_of_another() {
        with("rotated", async |file| {
            let first = promises::open(open(&file).await).await;
            let second = promises::open(open(&file).await).await;
            promises::a_rotation_at_one_is_met_by_the_next_call_of_another(Arc::new(first), Arc::new(second)).await;
        });
    }

    #[test]
    fn a_process_that_opens_while_keys_are_rotated_makes_none_of_its_own() {
        with("opening", async |file| {
            let issuer = Arc::new(promises::open(open(&file).await).await);
            let root = issuer.keys().set().root;
            let opening: Vec<_> = (0..40)
                .map(|_| {
                    let file = file.clone();
                    tokio::spawn(async move { promises::open(open(&file).await).await.keys().set().root })
                })
                .collect();
            for _ in 0..7 {
                issuer.rotate_keys().await.unwrap();
            }
            for opened in opening {
                assert_eq!(opened.await.unwrap(), root);
            }
            assert_eq!(issuer.ledger().keys(Kind::IssuerKeys).await.unwrap().len(), 1);
        });
    }

    #[test]
    fn entries_and_receipts_are_never_changed_or_deleted() {
        with("final", async |file| {
            let issuer = promises::open(open(&file).await).await;
            demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
            let mut raw = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            // SQLite's triggers look at rows.
            let row = "INSERT INTO evidence (account, seq, until, body) VALUES ('a', 1, 1, '{}')";
            sqlx::raw_sql(row).execute(&mut raw).await.unwrap();
            for statement in [
                "UPDATE entries SET amount = 1",
                "DELETE FROM entries",
                "UPDATE receipts SET seq = 9",
                "UPDATE receipts SET receipt = x'00'",
                "DELETE FROM receipts",
                "UPDATE receipts SET link = x'00'",
                "UPDATE evidence SET body = ''",
                "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ('m', 'cards', 'a', 0, 392, 1)",
                "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ('m', 'none', 'a', 1, 392, 1)",
            ] {
                assert!(sqlx::raw_sql(statement).execute(&mut raw).await.is_err(), "{statement}");
            }
            // A body may be erased, and evidence deleted.
            for statement in ["UPDATE receipts SET body = x''", "DELETE FROM evidence"] {
                assert!(sqlx::raw_sql(statement).execute(&mut raw).await.is_ok(), "{statement}");
            }
            // Half a movement written behind the ledger's back is found.
            let half = "INSERT INTO entries (movement, book, account, amount, currency, at) VALUES ('m', 'cards', 'a', 1, 392, 1)";
            sqlx::raw_sql(half).execute(&mut raw).await.unwrap();
            assert!(issuer.audit().await.is_err());
        });
    }

    #[test]
    fn receipts_of_an_earlier_version_get_their_links() {
        with("links", async |file| {
            let (issuer, accounts) = links::seeded(open(&file).await).await;
            issuer.ledger().close().await;
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
            let mut raw = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            let earlier = "DROP TRIGGER links_are_final; DROP INDEX receipts_link; ALTER TABLE receipts DROP COLUMN link; \
                           DROP TABLE warnings; PRAGMA user_version = 6";
            sqlx::raw_sql(earlier).execute(&mut raw).await.unwrap();
            raw.close().await.unwrap();
            links::all_are_found(&open(&file).await, &accounts).await;
        });
    }

    #[test]
    fn a_file_of_a_later_version_is_left_alone() {
        with("later", async |file| {
            open(&file).await.close().await;
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
            let mut raw = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut raw).await.unwrap();
            raw.close().await.unwrap();
            let opened = SqliteLedger::open_with(&file, Opening::Existing, clock()).await;
            assert_eq!(opened.err(), Some(LedgerError::LaterVersion));
            assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        });
    }
}
