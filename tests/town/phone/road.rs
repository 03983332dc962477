//! A phone's way to the issuer, and what networks do to calls and answers.

use super::Serving;
use super::between::Between;
use crate::town::act::Act;
use crate::town::chance::Chance;
use crate::town::trouble::{Fault, Port};
use jitsuin::issuer::desk;
use jitsuin::wallet::ports::{Request, Response, Transport, Unreachable};
use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, timeout};

/// Gives a call to the issuer; none, if nobody answers.
pub type Deliver = Rc<dyn Fn(Arc<Act>, desk::Request) -> Pin<Box<dyn Future<Output = Option<desk::Reply>>>>>;

/// How long the port waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// One tab's way.
#[derive(Clone)]
pub struct Road {
    serving: Serving,
    chance: Rc<Chance>,
    deliver: Deliver,
    /// Where it is in the network.
    source: Rc<str>,
    one_way_until: Rc<Cell<Option<Instant>>>,
    /// A nonce of some time ago.
    old_nonce: Rc<RefCell<Option<String>>>,
    /// Somebody through whose hands every call and answer goes now.
    between: Rc<RefCell<Option<Rc<Between>>>>,
}

impl Road {
    /// Over `deliver`.
    pub fn new(serving: Serving, chance: Rc<Chance>, deliver: Deliver) -> Self {
        let source = format!("192.0.{}.{}", chance.below(200), chance.from_to(1, 250)).into();
        Self {
            serving,
            chance,
            deliver,
            source,
            one_way_until: Rc::default(),
            old_nonce: Rc::default(),
            between: Rc::default(),
        }
    }

    /// For another tab.
    pub fn tab(&self, serving: Serving) -> Self {
        Self { serving, ..self.clone() }
    }

    /// The network works.
    pub fn calm(&self) {
        self.one_way_until.set(None);
    }

    /// Whose hands every call goes through from now on.
    pub fn pass_through(&self, between: Option<Rc<Between>>) {
        self.between.replace(between);
    }

    async fn way(&self) {
        sleep(Duration::from_millis(self.chance.from_to(5, 120))).await;
    }

    async fn carried(&self, act: Arc<Act>, call: desk::Request) -> Result<Response, Unreachable> {
        let fault = act.meets(Port::Road);
        fault.into_iter().for_each(|fault| act.felt(fault));
        let deliver = |call: &desk::Request| (self.deliver)(Arc::clone(&act), call.clone());
        self.way().await;
        match fault {
            Some(Fault::Unsent) => return Err(Unreachable::Offline),
            Some(Fault::Slow) => sleep(Duration::from_millis(self.chance.from_to(1_000, 15_000))).await,
            Some(Fault::LateCall) => {
                let (late, wait) = (deliver(&call), Duration::from_secs(self.chance.from_to(25, 240)));
                spawn_local(async move {
                    sleep(wait).await;
                    late.await;
                });
                pending::<()>().await;
            }
            Some(Fault::ForeignPage) => return Ok(foreign(200, b"<html>Welcome to our WLAN</html>")),
            Some(Fault::OneWay) => {
                let until = Instant::now() + Duration::from_secs(self.chance.from_to(30, 400));
                self.one_way_until.set(Some(until));
            }
            // What happens to the answer, or to the call as it is delivered: below.
            Some(
                Fault::Lost
                | Fault::LateAnswer
                | Fault::Twice
                | Fault::TwiceLate
                | Fault::Cut
                | Fault::ForeignError
                | Fault::StaleNonce
                | Fault::Tampered,
            )
            | None => {}
            Some(other) => unreachable!("{other:?} does nothing on the phone's network"),
        }
        let call = if fault == Some(Fault::Tampered) { tampered(call) } else { call };
        if fault == Some(Fault::Twice) {
            let first = deliver(&call);
            spawn_local(first);
            sleep(Duration::from_millis(self.chance.below(30))).await;
        }
        let between = self.between.borrow().clone();
        let reply = match between {
            Some(between) => between.carry(&act, call.clone(), &self.deliver).await,
            None => deliver(&call).await,
        };
        let reply = reply.ok_or(Unreachable::Silent)?;
        self.way().await;
        if self.one_way_until.get().is_some_and(|until| Instant::now() < until) {
            pending::<()>().await;
        }
        let old = self.old_nonce.borrow().clone();
        if reply.nonce.is_some() && (old.is_none() || self.chance.percent(20)) {
            self.old_nonce.replace(reply.nonce.clone());
        }
        let mut response =
            Response { status: reply.status, body: reply.body, nonce: reply.nonce, retry_after: reply.retry_after };
        match fault {
            Some(Fault::Lost) => return Err(Unreachable::Offline),
            Some(Fault::LateAnswer) => pending::<()>().await,
            Some(Fault::TwiceLate) => {
                let (again, wait) = (deliver(&call), Duration::from_secs(self.chance.from_to(5, 400)));
                spawn_local(async move {
                    sleep(wait).await;
                    again.await;
                });
            }
            Some(Fault::Cut) => response.body.truncate(response.body.len() / 2),
            Some(Fault::ForeignError) => return Ok(foreign(502, b"<html>Bad gateway</html>")),
            Some(Fault::StaleNonce) => response.nonce = old.or(Some("stale".into())),
            _ => {}
        }
        Ok(response)
    }
}

fn foreign(status: u16, body: &[u8]) -> Response {
    Response { status, body: body.into(), nonce: None, retry_after: None }
}

/// Another digit where the body has its first one.
fn tampered(mut call: desk::Request) -> desk::Request {
    if let Some(digit) = call.body.iter_mut().find(|byte| byte.is_ascii_digit()) {
        *digit = if *digit == b'7' { b'8' } else { b'7' };
    }
    call
}

impl Transport for Road {
    async fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        let act = Rc::clone(&self.serving).borrow().clone();
        let path = request.url.strip_prefix(super::ORIGIN).unwrap_or_default();
        let call = desk::Request {
            method: request.method.into(),
            path: path.into(),
            body: request.body.clone(),
            proof: request.proof.clone(),
            source: self.source.to_string(),
        };
        timeout(PATIENCE, self.carried(act, call)).await.unwrap_or(Err(Unreachable::Silent))
    }
}
