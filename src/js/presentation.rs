//! The raw presentation: [`Presentation`] with the wallet that makes its codes and the page's steady clock.

use super::convert::to_js;
use super::error::thrown;
use super::home::{Home, with};
use super::request::Request;
use super::wallet::promise;
use crate::browser::Promise;
use crate::code::Code;
use crate::wallet::Error;
use crate::wallet::ports::{Clock as _, Platform as _, millis};
use crate::wallet::presentation::{Presentation, View};
use alloc::rc::Rc;
use core::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Newest receipts among which the one is looked for that ended a presentation.
const LOOKED_AT: usize = 20;

struct Inner {
    wallet: Rc<Home>,
    presentation: RefCell<Presentation>,
}

impl Inner {
    fn now(&self) -> u64 {
        let running = with!(self.wallet, wallet => wallet.platform().clock().running());
        millis(running)
    }
}

/// One place where codes are drawn.
#[wasm_bindgen]
pub struct RawPresentation {
    inner: Rc<Inner>,
}

impl core::fmt::Debug for RawPresentation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RawPresentation")
    }
}

impl RawPresentation {
    pub(super) fn new(wallet: Rc<Home>) -> Self {
        Self { inner: Rc::new(Inner { wallet, presentation: RefCell::new(Presentation::new()) }) }
    }
}

#[wasm_bindgen]
impl RawPresentation {
    /// What to draw now: [`crate::wallet::presentation::View`]. `what` happened: `at` (a second went by), `tapped` (by the
    /// user, here), `opened` (by the page, inside a tap of its own: it counts unless something demanded a tap after it), `blurred`
    /// (the page lost the front), `drawn` (the newest code is on screen). At `news` instead the newest receipts are looked at: the
    /// one that ended this presentation, if one did.
    ///
    /// # Errors
    /// `bad-argument`.
    pub fn tell(&self, what: &str) -> Result<JsValue, JsValue> {
        let now = self.inner.now();
        let mut presentation = self.inner.presentation.borrow_mut();
        with!(self.inner.wallet, wallet => to_js(&match what {
            "at" => presentation.at(now),
            "opened" if wallet.owes_tap() => presentation.at(now),
            "tapped" | "opened" => {
                wallet.began();
                presentation.tapped(now)
            }
            "blurred" => {
                if !matches!(presentation.at(now), View::Waiting { .. }) {
                    wallet.interrupt();
                }
                presentation.blurred(now)
            }
            "drawn" => {
                presentation.newest().inspect(|counter| wallet.drawn(*counter));
                presentation.at(now)
            }
            "news" => {
                let recent = wallet.receipts(None, LOOKED_AT);
                let ended = recent.iter().find(|receipt| presentation.noticed(receipt));
                ended.inspect(|_| wallet.interrupt());
                return to_js(&ended.cloned());
            }
            _ => return Err(Error::new(Code::BadArgument).into()),
        }))
    }

    /// Makes the code that a view of phase `making` asks for. `bounds` is a JSON list: the most it may be worth, as a decimal
    /// text of minor units, and the name of its form. Rejects as [`crate::wallet::Wallet::payment_code`] does; the
    /// presentation then waits for a tap, or after `too-fast` for the time that the error names.
    pub fn make(&self, bounds: &str) -> Promise {
        let inner = Rc::clone(&self.inner);
        let bounds = Request::new(bounds).bounds(0);
        promise(async move {
            let made = match bounds {
                Ok((max, form)) => with!(inner.wallet, wallet => wallet.code_to_present(form, max).await),
                Err(error) => Err(error),
            };
            let now = inner.now();
            let mut presentation = inner.presentation.borrow_mut();
            match made {
                Ok(ready) => {
                    presentation.made(&ready, now);
                    to_js(&ready.code)
                }
                Err(error) => {
                    match (error.code, error.details.as_ref().and_then(|details| details.retry_after_ms)) {
                        (Code::TooFast, Some(wait)) => presentation.too_soon(wait, now),
                        _ => presentation.failed(now),
                    };
                    Err(thrown(&error))
                }
            }
        })
    }
}
