//! What an open wallet holds in memory, and how it is shown. Nothing here is borrowed over an await.

use super::calling::Unanswered;
use super::ceremony::Open;
use super::error::Error;
use super::freeze::Freezing;
use super::history::newest;
use super::keys::Pair;
use super::ports::{Clock, Keys, Platform, millis};
use super::queue::Queue;
use super::record::{Data, Unreadable};
use super::rotate::Next;
use super::state::{AllowanceView, DeviceView, Report, SourceView, State, Status};
use super::undrawn::Screen;
use super::{Settings, Wallet, pay};
use crate::code::Code;
use crate::wire::calls;
use crate::wire::enrolment::Custody;
use crate::wire::id::{Nonce, to_base64};
use crate::wire::money::Money;
use crate::wire::state::{DeviceItem, DeviceStatus, SourceItem};
use core::cell::{Cell, Ref, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::rc::Rc;

pub(super) type Key<P> = <<P as Platform>::Keys as Keys>::Key;
pub(super) type Handle<P> = <<P as Platform>::Keys as Keys>::Handle;
pub(super) type Secret<P> = <<P as Platform>::Keys as Keys>::Secret;

/// A future behind one pointer, where several callers meet: its code stands in the module once.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Receipts in a snapshot.
const RECENT: usize = 20;

/// Why there is no record to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    KeyLost,
    Corrupt,
}

/// The issuer's time at one instant of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub(super) issuer_ms: u64,
    pub(super) running: Duration,
}

pub(super) struct Room<P: Platform> {
    pub(super) data: RefCell<Option<Box<Data>>>,
    pub(super) fault: Cell<Option<Fault>>,
    pub(super) closed: Cell<bool>,
    pub(super) device: RefCell<Option<Rc<Key<P>>>>,
    pub(super) channel: RefCell<Option<Rc<Key<P>>>>,
    /// The device key's first handle, until it is registered: what is refused may be tried again under another passkey.
    pub(super) draft: RefCell<Option<Handle<P>>>,
    /// Keys of a rotation whose preparation was not answered, and the custody that they are for.
    pub(super) pair: RefCell<Option<(Custody, Pair<P>)>>,
    /// Keys of a rotation that is prepared or under way.
    pub(super) next: RefCell<Option<Next<P>>>,
    /// What is kept of device and channel key.
    pub(super) handles: RefCell<Option<(Handle<P>, Handle<P>)>>,
    /// Whether the record is on disk. Until a device is about to be registered it is not: a device key that is to be sealed
    /// must never have lain there.
    pub(super) stored: Cell<bool>,
    /// Whether a write was given up whose end is not known: what is on disk may be ahead of what is held.
    pub(super) unsure: Cell<bool>,
    /// The newest nonce of the issuer.
    pub(super) nonce: RefCell<String>,
    /// When it came, by the clock that never goes back.
    pub(super) nonce_since: Cell<Option<Duration>>,
    /// The issuer's description, until it is pinned.
    pub(super) known: RefCell<Option<Vec<u8>>>,
    /// Calls whose answer has not come.
    pub(super) unanswered: Unanswered,
    /// A freeze whose answer has not come.
    pub(super) freezing: RefCell<Option<Freezing>>,
    /// The counter that is being named, and the nonce of that call, until its answer has come.
    pub(super) naming: Cell<Option<(u32, Nonce)>>,
    /// The counter whose naming was answered, while a state is asked for that proves it.
    pub(super) named: Cell<Option<u32>>,
    pub(super) anchor: Cell<Option<Anchor>>,
    pub(super) online: Cell<bool>,
    pub(super) open: RefCell<Option<Rc<Open>>>,
    /// How often it was said that the device key is not to be opened: what was begun before opens none.
    pub(super) stops: Cell<u32>,
    pub(super) next_id: Cell<u64>,
    /// One code at a time.
    pub(super) codes: Queue,
    pub(super) screen: Screen,
    /// One sync or refill at a time.
    pub(super) news: Queue,
    /// One prompt at a time.
    pub(super) prompts: Queue,
    listeners: RefCell<Vec<Rc<dyn Fn()>>>,
}

