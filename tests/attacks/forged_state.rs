//! Changing what a sync answers about devices, cards, counters and limits, on the way: the signature stays what it was.

use jitsuin::wallet::ports::Response;
use jitsuin::wire::cbor::{Reader, Writer};
use jitsuin::wire::id::{from_base64, to_base64};
use jitsuin::wire::sign1::encode;
use jitsuin::wire::state::DeviceState;
use jitsuin::wire::{Field as _, Statement as _};
use serde_json::Value as Json;

/// Changes the state in a sync's answer.
pub fn lie_in_state(path: &str, response: Response, lie: impl FnOnce(&mut DeviceState)) -> Response {
    if path != "/v1/sync" || response.status != 200 {
        return response;
    }
    let mut answer: Json = serde_json::from_slice(&response.body).unwrap();
    let (mut state, protected, signature) = parts(&answer);
    lie(&mut state);
    let mut to = Writer::new();
    to.tag(18);
    to.array(4);
    to.bytes(&protected);
    to.map(0);
    to.bytes(&encode(&state));
    to.bytes(&signature);
    answer["state"] = to_base64(&to.into_bytes()).into();
    Response { body: serde_json::to_vec(&answer).unwrap(), ..response }
}

/// The state in a sync's answer, its protected header and its signature.
pub fn parts(answer: &Json) -> (DeviceState, Vec<u8>, Vec<u8>) {
    let signed = from_base64(answer["state"].as_str().unwrap()).unwrap();
    let mut from = Reader::up_to(DeviceState::MOST_BYTES, &signed).unwrap();
    assert_eq!((from.tag(), from.array()), (Ok(18), Ok(4)));
    let protected = from.bytes().unwrap();
    from.map().unwrap().end().unwrap();
    let (payload, signature) = (from.bytes().unwrap(), from.bytes().unwrap());
    let mut state = DeviceState::blank();
    state.read(&mut Reader::up_to(DeviceState::MOST_BYTES, payload).unwrap()).unwrap();
    (state, protected.to_vec(), signature.to_vec())
}
