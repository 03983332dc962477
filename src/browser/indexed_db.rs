//! IndexedDB with promises, for one object store. Own binding: the crates for it are large, and web-sys hides
//! `durability`, without which a counter may not have reached the disk when its code is on the screen.

use super::reflect::{error_name, get, method, object};
use crate::wallet::ports::StoreError;
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction};

const STORE: &str = "wallet";

#[wasm_bindgen]
extern "C" {
    /// IDBDatabase with the third parameter of `transaction`.
    #[wasm_bindgen(js_name = IDBDatabase)]
    type DurableDatabase;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DurableDatabase,
        stores: &str,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

/// What a platform error means to the store.
pub(super) fn refusal(error: &JsValue) -> StoreError {
    match error_name(error).as_str() {
        "QuotaExceededError" => StoreError::Full,
        "DataCloneError" | "SecurityError" | "NotSupportedError" => StoreError::Unsupported,
        _ => StoreError::Failed,
    }
}

/// An open database with its one object store.
#[derive(Clone, Debug)]
pub(super) struct Database(IdbDatabase);

impl Database {
    /// Opens the database, and makes it if there is none.
    pub(super) async fn open(name: &str) -> Result<Self, StoreError> {
        let window = web_sys::window().ok_or(StoreError::Unsupported)?;
        let factory = window.indexed_db().ok().flatten().ok_or(StoreError::Unsupported)?;
        let request = factory.open_with_u32(name, 1).map_err(|error| refusal(&error))?;
        let database = opened(&request).await?;
        // A page that deletes or upgrades the database must not wait for this one for ever.
        if let Some(close) = method(&database, "close") {
            database.set_onversionchange(Some(&close.bind0(&database)));
        }
        Ok(Self(database))
    }

    /// Begins a transaction; `None` if the database was closed under our feet.
    pub(super) fn begin(&self, mode: Mode) -> Result<Option<Transaction>, StoreError> {
        let options = object(&[("durability", "strict".into())]);
        match self.0.unchecked_ref::<DurableDatabase>().transaction(STORE, mode.name(), &options) {
            Ok(transaction) => Ok(Some(Transaction(transaction))),
            Err(error) if matches!(error_name(&error).as_str(), "InvalidStateError" | "NotFoundError") => Ok(None),
            Err(error) => Err(refusal(&error)),
        }
    }

    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// What a transaction may do.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Read,
    Write,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "readonly",
            Self::Write => "readwrite",
        }
    }
}

/// A transaction over the one object store. It lives until the first await on something that is not its own request.
pub(super) struct Transaction(IdbTransaction);

impl Transaction {
    fn store(&self) -> Result<IdbObjectStore, StoreError> {
        self.0.object_store(STORE).map_err(|error| refusal(&error))
    }

    /// The value under `key`, or `undefined`.
    pub(super) async fn read(&self, key: &str) -> Result<JsValue, StoreError> {
        let request = self.store()?.get(&key.into()).map_err(|error| refusal(&error))?;
        succeeded(&request).await
    }

    /// Puts `value` under `key`. Its own success says nothing: only [`Transaction::done`] does.
    pub(super) fn put(&self, key: &str, value: &JsValue) -> Result<(), StoreError> {
        self.store()?.put_with_key(value, &key.into()).map(drop).map_err(|error| refusal(&error))
    }

    /// Removes what is under `key`.
    pub(super) fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.store()?.delete(&key.into()).map(drop).map_err(|error| refusal(&error))
    }

    /// Undoes everything.
    pub(super) fn abort(&self) {
        let _ = self.0.abort();
    }

    /// Resolves when all of it is on disk.
    pub(super) async fn done(self) -> Result<(), StoreError> {
        let completed = Promise::new(&mut |resolve, reject| {
            self.0.set_oncomplete(Some(&resolve));
            self.0.set_onabort(Some(&reject));
        });
        let result = JsFuture::from(completed).await;
        result.map(drop).map_err(|_| refusal(&get(&self.0, "error")))
    }
}

async fn succeeded(request: &IdbRequest) -> Result<JsValue, StoreError> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    match JsFuture::from(settled).await {
        Ok(_) => request.result().map_err(|error| refusal(&error)),
        Err(_) => Err(refusal(&get(request, "error"))),
    }
}

async fn opened(request: &IdbOpenDbRequest) -> Result<IdbDatabase, StoreError> {
    // Whichever event comes first: the first version of the database has to be given its object store.
    let event = Promise::new(&mut |resolve, reject| {
        request.set_onupgradeneeded(Some(&resolve));
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    let event = JsFuture::from(event).await.map_err(|_| refusal(&get(request, "error")))?;
    let database: IdbDatabase = request.result().map_err(|error| refusal(&error))?.unchecked_into();
    if get(&event, "type").as_string().as_deref() == Some("upgradeneeded") {
        database.create_object_store(STORE).map_err(|error| refusal(&error))?;
        succeeded(request).await?;
    }
    Ok(database)
}
