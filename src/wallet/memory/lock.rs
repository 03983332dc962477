//! Mutual exclusion among the tabs of one place.

use crate::wallet::ports::{Lock, NotLocked};
use core::cell::RefCell;
use core::task::{Poll, Waker};
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Debug, Default)]
struct Inner {
    /// Held names, with who waits for them.
    held: BTreeMap<String, Vec<Waker>>,
}

/// Named locks.
#[derive(Clone, Debug, Default)]
pub struct MemoryLock {
    inner: Rc<RefCell<Inner>>,
}

/// Holds one name until dropped.
#[derive(Debug)]
pub struct MemoryGuard {
    inner: Rc<RefCell<Inner>>,
    name: String,
}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        let waiting = self.inner.borrow_mut().held.remove(&self.name).unwrap_or_default();
        for waker in waiting {
            waker.wake();
        }
    }
}

impl Lock for MemoryLock {
    type Guard = MemoryGuard;

    async fn acquire(&self, name: &str) -> Result<MemoryGuard, NotLocked> {
        core::future::poll_fn(|context| {
            let mut inner = self.inner.borrow_mut();
            if let Some(waiting) = inner.held.get_mut(name) {
                waiting.push(context.waker().clone());
                return Poll::Pending;
            }
            inner.held.insert(name.into(), Vec::new());
            Poll::Ready(Ok(MemoryGuard { inner: Rc::clone(&self.inner), name: name.into() }))
        })
        .await
    }
}
