//! The road to the issuer: the page's `fetch`, or one that the page gave.

use crate::wallet::ports::{Request, Response, Transport, Unreachable};
use js_sys::{Function, Promise};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(raw_module = "./browser/transport.js")]
extern "C" {
    /// Promises a [`Reply`]; rejects after 20 seconds.
    fn send(given: Option<&Function>, method: &str, url: &str, proof: Option<&str>, body: &[u8]) -> Promise;

    type Reply;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Reply) -> u16;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Reply) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    fn nonce(this: &Reply) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Reply) -> Option<u32>;
}

/// Calls over `fetch`.
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
}

impl Transport for Fetch {
    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        let Request { method, url, body, proof } = request;
        let sending = send(self.given.as_ref(), method, &url, proof.as_deref(), &body);
        let reply: Reply = JsFuture::from(sending).await.map_err(|_| Unreachable)?.unchecked_into();
        let (status, body, nonce) = (reply.status(), reply.body(), reply.nonce());
        Ok(Response { status, body, nonce, retry_after: reply.retry_after() })
    }
}
