use super::*;
use std::collections::BTreeSet;

#[test]
fn every_code_has_its_own_kebab_name_and_comes_back_from_it() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
        assert_eq!(Code::from_name(code.name()), Some(*code));
        assert!(code.text().ends_with('.'), "{code}");
        assert!((200..600).contains(&code.status()), "{code}");
    }
    assert_eq!(Code::from_name("no-such-code"), None);
}

#[test]
fn a_till_hears_only_the_short_list() {
    let heard: BTreeSet<_> = Code::ALL.iter().map(|code| code.for_till().name()).collect();
    let list = [
        "amount-over",
        "approved",
        "declined",
        "idempotency-mismatch",
        "reversal-too-late",
        "till-blocked",
        "token-expired",
        "token-used",
        "try-again",
    ];
    assert_eq!(heard, BTreeSet::from(list));
    for code in Code::ALL {
        assert_eq!(code.for_till().audience(), Audience::Till, "{code}");
    }
}
