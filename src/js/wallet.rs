//! The raw wallet. Calls may overlap: everything is behind `&self`, and the wallet lines them up itself.

use super::convert::{from_json, parse, to_js};
use super::error::thrown;
use super::home::{Home, with};
use super::presentation::RawPresentation;
use crate::browser::Browser;
use crate::code::Code;
use crate::wallet::{Confirmed, Error, Settings, Wallet};
use crate::wire::enrolment::Custody;
use crate::wire::id::{IssuerId, Thumbprint};
use alloc::rc::Rc;
use js_sys::Function;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// What `open` takes; absent members have the wallet's defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    issuer: IssuerId,
    profile: String,
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    root: Option<Thumbprint>,
    #[serde(default)]
    custody: Option<Custody>,
    #[serde(default)]
    label: Option<String>,
}

/// One opened wallet.
#[wasm_bindgen]
pub struct RawWallet {
    inner: Rc<Home>,
}

impl core::fmt::Debug for RawWallet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RawWallet")
    }
}

pub(super) fn refused(error: Error) -> JsValue {
    thrown(&error)
}

/// What tells one wallet's record from another's, and the wallet's settings.
///
/// # Errors
/// `bad-argument`.
pub(super) fn read_options(options: &str) -> Result<(String, Settings), JsValue> {
    let options: Options = from_json(options)?;
    let name = [options.issuer.as_str(), "/", &options.profile].concat();
    let defaults = Settings::new(options.issuer);
    let settings = Settings {
        endpoint: options.endpoint,
        root: options.root,
        custody: options.custody,
        label: options.label.unwrap_or(defaults.label),
        issuer: defaults.issuer,
    };
    Ok((name, settings))
}

impl RawWallet {
    pub(super) fn of(home: Home, on_change: Function) -> Self {
        let inner = Rc::new(home);
        with!(inner, wallet => wallet.on_change(move || {
            let _ = on_change.call0(&JsValue::UNDEFINED);
        }));
        Self { inner }
    }
}

#[wasm_bindgen]
impl RawWallet {
    /// Opens what is stored here. `options` is JSON. `fetch` carries the calls if given; `on_change` is called after every change of state.
    ///
    /// # Errors
    /// `bad-argument`; those of [`Browser::new`] and [`Wallet::open`].
    pub async fn open(options: String, fetch: Option<Function>, on_change: Function) -> Result<Self, JsValue> {
        let (name, settings) = read_options(&options)?;
        let browser = Browser::new(&name, fetch).map_err(|code| refused(code.into()))?;
        let wallet = Wallet::open(browser, settings).await.map_err(refused)?;
        Ok(Self::of(Home::Page(wallet), on_change))
    }

    /// A snapshot: [`crate::wallet::State`].
    ///
    /// # Errors
    /// None in practice: its figures are below 2^53.
    pub fn state(&self) -> Result<JsValue, JsValue> {
        to_js(&with!(self.inner, wallet => wallet.state()))
    }

    /// See [`Wallet::log_in`].
    ///
    /// # Errors
    /// As there.
    pub async fn log_in(&self, login: String, password: String, language: String) -> Result<String, JsValue> {
        with!(self.inner, wallet => wallet.log_in(&login, &password, &language).await).map_err(refused)
    }

    /// See [`Wallet::enter_code`].
    ///
    /// # Errors
    /// As there.
    pub async fn enter_code(&self, attempt: String, code: String) -> Result<String, JsValue> {
        with!(self.inner, wallet => wallet.enter_code(&attempt, &code).await).map_err(refused)
    }

    /// See [`Wallet::prepare_enrolment`].
    ///
    /// # Errors
    /// As there.
    pub async fn prepare_enrolment(
        &self,
        ticket: String,
        label: String,
        account: Option<String>,
    ) -> Result<JsValue, JsValue> {
        to_js(
            &with!(self.inner, wallet => wallet.prepare_enrolment(&ticket, &label, account.as_deref()).await)
                .map_err(refused)?,
        )
    }

