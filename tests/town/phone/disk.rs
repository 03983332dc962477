//! A phone's storage, with the accidents that storage has.

use super::Serving;
use crate::town::chance::Chance;
use crate::town::trouble::{Fault, Port};
use jitsuin::rules::lifetime::LIFETIME;
use jitsuin::wallet::memory::SoftHandle;
use jitsuin::wallet::ports::{Kept, Record, Store, StoreError};
use jitsuin::wallet::record::Data;
use jitsuin::wire::id::Thumbprint;
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// How long the port waits for a storage that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long after its end a code is still taken, in seconds.
const LEEWAY: u32 = 10;
/// How many older records are there to be put back.
const HISTORY: usize = 12;

#[derive(Default)]
struct Inner {
    record: RefCell<Option<Record<SoftHandle>>>,
    gone: Cell<bool>,
    /// Newest last.
    older: RefCell<Vec<Record<SoftHandle>>>,
    /// What a storage that did not answer writes before anything else.
    later: RefCell<Option<Record<SoftHandle>>>,
    full: Cell<bool>,
    was_evicted: Cell<bool>,
    was_older: Cell<bool>,
    was_apart: Cell<bool>,
    /// An older record that was put back, until it has heard from the issuer.
    unheard: Cell<Option<Unheard>>,
}

/// A record that counts as before.
#[derive(Clone, Copy)]
struct Unheard {
    contact: u32,
    atc: u32,
    /// When the last code is dead that it does not know: a floor signed before then may not tell of it. Seconds since 1970.
    until: u32,
}

/// One tab's way to the storage that all tabs share.
#[derive(Clone)]
pub struct Disk {
    serving: Serving,
    chance: Rc<Chance>,
    died: Rc<Notify>,
    inner: Rc<Inner>,
}

impl Disk {
    /// An empty one.
    pub fn new(serving: Serving, chance: Rc<Chance>, died: Rc<Notify>) -> Self {
        Self { serving, chance, died, inner: Rc::default() }
    }

    /// For another tab.
    pub fn tab(&self, serving: Serving) -> Self {
        Self { serving, ..self.clone() }
    }

    /// Writes what is on it now to another one.
    pub fn copy_to(&self, other: &Self) {
        other.inner.record.replace(self.inner.record.borrow().clone());
    }

    /// Whether the platform took the record at some time since the last new one.
    pub fn was_evicted(&self) -> bool {
        self.inner.was_evicted.get()
    }

    /// When the last code ends that its record holds as shown, seconds since 1970.
    pub fn codes_until(&self) -> u32 {
        self.data().and_then(|data| data.shown.iter().map(|shown| shown.ends).max()).unwrap_or_default()
    }

    /// Device keys that its record names: the one in use first, then the one that is to take its place.
    pub fn keys(&self) -> Vec<Thumbprint> {
        let Some(data) = self.data() else { return Vec::new() };
        let next = data.rotating.as_ref().map(|rotating| rotating.device_key);
        [data.device_key].into_iter().chain(next).map(|key| key.thumbprint()).collect()
    }

    fn data(&self) -> Option<Box<Data>> {
        self.inner.record.borrow().as_ref().and_then(|record| Data::from_bytes(&record.data).ok())
    }

    /// Whether an older record was put back since the last new one.
    pub fn was_older(&self) -> bool {
        self.inner.was_older.get()
    }

    /// Whether one with other keys or another allowance was, or one that made a code before it had heard from the issuer.
    pub fn was_apart(&self) -> bool {
        self.inner.was_apart.get()
    }

    /// A new wallet begins on it: what happened to the one before does not matter any more.
    pub fn begins(&self) {
        self.inner.was_evicted.set(false);
        self.inner.was_older.set(false);
        self.inner.was_apart.set(false);
        self.inner.unheard.set(None);
        self.inner.older.borrow_mut().clear();
    }

    /// There is room again.
    pub fn calm(&self) {
        self.inner.full.set(false);
    }

    fn keep(&self, record: Record<SoftHandle>) {
        self.is_heard_from(&record);
        let before = self.inner.record.replace(Some(record));
        let mut older = self.inner.older.borrow_mut();
        older.extend(before);
        let surplus = older.len().saturating_sub(HISTORY);
        older.drain(..surplus);
        self.inner.gone.set(false);
    }

    fn kept(&self) -> Kept<SoftHandle> {
        match self.inner.record.borrow().clone() {
            Some(record) => Kept::Record(record),
            None if self.inner.gone.get() => Kept::Gone,
            None => Kept::Nothing,
        }
    }

    /// Puts an older record in the place of this one, if there is one.
    fn put_back(&self) -> bool {
        let mut older = self.inner.older.borrow_mut();
        if older.is_empty() || self.inner.record.borrow().is_none() {
            return false;
        }
        let at = usize::try_from(self.chance.below(older.len() as u64)).unwrap();
        older.truncate(at + 1);
        let before = self.inner.record.replace(older.pop());
        self.inner.was_older.set(true);
        let read = |record: Option<&Record<SoftHandle>>| Data::from_bytes(&record?.data).ok();
        if let (Some(data), Some(newer)) = (read(self.inner.record.borrow().as_ref()), read(before.as_ref())) {
            let before = self.inner.unheard.get().map_or(data.last_contact, |unheard| unheard.until);
            let until = before.max(newer.last_iat.saturating_add(LIFETIME + LEEWAY));
            self.inner.unheard.set(Some(Unheard { contact: data.last_contact, atc: data.atc, until }));
        }
        if !is_like(before.as_ref(), self.inner.record.borrow().as_ref()) {
            self.inner.was_apart.set(true);
        }
        true
    }

