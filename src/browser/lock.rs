//! Mutual exclusion over tabs by the Web Locks API. Where it is missing there is no second best: two tabs could each make a
//! key, so the wallet is refused.

use super::reflect::{deferred, first, get, method};
use crate::wallet::ports::{Lock, NotLocked};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// `navigator.locks`.
#[derive(Clone, Copy, Debug)]
pub struct WebLocks;

/// A held lock.
#[derive(Debug)]
pub struct WebLock {
    release: Function,
}

impl Drop for WebLock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

impl Lock for WebLocks {
    type Guard = WebLock;

    async fn acquire(&self, name: &str) -> Result<WebLock, NotLocked> {
        let window = web_sys::window().ok_or(NotLocked)?;
        let locks = get(&window.navigator(), "locks");
        let request = method(&locks, "request").ok_or(NotLocked)?;
        let (granted, grant) = deferred();
        let (held, release) = deferred();
        // Dropped before it was called, it throws when called, and the browser gives the lock to the next.
        let callback = Closure::once(move |_lock: JsValue| -> Promise {
            let _ = grant.call0(&JsValue::UNDEFINED);
            held
        });
        let name = JsValue::from_str(&["jitsuin/", name].concat());
        let asked = request.call2(&locks, &name, callback.as_ref()).map_err(|_| NotLocked)?;
        let asked: Promise = asked.dyn_into().map_err(|_| NotLocked)?;
        first(&[&granted, &asked]).await.map_err(|_| NotLocked)?;
        Ok(WebLock { release })
    }
}
