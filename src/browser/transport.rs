//! The road to the issuer: the page's `fetch`, or one that the page gave.

use super::tasks::{Outcome, Promise};
use crate::wallet::ports::{Request, Response, Transport, Unreachable};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./browser/transport.js")]
extern "C" {
    /// Promises a [`Reply`]; rejects after 20 seconds.
    fn send(given: Option<&Fetching>, method: &str, url: &str, proof: Option<&str>, body: &[u8]) -> Promise;

    /// A function that takes a `Request` and promises a `Response`, like `fetch`.
    #[derive(Clone, Debug)]
    pub type Fetching;

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
    given: Option<Fetching>,
}

impl Fetch {
    /// Over what the page gave, else its `fetch`.
    #[must_use]
    pub const fn new(given: Option<Fetching>) -> Self {
        Self { given }
    }
}

impl Transport for Fetch {
    fn send(&self, request: &Request) -> impl Future<Output = Result<Response, Unreachable>> {
        let Request { method, url, body, proof } = request;
        Outcome::of(send(self.given.as_ref(), method, url, proof.as_deref(), body), |sent| {
            if !sent.is_fulfilled() {
                return Err(match sent.word().as_str() {
                    "silent" => Unreachable::Silent,
                    "forbidden" => Unreachable::Forbidden,
                    "unlisted" => Unreachable::Unlisted,
                    _ => Unreachable::Offline,
                });
            }
            let reply: Reply = sent.value().unchecked_into();
            let (status, body, nonce) = (reply.status(), reply.body(), reply.nonce());
            Ok(Response { status, body, nonce, retry_after: reply.retry_after() })
        })
    }
}
