use super::super::{Part, PlaceError};
use super::sql::{Verdict, is_damage, told, verdict};
use super::*;
use crate::code::Code;
use crate::issuer::Refused;

fn word(code: &str) -> &'static str {
    match verdict(code) {
        Verdict::Slow => "slow",
        Verdict::GivenUp => "given up",
        Verdict::Failed => "failed",
    }
}

#[test]
fn waits_are_told_from_failures_in_both_databases() {
    // SQLite: SQLITE_BUSY and SQLITE_LOCKED with all that extends them.
    for code in ["5", "6", "261", "517", "773", "262"] {
        assert_eq!(word(code), "slow", "{code}");
    }
    // SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_CANTOPEN, SQLITE_NOTADB; none at all.
    for code in ["13", "778", "14", "26", ""] {
        assert_eq!(word(code), "failed", "{code}");
    }
    for (code, expected) in [("55P03", "slow"), ("57014", "slow"), ("40001", "given up"), ("40P01", "given up")] {
        assert_eq!(word(code), expected, "{code}");
    }
    // Numbers with PostgreSQL's five digits are none of SQLite's, whatever their low byte.
    for code in ["53100", "53200", "08006", "57P01", "00005"] {
        assert_eq!(word(code), "failed", "{code}");
    }
}

#[test]
fn a_refusal_keeps_its_cause_for_the_log_and_tells_nothing_of_it() {
    let slow = LedgerError::at(Step::Connect, &sqlx::Error::PoolTimedOut);
    let gone = LedgerError::at(Step::Commit, &sqlx::Error::WorkerCrashed);
    for (error, code, full) in [
        (slow, Code::IssuerBusy, "the ledger took too long to connect: no connection was free in time"),
        (
            gone,
            Code::IssuerUnavailable,
            "the ledger failed to commit: attempted to communicate with a crashed background worker",
        ),
        (
            LedgerError::corrupt("payments"),
            Code::IssuerUnavailable,
            "a record of the ledger is corrupt: a row of payments",
        ),
    ] {
        let refused = Refused::from(error);
        assert_eq!(refused.code, code);
        assert_eq!(refused.cause.as_ref().map(Cause::in_full).as_deref(), Some(full));
        let sent = serde_json::to_string(&refused.to_problem()).unwrap_or_default();
        assert!(!sent.contains("ledger") && !sent.contains("cause"), "{sent}");
        // Whoever is told so is told when to come again.
        assert!(refused.retry_after.is_some() && refused.to_problem().retry_after == refused.retry_after);
    }
    assert!(Refused::new(Code::IssuerUnavailable).retry_after.is_some());
    assert!(Refused::new(Code::NotFound).retry_after.is_none());
}

#[test]
fn a_value_that_can_not_be_decoded_is_not_repeated() {
    let value = || Box::<dyn std::error::Error + Send + Sync>::from("the value is hunter2");
    for error in [sqlx::Error::Decode(value()), sqlx::Error::ColumnDecode { index: "body".into(), source: value() }] {
        assert!(!told(&error).contains("hunter2"));
        let error = LedgerError::at(Step::Read, &error);
        assert!(matches!(error, LedgerError::Corrupt(_)));
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[test]
fn damage_says_what_to_do() {
    // SQLITE_CORRUPT with all that extends it, SQLITE_NOTADB; data_corrupted, index_corrupted.
    for code in ["11", "267", "523", "779", "26", "XX001", "XX002"] {
        assert!(is_damage(code), "{code}");
    }
    for code in ["", "1", "5", "13", "778", "XX000", "00011", "42P01"] {
        assert!(!is_damage(code), "{code}");
    }
}

#[test]
fn a_file_that_is_open_to_others_is_named_with_its_mode() {
    for (part, told) in [
        (Part::Main, "its file has the mode 644"),
        (Part::Log, "the file beside it that ends in -wal has the mode 644"),
        (Part::Index, "the file beside it that ends in -shm has the mode 644"),
        (Part::Journal, "the file beside it that ends in -journal has the mode 644"),
    ] {
        let said = PlaceError::OpenToOthers(part, 0o644).to_string();
        assert!(said.starts_with(told), "{said}");
    }
}
