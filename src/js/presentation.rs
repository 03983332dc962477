//! The raw presentation: [`Presentation`] with the wallet that makes its codes and the page's steady clock.

use super::convert::{parse, to_js};
use super::error::thrown;
use super::home::{Home, with};
use crate::code::Code;
use crate::wallet::ports::{Clock as _, Platform as _};
use crate::wallet::presentation::{Presentation, View};
use alloc::rc::Rc;
use core::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// One place where codes are drawn. Each call answers what to draw: [`View`].
#[wasm_bindgen]
pub struct RawPresentation {
    wallet: Rc<Home>,
    inner: RefCell<Presentation>,
}

impl core::fmt::Debug for RawPresentation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RawPresentation")
    }
}

impl RawPresentation {
    pub(super) fn new(wallet: Rc<Home>) -> Self {
        Self { wallet, inner: RefCell::new(Presentation::new()) }
    }

    fn tell(&self, what: impl FnOnce(&mut Presentation, u64) -> View) -> Result<JsValue, JsValue> {
        let running = with!(self.wallet, wallet => wallet.platform().clock().running()).as_millis();
        let now = u64::try_from(running).unwrap_or(u64::MAX);
        to_js(&what(&mut self.inner.borrow_mut(), now))
    }
}

#[wasm_bindgen]
impl RawPresentation {
    /// What to draw now; call it each second.
    ///
    /// # Errors
    /// None in practice, here and below: its figures are small.
    pub fn at(&self) -> Result<JsValue, JsValue> {
        self.tell(Presentation::at)
    }

    /// The user tapped.
    ///
    /// # Errors
    /// None in practice.
    pub fn tapped(&self) -> Result<JsValue, JsValue> {
        self.tell(Presentation::tapped)
    }

    /// The page lost the front.
    ///
    /// # Errors
    /// None in practice.
    pub fn blurred(&self) -> Result<JsValue, JsValue> {
        self.tell(Presentation::blurred)
    }

    /// Makes the code that a view of phase `making` asks for. `max` is a decimal text of minor units.
    ///
    /// # Errors
    /// Those of [`crate::wallet::Wallet::payment_code`]; the presentation then waits for a tap.
    pub async fn make(&self, max: Option<String>) -> Result<JsValue, JsValue> {
        let made = match max.map(|max| parse(&max, Code::BadAmount)).transpose() {
            Ok(max) => with!(self.wallet, wallet => wallet.payment_code(max).await).map_err(|error| thrown(&error)),
            Err(error) => Err(error),
        };
        match made {
            Ok(code) => {
                self.tell(|presentation, now| presentation.made(&code, now))?;
                to_js(&code)
            }
            Err(error) => {
                self.tell(Presentation::failed)?;
                Err(error)
            }
        }
    }

    /// Looks at the newest receipts; answers the one that ended this presentation, if one did.
    ///
    /// # Errors
    /// None in practice.
    pub fn notice(&self) -> Result<JsValue, JsValue> {
        let recent = with!(self.wallet, wallet => wallet.state()).recent;
        let ended = recent.iter().find(|receipt| self.inner.borrow_mut().noticed(receipt));
        ended.map_or(Ok(JsValue::NULL), to_js)
    }
}
