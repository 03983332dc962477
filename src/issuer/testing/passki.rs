//! passki, another WebAuthn library, over the same answers: this crate takes nothing that passki refuses.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use passki::{Passki, StoredPasskey};
use serde_json::{Value, json};

/// The relying party: id and origins.
pub(crate) type Rp<'a> = (&'a str, &'a [&'a str]);

/// Whether passki takes an assertion of this credential: its id, COSE key and algorithm.
pub(crate) fn takes_assertion(
    (rp_id, origins): Rp<'_>,
    challenge: &[u8; 32],
    assertion: &Value,
    (id, key, algorithm): (&[u8], &[u8], i32),
) -> bool {
    let mut stored = StoredPasskey::default();
    stored.credential_id = id.into();
    stored.public_key = key.into();
    stored.algorithm = algorithm;
    let state = json!({ "challenge": challenge, "allowed_credentials": [id], "user_verification": "required" });
    let (state, Ok(assertion)) = (serde_json::from_value(state).unwrap(), serde_json::from_value(assertion.clone()))
    else {
        return false;
    };
    Passki::new(rp_id, origins, "Test").finish_passkey_authentication(&assertion, &state, &stored).is_ok()
}

/// What passki reads of a registration: id, COSE key, algorithm, BE. None, if it refuses it.
pub(crate) fn registered(
    (rp_id, origins): Rp<'_>,
    challenge: &[u8; 32],
    registration: &Value,
) -> Option<(Vec<u8>, Vec<u8>, i32, bool)> {
    let state = json!({
        "challenge": challenge,
        "user": { "id": "", "name": "", "displayName": "" },
        "user_verification": "required",
        "required_cred_protect": null,
    });
    let (state, registration) =
        (serde_json::from_value(state).unwrap(), serde_json::from_value(registration.clone()).ok()?);
    let stored = Passki::new(rp_id, origins, "Test").finish_passkey_registration(&registration, &state).ok()?;
    Some((stored.credential_id, stored.public_key, stored.algorithm, stored.be))
}
