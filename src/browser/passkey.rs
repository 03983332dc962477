//! WebAuthn over `navigator.credentials`. Every call settles by its own deadline, one runs at a time, and extension
//! results are never read into what is sent. What a passkey derives comes as a key that can't be read.

use super::tasks::{Outcome, Promise};
use super::web_crypto::PasskeySecret;
use crate::wallet::ports::{Answer as Given, Authenticator, CreationOptions, Ended, RequestOptions};
use crate::wire::id::{Bytes, CredentialId, to_base64};
use crate::wire::webauthn::{Assertion, AssertionResponse, NoExtensions, Registration};
use core::time::Duration;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

#[wasm_bindgen(raw_module = "./browser/passkey.js")]
extern "C" {
    type Prompts;
    #[wasm_bindgen(constructor)]
    fn new() -> Prompts;
    #[wasm_bindgen(method)]
    fn create(
        this: &Prompts,
        rp_id: &str,
        rp_name: &str,
        user_handle: &[u8],
        label: &str,
        challenge: &[u8],
        exclude: &Ids,
        prf: Option<&[u8]>,
        deadline: f64,
    ) -> Promise;
    #[wasm_bindgen(method)]
    fn get(
        this: &Prompts,
        rp_id: &str,
        challenge: &[u8],
        credentials: &Ids,
        prf: Option<&[u8]>,
        deadline: f64,
    ) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Prompts);

    /// Credential ids.
    type Ids;
    #[wasm_bindgen(constructor)]
    fn new() -> Ids;
    #[wasm_bindgen(method)]
    fn add(this: &Ids, id: &[u8]);

    /// A credential.
    type Answer;
    /// A part by its name in the credential.
    #[wasm_bindgen(method)]
    fn bytes(this: &Answer, name: &str) -> Option<Vec<u8>>;
    #[wasm_bindgen(method, getter)]
    fn secret(this: &Answer) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn derives(this: &Answer) -> bool;

    /// How a call ended without a result; see [`Ended`].
    #[wasm_bindgen(js_name = Ended)]
    type Facts;
    #[wasm_bindgen(method, getter)]
    fn elapsed(this: &Facts) -> f64;
    #[wasm_bindgen(method, getter)]
    fn late(this: &Facts) -> bool;
    #[wasm_bindgen(method, getter)]
    fn ours(this: &Facts) -> bool;
    #[wasm_bindgen(method, getter)]
    fn focused(this: &Facts) -> bool;
    #[wasm_bindgen(method, getter)]
    fn tapped(this: &Facts) -> bool;
}

/// `navigator.credentials`.
pub struct Passkeys(Prompts);

impl Default for Passkeys {
    fn default() -> Self {
        Self(Prompts::new())
    }
}

impl core::fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Passkeys")
    }
}

impl Drop for Passkeys {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Authenticator for Passkeys {
    type Secret = PasskeySecret;

    fn create(&self, options: &CreationOptions<'_>) -> impl Future<Output = Result<(Box<Registration>, bool), Ended>> {
        let asked = self.0.create(
            options.rp_id.as_str(),
            options.rp_name,
            &options.user_handle.0,
            options.account_label,
            &options.challenge.0,
            &ids(options.exclude),
            options.prf.map(<[u8; 32]>::as_slice),
            milliseconds(options.deadline),
        );
        Outcome::of(asked, |outcome| {
            let answer = answer(outcome)?;
            let parts = (answer.part("clientDataJSON"), answer.part("attestationObject"));
            let registration = Registration::from_parts(parts.0, parts.1).map_err(|_| unreadable())?;
            Ok((Box::new(registration), answer.derives()))
        })
    }

    fn get(&self, options: &RequestOptions<'_>) -> impl Future<Output = Result<Given<PasskeySecret>, Ended>> {
        let asked = self.0.get(
            options.rp_id.as_str(),
            &options.challenge.0,
            &ids(options.credentials),
            options.prf.map(<[u8; 32]>::as_slice),
            milliseconds(options.deadline),
        );
        Outcome::of(asked, |outcome| {
            let answer = answer(outcome)?;
            let raw_id = CredentialId::try_from(answer.part("rawId")).map_err(|_| unreadable())?;
            let assertion = Assertion {
                id: to_base64(&raw_id.0),
                raw_id,
                kind: "public-key".into(),
                response: AssertionResponse {
                    client_data: answer.part("clientDataJSON"),
                    authenticator_data: answer.part("authenticatorData"),
                    signature: answer.part("signature"),
                    user_handle: answer.bytes("userHandle").map(Bytes),
                },
                client_extension_results: NoExtensions {},
            };
            let secret = answer.secret();
            Ok(Box::new((assertion, (!secret.is_undefined()).then_some(PasskeySecret(secret)))))
        })
    }

    fn abort(&self) {
        self.0.abort();
    }
}

impl Answer {
    /// A part that every credential has.
    fn part(&self, name: &str) -> Bytes {
        Bytes(self.bytes(name).unwrap_or_default())
    }
}

/// An answer that can't be read counts as a platform that failed.
fn unreadable() -> Ended {
    Ended {
        name: "DataError".into(),
        elapsed: Duration::ZERO,
        deadline_passed: false,
        aborted_by_us: false,
        focused: true,
        tapped: true,
    }
}

fn answer(outcome: &Outcome) -> Result<Answer, Ended> {
    if outcome.is_fulfilled() {
        return Ok(outcome.value().unchecked_into());
    }
    let facts: Facts = outcome.value().unchecked_into();
    Err(Ended {
        name: outcome.word(),
        elapsed: Duration::from_micros((facts.elapsed() * 1000.0) as u64),
        deadline_passed: facts.late(),
        aborted_by_us: facts.ours(),
        focused: facts.focused(),
        tapped: facts.tapped(),
    })
}

fn ids(credentials: &[CredentialId]) -> Ids {
    let ids = Ids::new();
    for id in credentials {
        ids.add(&id.0);
    }
    ids
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
