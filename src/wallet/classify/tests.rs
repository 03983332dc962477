use super::*;

fn ended(name: &str, elapsed_ms: u64) -> Ended {
    Ended {
        name: name.into(),
        elapsed: Duration::from_millis(elapsed_ms),
        deadline_passed: false,
        aborted_by_us: false,
        focused: true,
        tapped: true,
    }
}

#[test]
fn names_become_codes_with_their_confidence() {
    use Asked::{Create, Get};
    use Confidence::{Certain, Guess, Likely};
    let table = [
        ("NotAllowedError", 3_000, Get, Code::Cancelled, Likely),
        ("NotAllowedError", 3_000, Create, Code::Cancelled, Likely),
        ("NotAllowedError", 10, Get, Code::NoCredential, Guess),
        ("NotAllowedError", 10, Create, Code::UvFailed, Guess),
        ("OperationError", 10, Get, Code::TapAgain, Guess),
        ("AbortError", 3_000, Get, Code::Cancelled, Likely),
        ("PolicyError", 10, Create, Code::PasskeysBlocked, Likely),
        ("PolicyError", 10, Get, Code::PasskeysBlocked, Likely),
        ("TimeoutError", 3_000, Get, Code::TimedOut, Likely),
        ("SecurityError", 3, Get, Code::WrongOrigin, Certain),
        ("InvalidStateError", 900, Create, Code::CredentialTaken, Certain),
        ("InvalidStateError", 900, Get, Code::NoCredential, Likely),
        ("NotSupportedError", 1, Create, Code::Unsupported, Certain),
        ("ConstraintError", 1, Create, Code::UvFailed, Likely),
        ("SomethingNew", 1, Create, Code::Unsupported, Guess),
    ];
    for (name, elapsed, asked, code, confidence) in table {
        let error = classify(&ended(name, elapsed), asked);
        assert_eq!((error.code, error.confidence), (code, confidence), "{name} {elapsed}");
    }
}

#[test]
fn only_our_own_clock_and_our_own_abort_are_certain() {
    let late = Ended { deadline_passed: true, ..ended("NotAllowedError", 120_000) };
    assert_eq!(classify(&late, Asked::Get), Error::new(Code::TimedOut));
    let ours = Ended { aborted_by_us: true, ..ended("AbortError", 10) };
    assert_eq!(classify(&ours, Asked::Get), Error::new(Code::Cancelled));
    let spent = Ended { tapped: false, ..ended("NotAllowedError", 10) };
    assert_eq!(classify(&spent, Asked::Get), Error::new(Code::TapAgain).with_confidence(Confidence::Likely));
    let behind = Ended { focused: false, ..ended("NotAllowedError", 10) };
    assert_eq!(classify(&behind, Asked::Get).code, Code::NotFocused);
}
