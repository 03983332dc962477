//! Changing what a sync answers about devices, cards, counters and limits, on the way.

use jitsuin::wallet::ports::Response;
use serde_json::Value as Json;

/// Changes the state in a sync's answer.
pub fn lie_in_state(path: &str, response: Response, lie: impl FnOnce(&mut Json)) -> Response {
    if path != "/v1/sync" || response.status != 200 {
        return response;
    }
    let mut answer: Json = serde_json::from_slice(&response.body).unwrap();
    lie(&mut answer);
    Response { body: serde_json::to_vec(&answer).unwrap(), ..response }
}
