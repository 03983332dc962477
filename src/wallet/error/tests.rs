use super::*;
use crate::wire::money::Amount;

#[test]
fn every_lower_error_has_its_code() {
    let store = [
        (StoreError::Gone, Code::KeyLost),
        (StoreError::Corrupt, Code::StorageCorrupt),
        (StoreError::Full, Code::StorageFull),
        (StoreError::Unsupported, Code::Unsupported),
        (StoreError::Failed, Code::StorageFailed),
        (StoreError::NoAnswer, Code::PlatformSilent),
    ];
    for (error, code) in store {
        assert_eq!(Error::from(error).code, code);
    }
    assert_eq!(Error::from(KeyError::Lost).code, Code::KeyLost);
    assert_eq!(Error::from(KeyError::Unsupported).code, Code::Unsupported);
    assert_eq!(Error::from(KeyError::Failed).code, Code::StorageFailed);
    assert_eq!(Error::from(KeyError::NoAnswer).code, Code::PlatformSilent);
    assert_eq!(Error::from(NotLocked::NoAnswer).code, Code::PlatformSilent);
    assert_eq!(Error::from(NotLocked::Unsupported).code, Code::Unsupported);
    assert_eq!(Error::from(NoEntropy).code, Code::NoEntropy);
    let unreachable = [
        (Unreachable::Offline, Code::Offline, Confidence::Certain),
        (Unreachable::Silent, Code::IssuerUnreachable, Confidence::Likely),
        (Unreachable::Forbidden, Code::ConnectBlocked, Confidence::Certain),
        (Unreachable::Unlisted, Code::WrongOrigin, Confidence::Likely),
    ];
    for (why, code, confidence) in unreachable {
        assert_eq!(Error::from(why), Error::new(code).with_confidence(confidence));
    }
    assert_eq!(Error::from(Broken::Gap).code, Code::ChainGap);
    assert_eq!(Error::from(Broken::Fork).code, Code::ChainFork);
}

#[test]
fn a_problem_keeps_its_figures() {
    let problem = Problem {
        until: Some(5),
        left: Some(Amount::of(30)),
        resets_at: Some(7),
        retry_after: Some(2),
        ..Problem::new(Code::OverLimit)
    };
    let error = Error::from_problem(&problem, Some(Currency::JPY));
    assert_eq!(error.code, Code::OverLimit);
    assert_eq!(error.details.as_ref().unwrap().until, Some(5_000));
    assert_eq!(error.details.as_ref().unwrap().left, Some(Money { amount: Amount::of(30), currency: Currency::JPY }));
    assert_eq!(error.details.as_ref().unwrap().resets_at, Some(7_000));
    assert_eq!(error.details.as_ref().unwrap().retry_after_ms, Some(2_000));
}

#[test]
fn a_code_of_a_later_version_is_issuer_refused() {
    let problem = Problem { code: "brand-new".into(), ..Problem::new(Code::Locked) };
    assert_eq!(Error::from_problem(&problem, None).code, Code::IssuerRefused);
}

#[test]
fn what_ran_out_of_time_or_failed_on_the_road_is_no_refusal() {
    let of_the_road = |status: u16, code: Code| Error::from_problem(&Problem { status, ..Problem::new(code) }, None);
    // The issuer itself says `timed-out` of its own limit, and no prompt ran out here.
    for late in [Problem::new(Code::TimedOut), Problem { code: "brand-new".into(), ..Problem::new(Code::TimedOut) }] {
        let error = Error::from_problem(&late, None);
        assert_eq!((error.code, error.confidence), (Code::IssuerBusy, Confidence::Likely), "{}", late.code);
    }
    for status in [500, 502, 503, 504, 599] {
        let error =
            Error::from_problem(&Problem { status, code: "upstream".into(), ..Problem::new(Code::Locked) }, None);
        assert_eq!((error.code, error.confidence), (Code::IssuerUnavailable, Confidence::Likely), "{status}");
        assert_eq!(of_the_road(status, Code::OverLimit).code, Code::OverLimit);
    }
    assert_eq!(of_the_road(403, Code::KeyLost).code, Code::IssuerRefused);
}