    /// A record that was put back takes counters a second time until it has the floor.
    fn is_heard_from(&self, record: &Record<SoftHandle>) {
        let Some(Unheard { contact, atc, until }) = self.inner.unheard.get() else { return };
        let Ok(data) = Data::from_bytes(&record.data) else { return };
        if data.last_contact > until {
            self.inner.unheard.set(None);
        } else if data.last_contact != contact {
            let heard = Unheard { contact: data.last_contact, atc: data.atc, until };
            self.inner.unheard.set(Some(heard));
        } else if data.atc > atc {
            self.inner.was_apart.set(true);
        }
    }

    async fn die(&self) {
        self.died.notify_one();
        pending::<()>().await;
    }

    /// What happens at each use, written or read.
    async fn used(&self) -> Result<Option<Fault>, StoreError> {
        sleep(Duration::from_millis(self.chance.below(3))).await;
        if let Some(record) = self.inner.later.take() {
            self.keep(record);
        }
        let act = Rc::clone(&self.serving).borrow().clone();
        let fault = act.meets(Port::Disk);
        match fault {
            Some(Fault::Fails) => {
                act.felt(Fault::Fails);
                return Err(StoreError::Failed);
            }
            Some(Fault::Evicted) => {
                if self.inner.record.take().is_some() {
                    act.felt(Fault::Evicted);
                    self.inner.gone.set(true);
                    self.inner.was_evicted.set(true);
                    self.inner.older.borrow_mut().clear();
                }
            }
            Some(Fault::Older) => {
                if self.put_back() {
                    act.felt(Fault::Older);
                    // A phone is restored while no app runs on it.
                    self.die().await;
                }
            }
            other => return Ok(other),
        }
        Ok(None)
    }
}

/// Whether a record has the same keys and the same allowance as another: then the counter's floor alone puts it right.
fn is_like(one: Option<&Record<SoftHandle>>, other: Option<&Record<SoftHandle>>) -> bool {
    let read = |record: &Record<SoftHandle>| Data::from_bytes(&record.data).ok();
    let of = |data: &Data| {
        let handle = data.allowance.as_ref().map(|terms| terms.handle);
        (data.device_key.thumbprint(), handle, data.enrolling.is_some() || data.rotating.is_some())
    };
    match (one.and_then(read), other.and_then(read)) {
        (Some(one), Some(other)) => of(&one) == of(&other) && !of(&one).2,
        _ => false,
    }
}

impl Store for Disk {
    type Handle = SoftHandle;

    async fn load(&self) -> Result<Kept<SoftHandle>, StoreError> {
        if let Some(fault) = self.used().await? {
            // What happens to writes alone waits for one.
            self.serving.borrow().later(fault);
        }
        Ok(self.kept())
    }

    async fn write(
        &self,
        change: &mut dyn FnMut(Kept<SoftHandle>) -> Option<Record<SoftHandle>>,
    ) -> Result<(), StoreError> {
        let fault = self.used().await?;
        let act = Rc::clone(&self.serving).borrow().clone();
        if fault == Some(Fault::CrashBefore) {
            act.felt(Fault::CrashBefore);
            self.die().await;
        }
        if fault == Some(Fault::SilentUndone) {
            act.felt(Fault::SilentUndone);
            sleep(PATIENCE).await;
            return Err(StoreError::NoAnswer);
        }
        let Some(record) = change(self.kept()) else {
            fault.into_iter().for_each(|fault| act.later(fault));
            return Ok(());
        };
        match fault {
            Some(Fault::Full) => {
                act.felt(Fault::Full);
                self.inner.full.set(true);
            }
            Some(fault @ (Fault::SilentDone | Fault::SilentLater)) => {
                act.felt(fault);
                if fault == Fault::SilentDone {
                    self.keep(record)
                } else {
                    self.inner.later.replace(Some(record));
                }
                sleep(PATIENCE).await;
                return Err(StoreError::NoAnswer);
            }
            _ => {}
        }
        if self.inner.full.get() {
            return Err(StoreError::Full);
        }
        self.keep(record);
        if fault == Some(Fault::CrashAfter) {
            act.felt(Fault::CrashAfter);
            self.die().await;
        }
        sleep(Duration::from_millis(self.chance.below(3))).await;
        Ok(())
    }

    async fn erase(&self) -> Result<(), StoreError> {
        let fault = self.used().await?;
        let act = Rc::clone(&self.serving).borrow().clone();
        match fault {
            Some(fault @ (Fault::SilentUndone | Fault::SilentDone | Fault::CrashBefore | Fault::CrashAfter)) => {
                act.felt(fault)
            }
            Some(other) => act.later(other),
            None => {}
        }
        if fault == Some(Fault::CrashBefore) {
            self.die().await;
        }
        if fault != Some(Fault::SilentUndone) {
            self.inner.record.take();
            self.inner.gone.set(false);
            self.inner.older.borrow_mut().clear();
        }
        if fault == Some(Fault::CrashAfter) {
            self.die().await;
        }
        if matches!(fault, Some(Fault::SilentUndone | Fault::SilentDone)) {
            sleep(PATIENCE).await;
            return Err(StoreError::NoAnswer);
        }
        Ok(())
    }
}
