//! Where a raw wallet lives: in the page, or, in the test kit's module, in a pretend world.

use crate::browser::Browser;
use crate::wallet::Wallet;
#[cfg(feature = "js-testing")]
use crate::wallet::memory::Place;
use alloc::boxed::Box;

/// A wallet with its platform.
pub(super) enum Home {
    Page(Box<Wallet<Browser>>),
    #[cfg(feature = "js-testing")]
    World(Box<Wallet<Place>>),
}

/// Runs one expression over the wallet, whichever platform it has: the platforms' types differ, the words do not.
macro_rules! with {
    ($home:expr, $wallet:ident => $call:expr) => {
        match &*$home {
            $crate::js::home::Home::Page($wallet) => $call,
            #[cfg(feature = "js-testing")]
            $crate::js::home::Home::World($wallet) => $call,
        }
    };
}
pub(super) use with;
