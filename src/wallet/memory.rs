//! Every port in memory, and real: keys sign, the authenticator is a WebAuthn authenticator, the store survives a
//! wallet, the lock excludes. For tests, Node and docs.
//!
//! One [`Place`] is one browser profile; its clones are its tabs, with one store, lock, authenticator and clock.

mod authenticator;
mod clock;
mod keys;
mod lock;
mod seal;
mod store;

pub use authenticator::{CredentialKeyPair, Mode, Prf, SoftAuthenticator, Tamper};
pub use clock::MemoryClock;
pub use keys::{SoftHandle, SoftKey, SoftKeys, SoftSecret};
pub use lock::{MemoryGuard, MemoryLock};
pub use store::MemoryStore;

use super::ports::{Entropy, NoEntropy, Platform, Request, Response, Transport, Unreachable};
use super::room::Local;
use core::cell::{Cell, RefCell};
use core::future::Future;
use std::rc::Rc;

/// The platform's random bytes, or a fixed sequence for tests that must repeat.
#[derive(Clone, Debug, Default)]
pub struct MemoryEntropy {
    seed: Option<[u8; 32]>,
    drawn: Rc<Cell<u64>>,
}

impl MemoryEntropy {
    /// Random bytes of the operating system.
    #[must_use]
    pub fn of_system() -> Self {
        Self::default()
    }

    /// A sequence that follows from `seed`. **Anybody who knows the seed knows the keys.**
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let seed = crate::wire::tagged_hash("jitsuin/testing/seed", &[&seed.to_be_bytes()]);
        Self { seed: Some(seed), drawn: Rc::default() }
    }
}

impl Entropy for MemoryEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let Some(seed) = self.seed else { return getrandom::fill(bytes).map_err(|_| NoEntropy) };
        for chunk in bytes.chunks_mut(32) {
            let count = self.drawn.get();
            self.drawn.set(count.wrapping_add(1));
            let block = crate::wire::tagged_hash("jitsuin/testing/block", &[&seed, &count.to_be_bytes()]);
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
        Ok(())
    }
}

/// Sends through a closure, such as one around the issuer's desk.
#[derive(Clone)]
pub struct FnTransport {
    send: Rc<dyn Fn(Request) -> Local<'static, Result<Response, Unreachable>>>,
    offline: Rc<Cell<bool>>,
    lose_answers: Rc<Cell<u32>>,
    sent: Rc<RefCell<Vec<Request>>>,
}

impl FnTransport {
    /// Over `send`.
    pub fn new<F>(send: impl Fn(Request) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Response, Unreachable>> + 'static,
    {
        Self {
            send: Rc::new(move |request| Box::pin(send(request))),
            offline: Rc::default(),
            lose_answers: Rc::default(),
            sent: Rc::default(),
        }
    }

    /// Nothing is sent while offline.
    pub fn set_offline(&self, offline: bool) {
        self.offline.set(offline);
    }

    /// The next `count` calls reach the other side, and their answers are lost.
    pub fn lose_answers(&self, count: u32) {
        self.lose_answers.set(count);
    }

    /// Everything that was sent, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Request> {
        self.sent.borrow().clone()
    }
}

impl Transport for FnTransport {
    async fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        if self.offline.get() {
            return Err(Unreachable::Offline);
        }
        self.sent.borrow_mut().push(request.clone());
        let answer = (self.send)(request.clone()).await;
        let to_lose = self.lose_answers.get();
        if to_lose > 0 {
            self.lose_answers.set(to_lose - 1);
            return Err(Unreachable::Offline);
        }
        answer
    }
}

/// One browser profile in memory.
#[derive(Clone)]
pub struct Place {
    origin: String,
    clock: MemoryClock,
    entropy: MemoryEntropy,
    keys: SoftKeys,
    store: MemoryStore,
    lock: MemoryLock,
    authenticator: SoftAuthenticator,
    transport: FnTransport,
}

impl Place {
    /// A new profile whose pages are of `origin`, at `now_ms` since 1970, with random bytes of the operating system.
    #[must_use]
    pub fn new(origin: &str, now_ms: u64, transport: FnTransport) -> Self {
        Self::with_entropy(origin, now_ms, transport, MemoryEntropy::of_system())
    }

    /// The same with given random bytes.
    #[must_use]
    pub fn with_entropy(origin: &str, now_ms: u64, transport: FnTransport, entropy: MemoryEntropy) -> Self {
        let clock = MemoryClock::new(now_ms);
        Self {
            origin: origin.into(),
            keys: SoftKeys::new(entropy.clone()),
            authenticator: SoftAuthenticator::new(origin, clock.clone(), entropy.clone()),
            clock,
            entropy,
            store: MemoryStore::default(),
            lock: MemoryLock::default(),
            transport,
        }
    }

    /// Another profile of the same device: the same clock and road, an own store, lock and authenticator.
    #[must_use]
    pub fn other_profile(&self) -> Self {
        Self {
            store: MemoryStore::default(),
            lock: MemoryLock::default(),
            authenticator: SoftAuthenticator::new(&self.origin, self.clock.clone(), self.entropy.clone()),
            ..self.clone()
        }
    }

    /// A profile of another device that the same passkeys are synchronised to: an own store and lock, nothing in them.
    #[must_use]
    pub fn synced(&self) -> Self {
        Self { store: MemoryStore::default(), lock: MemoryLock::default(), ..self.clone() }
    }

    /// What whoever copies this profile's files has: record and keys as they are now, and no passkey, which is not in
    /// the files.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self { store: self.store.copied(), ..self.other_profile() }
    }
}

impl Platform for Place {
    type Clock = MemoryClock;
    type Entropy = MemoryEntropy;
    type Keys = SoftKeys;
    type Store = MemoryStore;
    type Lock = MemoryLock;
    type Authenticator = SoftAuthenticator;
    type Transport = FnTransport;

    fn clock(&self) -> &MemoryClock {
        &self.clock
    }

    fn entropy(&self) -> &MemoryEntropy {
        &self.entropy
    }

    fn keys(&self) -> &SoftKeys {
        &self.keys
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn lock(&self) -> &MemoryLock {
        &self.lock
    }

    fn authenticator(&self) -> &SoftAuthenticator {
        &self.authenticator
    }

    fn transport(&self) -> &FnTransport {
        &self.transport
    }

    fn origin(&self) -> &str {
        &self.origin
    }
}

/// Runs a future of this thread to its end. It waits for ever if nothing wakes it.
#[cfg(not(target_arch = "wasm32"))]
pub fn run<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = core::task::Context::from_waker(&waker);
    let mut future = core::pin::pin!(future);
    loop {
        if let core::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}

#[cfg(test)]
mod tests;