impl<P: Platform> Room<P> {
    pub(super) fn new() -> Self {
        Self {
            data: RefCell::new(None),
            fault: Cell::new(None),
            closed: Cell::new(false),
            device: RefCell::new(None),
            channel: RefCell::new(None),
            draft: RefCell::new(None),
            pair: RefCell::new(None),
            next: RefCell::new(None),
            handles: RefCell::new(None),
            stored: Cell::new(false),
            unsure: Cell::new(false),
            nonce: RefCell::new(String::new()),
            nonce_since: Cell::new(None),
            known: RefCell::new(None),
            unanswered: Unanswered::default(),
            freezing: RefCell::new(None),
            naming: Cell::new(None),
            named: Cell::new(None),
            anchor: Cell::new(None),
            online: Cell::new(true),
            open: RefCell::new(None),
            stops: Cell::new(0),
            next_id: Cell::new(1),
            codes: Queue::default(),
            screen: Screen::default(),
            news: Queue::default(),
            prompts: Queue::default(),
            listeners: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn listen(&self, callback: impl Fn() + 'static) {
        self.listeners.borrow_mut().push(Rc::new(callback));
    }

    /// Tells everybody that the state changed. A listener may call the wallet, and may listen more.
    pub(super) fn changed(&self) {
        let listeners = self.listeners.borrow().clone();
        for listener in listeners {
            listener();
        }
    }

    pub(super) fn silence(&self) {
        self.listeners.borrow_mut().clear();
    }

    /// Drops keys and record from memory; what is stored stays.
    pub(super) fn lose(&self, fault: Option<Fault>) {
        self.screen.drop_undrawn();
        self.device.replace(None);
        self.channel.replace(None);
        self.draft.replace(None);
        self.pair.replace(None);
        self.next.replace(None);
        self.handles.replace(None);
        self.freezing.replace(None);
        self.naming.set(None);
        self.stored.set(false);
        self.data.replace(None);
        self.anchor.set(None);
        self.fault.set(fault);
    }
}

impl<P: Platform> Wallet<P> {
    /// Reads something of the record.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn read<R>(&self, read: impl FnOnce(&Data) -> R) -> Result<R, Error> {
        Ok(read(&*self.held()?))
    }

    /// Never inlined: there are fifty readers.
    #[inline(never)]
    pub(super) fn held(&self) -> Result<Ref<'_, Data>, Error> {
        Ref::filter_map(self.room.data.borrow(), Option::as_deref).map_err(|_| self.why_no_record())
    }

    fn why_no_record(&self) -> Error {
        Error::new(match self.room.fault.get() {
            _ if self.room.closed.get() => Code::Closed,
            Some(Fault::KeyLost) => Code::KeyLost,
            Some(Fault::Corrupt) => Code::StorageCorrupt,
            None => Code::NotEnrolled,
        })
    }

    /// Milliseconds since 1970 by the issuer's clock, as far as it is known. The monotonic clock carries the signed
    /// time on; it stops while some phones sleep, and then the wall clock is the one that went on.
    pub(super) fn now_ms(&self) -> u64 {
        let offset = self.room.data.borrow().as_ref().map_or(0, |data| data.offset_ms);
        let wall = self.platform.clock().now_ms().saturating_add_signed(offset);
        wall.max(self.carried_ms().unwrap_or(0))
    }

    /// The issuer's time by the monotonic clock alone, which nobody sets; `None` if it was not learned since the wallet was
    /// opened.
    pub(super) fn carried_ms(&self) -> Option<u64> {
        let anchor = self.room.anchor.get()?;
        let since = self.platform.clock().running().saturating_sub(anchor.running);
        Some(anchor.issuer_ms.saturating_add(millis(since)))
    }

    /// The same in seconds.
    pub(super) fn now(&self) -> u32 {
        seconds(self.now_ms())
    }

    pub(super) fn status(&self) -> Status {
        if self.room.closed.get() {
            return Status::Closed;
        }
        match self.room.fault.get() {
            Some(Fault::KeyLost) => return Status::KeyLost,
            Some(Fault::Corrupt) => return Status::StorageCorrupt,
            None => {}
        }
        let data = self.room.data.borrow();
        let Some(data) = data.as_ref() else { return Status::New };
        if data.account.is_none() {
            // An enrolment whose answer has not come needs its key to be asked for again.
            let is_locked = data.enrolling.is_some() && self.room.device.borrow().is_none();
            return if is_locked { Status::Locked } else { Status::New };
        }
        if data.rotating.is_some() && self.room.device.borrow().is_none() {
            // Whether its key was replaced can be asked once it is open.
            return Status::Locked;
        }
        match data.status {
            DeviceStatus::Frozen => Status::Frozen,
            DeviceStatus::Suspended => Status::Suspended,
            DeviceStatus::Revoked => Status::Revoked,
            DeviceStatus::Active if self.room.device.borrow().is_some() => Status::Ready,
            DeviceStatus::Active => Status::Locked,
        }
    }

