#![allow(clippy::unwrap_used)]

use super::*;
use crate::wire::calls::{ProveCard, SignOff, Sync, WhichTill};

const ID: CallId = CallId([7; 16]);
const MEMBER_TEXT: &str = r#""call":"BwcHBwcHBwcHBwcHBwcHBw""#;

#[test]
fn a_call_that_changes_something_is_written_and_read_with_its_name() {
    let card = body(&ProveCard { source: "card-1".parse().unwrap() }, ByCall(ID));
    assert_eq!(card, format!("{{\"source\":\"card-1\",{MEMBER_TEXT}}}").into_bytes());
    let (call, ByCall(id)) = read_body::<ProveCard>(&card).unwrap();
    assert_eq!((call.source.as_str(), id), ("card-1", ID));
    let bare = body(&SignOff {}, ByCall(ID));
    assert_eq!(bare, format!("{{{MEMBER_TEXT}}}").into_bytes());
    assert!(read_body::<SignOff>(&bare).is_ok());
}

#[test]
fn a_name_that_lacks_is_short_doubled_or_not_asked_for_is_refused() {
    for text in ["{}", r#"{"call":""}"#, r#"{"call":"BwcH"}"#, r#"{"call":null}"#, r#"{"call":7}"#, "[]", "null"] {
        assert!(read_body::<SignOff>(text.as_bytes()).is_err(), "{text}");
    }
    assert!(read_body::<SignOff>(format!("{{{MEMBER_TEXT},{MEMBER_TEXT}}}").as_bytes()).is_err());
    assert!(read_body::<WhichTill>(b"{}").is_ok());
    assert!(read_body::<WhichTill>(format!("{{{MEMBER_TEXT}}}").as_bytes()).is_err());
    assert_eq!(<<Sync as Call>::Name as Named>::EFFECT, Effect::Reads);
}
