//! WebAuthn over `navigator.credentials`. Every call settles by its own deadline, one runs at a time, and extension
//! results (the PRF output among them) are never read into what is sent.

use super::clock::{BrowserClock, Timer};
use super::page::has_focus;
use super::reflect::{deferred, error_name, first, get, method, object};
use crate::wallet::ports::{Authenticator, Clock as _, CreationOptions, Ended, RequestOptions};
use crate::wire::id::{Bytes, to_base64};
use crate::wire::webauthn::{Assertion, AssertionResponse, NoExtensions, Registration, RegistrationResponse};
use core::cell::RefCell;
use core::time::Duration;
use js_sys::{Array, Function, JsString, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortController;

/// How long an aborted call may take to close its prompt before the next one starts anyway.
const CLOSING: Duration = Duration::from_secs(2);

/// `navigator.credentials`.
#[derive(Debug, Default)]
pub struct Passkeys {
    open: RefCell<Option<Open>>,
}

/// The call that has the prompt.
#[derive(Clone, Debug)]
struct Open {
    controller: AbortController,
    /// Given to the platform as the reason; its identity proves whose abort it was.
    reason: JsValue,
    /// Settles our side at once, whatever the platform does.
    stop: Function,
    settled: Promise,
}

impl Open {
    fn abort(&self) {
        self.controller.abort_with_reason(&self.reason);
        let _ = self.stop.call1(&JsValue::UNDEFINED, &self.reason);
    }
}

impl Passkeys {
    async fn call(&self, verb: &str, public_key: JsValue, deadline: Duration) -> Result<JsValue, Ended> {
        let start = BrowserClock.running();
        let focused = has_focus();
        let ended = |name: &str, deadline_passed, aborted_by_us| Ended {
            name: name.into(),
            elapsed: BrowserClock.running().saturating_sub(start),
            deadline_passed,
            aborted_by_us,
            focused,
        };
        // Nothing is awaited where no call is open: a platform that wants a tap may not count one that lies before an await.
        let before = self.open.borrow_mut().take();
        if let Some(before) = before {
            before.abort();
            let _ = first(&[&before.settled, &Timer::new(CLOSING).rang]).await;
        }
        let credentials =
            web_sys::window().map_or(JsValue::UNDEFINED, |window| get(&window.navigator(), "credentials"));
        let (Some(function), Ok(controller)) = (method(&credentials, verb), AbortController::new()) else {
            return Err(ended("NotSupportedError", false, false));
        };
        let options = object(&[("publicKey", public_key), ("signal", controller.signal().into())]);
        let asked = match function.call1(&credentials, &options) {
            Ok(promise) => Promise::resolve(&promise),
            Err(error) => return Err(ended(&error_name(&error), false, false)),
        };
        let (stopped, stop) = deferred();
        let reason: JsValue = object(&[("name", "AbortError".into())]).into();
        let open = Open { controller, reason: reason.clone(), stop, settled: asked.clone() };
        *self.open.borrow_mut() = Some(open.clone());
        let timer = Timer::new(deadline);
        let result = first(&[&asked, &stopped, &timer.rang]).await;
        self.release(&reason);
        match result {
            Ok(value) if value == reason => Err(ended("AbortError", false, true)),
            Ok(value) if value.is_undefined() => {
                open.controller.abort_with_reason(&reason);
                Err(ended("TimeoutError", true, false))
            }
            Ok(value) if value.is_null() => Err(ended("NotAllowedError", false, false)),
            Ok(value) => Ok(value),
            Err(error) => {
                let late = BrowserClock.running().saturating_sub(start) >= deadline;
                Err(ended(&error_name(&error), late, error == reason))
            }
        }
    }

    /// Forgets the open call if it is still this one.
    fn release(&self, reason: &JsValue) {
        let mut open = self.open.borrow_mut();
        if open.as_ref().is_some_and(|open| open.reason == *reason) {
            *open = None;
        }
    }
}

impl Authenticator for Passkeys {
    async fn create(&self, options: &CreationOptions) -> Result<Registration, Ended> {
        let credential = self.call("create", creation(options), options.deadline).await?;
        registration(&credential).map_err(|_| unreadable())
    }

    async fn get(&self, options: &RequestOptions) -> Result<Assertion, Ended> {
        let credential = self.call("get", request(options), options.deadline).await?;
        assertion(&credential).map_err(|_| unreadable())
    }

    fn abort(&self) {
        let open = self.open.borrow_mut().take();
        if let Some(open) = open {
            open.abort();
        }
    }
}

/// The platform resolved with something that is not a credential of level 2 or later.
fn unreadable() -> Ended {
    Ended {
        name: "NotSupportedError".into(),
        elapsed: Duration::ZERO,
        deadline_passed: false,
        aborted_by_us: false,
        focused: has_focus(),
    }
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn descriptor(id: &Bytes) -> JsValue {
    object(&[("type", "public-key".into()), ("id", bytes(&id.0))]).into()
}

fn milliseconds(time: Duration) -> JsValue {
    JsValue::from_f64(time.as_millis() as f64)
}

fn creation(options: &CreationOptions) -> JsValue {
    let label = JsValue::from_str(&options.account_label);
    let es256 = object(&[("type", "public-key".into()), ("alg", JsValue::from_f64(-7.0))]);
    let exclude: Array = options.exclude.iter().map(descriptor).collect();
    object(&[
        ("rp", object(&[("id", options.rp_id.as_str().into()), ("name", options.rp_name.as_str().into())]).into()),
        (
            "user",
            object(&[("id", bytes(&options.user_handle.0)), ("name", label.clone()), ("displayName", label)]).into(),
        ),
        ("challenge", bytes(&options.challenge.0)),
        ("pubKeyCredParams", Array::of1(&es256).into()),
        ("excludeCredentials", exclude.into()),
        (
            "authenticatorSelection",
            object(&[
                ("residentKey", "required".into()),
                ("requireResidentKey", true.into()),
                ("userVerification", "required".into()),
            ])
            .into(),
        ),
        ("attestation", "none".into()),
        ("timeout", milliseconds(options.deadline)),
    ])
    .into()
}

fn request(options: &RequestOptions) -> JsValue {
    object(&[
        ("rpId", options.rp_id.as_str().into()),
        ("challenge", bytes(&options.challenge.0)),
        ("allowCredentials", Array::of1(&descriptor(&options.credential)).into()),
        ("userVerification", "required".into()),
        ("timeout", milliseconds(options.deadline)),
    ])
    .into()
}

fn member(of: &JsValue, name: &str) -> Result<Bytes, JsValue> {
    let buffer = Reflect::get(of, &name.into())?;
    if buffer.is_object() { Ok(Bytes(Uint8Array::new(&buffer).to_vec())) } else { Err(JsValue::UNDEFINED) }
}

fn asked(of: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    method(of, name).ok_or(JsValue::UNDEFINED)?.call0(of)
}

fn registration(credential: &JsValue) -> Result<Registration, JsValue> {
    let response = get(credential, "response");
    let raw_id = member(credential, "rawId")?;
    let transports = asked(&response, "getTransports").unwrap_or_default();
    let transports = Array::from(&transports).into_iter().filter_map(|name| name.dyn_into::<JsString>().ok());
    Ok(Registration {
        id: to_base64(&raw_id.0),
        raw_id,
        kind: "public-key".into(),
        response: RegistrationResponse {
            client_data: member(&response, "clientDataJSON")?,
            attestation_object: member(&response, "attestationObject")?,
            authenticator_data: Bytes(Uint8Array::new(&asked(&response, "getAuthenticatorData")?).to_vec()),
            transports: transports.map(String::from).collect(),
        },
        client_extension_results: NoExtensions {},
    })
}

fn assertion(credential: &JsValue) -> Result<Assertion, JsValue> {
    let response = get(credential, "response");
    let raw_id = member(credential, "rawId")?;
    Ok(Assertion {
        id: to_base64(&raw_id.0),
        raw_id,
        kind: "public-key".into(),
        response: AssertionResponse {
            client_data: member(&response, "clientDataJSON")?,
            authenticator_data: member(&response, "authenticatorData")?,
            signature: member(&response, "signature")?,
            user_handle: member(&response, "userHandle").ok(),
        },
        client_extension_results: NoExtensions {},
    })
}

impl Drop for Passkeys {
    fn drop(&mut self) {
        self.abort();
    }
}
