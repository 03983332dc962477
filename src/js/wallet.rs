//! The raw wallet: every verb through one door, since each exported async function costs the module a kilobyte. Calls
//! may overlap: everything is behind `&self`, and the wallet lines them up itself.

use super::convert::{from_json, to_js};
use super::home::{Home, with};
use super::presentation::RawPresentation;
use crate::browser::{Bridge, Browser, Fetching, Promise, later_part};
use crate::code::Code;
use crate::wallet::ports::Platform;
use crate::wallet::{Error, Local, Settings, Wallet};
use crate::wire::enrolment::Custody;
use crate::wire::id::{IssuerId, Thumbprint};
use crate::wire::json::{ToJson, json_object};
use crate::wire::money::Amount;
use crate::wire::till_code::Form;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::future::Future;
use core::pin::Pin;
use core::str::FromStr;
use core::task::{Context, Poll};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// What `open` takes; absent members have the wallet's defaults.
struct Options {
    issuer: IssuerId,
    profile: String,
    endpoint: Option<String>,
    root: Option<Thumbprint>,
    custody: Option<Custody>,
    label: Option<String>,
}
json_object! {
    strict Options {
        issuer, profile, endpoint = "endpoint?", root = "root?", custody = "custody?", label = "label?",
    }
}

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
    pub fn open(options: String, fetch: Option<Fetching>, on_change: Listener, host: Option<Bridge>) -> Promise {
        promise(async move {
            let (name, settings) = read_options(&options)?;
            let browser = Browser::new(&name, fetch, host).map_err(Error::from)?;
            let wallet = Wallet::open(browser, settings).await?;
            Ok(Self::of(Home::Page(Box::new(wallet)), on_change).into())
        })
    }

    /// One verb of [`Wallet`], by its name there, with its arguments in their order: amounts as decimal texts of minor
    /// units, numbers as decimal texts. Rejects as the verb does.
    pub fn call(&self, verb: String, first: Option<String>, second: Option<String>, third: Option<String>) -> Promise {
        let home = Rc::clone(&self.inner);
        promise(async move {
            let arguments = [first, second, third];
            with!(home, wallet => {
                if let Some(running) = run(wallet, &verb, &arguments)? {
                    return running.await;
                }
                later_part().await?;
                run_later(wallet, &verb, &arguments)?.await
            })
        })
    }

    /// The same for verbs that do not wait.
    ///
    /// # Errors
    /// `bad-argument`.
    pub fn ask(&self, verb: &str, first: Option<String>, second: Option<String>) -> Result<JsValue, JsValue> {
        with!(self.inner, wallet => tell(wallet, verb, first, second))
    }

    /// A place where codes are drawn.
    #[must_use]
    pub fn presentation(&self) -> RawPresentation {
        RawPresentation::new(Rc::clone(&self.inner))
    }
}

type Arguments = [Option<String>; 3];

/// What a verb answers, as the page gets it.
type Running<'a> = Local<'a, Result<JsValue, JsValue>>;

/// A verb under way, and what the page is told of its end. By hand: an `async` block for each kind is as large again.
struct Telling<'a, T> {
    running: Local<'a, T>,
    tell: fn(T) -> Result<JsValue, JsValue>,
}

impl<T> Future for Telling<'_, T> {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.running.as_mut().poll(context).map(self.tell)
    }
}

