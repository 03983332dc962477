use super::*;
use crate::wallet::memory::{MemoryEntropy, SoftKey};
use crate::wallet::ports::SigningKey;
use crate::wire::allowance::{Offline, Tier};
use crate::wire::id::{Hash, Veil};
use crate::wire::state::Left;

fn data() -> Data {
    let entropy = MemoryEntropy::seeded(7);
    let key = |_| *SoftKey::make(&entropy).unwrap().0.public();
    *Data::new("https://issuer.example".parse().unwrap(), key(1), key(2), Custody::Software)
}

fn terms() -> Terms {
    Terms {
        handle: Handle([1; 8]),
        veil: Veil([2; 16]),
        per_payment: Amount::of(10),
        count: 1,
        total: Amount::of(10),
        offline: Offline { per_payment: Amount::of(1), count: 1, total: Amount::of(1) },
        currency: Currency::JPY,
        until: 9,
        cooled_at: 0,
        tier: Tier::Browser,
        since: 1,
    }
}

fn made(atc: u32, at: u64) -> Made {
    Made { atc, random: [1, 2, 3, 4], at, most: Amount::of(5), spent: None, named: false }
}

#[test]
fn comes_back_as_it_was_written() {
    let mut data = data();
    data.allowance = Some(terms());
    data.remember(made(1, 5));
    data.link = Link { seq: 3, hash: Hash([9; 32]) };
    data.left = Some(LeftThen { left: Left { amount: Amount::of(3), count: 2, resets_at: 8 }, as_of: 4 });
    assert_eq!(Data::from_bytes(&data.to_bytes()), Ok(Box::new(data)));
}

#[test]
fn what_is_no_record_is_corrupt_and_what_is_newer_is_kept() {
    for bytes in [b"".as_slice(), b"{}", b"null", b"{\"version\":1}", b"{\"version\":0}", b"\xff\xfe"] {
        assert_eq!(Data::from_bytes(bytes), Err(Unreadable::Corrupt));
    }
    assert_eq!(Data::from_bytes(b"{\"version\":4,\"more\":[]}"), Err(Unreadable::Newer));
}

#[test]
fn every_truncation_is_corrupt() {
    let bytes = data().to_bytes();
    for length in 0..bytes.len() {
        assert_eq!(Data::from_bytes(&bytes[..length]), Err(Unreadable::Corrupt), "{length}");
    }
}

#[test]
fn shows_no_secret() {
    let mut data = data();
    data.allowance = Some(terms());
    let shown = format!("{data:?}");
    assert!(shown.contains("(secret)"));
    assert!(!shown.contains("[2, 2, 2") && !shown.contains("AgICAgIC"));
    let record = crate::wallet::ports::Record { device: (), channel: (), next: None, data: data.to_bytes() };
    assert_eq!(format!("{record:?}"), "Record(secret)");
}

#[test]
fn settled_tokens_are_forgotten_and_a_later_debit_of_one_is_unknown() {
    let mut data = data();
    let day = 24 * 3_600_000;
    data.remember(made(1, 1_000));
    data.remember(made(2, 2_000));
    data.remember(made(3, 2_000 + day));
    data.forget_settled(2_001 + day);
    assert_eq!(data.forgotten, 0, "a burnt counter is not known to be made here");
    assert_eq!(data.made.len(), 1);
}

#[test]
fn an_alert_is_kept_once() {
    let mut data = data();
    let alert = |id: &str| Alert {
        id: id.into(),
        at: 0,
        kind: crate::wallet::state::AlertKind::NewDevice,
        cause: None,
        receipt: None,
        skew_ms: None,
    };
    data.alert(alert("a"));
    data.alert(alert("a"));
    data.alert(alert("b"));
    assert_eq!(data.alerts.len(), 2);
    (0..100).for_each(|index| data.alert(alert(&index.to_string())));
    assert_eq!(data.alerts.len(), ALERTS);
}

/// What a wallet of version 1 stored: custody `browser`, enrolled, one code made.
const VERSION_1: &[u8] = include_bytes!("v1.json");

#[test]
fn a_record_of_version_1_opens_and_is_brought_up_at_the_next_write() {
    let data = Data::from_bytes(VERSION_1).unwrap();
    assert_eq!((data.version, data.custody, data.atc), (3, Custody::Browser, 1));
    assert_eq!(data.account.as_ref().unwrap().label.as_str(), "hanako");
    let text = String::from_utf8(data.to_bytes()).unwrap();
    // What came later is empty in it.
    let added = [
        r#""limit":null,"#,
        r#","rotating":null,"predecessors":[]"#,
        r#","missing":null"#,
        r#","named":false"#,
        r#","counting":"on","froze":false,"past_handles":[]"#,
    ];
    let old = added.iter().fold(text.clone(), |text, added| text.replacen(added, "", 1));
    // What came unsigned is not taken over: the issuer's name, and the sources.
    let kept = String::from_utf8(VERSION_1.to_vec()).unwrap().replacen(r#""rp_name":"Test","#, "", 1);
    let (before, sources) = kept.split_once(r#""sources":["#).unwrap();
    let kept = [before, r#""sources":["#, &sources[sources.find(']').unwrap()..]].concat();
    assert_eq!(old.replacen("\"version\":3", "\"version\":1", 1), kept);
    for version in ["0", "4", "4294967295", "4294967296", "-1", "1.0", "\"1\""] {
        let other = text.replacen("\"version\":3", &["\"version\":", version].concat(), 1);
        let refused = Data::from_bytes(other.as_bytes()).unwrap_err();
        let newer = matches!(version, "4" | "4294967295");
        assert_eq!(refused, if newer { Unreadable::Newer } else { Unreadable::Corrupt }, "{version}");
    }
}