    /// See [`Wallet::prepare_top_up`]. `amount` is a decimal text of minor units.
    ///
    /// # Errors
    /// As there; `bad-amount` or `source-unknown` for texts that can't be one.
    pub async fn prepare_top_up(&self, amount: String, currency: String, source: String) -> Result<JsValue, JsValue> {
        let (amount, currency) = (parse(&amount, Code::BadAmount)?, parse(&currency, Code::BadAmount)?);
        let source = parse(&source, Code::SourceUnknown)?;
        to_js(&with!(self.inner, wallet => wallet.prepare_top_up(amount, currency, &source).await).map_err(refused)?)
    }

    /// See [`Wallet::confirm`].
    ///
    /// # Errors
    /// As there.
    pub async fn confirm(&self, id: f64) -> Result<JsValue, JsValue> {
        let confirmed: Confirmed = with!(self.inner, wallet => wallet.confirm(id as u64).await).map_err(refused)?;
        to_js(&confirmed)
    }

    /// See [`Wallet::cancel`].
    pub async fn cancel(&self, id: f64) {
        with!(self.inner, wallet => wallet.cancel(id as u64).await);
    }

    /// See [`Wallet::payment_code`]. `max` is a decimal text of minor units.
    ///
    /// # Errors
    /// As there; `bad-amount`.
    pub async fn payment_code(&self, max: Option<String>) -> Result<JsValue, JsValue> {
        let max = max.map(|max| parse(&max, Code::BadAmount)).transpose()?;
        to_js(&with!(self.inner, wallet => wallet.payment_code(max).await).map_err(refused)?)
    }

    /// A place where codes are drawn.
    #[must_use]
    pub fn presentation(&self) -> RawPresentation {
        RawPresentation::new(Rc::clone(&self.inner))
    }

    /// See [`Wallet::sync`].
    ///
    /// # Errors
    /// As there.
    pub async fn sync(&self) -> Result<(), JsValue> {
        with!(self.inner, wallet => wallet.sync().await).map_err(refused)
    }

    /// See [`Wallet::refill`].
    ///
    /// # Errors
    /// As there.
    pub async fn refill(&self) -> Result<(), JsValue> {
        with!(self.inner, wallet => wallet.refill().await).map_err(refused)
    }

    /// See [`Wallet::acknowledge`].
    ///
    /// # Errors
    /// As there.
    pub async fn acknowledge(&self, alert: String) -> Result<(), JsValue> {
        with!(self.inner, wallet => wallet.acknowledge(&alert).await).map_err(refused)
    }

    /// See [`Wallet::prove_card`].
    ///
    /// # Errors
    /// As there; `source-unknown` for a text that can't be one.
    pub async fn prove_card(&self, source: String) -> Result<JsValue, JsValue> {
        let source = parse(&source, Code::SourceUnknown)?;
        to_js(&with!(self.inner, wallet => wallet.prove_card(&source).await).map_err(refused)?)
    }

    /// See [`Wallet::freeze`].
    ///
    /// # Errors
    /// As there.
    pub async fn freeze(&self) -> Result<(), JsValue> {
        with!(self.inner, wallet => wallet.freeze().await).map_err(refused)
    }

    /// See [`Wallet::lock`].
    pub fn lock(&self) {
        with!(self.inner, wallet => wallet.lock());
    }

    /// See [`Wallet::unlock`].
    ///
    /// # Errors
    /// As there.
    pub async fn unlock(&self) -> Result<(), JsValue> {
        with!(self.inner, wallet => wallet.unlock().await).map_err(refused)
    }

    /// See [`Wallet::receipts`].
    ///
    /// # Errors
    /// None in practice: its figures are below 2^53.
    pub fn receipts(&self, before: Option<f64>, limit: u32) -> Result<JsValue, JsValue> {
        to_js(&with!(self.inner, wallet => wallet.receipts(before.map(|before| before as u64), limit as usize)))
    }

    /// See [`Wallet::forget`].
    ///
    /// # Errors
    /// As there.
    pub async fn forget(&self) -> Result<(), JsValue> {
        with!(self.inner, wallet => wallet.forget().await).map_err(refused)
    }

    /// See [`Wallet::report`].
    ///
    /// # Errors
    /// None in practice: its figures are below 2^53.
    pub fn report(&self) -> Result<JsValue, JsValue> {
        to_js(&with!(self.inner, wallet => wallet.report()))
    }

    /// See [`Wallet::close`].
    pub async fn close(&self) {
        with!(self.inner, wallet => wallet.close().await);
    }
}
