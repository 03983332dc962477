//! The one record: both key handles and the wallet's data in one object of one store, so that none of them can be lost alone.

use super::indexed_db::{Database, Mode, Transaction};
use super::reflect::{get, object};
use super::web_crypto::KeyHandle;
use crate::wallet::ports::{Kept, Record, Store, StoreError};
use core::cell::RefCell;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};

const KEY: &str = "record";

/// IndexedDB, with a mark in `localStorage` that tells an evicted record from one that never was.
#[derive(Debug)]
pub struct IndexedStore {
    name: String,
    open: RefCell<Option<Database>>,
}

impl IndexedStore {
    /// The store of the wallet of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: ["jitsuin/", name].concat(), open: RefCell::new(None) }
    }

    async fn begin(&self, mode: Mode) -> Result<Transaction, StoreError> {
        // Storage that was cleared closes the old handle without an event, so a dead one is replaced once.
        let open = self.open.borrow().clone();
        if let Some(transaction) = open.map(|database| database.begin(mode)).transpose()?.flatten() {
            return Ok(transaction);
        }
        let database = Database::open(&self.name).await?;
        let transaction = database.begin(mode)?.ok_or(StoreError::Failed)?;
        if let Some(old) = self.open.replace(Some(database)) {
            old.close();
        }
        Ok(transaction)
    }

    fn missing(&self) -> Kept<KeyHandle> {
        if mark::is_set(&self.name) { Kept::Gone } else { Kept::Nothing }
    }

    fn read(&self, value: &JsValue) -> Result<Kept<KeyHandle>, StoreError> {
        if value.is_undefined() {
            return Ok(self.missing());
        }
        let data = get(value, "data").dyn_into::<Uint8Array>().map_err(|_| StoreError::Corrupt)?.to_vec();
        // A profile restored by a tool has `{}` where its keys were: they are lost, not broken.
        let (Some(device), Some(channel)) =
            (KeyHandle::from_stored(get(value, "device")), KeyHandle::from_stored(get(value, "channel")))
        else {
            return Ok(Kept::Gone);
        };
        Ok(Kept::Record(Record { device, channel, data }))
    }
}

impl Drop for IndexedStore {
    fn drop(&mut self) {
        if let Some(database) = self.open.get_mut().take() {
            database.close();
        }
    }
}

fn to_stored(device: &JsValue, channel: &JsValue, data: &[u8]) -> JsValue {
    let data = Uint8Array::from(data).into();
    object(&[("device", device.clone()), ("channel", channel.clone()), ("data", data)]).into()
}

impl Store for IndexedStore {
    type Handle = KeyHandle;

    async fn load(&self) -> Result<Kept<KeyHandle>, StoreError> {
        let transaction = self.begin(Mode::Read).await?;
        self.read(&transaction.read(KEY).await?)
    }

    async fn create(&self, record: Record<KeyHandle>) -> Result<Record<KeyHandle>, StoreError> {
        let transaction = self.begin(Mode::Write).await?;
        if let Kept::Record(first) = self.read(&transaction.read(KEY).await?)? {
            return Ok(first);
        }
        let value = to_stored(record.device.as_js(), record.channel.as_js(), &record.data);
        if let Err(error) = transaction.put(KEY, &value) {
            transaction.abort();
            return Err(error);
        }
        transaction.done().await?;
        mark::set(&self.name);
        Ok(record)
    }

    async fn change<R, E>(
        &self,
        change: impl FnOnce(&[u8]) -> Result<(Vec<u8>, R), E>,
    ) -> Result<Result<R, E>, StoreError> {
        let transaction = self.begin(Mode::Write).await?;
        let Kept::Record(old) = self.read(&transaction.read(KEY).await?)? else {
            return Err(StoreError::Gone);
        };
        let (data, result) = match change(&old.data) {
            Ok(changed) => changed,
            Err(error) => {
                transaction.abort();
                return Ok(Err(error));
            }
        };
        if let Err(error) = transaction.put(KEY, &to_stored(old.device.as_js(), old.channel.as_js(), &data)) {
            transaction.abort();
            return Err(error);
        }
        transaction.done().await?;
        Ok(Ok(result))
    }

    async fn erase(&self) -> Result<(), StoreError> {
        let transaction = self.begin(Mode::Write).await?;
        transaction.delete(KEY)?;
        transaction.done().await?;
        mark::clear(&self.name);
        Ok(())
    }
}

/// The mark. It says only that a record was stored: no key, no state. Without `localStorage` an eviction looks like a first run.
mod mark {
    use web_sys::Storage;

    fn storage() -> Option<Storage> {
        web_sys::window()?.local_storage().ok().flatten()
    }

    pub(super) fn is_set(name: &str) -> bool {
        storage().is_some_and(|storage| storage.get_item(name).ok().flatten().is_some())
    }

    pub(super) fn set(name: &str) {
        let _ = storage().map(|storage| storage.set_item(name, "stored"));
    }

    pub(super) fn clear(name: &str) {
        let _ = storage().map(|storage| storage.remove_item(name));
    }
}
