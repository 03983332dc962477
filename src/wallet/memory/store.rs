//! One record in memory that outlives the wallet, with the accidents that storage has.

use super::SoftHandle;
use crate::wallet::ports::{Kept, Record, Store, StoreError};
use core::cell::{Cell, RefCell};
use std::rc::Rc;

#[derive(Default)]
struct Inner {
    record: RefCell<Option<Record<SoftHandle>>>,
    /// There was a record and it was evicted.
    gone: Cell<bool>,
    corrupt: Cell<bool>,
    fail: Cell<Option<StoreError>>,
    crash_after_write: Cell<bool>,
    /// At how many writes no answer comes.
    silent_at: Cell<u32>,
    writes: Cell<u32>,
}

/// The store of one place.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Rc<Inner>,
}

impl MemoryStore {
    /// The platform removes the record, as browsers do after weeks of disuse.
    pub fn evict(&self) {
        if self.inner.record.borrow_mut().take().is_some() {
            self.inner.gone.set(true);
        }
    }

    /// The platform's database is damaged from now on.
    pub fn corrupt(&self) {
        self.inner.corrupt.set(true);
    }

    /// Overwrites the stored data, handles left as they are.
    pub fn overwrite(&self, data: &[u8]) {
        if let Some(record) = self.inner.record.borrow_mut().as_mut() {
            record.data = data.into();
        }
    }

    /// The stored data.
    #[must_use]
    pub fn data(&self) -> Option<Vec<u8>> {
        self.inner.record.borrow().as_ref().map(|record| record.data.clone())
    }

    /// Every call ends so from now on; none: it works again.
    pub fn fail(&self, how: Option<StoreError>) {
        self.inner.fail.set(how);
    }

    /// The next change reaches the disk and then never returns: the process ended in between. Whoever waits for it
    /// must be dropped.
    pub fn crash_after_write(&self) {
        self.inner.crash_after_write.set(true);
    }

    /// The change that is so many from now (1: the next; an erasure is one) reaches the disk, and whoever waits for it is told
    /// that no answer came.
    pub fn silent_at(&self, change: u32) {
        self.inner.silent_at.set(self.writes().saturating_add(change));
    }

    /// How many changes have reached the disk.
    #[must_use]
    pub fn writes(&self) -> u32 {
        self.inner.writes.get()
    }

    /// A copy of what is on disk now, as whoever copies a profile's files gets it.
    #[must_use]
    pub fn copied(&self) -> Self {
        let copy = Self::default();
        copy.inner.record.replace(self.inner.record.borrow().clone());
        copy
    }

    async fn was_changed(&self) -> Result<(), StoreError> {
        self.inner.writes.set(self.inner.writes.get().saturating_add(1));
        if self.inner.crash_after_write.replace(false) {
            core::future::pending::<()>().await;
        }
        if self.writes() == self.inner.silent_at.get() { Err(StoreError::NoAnswer) } else { Ok(()) }
    }

    fn check(&self) -> Result<(), StoreError> {
        if let Some(error) = self.inner.fail.get() {
            return Err(error);
        }
        if self.inner.corrupt.get() { Err(StoreError::Corrupt) } else { Ok(()) }
    }
}

impl Store for MemoryStore {
    type Handle = SoftHandle;

    async fn load(&self) -> Result<Kept<SoftHandle>, StoreError> {
        self.check()?;
        Ok(match self.inner.record.borrow().clone() {
            Some(record) => Kept::Record(record),
            None if self.inner.gone.get() => Kept::Gone,
            None => Kept::Nothing,
        })
    }

    async fn write(
        &self,
        change: &mut dyn FnMut(Kept<SoftHandle>) -> Option<Record<SoftHandle>>,
    ) -> Result<(), StoreError> {
        let kept = self.load().await?;
        let Some(record) = change(kept) else { return Ok(()) };
        self.inner.record.replace(Some(record));
        self.inner.gone.set(false);
        self.was_changed().await
    }

    async fn erase(&self) -> Result<(), StoreError> {
        if let Some(error) = self.inner.fail.get() {
            return Err(error);
        }
        self.inner.record.replace(None);
        self.inner.gone.set(false);
        self.inner.corrupt.set(false);
        self.was_changed().await
    }
}
