//! The road to the issuer: the page's `fetch`, or one that the page gave.

use super::clock::Timer;
use super::reflect::{first, object};
use crate::wallet::ports::{Request, Response, Transport, Unreachable};
use core::time::Duration;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, Headers};

const DEADLINE: Duration = Duration::from_secs(20);
/// Fifty receipts are far below this; more is not an issuer's answer.
const LONGEST: usize = 1 << 20;

/// One call at a time over `fetch`.
#[derive(Debug)]
pub struct Fetch {
    given: Option<Function>,
}

impl Fetch {
    /// `given` takes a `Request` and promises a `Response`, like `fetch`.
    #[must_use]
    pub const fn new(given: Option<Function>) -> Self {
        Self { given }
    }

    fn start(&self, request: &Request, controller: &AbortController) -> Result<Promise, JsValue> {
        let headers = Headers::new()?;
        headers.set("Accept", "application/json")?;
        if let Some(proof) = &request.proof {
            headers.set("DPoP", proof)?;
        }
        let mut options = vec![
            ("method", request.method.into()),
            ("credentials", "omit".into()),
            ("cache", "no-store".into()),
            ("redirect", "error".into()),
            ("referrerPolicy", "no-referrer".into()),
            ("signal", controller.signal().into()),
        ];
        if request.method != "GET" {
            headers.set("Content-Type", "application/json")?;
            options.push(("body", Uint8Array::from(request.body.as_slice()).into()));
        }
        options.push(("headers", headers.into()));
        let init = object(&options).unchecked_into();
        let request = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
        match &self.given {
            Some(fetch) => Ok(Promise::resolve(&fetch.call1(&JsValue::UNDEFINED, &request)?)),
            None => Ok(web_sys::window().ok_or(JsValue::UNDEFINED)?.fetch_with_request(&request)),
        }
    }
}

async fn read(sending: Promise, late: &Promise) -> Result<Response, JsValue> {
    let response = first(&[&sending, late]).await?;
    // By duck type, since the page's own `fetch` may answer with another realm's Response.
    let response: web_sys::Response = response.unchecked_into();
    let headers: Headers = Reflect::get(&response, &"headers".into())?.unchecked_into();
    let status = Reflect::get(&response, &"status".into())?.as_f64().unwrap_or_default() as u16;
    let nonce = headers.get("DPoP-Nonce")?;
    let retry_after = headers.get("Retry-After")?.and_then(|seconds| seconds.parse().ok());
    let body = first(&[&response.array_buffer()?, late]).await?;
    let late_body = body.is_undefined();
    let body = Uint8Array::new(&body);
    if status == 0 || late_body || body.length() as usize > LONGEST {
        return Err(JsValue::UNDEFINED);
    }
    Ok(Response { status, body: body.to_vec(), nonce, retry_after })
}

impl Transport for Fetch {
    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        let controller = AbortController::new().map_err(|_| Unreachable)?;
        let timer = Timer::new(DEADLINE);
        let sending = self.start(&request, &controller).map_err(|_| Unreachable)?;
        // A timer that rang fulfils with `undefined`, on which every read below fails.
        let result = read(sending, &timer.rang).await;
        if result.is_err() {
            controller.abort();
        }
        result.map_err(|_| Unreachable)
    }
}
