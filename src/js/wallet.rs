//! The raw wallet: every verb through one door, since each exported async function costs the module a kilobyte. Calls
//! may overlap: everything is behind `&self`, and the wallet lines them up itself.

use super::convert::to_js;
use super::error::thrown;
use super::home::{Home, with};
use super::presentation::RawPresentation;
use super::request::Request;
use crate::browser::{Bridge, Browser, Fetching, Promise};
use crate::code::Code;
use crate::wallet::ports::Platform;
use crate::wallet::{Error, Local, Settings, Wallet};
use crate::wire::json::{self, FromJson, ToJson, json_words};
use crate::wire::money::Amount;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A function that takes nothing.
    #[derive(Clone, Debug)]
    pub type Listener;
    #[wasm_bindgen(method, catch)]
    fn call(this: &Listener) -> Result<(), JsValue>;
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

/// The one place where a future becomes a promise.
pub(super) fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    crate::browser::promise(Box::pin(future))
}

/// The settings by their names in JavaScript, those that may be left out with a question mark.
const OPTIONS: &str = "issuer profile endpoint? root? custody? cardOrigins? label?";

/// What tells one wallet's record from another's, and the wallet's settings; absent members have their defaults.
///
/// # Errors
/// `bad-argument`, which names the setting.
pub(super) fn read_options(options: &str) -> Result<(String, Settings), Error> {
    let (mut profile, mut settings) = (String::new(), Settings::new(FromJson::blank()));
    let Settings { issuer, endpoint, root, custody, card_origins, label } = &mut settings;
    let members: &mut [&mut dyn FromJson] = &mut [issuer, &mut profile, endpoint, root, custody, card_origins, label];
    let json = json::parse(options.as_bytes()).map_err(|_| Error::new(Code::BadArgument))?;
    if let Some(argument) = json.bad_member(OPTIONS, members) {
        return Err(Error::bad_argument(argument));
    }
    Ok(([settings.issuer.as_str(), "/", &profile].concat(), settings))
}

/// A wallet of this page that has not read its record yet.
fn begin(options: &str, fetch: Option<Fetching>, host: Option<Bridge>) -> Result<Box<Wallet<Browser>>, Error> {
    let (name, settings) = read_options(options)?;
    Ok(Box::new(Wallet::new_with(Browser::new(&name, fetch, host)?, settings)))
}

impl RawWallet {
    pub(super) fn of(home: Home, on_change: Listener) -> Self {
        let inner = Rc::new(home);
        with!(inner, wallet => wallet.on_change(move || {
            let _ = on_change.call();
        }));
        Self { inner }
    }
}

#[wasm_bindgen]
impl RawWallet {
    /// Opens what is stored here. `options` is JSON. `fetch` carries the calls if given; `on_change` is called after every
    /// change of state; `host` is the bridge to the one that the page named. Rejects with the refusals of [`Browser::new`] and [`Wallet::open`], or `bad-argument`.
    pub fn open(options: &str, fetch: Option<Fetching>, on_change: Listener, host: Option<Bridge>) -> Promise {
        let begun = begin(options, fetch, host);
        promise(async move {
            let wallet = begun?;
            wallet.read_again().await?;
            Ok(Self::of(Home::Page(wallet), on_change).into())
        })
    }

    /// One verb of [`Wallet`], by its name there, with its arguments in their order: a JSON list of texts, numbers and amounts
    /// as decimal ones. Rejects as the verb does.
    pub fn call(&self, request: &str) -> Promise {
        let home = Rc::clone(&self.inner);
        let request = Request::new(request);
        promise(async move { with!(home, wallet => run(wallet, &request)?.await) })
    }

    /// The same for verbs that do not wait.
    ///
    /// # Errors
    /// `bad-argument`.
    pub fn ask(&self, request: &str) -> Result<JsValue, JsValue> {
        with!(self.inner, wallet => tell(wallet, &Request::new(request)))
    }

    /// A place where codes are drawn.
    #[must_use]
    pub fn presentation(&self) -> RawPresentation {
        RawPresentation::new(Rc::clone(&self.inner))
    }
}

/// What a verb answers, as the page gets it.
type Running<'a> = Local<'a, Result<JsValue, JsValue>>;

/// A verb under way; its end is told to the page. By hand: an `async` block for each kind of end is twice as large.
struct Telling<'a, T>(Local<'a, T>);

impl<T: Told> Future for Telling<'_, T> {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(|end| end.told())
    }
}

/// How a verb ends.
trait Told {
    fn told(&self) -> Result<JsValue, JsValue>;
}

impl Told for () {
    fn told(&self) -> Result<JsValue, JsValue> {
        Ok(JsValue::UNDEFINED)
    }
}

impl<T: ToJson> Told for T {
    fn told(&self) -> Result<JsValue, JsValue> {
        to_js(self)
    }
}

impl<T: Told> Told for Result<T, Error> {
    fn told(&self) -> Result<JsValue, JsValue> {
        self.as_ref().map_err(thrown)?.told()
    }
}

