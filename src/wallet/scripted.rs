//! An issuer for the unit tests of this room: it signs for real and follows a script instead of rules. The real rules
//! are the issuer's, and meet the wallet in the story test.

mod issuer;
mod step_up;
mod sync;

pub(super) use issuer::card;

use super::memory::{FnTransport, MemoryClock, MemoryEntropy, Place, SoftKey, run};
use super::ports::{Entropy, Platform, Request, Response, SigningKey, Unreachable};
use super::{Settings, Wallet};
use crate::code::Code;
use crate::wire::allowance::{Allowance, Offline, Tier};
use crate::wire::calls::*;
use crate::wire::enrolment::{Custody, open_self_signed};
use crate::wire::head::Head;
use crate::wire::id::{AccountId, Bytes, CredentialId, Handle, Hash, IssuerId, Nonce, SourceId, Thumbprint, Veil};
use crate::wire::intent::{Action, Intent};
use crate::wire::key_set::{IssuerKey, KeySet, MOST_KEYS, SignedKeySet, Use};
use crate::wire::money::{Amount, Currency};
use crate::wire::number::Whole;
use crate::wire::receipt::{Body, Kind, Receipt};
use crate::wire::sha256;
use crate::wire::sign1::{self, Statement};
use crate::wire::state::{DeviceItem, DeviceState, DeviceStatus, Left, SourceItem};
use crate::wire::time::Time;
use crate::wire::{dpop, token::Token};
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::time::Duration;
use std::rc::Rc;

pub(super) const ORIGIN: &str = "http://localhost:8787";
pub(super) const START_MS: u64 = 1_800_000_000_000;

/// What goes wrong at the next answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trick {
    IntentAmount,
    IntentHead,
    ReceiptForOtherAmount,
    ReceiptWrongKey,
    ReceiptBody,
    ReceiptErased,
    ReceiptLeftOut,
    OtherHistory,
    OldHead,
    OtherTimeNonce,
    /// The time statement of another call over the same nonce, which anybody who has an account gets.
    CountersNotTaken,
    StateOfIssuer,
    StateOfAccount,
    StateOfDevice,
    StateOfCall,
    StateOfSeq,
    StateWrongKey,
    SlowAnswer,
    NeverSettles,
    Refuse(Code),
}

pub(super) struct Book {
    pub(super) status: DeviceStatus,
    pub(super) devices: Vec<DeviceItem>,
    pub(super) receipts: Vec<(Receipt, Bytes)>,
    pub(super) balance: u32,
    pub(super) left: Left,
    pub(super) offline_count: u32,
    pub(super) tier: Tier,
    pub(super) floor: u32,
    pub(super) sources: Vec<SourceItem>,
    pub(super) limit: Amount,
    /// The counters that were named.
    pub(super) named: Vec<u32>,
    pub(super) allowances: u32,
    pub(super) frozen_by: Option<Thumbprint>,
    pub(super) signed_off_by: Option<Thumbprint>,
    /// What the prepared device is to be called.
    label: String,
    credential: CredentialId,
    /// The enrolment statement and its answer.
    enrolled: Option<(Bytes, Bytes)>,
    intent: Option<(Intent, bool)>,
    set: KeySet,
    pub(super) signed: SignedKeySet,
}

pub(super) struct Issuer {
    pub(super) clock: MemoryClock,
    pub(super) entropy: MemoryEntropy,
    pub(super) book: RefCell<Book>,
    pub(super) trick: Cell<Option<Trick>>,
    pub(super) calls: RefCell<Vec<String>>,
    /// The wallet's clock, which goes on while an answer is slow.
    other_clock: RefCell<Option<MemoryClock>>,
    /// Whoever carries the answers.
    road: RefCell<Option<Box<Road>>>,
    /// Key sets before the one in force.
    past: RefCell<Vec<SignedKeySet>>,
    root: SoftKey,
    keys: RefCell<Vec<(Use, SoftKey)>>,
}

/// Sees the path and the answer, and may change the answer.
type Road = dyn Fn(&str, Response) -> Response;

pub(super) struct World {
    pub(super) issuer: Rc<Issuer>,
    pub(super) place: Place,
}

pub(super) fn account() -> AccountId {
    "acc-1".parse().unwrap()
}

fn issuer_id() -> IssuerId {
    "http://localhost:8787".parse().unwrap()
}

pub(super) fn amount(yen: u32) -> Amount {
    Amount::of(yen)
}

impl World {
    pub(super) fn new() -> Self {
        Self::skewed(0)
    }

    /// A world whose wallet's wall clock is off.
    pub(super) fn skewed(skew_ms: i64) -> Self {
        let issuer = Rc::new(Issuer::new());
        let desk = Rc::clone(&issuer);
        let transport = FnTransport::new(move |request| {
            let desk = Rc::clone(&desk);
            async move { desk.answer(&request).map(|response| desk.carried(&request, response)) }
        });
        let place = Place::with_entropy(ORIGIN, START_MS, transport, MemoryEntropy::seeded(1));
        place.clock().set_skew(skew_ms);
        issuer.other_clock.replace(Some(place.clock().clone()));
        Self { issuer, place }
    }

    pub(super) fn settings() -> Settings {
        Settings { custody: Some(Custody::Software), ..Settings::new(issuer_id()) }
    }

    pub(super) fn open(&self) -> Wallet<Place> {
        run(Wallet::open(self.place.clone(), Self::settings())).unwrap()
    }

    pub(super) fn enrolled(&self) -> Wallet<Place> {
        let wallet = self.open();
        run(async {
            let attempt = wallet.log_in("hanako", "password", "ja").await.unwrap();
            let ticket = wallet.enter_code(&attempt, "12345678").await.unwrap();
            let ceremony = wallet.prepare_enrolment(&ticket, "Phone", Some("hanako")).await.unwrap();
            wallet.confirm(ceremony.id).await.unwrap();
        });
        wallet
    }

    /// Time passes for both sides.
    pub(super) fn advance(&self, seconds: u64) {
        self.place.clock().advance(Duration::from_secs(seconds));
        self.issuer.clock.advance(Duration::from_secs(seconds));
    }
}

/// Runs two futures of one thread together.
pub(super) async fn join<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> (A, B) {
    use core::task::Poll;
    let (mut left, mut right) = (core::pin::pin!(left), core::pin::pin!(right));
    let (mut a, mut b) = (None, None);
    core::future::poll_fn(move |context| {
        if a.is_none()
            && let Poll::Ready(value) = left.as_mut().poll(context)
        {
            a = Some(value);
        }
        if b.is_none()
            && let Poll::Ready(value) = right.as_mut().poll(context)
        {
            b = Some(value);
        }
        if a.is_some() && b.is_some() { Poll::Ready((a.take().unwrap(), b.take().unwrap())) } else { Poll::Pending }
    })
    .await
}

/// Polls a future once: it must not be ready, and goes no further when dropped.
pub(super) async fn start<F: Future>(future: &mut core::pin::Pin<Box<F>>) {
    core::future::poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        core::task::Poll::Ready(())
    })
    .await;
}