fn done(running: Local<'_, ()>) -> Running<'_> {
    Box::pin(Telling { running, tell: |()| Ok(JsValue::UNDEFINED) })
}

fn nothing(running: Local<'_, Result<(), Error>>) -> Running<'_> {
    Box::pin(Telling { running, tell: |end| Ok(end.map(|()| JsValue::UNDEFINED)?) })
}

fn text(running: Local<'_, Result<String, Error>>) -> Running<'_> {
    Box::pin(Telling { running, tell: |end| Ok(JsValue::from(end?)) })
}

fn plain<'a, T: ToJson + 'a>(running: Local<'a, Result<T, Error>>) -> Running<'a> {
    Box::pin(Telling { running, tell: |end| to_js(&end?) })
}

/// Starts a verb; none if it is of those that [`run_later`] starts.
fn run<'a, P: Platform>(
    wallet: &'a Wallet<P>,
    verb: &str,
    [first, second, third]: &'a Arguments,
) -> Result<Option<Running<'a>>, JsValue> {
    // A text that the verb has to have; one that is left out is as an empty one.
    let (one, two) = (first.as_deref().unwrap_or_default(), second.as_deref().unwrap_or_default());
    let three = third.as_deref().unwrap_or_default();
    Ok(Some(match verb {
        "log_in" => text(wallet.log_in(one, two, three)),
        "enter_code" => text(wallet.enter_code(one, two)),
        "prepare_enrolment" => plain(wallet.prepare_enrolment(one, two, third.as_deref())),
        "prepare_recovery" => plain(wallet.prepare_recovery(one, two, third.as_deref())),
        "prepare_top_up" => {
            let (amount, currency) = (parse(one, Code::BadAmount)?, parse(two, Code::BadAmount)?);
            let source = parse(three, Code::SourceUnknown)?;
            plain(wallet.prepare_top_up(amount, currency, source))
        }
        "confirm" => plain(wallet.confirm(parse(one, Code::BadArgument)?)),
        "cancel" => done(wallet.cancel(parse(one, Code::BadArgument)?)),
        "payment_code" => {
            let (max, form) = asked(first.clone(), second.clone())?;
            plain(wallet.payment_code_as(form, max))
        }
        "sync" => nothing(wallet.sync()),
        "follow_news" => plain(wallet.follow_news()),
        "reread" => nothing(wallet.read_again()),
        "refill" => nothing(wallet.refill()),
        "acknowledge" => nothing(wallet.acknowledge(one)),
        "prove_card" => plain(wallet.prove_card(parse(one, Code::SourceUnknown)?)),
        "freeze" => nothing(wallet.freeze()),
        "not_mine" => nothing(wallet.not_mine(parse(one, Code::BadArgument)?)),
        "unlock" => nothing(wallet.unlock()),
        "forget" => nothing(wallet.forget()),
        "close" => done(wallet.close()),
        _ => return Ok(None),
    }))
}

/// Starts a verb that is needed once or seldom. Its code is in the part of the module that comes later (`scripts/later.txt`), and this
/// function with it.
#[inline(never)]
fn run_later<'a, P: Platform>(
    wallet: &'a Wallet<P>,
    verb: &str,
    [first, second, _]: &'a Arguments,
) -> Result<Running<'a>, JsValue> {
    let (one, two) = (first.as_deref().unwrap_or_default(), second.as_deref().unwrap_or_default());
    Ok(match verb {
        "prepare_refill" => plain(wallet.prepare_refill()),
        "lower_limit" => nothing(wallet.lower_limit(parse(one, Code::BadAmount)?)),
        "prepare_limit" => plain(wallet.prepare_limit(parse(one, Code::BadAmount)?)),
        "prepare_rotation" => {
            let custody = first.as_deref().map(|custody| parse(custody, Code::BadArgument)).transpose()?;
            plain(wallet.prepare_rotation(custody))
        }
        "send_unfreeze_code" => text(wallet.send_unfreeze_code()),
        "prepare_unfreeze" => plain(wallet.prepare_unfreeze(one, two)),
        "reseal" => nothing(wallet.reseal()),
        _ => return Err(Error::new(Code::BadArgument).into()),
    })
}

fn tell<P: Platform>(
    wallet: &Wallet<P>,
    verb: &str,
    first: Option<String>,
    second: Option<String>,
) -> Result<JsValue, JsValue> {
    match verb {
        "state" => to_js(&wallet.state()),
        "report" => to_js(&wallet.report()),
        "receipts" => {
            let before = first.map(|before| parse(&before, Code::BadArgument)).transpose()?;
            let limit: u64 = parse(second.as_deref().unwrap_or_default(), Code::BadArgument)?;
            to_js(&wallet.receipts(before, usize::try_from(limit).unwrap_or(usize::MAX)))
        }
        "lock" => {
            wallet.lock();
            Ok(JsValue::UNDEFINED)
        }
        _ => Err(Error::new(Code::BadArgument).into()),
    }
}

/// From a text, refused as `code`.
///
/// # Errors
/// `code`.
fn parse<T: FromStr>(text: &str, code: Code) -> Result<T, Error> {
    text.parse().map_err(|_| Error::new(code))
}

/// The most that a code may be worth, if the page says so, and in which form it is.
///
/// # Errors
/// `bad-amount`, `bad-argument`.
pub(super) fn asked(max: Option<String>, form: Option<String>) -> Result<(Option<Amount>, Form), Error> {
    let max = max.map(|max| parse(&max, Code::BadAmount)).transpose()?;
    let form = form.map_or(Ok(Form::default()), |form| parse(&form, Code::BadArgument))?;
    Ok((max, form))
}
