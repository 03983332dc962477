//! Changing the record: on disk and in memory alike, or not at all.

use super::Wallet;
use super::error::Error;
use super::ports::{Kept, Platform, Record, Store, StoreError};
use super::record::Data;
use super::room::{Fault, Handle, Local, unreadable};
use crate::code::Code;

/// Handles of device and channel key.
type Pair<P> = (Handle<P>, Handle<P>);
/// A change of the record, and of the handles that are stored beside those in use; or why it is not made.
type Change<'a, P> = Box<dyn FnOnce(&mut Data, &mut Option<Pair<P>>) -> Result<(), Error> + 'a>;
/// The record after it, and the handles that are stored with it; none: it stays in memory.
type Changed<P> = (Box<Data>, Option<Pair<P>>);
/// The same, with all that is written.
type Rewritten<P> = (Box<Data>, Option<Record<Handle<P>>>);

impl<P: Platform> Wallet<P> {
    /// Changes the record on disk, alone among all tabs, and takes what is there then as the truth. One that is not on disk yet
    /// is changed in memory.
    pub(super) fn change<'a>(
        &'a self,
        change: impl FnOnce(&mut Data) -> Result<(), Error> + 'a,
    ) -> Local<'a, Result<(), Error>> {
        self.changing(None, Box::new(|data, _| change(data)))
    }

    /// The same together with another handle of the device key: both are on disk, or neither. The first one of a record that
    /// was in memory puts it on disk.
    pub(super) fn change_with<'a>(
        &'a self,
        device: Handle<P>,
        change: impl FnOnce(&mut Data) -> Result<(), Error> + 'a,
    ) -> Local<'a, Result<(), Error>> {
        self.changing(Some(device), Box::new(|data, _| change(data)))
    }

    /// The same together with the handles of the keys that are to come. They are stored beside those in use for as long as the
    /// record says that a rotation is under way, and take their place when it names the new key.
    pub(super) fn change_next<'a>(
        &'a self,
        next: Pair<P>,
        change: impl FnOnce(&mut Data) -> Result<(), Error> + 'a,
    ) -> Local<'a, Result<(), Error>> {
        self.changing(
            None,
            Box::new(|data, beside| {
                *beside = Some(next);
                change(data)
            }),
        )
    }

    /// Begins a change: in one place, since there are many.
    #[inline(never)]
    fn changing<'a>(&'a self, device: Option<Handle<P>>, change: Change<'a, P>) -> Local<'a, Result<(), Error>> {
        Box::pin(self.change_record(device, change))
    }

    async fn change_record(&self, mut device: Option<Handle<P>>, change: Change<'_, P>) -> Result<(), Error> {
        if device.is_none()
            && let Some(mut draft) = self.unstored()
        {
            let made = change(&mut draft, &mut None);
            return self.changed(Ok(()), made.map(|()| (draft, None)));
        }
        let mut change = Some(change);
        let mut made = Err(Error::new(Code::StorageFailed));
        let mut write = |kept| match self.rewritten(kept, &mut device, change.take()?) {
            Ok((data, record)) => {
                let handles = record.as_ref().map(|record| (record.device.clone(), record.channel.clone()));
                made = Ok((data, handles));
                record
            }
            Err(error) => {
                made = Err(error);
                None
            }
        };
        let stored = self.platform.store().write(&mut write).await;
        self.changed(stored, made)
    }

    /// A copy of the record, if it is not on disk yet.
    fn unstored(&self) -> Option<Box<Data>> {
        // Copied as a record is, by its bytes: a second way to copy one is large in the page's module.
        let copy = |data: &Data| Data::from_bytes(&data.to_bytes()).ok();
        if self.room.stored.get() { None } else { self.room.data.borrow().as_deref().and_then(copy) }
    }

    /// Takes what was stored for the truth, or loses a record that is no longer there.
    fn changed(&self, stored: Result<(), StoreError>, made: Result<Changed<P>, Error>) -> Result<(), Error> {
        if stored == Err(StoreError::NoAnswer) {
            self.room.unsure.set(true);
        }
        let (data, handles) = match stored.map_err(Error::from).and(made) {
            Ok(changed) => changed,
            Err(error) => {
                // What lies there was a record when this wallet opened it.
                let fault = match error.code {
                    Code::StorageCorrupt => Fault::Corrupt,
                    Code::KeyLost => Fault::KeyLost,
                    _ => return Err(error),
                };
                self.room.lose(Some(fault));
                self.room.changed();
                return Err(error);
            }
        };
        self.room.data.replace(Some(data));
        if handles.is_some() {
            self.room.handles.replace(handles);
            self.room.stored.set(true);
        }
        self.room.changed();
        Ok(())
    }

    /// The data after a change, and the record to write with it; none: it stays in memory.
    fn rewritten(
        &self,
        kept: Kept<Handle<P>>,
        device: &mut Option<Handle<P>>,
        change: Change<'_, P>,
    ) -> Result<Rewritten<P>, Error> {
        let Some(mut data) = self.unstored() else {
            let Kept::Record(mut record) = kept else { return Err(Code::KeyLost.into()) };
            let mut data = Data::from_bytes(&record.data).map_err(unreadable)?;
            let before = data.device_key;
            change(&mut data, &mut record.next)?;
            if let Some(device) = device.take() {
                record.device = device;
            }
            if data.device_key != before {
                (record.device, record.channel) = record.next.take().ok_or(Code::KeyLost)?;
            }
            if data.rotating.is_none() {
                record.next = None;
            }
            record.data = data.to_bytes();
            return Ok((data, Some(record)));
        };
        // Another tab was first, and its ticket is used; a record without an account is of an attempt that came to nothing.
        if let Kept::Record(record) = kept
            && Data::from_bytes(&record.data).map_err(unreadable)?.known_account().is_some()
        {
            return Err(Code::TicketExpired.into());
        }
        change(&mut data, &mut None)?;
        let channel = self.room.handles.borrow().as_ref().map(|(_, channel)| channel.clone());
        let handles = device.take().zip(channel);
        let record = handles.map(|(device, channel)| Record { device, channel, next: None, data: data.to_bytes() });
        Ok((data, record))
    }
}
