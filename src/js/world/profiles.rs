//! The browser profiles of a pretend world: each one's storage outlives its wallets, all share clock and person.

use crate::browser::{Fetch, Fetching};
use crate::wallet::memory::{FnTransport, MemoryClock, MemoryEntropy, Mode, Place, Tamper};
use crate::wallet::ports::{Platform as _, Transport as _};
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::time::Duration;
use js_sys::{Function, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use zeroize::Zeroizing;

/// One profile and the road its newest wallet was given.
struct Profile {
    place: Place,
    road: Rc<RefCell<Rc<Fetch>>>,
}

/// Every profile of the world.
pub(super) struct Profiles {
    origin: String,
    clock: MemoryClock,
    entropy: MemoryEntropy,
    mode: Cell<Mode>,
    tamper: Cell<Option<Tamper>>,
    all: RefCell<BTreeMap<String, Profile>>,
}

impl Profiles {
    /// None yet. The wallets' clock stands at `now_ms`.
    pub(super) fn new(origin: String, now_ms: u64, seed: Option<u64>) -> Self {
        Self {
            origin,
            clock: MemoryClock::new(now_ms),
            entropy: seed.map_or_else(MemoryEntropy::of_system, MemoryEntropy::seeded),
            mode: Cell::default(),
            tamper: Cell::default(),
            all: RefCell::default(),
        }
    }

    pub(super) const fn clock(&self) -> &MemoryClock {
        &self.clock
    }

    pub(super) const fn entropy(&self) -> &MemoryEntropy {
        &self.entropy
    }

    /// The profile of this name; its calls go through `fetch` from now on. `secret` gives what its keys of custody `software` are
    /// sealed under.
    pub(super) fn open(&self, name: String, fetch: Fetching, secret: Option<Function>) -> Place {
        let place = self.found(name, fetch);
        if let Some(secret) = secret {
            place.keys().seal_under(move || {
                let bytes: Uint8Array = secret.call0(&JsValue::UNDEFINED).ok()?.dyn_into().ok()?;
                Some(Zeroizing::new(bytes.to_vec()))
            });
        }
        place
    }

    fn found(&self, name: String, fetch: Fetching) -> Place {
        let fetch = Rc::new(Fetch::new(Some(fetch)));
        let mut all = self.all.borrow_mut();
        if let Some(profile) = all.get(&name) {
            profile.road.replace(fetch);
            return profile.place.clone();
        }
        let road = Rc::new(RefCell::new(fetch));
        let sending = Rc::clone(&road);
        let transport = FnTransport::new(move |request| {
            let fetch = Rc::clone(&sending.borrow());
            async move { fetch.send(&request).await }
        });
        let place = Place::with_entropy(&self.origin, self.clock.true_ms(), transport, self.entropy.clone());
        place.authenticator().set_mode(self.mode.get());
        place.authenticator().tamper(self.tamper.get());
        all.insert(name, Profile { place: place.clone(), road });
        place
    }

    fn each(&self, what: impl Fn(&Place)) {
        // Taken out first: what wakes up may open another profile.
        let places: Vec<Place> = self.all.borrow().values().map(|profile| profile.place.clone()).collect();
        places.iter().for_each(what);
    }

    /// Lets time pass.
    pub(super) fn advance(&self, time: Duration) {
        self.clock.advance(time);
        self.each(|place| place.clock().advance(time));
    }

    /// What the person does at the next prompts.
    pub(super) fn set_mode(&self, mode: Mode) {
        self.mode.set(mode);
        self.each(|place| place.authenticator().set_mode(mode));
    }

    /// What is wrong with the next answers.
    pub(super) fn tamper(&self, what: Option<Tamper>) {
        self.tamper.set(what);
        self.each(|place| place.authenticator().tamper(what));
    }

    /// Removes every passkey.
    pub(super) fn forget_passkeys(&self) {
        self.each(|place| place.authenticator().forget());
    }

    /// The platform removes every record.
    pub(super) fn evict(&self) {
        self.each(|place| place.store().evict());
    }

    /// Overwrites every record with bytes that are none.
    pub(super) fn corrupt(&self) {
        self.each(|place| place.store().overwrite(b"{"));
    }

    /// The prompts so far, profile by profile.
    pub(super) fn prompts(&self) -> Vec<&'static str> {
        self.all.borrow().values().flat_map(|profile| profile.place.authenticator().prompts()).collect()
    }
}

/// What is wrong with the prompts' answers, by its word; `Some(None)` for `nothing`, `None` for a word that says nothing.
pub(super) fn tamper_of(what: &str) -> Option<Option<Tamper>> {
    Some(match what {
        "nothing" => None,
        "signature" => Some(Tamper::Signature),
        "uv" => Some(Tamper::Uv),
        "up" => Some(Tamper::Up),
        "challenge" => Some(Tamper::Challenge),
        "origin" => Some(Tamper::Origin),
        "cross-origin" => Some(Tamper::CrossOrigin),
        "type" => Some(Tamper::Type),
        "rp-id" => Some(Tamper::RpId),
        "user-handle" => Some(Tamper::UserHandle),
        _ => return None,
    })
}
