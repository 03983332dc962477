//! Ledgers on a disk. Their calls run on a runtime of their own, whose clock is the machine's, while the town's time stands.

use super::ledger::Kept;
use jitsuin::issuer::ledger::{Clock, Ledger};
use std::future::Future;
use tokio::runtime::Handle;

/// A ledger in a database. One call is in flight at a time.
pub struct OnDisk<L> {
    ledger: L,
    clock: fn(&L) -> &Clock,
    runtime: Handle,
}

impl<L: Ledger + 'static> OnDisk<L> {
    /// What `open` opens, over a runtime with threads of its own, which the caller keeps for as long.
    pub fn open(runtime: Handle, open: impl Future<Output = L> + Send, clock: fn(&L) -> &Clock) -> Self {
        let ledger = elsewhere(&runtime, open);
        Self { ledger, clock, runtime }
    }
}

/// Runs it on another thread: this one runs the town's tasks, and may not wait within a second runtime.
fn elsewhere<R: Send>(runtime: &Handle, call: impl Future<Output = R> + Send) -> R {
    std::thread::scope(|scope| scope.spawn(|| runtime.block_on(call)).join().unwrap())
}

impl<L: Ledger + 'static> Kept for OnDisk<L> {
    type Ledger = L;

    fn ledger(&self) -> &L {
        &self.ledger
    }

    fn clock(&self) -> &Clock {
        (self.clock)(&self.ledger)
    }

    fn wait<R: Send>(&self, call: impl Future<Output = R> + Send) -> R {
        elsewhere(&self.runtime, call)
    }
}
