//! Where the ledger's file is, as the library says it: `examples/issuer/tests/place.rs` asks the same of the built program.
#![cfg(all(feature = "sqlite", feature = "wallet", unix, not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

use jitsuin::code::Code;
use jitsuin::issuer::account::CredentialEntry;
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{
    Clock, Kind, Ledger, LedgerError, Needs, Opening, Part, PlaceError, Records, SqliteLedger,
};
use jitsuin::issuer::{Issuer, Refused, Settings, demo};
use jitsuin::wire::id::{Bytes, CredentialId, Thumbprint};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NOW_MS: u64 = 1_790_000_000_000;
const URL: &str = "http://localhost:8787";

fn with(name: &str, test: impl AsyncFnOnce(PathBuf)) {
    let folder = std::env::temp_dir().join(format!("jitsuin-place-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(folder.join("ledger.sqlite")));
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn opened(file: &Path, opening: Opening) -> Result<SqliteLedger, LedgerError> {
    SqliteLedger::open_with(file, opening, Clock::movable(NOW_MS)).await
}

async fn issuer(
    ledger: SqliteLedger,
    url: &str,
) -> Result<Issuer<SqliteLedger, DemoProcessor>, jitsuin::issuer::Refused> {
    Issuer::open(ledger, DemoProcessor::new(), Settings::new(url, &[url]).unwrap()).await
}

/// What is wrong with the place, by a result; none, if nothing is.
fn place<T>(result: Result<T, LedgerError>) -> Option<PlaceError> {
    match result {
        Ok(_) => None,
        Err(LedgerError::Place(error)) => Some(error),
        Err(other) => panic!("{other}: {:?}", std::error::Error::source(&other).map(ToString::to_string)),
    }
}

fn moved(file: &Path) -> PathBuf {
    file.with_extension("away")
}

/// Takes the record away that an issuer begins with: a change that is easy to see.
async fn erased(ledger: &SqliteLedger, meanwhile: impl Fn() + Send + Sync) -> Result<(), LedgerError> {
    let needs = Needs::new().and(Kind::IssuerKeys, "current");
    let rule = |records: &mut jitsuin::issuer::ledger::Records| {
        records.issuer_keys.take("current");
        meanwhile();
    };
    ledger.transact(needs, rule).await
}

#[test]
fn what_was_decided_while_the_file_went_away_does_not_count_as_done() {
    with("moment", async |file| {
        let issuer = issuer(opened(&file, Opening::New).await.unwrap(), URL).await.unwrap();
        let ledger = issuer.ledger();
        let away = moved(&file);
        let gone = erased(ledger, || std::fs::rename(&file, &away).unwrap()).await;
        assert_eq!(place(gone), Some(PlaceError::Gone));
        std::fs::rename(&away, &file).unwrap();
        let replaced = erased(ledger, || {
            std::fs::rename(&file, &away).unwrap();
            std::fs::copy(&away, &file).unwrap();
        });
        assert_eq!(place(replaced.await), Some(PlaceError::Replaced));
        assert_eq!(place(ledger.keys(Kind::Accounts).await), Some(PlaceError::Replaced));
        std::fs::rename(&away, &file).unwrap();
        assert!(ledger.keys(Kind::Accounts).await.unwrap().is_empty());
    });
}

#[test]
fn what_was_decided_while_the_log_went_away_does_not_count_as_done() {
    for part in [Part::Log, Part::Index] {
        with("log", async |file| {
            let issuer = issuer(opened(&file, Opening::New).await.unwrap(), URL).await.unwrap();
            let ledger = issuer.ledger();
            let log = PathBuf::from(format!("{}{}", file.display(), part.ending()));
            let gone = erased(ledger, || std::fs::remove_file(&log).unwrap()).await;
            assert_eq!(place(gone), Some(PlaceError::PartGone(part)));
            assert_eq!(place(ledger.keys(Kind::Accounts).await), Some(PlaceError::PartGone(part)));
        });
    }
}

#[test]
fn a_log_that_a_new_connection_makes_is_not_taken_for_the_first_one() {
    for part in [Part::Log, Part::Index] {
        with("new-log", async |file| {
            let ledger = Arc::new(opened(&file, Opening::New).await.unwrap());
            let issuer = issuer(opened(&file, Opening::New).await.unwrap(), URL).await.unwrap();
            std::fs::remove_file(format!("{}{}", file.display(), part.ending())).unwrap();
            // Whoever opens the file now makes another.
            let _ = opened(&file, Opening::Existing).await;
            let calls: Vec<_> = (0..8)
                .map(|_| {
                    let ledger = Arc::clone(&ledger);
                    tokio::spawn(async move { place(ledger.keys(Kind::Accounts).await) })
                })
                .collect();
            for call in calls {
                assert_eq!(call.await.unwrap(), Some(PlaceError::PartGone(part)));
            }
            assert_eq!(place(erased(issuer.ledger(), || ()).await), Some(PlaceError::PartGone(part)));
        });
    }
}

#[test]
fn every_call_misses_a_file_that_is_gone() {
    with("each", async |file| {
        let ledger = opened(&file, Opening::New).await.unwrap();
        std::fs::rename(&file, moved(&file)).unwrap();
        let account = "acc-1".parse().unwrap();
        let gone = Some(PlaceError::Gone);
        assert_eq!(place(erased(&ledger, || panic!("a rule over a file that is gone")).await), gone);
        assert_eq!(place(ledger.receipts(&account, 0, 1).await), gone);
        assert_eq!(place(ledger.is_link(&account, jitsuin::wire::id::Hash::ZERO).await), gone);
        assert_eq!(place(ledger.evidence(&account).await), gone);
        assert_eq!(place(ledger.ended_evidence(1).await), gone);
        assert_eq!(place(ledger.keys(Kind::Accounts).await), gone);
        assert_eq!(place(ledger.entries().await), gone);
        assert_eq!(place(ledger.messages(0).await), gone);
        assert_eq!(place(ledger.tidy(1).await), gone);
    });
}

#[test]
fn keys_are_made_only_in_a_ledger_that_was_to_be_new() {
    with("keys", async |file| {
        opened(&file, Opening::New).await.unwrap().close().await;
        let refused = issuer(opened(&file, Opening::Existing).await.unwrap(), URL).await.err().unwrap();
        assert_eq!(refused.code, Code::IssuerUnavailable);
        assert_eq!(refused.cause.unwrap().in_full(), "it has no issuer's keys");
        // Tables without an issuer are no ledger that could be lost.
        let made = issuer(opened(&file, Opening::New).await.unwrap(), URL).await.unwrap();
        let root = made.keys().set().root;
        assert_eq!(place(opened(&file, Opening::New).await), Some(PlaceError::Exists));
        for opening in [Opening::Existing, Opening::Either] {
            assert_eq!(issuer(opened(&file, opening).await.unwrap(), URL).await.unwrap().keys().set().root, root);
        }
        let other = issuer(opened(&file, Opening::Either).await.unwrap(), "http://localhost:1").await.err().unwrap();
        let cause = other.cause.unwrap().in_full();
        assert_eq!(
            cause,
            "it is the ledger of http://localhost:8787 and not of http://localhost:1: an issuer keeps its public URL"
        );
    });
}

#[test]
fn accounts_without_keys_are_a_ledger_that_is_there() {
    with("accounts", async |file| {
        let issuer = issuer(opened(&file, Opening::New).await.unwrap(), URL).await.unwrap();
        demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
        erased(issuer.ledger(), || ()).await.unwrap();
        assert_eq!(place(opened(&file, Opening::New).await), Some(PlaceError::Exists));
    });
}

#[test]
fn those_who_create_at_once_make_one_issuer() {
    with("at-once", async |file| {
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let file = file.clone();
                tokio::spawn(async move {
                    match opened(&file, Opening::New).await {
                        Ok(ledger) => issuer(ledger, URL).await.map(|made| Some(made.keys().set().root)).unwrap(),
                        Err(error) => {
                            assert_eq!(place::<()>(Err(error)), Some(PlaceError::Exists));
                            None
                        }
                    }
                })
            })
            .collect();
        let mut roots = Vec::new();
        for task in tasks {
            roots.extend(task.await.unwrap());
        }
        roots.dedup();
        assert_eq!(roots.len(), 1);
        assert_eq!(
            issuer(opened(&file, Opening::Existing).await.unwrap(), URL).await.unwrap().keys().set().root,
            roots[0]
        );
    });
}

#[test]
fn a_file_with_two_names_is_refused() {
    with("names", async |file| {
        opened(&file, Opening::New).await.unwrap().close().await;
        let other = file.with_extension("other");
        std::fs::hard_link(&file, &other).unwrap();
        for name in [&file, &other] {
            assert_eq!(place(opened(name, Opening::Existing).await), Some(PlaceError::TwoNames));
        }
        std::fs::remove_file(&other).unwrap();
        assert!(opened(&file, Opening::Existing).await.is_ok());
    });
}

#[test]
fn pages_that_are_damaged_while_it_is_open_are_called_so() {
    with("pages", async |file| {
        opened(&file, Opening::New).await.unwrap().close().await;
        let ledger = opened(&file, Opening::Existing).await.unwrap();
        // All but the first page, of a file whose log is empty.
        let pages = std::fs::metadata(&file).unwrap().len() - 4096;
        let mut writer = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
        writer.seek(SeekFrom::Start(4096)).unwrap();
        writer.write_all(&vec![0xff; usize::try_from(pages).unwrap()]).unwrap();
        let failed = ledger.entries().await.unwrap_err();
        let LedgerError::Unavailable(_, cause) = &failed else { panic!("{failed}") };
        let said = cause.in_full();
        assert!(said.contains("malformed") && said.ends_with("restore the ledger from a backup"), "{said}");
    });
}

/// An issuer at its start, whose first page is on this host.
async fn of_host(file: &Path, opening: Opening, host: &str) -> Result<Issuer<SqliteLedger, DemoProcessor>, Refused> {
    let settings = Settings::new(URL, &[&format!("https://{host}"), "https://wallet.example"]).unwrap();
    let issuer = Issuer::open(opened(file, opening).await.unwrap(), DemoProcessor::new(), settings).await?;
    issuer.keep_rp_id().await?;
    Ok(issuer)
}

async fn with_passkey(ledger: &SqliteLedger) {
    let passkey = CredentialId::try_from(Bytes(vec![7; 16])).unwrap();
    let rule = |records: &mut Records| {
        let account = "acc-1".parse().unwrap();
        records.credentials.put(&passkey, CredentialEntry { account, thumb: Thumbprint([7; 32]) });
    };
    ledger.transact(Needs::new().and(Kind::Credentials, &passkey), rule).await.unwrap();
}

#[test]
fn an_issuer_with_passkeys_keeps_their_host() {
    with("host", async |file| {
        let issuer = of_host(&file, Opening::New, "mistyped.example").await.unwrap();
        // Nobody has a passkey yet.
        issuer.ledger().close().await;
        let issuer = of_host(&file, Opening::Existing, "wallet.example").await.unwrap();
        with_passkey(issuer.ledger()).await;
        for _ in 0..2 {
            let refused = of_host(&file, Opening::Existing, "other.example").await.err().unwrap();
            assert_eq!(
                refused.cause.unwrap().in_full(),
                "its passkeys are of wallet.example and not of other.example: name an origin of that host first"
            );
            of_host(&file, Opening::Existing, "wallet.example").await.unwrap();
            // New keys are the same issuer's.
            issuer.rotate_keys().await.unwrap();
        }
    });
}

#[test]
fn passkeys_of_before_are_not_said_to_be_of_the_next_host() {
    with("before", async |file| {
        let issuer = issuer(opened(&file, Opening::New).await.unwrap(), URL).await.unwrap();
        with_passkey(issuer.ledger()).await;
        // Nobody knows whose they are, and the first start may have been the mistaken one.
        for host in ["other.example", "wallet.example"] {
            of_host(&file, Opening::Existing, host).await.unwrap();
        }
    });
}