    /// That the wallet can pay.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn demand_ready(&self) -> Result<(), Error> {
        Err(Error::new(match self.status() {
            Status::Ready => return Ok(()),
            Status::New => Code::NotEnrolled,
            Status::Locked => Code::Locked,
            Status::Frozen => Code::Frozen,
            Status::Suspended => Code::Suspended,
            Status::Revoked => Code::Revoked,
            Status::KeyLost => Code::KeyLost,
            Status::StorageCorrupt => Code::StorageCorrupt,
            Status::Closed => Code::Closed,
        }))
    }

    pub(super) fn view(&self) -> State {
        let status = self.status();
        let now_ms = self.now_ms();
        let now = self.now();
        let ceremony = self.room.open.borrow().as_ref().and_then(|open| open.shown());
        let online = self.room.online.get();
        let mut state = State { ceremony, online, ..State::of(status) };
        let data = self.room.data.borrow();
        let Some(data) = data.as_ref() else { return state };
        let money = |amount| data.currency().map(|currency| Money { amount, currency });
        state.device = this_device(data, now);
        state.devices.extend(
            data.devices
                .iter()
                .filter(|item| !data.predecessors.contains(&item.thumb))
                .map(|item| device_view(item, data, now)),
        );
        state.account_label = data.account.as_ref().map(|account| account.label.to_string());
        state.balance = data.balance.and_then(money);
        state.sources.extend(data.sources.iter().map(source_view));
        state.allowance = allowance_view(data, now_ms);
        state.limit = data.limit.and_then(money);
        state.recent = newest(data, None, RECENT);
        state.alerts.clone_from(&data.alerts);
        state.synced_at = data.synced_at;
        state.clock_offset_ms = data.offset_ms;
        state
    }

    pub(super) fn describe(&self) -> Report {
        let data = self.room.data.borrow();
        let data = data.as_ref();
        Report {
            version: env!("CARGO_PKG_VERSION"),
            protocol: calls::VERSION,
            status: self.status(),
            custody: data.map(|data| data.custody),
            unlocked: self.room.device.borrow().is_some(),
            synced_at: data.and_then(|data| data.synced_at),
            online: self.room.online.get(),
            clock_offset_ms: data.map_or(0, |data| data.offset_ms),
            sequence: data.map_or(0, |data| data.link.seq),
            codes_made: data.map_or(0, |data| data.atc),
            alerts: data.map_or(0, |data| data.alerts.len()),
        }
    }

    /// A wallet that has read nothing yet: see [`Wallet::read_again`].
    pub(crate) fn new_with(platform: P, settings: Settings) -> Self {
        Self { platform, settings, room: Room::new() }
    }
}

pub(super) fn unreadable(why: Unreadable) -> Error {
    Error::new(match why {
        Unreadable::Corrupt => Code::StorageCorrupt,
        Unreadable::Newer => Code::UpgradeNeeded,
    })
}

pub(super) const fn ms(seconds: u32) -> u64 {
    seconds as u64 * 1000
}

pub(super) fn seconds(ms: u64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}

/// This device as the issuer lists it, or as it was enrolled if no sync has come yet.
pub(super) fn this_device(data: &Data, now: u32) -> Option<DeviceView> {
    let account = data.account.as_ref()?;
    let thumb = data.device_key.thumbprint();
    if let Some(item) = data.devices.iter().find(|item| item.thumb == thumb) {
        return Some(device_view(item, data, now));
    }
    let cooled_at = data.allowance.as_ref().map_or(0, |terms| terms.cooled_at);
    Some(DeviceView {
        id: to_base64(&thumb.0),
        label: account.device_label.clone(),
        custody: data.custody,
        here: true,
        status: data.status,
        added_at: ms(account.enrolled_at),
        last_used_at: None,
        cool_off_until: (cooled_at > now).then(|| ms(cooled_at)),
    })
}

fn device_view(item: &DeviceItem, data: &Data, now: u32) -> DeviceView {
    DeviceView {
        id: to_base64(&item.thumb.0),
        label: item.label.to_string(),
        custody: item.custody,
        here: item.thumb == data.device_key.thumbprint(),
        status: item.status,
        added_at: ms(item.added_at),
        last_used_at: item.last_used_at.map(ms),
        cool_off_until: (item.cooled_at > now).then(|| ms(item.cooled_at)),
    }
}

pub(super) fn source_view(item: &SourceItem) -> SourceView {
    SourceView {
        id: item.id.clone(),
        kind: item.kind.to_string(),
        label: item.label.to_string(),
        usable_from: item.usable_from.map(ms),
    }
}

fn allowance_view(data: &Data, now_ms: u64) -> Option<AllowanceView> {
    let terms = data.allowance.as_ref()?;
    let money = |amount| Money { amount, currency: terms.currency };
    let left = pay::left_at_worst(data, terms, now_ms);
    Some(AllowanceView {
        left: money(left.amount),
        per_payment: money(left.each),
        count_left: left.count,
        resets_at: ms(left.resets_at),
        until: ms(terms.until),
        as_of: data.left.map_or_else(|| terms.dated(now_ms), |then| ms(then.as_of)),
    })
}
