//! The one record: both key handles and the wallet's data in one object of one store, so that none of them can be lost alone.

use super::tasks::{Outcome, Promise, SILENT};
use super::web_crypto::KeyHandle;
use crate::wallet::ports::{Kept, Record, Store, StoreError};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

#[wasm_bindgen(raw_module = "./browser/store.js")]
extern "C" {
    type Records;
    #[wasm_bindgen(constructor)]
    fn new(name: &str) -> Records;
    /// Promises a [`Slot`].
    #[wasm_bindgen(method)]
    fn begin(this: &Records, write: bool) -> Promise;
    #[wasm_bindgen(method)]
    fn erase(this: &Records) -> Promise;
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
    /// Handles of a rotation under way; `undefined` if there is none.
    #[wasm_bindgen(method, getter, js_name = nextDevice)]
    fn next_device(this: &Slot) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = nextChannel)]
    fn next_channel(this: &Slot) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn data(this: &Slot) -> Option<Vec<u8>>;
    #[wasm_bindgen(method)]
    fn put(
        this: &Slot,
        device: &JsValue,
        channel: &JsValue,
        next_device: &JsValue,
        next_channel: &JsValue,
        data: &[u8],
    ) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Slot);
}

/// That it was done, or what the platform's error means to the store.
fn done(outcome: &Outcome) -> Result<(), StoreError> {
    if outcome.is_fulfilled() {
        return Ok(());
    }
    Err(match outcome.word().as_str() {
        SILENT => StoreError::NoAnswer,
        "QuotaExceededError" => StoreError::Full,
        "VersionError" => StoreError::Newer,
        "BlockedError" => StoreError::Blocked,
        "DataCloneError" | "SecurityError" | "NotSupportedError" => StoreError::Unsupported,
        _ => StoreError::Failed,
    })
}

/// The slot that it was fulfilled with.
fn slot(begun: &Outcome) -> Result<Slot, StoreError> {
    done(begun).map(|()| begun.value().unchecked_into())
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
        let next = KeyHandle::from_stored(self.next_device()).zip(KeyHandle::from_stored(self.next_channel()));
        Ok(keys.map_or(Kept::Gone, |(device, channel)| Kept::Record(Record { device, channel, next, data })))
    }

    fn write(&self, record: &Record<KeyHandle>) -> Promise {
        let none = &JsValue::UNDEFINED;
        let next = record.next.as_ref().map_or((none, none), |(device, channel)| (device.as_js(), channel.as_js()));
        self.put(record.device.as_js(), record.channel.as_js(), next.0, next.1, &record.data)
    }
}

impl Drop for IndexedStore {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Store for IndexedStore {
    type Handle = KeyHandle;

    fn load(&self) -> impl Future<Output = Result<Kept<KeyHandle>, StoreError>> {
        Outcome::of(self.0.begin(false), |begun| slot(begun)?.read())
    }

    async fn write(
        &self,
        change: &mut dyn FnMut(Kept<KeyHandle>) -> Option<Record<KeyHandle>>,
    ) -> Result<(), StoreError> {
        let slot = Outcome::of(self.0.begin(true), slot).await?;
        let Some(record) = change(slot.read()?) else {
            slot.abort();
            return Ok(());
        };
        Outcome::of(slot.write(&record), done).await
    }

    fn erase(&self) -> impl Future<Output = Result<(), StoreError>> {
        Outcome::of(self.0.erase(), done)
    }
}