fn telling<'a, T: Told + 'a>(running: Local<'a, T>) -> Running<'a> {
    Box::pin(Telling(running))
}

json_words! {
    /// Verbs that wait.
    #[derive(Clone, Copy)]
    enum Verb {
        Meet "meet",
        LogIn "log_in",
        EnterCode "enter_code",
        PrepareEnrolment "prepare_enrolment",
        PrepareRecovery "prepare_recovery",
        PrepareTopUp "prepare_top_up",
        Confirm "confirm",
        Cancel "cancel",
        PaymentCode "payment_code",
        Sync "sync",
        FollowNews "follow_news",
        Reread "reread",
        Refill "refill",
        Acknowledge "acknowledge",
        ProveCard "prove_card",
        Freeze "freeze",
        NotMine "not_mine",
        Shown "shown",
        BothMine "both_mine",
        Unlock "unlock",
        StopUnlock "stop_unlock",
        Forget "forget",
        Close "close",
        PrepareRefill "prepare_refill",
        PrepareLimit "prepare_limit",
        PrepareRotation "prepare_rotation",
        PrepareUnfreeze "prepare_unfreeze",
        Unfreeze "unfreeze",
        Reseal "reseal",
    }
}

/// Starts a verb.
fn run<'a, P: Platform>(wallet: &'a Wallet<P>, request: &'a Request) -> Result<Running<'a>, JsValue> {
    let (one, two) = (request.text(1), request.text(2));
    Ok(match request.argument(0, "verb")? {
        Verb::Meet => telling(wallet.meet()),
        Verb::LogIn => telling(wallet.log_in(one, two, request.text(3))),
        Verb::EnterCode => telling(wallet.enter_code(one, two)),
        Verb::PrepareEnrolment => telling(wallet.prepare_enrolment(one, two, request.given(3))),
        Verb::PrepareRecovery => telling(wallet.prepare_recovery(one, two, request.given(3))),
        Verb::PrepareTopUp => {
            let (amount, currency) = (request.read(1, Code::BadAmount)?, request.read(2, Code::BadAmount)?);
            telling(wallet.prepare_top_up(amount, currency, request.read(3, Code::SourceUnknown)?))
        }
        Verb::Confirm => telling(wallet.confirm(request.number(1, "ceremony")?)),
        Verb::Cancel => telling(wallet.cancel(request.number(1, "ceremony")?)),
        Verb::PaymentCode => {
            let (max, form) = request.bounds(1)?;
            telling(wallet.payment_code_as(form, max))
        }
        Verb::Sync => telling(wallet.sync()),
        Verb::FollowNews => telling(wallet.follow_news()),
        Verb::Reread => telling(wallet.read_again()),
        Verb::Refill => telling(wallet.refill()),
        Verb::Acknowledge => telling(wallet.acknowledge(one)),
        Verb::ProveCard => telling(wallet.prove_card(request.read(1, Code::SourceUnknown)?)),
        Verb::Freeze => telling(wallet.freeze()),
        Verb::NotMine => telling(wallet.not_mine(request.number(1, "sequence")?)),
        Verb::Shown => telling(wallet.shown(request.number(1, "sequence")?)),
        Verb::BothMine => telling(wallet.both_mine(request.number(1, "sequence")?)),
        Verb::Unlock => telling(wallet.unlock()),
        Verb::StopUnlock => telling(wallet.stop_unlock()),
        Verb::Forget => telling(wallet.forget()),
        Verb::Close => telling(wallet.close()),
        Verb::PrepareRefill => telling(wallet.prepare_refill()),
        Verb::PrepareLimit => telling(wallet.prepare_limit(request.read(1, Code::BadAmount)?)),
        Verb::PrepareRotation => telling(wallet.prepare_rotation(request.argument(1, "custody")?)),
        Verb::PrepareUnfreeze => telling(wallet.prepare_unfreeze()),
        Verb::Unfreeze => telling(wallet.unfreeze(one, two)),
        Verb::Reseal => telling(wallet.reseal()),
    })
}

fn tell<P: Platform>(wallet: &Wallet<P>, request: &Request) -> Result<JsValue, JsValue> {
    match request.text(0) {
        "state" => to_js(&wallet.state()),
        "report" => to_js(&wallet.report()),
        "receipts" => {
            let before: Option<Amount> = request.argument(1, "before")?;
            let limit = usize::try_from(request.number(2, "limit")?).unwrap_or(usize::MAX);
            to_js(&wallet.receipts(before.map(Amount::minor_units), limit))
        }
        "lock" => {
            wallet.lock();
            Ok(JsValue::UNDEFINED)
        }
        "tapped" => {
            wallet.tapped();
            Ok(JsValue::UNDEFINED)
        }
        "blurred" => {
            wallet.blurred();
            Ok(JsValue::UNDEFINED)
        }
        _ => Err(Error::new(Code::BadArgument).into()),
    }
}
