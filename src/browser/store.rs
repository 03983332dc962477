//! The one record: both key handles and the wallet's data in one object of one store, so that none of them can be lost alone.

use super::reflect::error_name;
use super::web_crypto::KeyHandle;
use crate::wallet::ports::{Kept, Record, Store, StoreError};
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(raw_module = "./browser/store.js")]
extern "C" {
    type Records;
    #[wasm_bindgen(constructor)]
    fn new(name: &str) -> Records;
    /// Promises a [`Slot`].
    #[wasm_bindgen(method)]
    fn begin(this: &Records, write: bool) -> Promise;
    #[wasm_bindgen(method)]
    fn close(this: &Records);

    /// The record in one transaction. It lives until the first await on something that is not its own.
    type Slot;
    #[wasm_bindgen(method, getter)]
    fn found(this: &Slot) -> u32;
    #[wasm_bindgen(method, getter)]
    fn device(this: &Slot) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn channel(this: &Slot) -> JsValue;
    /// Handles of a rotation under way.
    #[wasm_bindgen(method, getter)]
    fn next(this: &Slot) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn data(this: &Slot) -> Option<Vec<u8>>;
    #[wasm_bindgen(method)]
    fn put(this: &Slot, device: &JsValue, channel: &JsValue, data: &[u8], next: Option<Array>) -> Promise;
    #[wasm_bindgen(method)]
    fn erase(this: &Slot) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Slot);
}

/// What a platform error means to the store.
pub(super) fn refusal(error: &JsValue) -> StoreError {
    match error_name(error).as_str() {
        "QuotaExceededError" => StoreError::Full,
        "VersionError" => StoreError::Newer,
        "BlockedError" => StoreError::Blocked,
        "DataCloneError" | "SecurityError" | "NotSupportedError" => StoreError::Unsupported,
        _ => StoreError::Failed,
    }
}

async fn settled(promise: Promise) -> Result<JsValue, StoreError> {
    JsFuture::from(promise).await.map_err(|error| refusal(&error))
}

/// IndexedDB, with a mark in `localStorage` that tells an evicted record from one that never was.
pub struct IndexedStore(Records);

impl core::fmt::Debug for IndexedStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("IndexedStore")
    }
}

impl IndexedStore {
    /// The store of the wallet of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Records::new(&["jitsuin/", name].concat()))
    }

    async fn begin(&self, write: bool) -> Result<Slot, StoreError> {
        Ok(settled(self.0.begin(write)).await?.unchecked_into())
    }
}

impl Slot {
    fn read(&self) -> Result<Kept<KeyHandle>, StoreError> {
        match self.found() {
            0 => return Ok(Kept::Nothing),
            1 => return Ok(Kept::Gone),
            _ => {}
        }
        let data = self.data().ok_or(StoreError::Corrupt)?;
        // A profile restored by a tool has `{}` where its keys were: they are lost, not broken.
        let keys = KeyHandle::from_stored(self.device()).zip(KeyHandle::from_stored(self.channel()));
        let pair = |pair: Array| KeyHandle::from_stored(pair.get(0)).zip(KeyHandle::from_stored(pair.get(1)));
        let next = self.next().and_then(pair);
        Ok(keys.map_or(Kept::Gone, |(device, channel)| Kept::Record(Record { device, channel, next, data })))
    }
}

impl Drop for IndexedStore {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Store for IndexedStore {
    type Handle = KeyHandle;

    async fn load(&self) -> Result<Kept<KeyHandle>, StoreError> {
        self.begin(false).await?.read()
    }

    async fn write(
        &self,
        change: &mut dyn FnMut(Kept<KeyHandle>) -> Option<Record<KeyHandle>>,
    ) -> Result<(), StoreError> {
        let slot = self.begin(true).await?;
        match change(slot.read()?) {
            Some(Record { device, channel, next, data }) => {
                let next = next.map(|(device, channel)| Array::of2(device.as_js(), channel.as_js()));
                settled(slot.put(device.as_js(), channel.as_js(), &data, next)).await.map(drop)
            }
            None => {
                slot.abort();
                Ok(())
            }
        }
    }

    async fn erase(&self) -> Result<(), StoreError> {
        let slot = self.begin(true).await?;
        settled(slot.erase()).await.map(drop)
    }
}
