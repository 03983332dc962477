//! Mutual exclusion over tabs by the Web Locks API. Where it is missing there is no second best: two tabs could each make a
//! key, so the wallet is refused.

use super::tasks::{Outcome, Promise, SILENT};
use crate::wallet::ports::{Lock, NotLocked};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./browser/lock.js")]
extern "C" {
    type Hold;
    #[wasm_bindgen(constructor)]
    fn new(name: &str) -> Hold;
    #[wasm_bindgen(method, getter)]
    fn granted(this: &Hold) -> Promise;
    #[wasm_bindgen(method)]
    fn release(this: &Hold);
}

/// `navigator.locks`.
#[derive(Clone, Copy, Debug)]
pub struct WebLocks;

/// A held lock.
pub struct WebLock(Hold);

impl core::fmt::Debug for WebLock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WebLock")
    }
}

impl Drop for WebLock {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Lock for WebLocks {
    type Guard = WebLock;

    async fn acquire(&self, name: &str) -> Result<WebLock, NotLocked> {
        // Dropped before it is granted, it no longer waits.
        let lock = WebLock(Hold::new(name));
        let granted = |outcome: &Outcome| {
            let silent = outcome.word() == SILENT;
            let refused = if silent { NotLocked::NoAnswer } else { NotLocked::Unsupported };
            if outcome.is_fulfilled() { Ok(()) } else { Err(refused) }
        };
        Outcome::of(lock.0.granted(), granted).await.map(|()| lock)
    }
}
