#![allow(clippy::unwrap_used)]

use super::*;
use crate::wire::calls::{LowerLimit, SignOff, Sync, WhichTill};
use crate::wire::money::Amount;

const ID: CallId = CallId([7; 16]);
const MEMBER_TEXT: &str = r#""call":"BwcHBwcHBwcHBwcHBwcHBw""#;

#[test]
fn a_call_that_changes_something_is_written_and_read_with_its_name() {
    let limit = body(&LowerLimit { new: Amount::of(500) }, ByCall(ID));
    assert_eq!(limit, format!("{{\"new\":\"500\",{MEMBER_TEXT}}}").into_bytes());
    let (call, ByCall(id)) = read_body::<LowerLimit>(&limit).unwrap();
    assert_eq!((call.new, id), (Amount::of(500), ID));
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
