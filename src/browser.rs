//! How a browser does what the wallet asks: the ports of [`crate::wallet::ports`] over web platform calls. Policy lives
//! elsewhere; these files only report what happened.
//!
//! Where promises, events and plain objects are most of the work, the work is told in JavaScript: the `.js` beside a file
//! here is its other half, and lies in the package beside the module's glue, which imports it.

mod clock;
mod custody;
mod host;
mod lock;
mod page;
mod passkey;

mod store;
mod tasks;
mod transport;
mod web_crypto;

pub use clock::BrowserClock;
pub use custody::BrowserKeys;
pub use host::Bridge;
pub use lock::{WebLock, WebLocks};
pub use passkey::Passkeys;
pub use store::IndexedStore;
pub use tasks::{Promise, promise, run_tasks};
pub use transport::{Fetch, Fetching};
pub use web_crypto::{CryptoSigner, KeyHandle, PasskeySecret};

use crate::code::Code;
use crate::wallet::ports::{Entropy, NoEntropy, Platform};

/// One of a fifth of the code of the standard library's: a sixtieth of the module.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static HEAP: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// `crypto.getRandomValues`.
#[derive(Clone, Copy, Debug)]
pub struct PlatformEntropy;

impl Entropy for PlatformEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}

/// A page in a browser, as the wallet sees it.
#[derive(Debug)]
pub struct Browser {
    clock: BrowserClock,
    entropy: PlatformEntropy,
    keys: BrowserKeys,
    store: IndexedStore,
    lock: WebLocks,
    authenticator: Passkeys,
    transport: Fetch,
    origin: String,
}

impl Browser {
    /// The page this runs in. `name` tells one wallet's record from another's on the same origin; `fetch`, if given,
    /// carries the calls instead of the page's own `fetch`; `host` is the one that the page named.
    ///
    /// # Errors
    /// [`Code::Unsupported`] outside a window or without a secure context, [`Code::WrongOrigin`] inside a frame of another
    /// origin (protocol section 10).
    pub fn new(name: &str, fetch: Option<Fetching>, host: Option<Bridge>) -> Result<Self, Code> {
        Ok(Self {
            clock: BrowserClock,
            entropy: PlatformEntropy,
            keys: BrowserKeys::new(host),
            store: IndexedStore::new(name),
            lock: WebLocks,
            authenticator: Passkeys::default(),
            transport: Fetch::new(fetch),
            origin: page::origin()?,
        })
    }
}

impl Platform for Browser {
    type Clock = BrowserClock;
    type Entropy = PlatformEntropy;
    type Keys = BrowserKeys;
    type Store = IndexedStore;
    type Lock = WebLocks;
    type Authenticator = Passkeys;
    type Transport = Fetch;

    fn clock(&self) -> &BrowserClock {
        &self.clock
    }

    fn entropy(&self) -> &PlatformEntropy {
        &self.entropy
    }

    fn keys(&self) -> &BrowserKeys {
        &self.keys
    }

    fn store(&self) -> &IndexedStore {
        &self.store
    }

    fn lock(&self) -> &WebLocks {
        &self.lock
    }

    fn authenticator(&self) -> &Passkeys {
        &self.authenticator
    }

    fn transport(&self) -> &Fetch {
        &self.transport
    }

    fn origin(&self) -> &str {
        &self.origin
    }
}
