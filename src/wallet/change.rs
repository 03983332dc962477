//! Changing the record: on disk and in memory alike, or not at all.

use super::Wallet;
use super::error::Error;
use super::ports::{Kept, Platform, Record, Store, StoreError};
use super::record::Data;
use super::room::{Fault, Handle, Local, unreadable};
use crate::code::Code;

/// A change of the record, or why it is not made.
type Change<'a> = Box<dyn FnOnce(&mut Data) -> Result<(), Error> + 'a>;
/// Handles of device and channel key.
type Pair<P> = (Handle<P>, Handle<P>);
/// The record after it, and the handles to store with it, those of a rotation under way last; none: it stays in memory.
type Changed<P> = (Box<Data>, Option<(Pair<P>, Option<Pair<P>>)>);

/// A handle that comes with a change.
enum New<P: Platform> {
    Device(Handle<P>),
    Next(Pair<P>),
}

fn changed_data(mut data: Box<Data>, change: Change<'_>) -> Result<Box<Data>, Error> {
    change(&mut data)?;
    Ok(data)
}

impl<P: Platform> Wallet<P> {
    /// Changes the record on disk, alone among all tabs, and takes what is there then as the truth. One that is not on disk yet
    /// is changed in memory.
    pub(super) fn change<'a>(
        &'a self,
        change: impl FnOnce(&mut Data) -> Result<(), Error> + 'a,
    ) -> Local<'a, Result<(), Error>> {
        Box::pin(self.change_record(None, Box::new(change)))
    }

    /// The same together with another handle of the device key: both are on disk, or neither. The first one of a record that
    /// was in memory puts it on disk.
    pub(super) fn change_with<'a>(
        &'a self,
        device: Handle<P>,
        change: impl FnOnce(&mut Data) -> Result<(), Error> + 'a,
    ) -> Local<'a, Result<(), Error>> {
        Box::pin(self.change_record(Some(New::Device(device)), Box::new(change)))
    }

    /// The same together with the handles of the keys that are to come. They are stored beside those in use for as long as the
    /// record says that a rotation is under way, and take their place when it names the new key.
    pub(super) fn change_next<'a>(
        &'a self,
        next: Pair<P>,
        change: impl FnOnce(&mut Data) -> Result<(), Error> + 'a,
    ) -> Local<'a, Result<(), Error>> {
        Box::pin(self.change_record(Some(New::Next(next)), Box::new(change)))
    }

    async fn change_record(&self, new: Option<New<P>>, change: Change<'_>) -> Result<(), Error> {
        let draft = if self.room.stored.get() { None } else { self.room.data.borrow().clone() };
        let mut made = Err(Error::new(Code::StorageFailed));
        let stored = match (draft, &new) {
            (Some(draft), None) => {
                made = changed_data(draft, change).map(|data| (data, None));
                Ok(())
            }
            (draft, _) => {
                let mut given = Some((change, draft, new));
                let mut write = |kept| {
                    let (change, draft, new) = given.take()?;
                    made = self.rewritten(kept, draft, new, change);
                    let (data, handles) = made.as_ref().ok()?;
                    let ((device, channel), next) = handles.clone()?;
                    Some(Record { device, channel, next, data: data.to_bytes() })
                };
                self.platform.store().write(&mut write).await
            }
        };
        let fault = match stored {
            Ok(()) => match made {
                Ok((data, handles)) => {
                    self.room.data.replace(Some(data));
                    if let Some((handles, _)) = handles {
                        self.room.handles.replace(Some(handles));
                        self.room.stored.set(true);
                    }
                    self.room.changed();
                    return Ok(());
                }
                // What lies there was a record when this wallet opened it.
                Err(error) if error.code == Code::StorageCorrupt => Fault::Corrupt,
                Err(error) if error.code == Code::KeyLost => Fault::KeyLost,
                Err(error) => return Err(error),
            },
            Err(StoreError::Gone) => Fault::KeyLost,
            Err(StoreError::Corrupt) => Fault::Corrupt,
            Err(error) => return Err(error.into()),
        };
        self.room.lose(Some(fault));
        self.room.changed();
        Err(if fault == Fault::KeyLost { Code::KeyLost } else { Code::StorageCorrupt }.into())
    }

    /// The record to write in the place of what is kept.
    fn rewritten(
        &self,
        kept: Kept<Handle<P>>,
        draft: Option<Box<Data>>,
        new: Option<New<P>>,
        change: Change<'_>,
    ) -> Result<Changed<P>, Error> {
        let Some(draft) = draft else {
            let Kept::Record(record) = kept else { return Err(Code::KeyLost.into()) };
            let data = Box::new(Data::from_bytes(&record.data).map_err(unreadable)?);
            let before = data.device_key;
            let data = changed_data(data, change)?;
            let (mut handles, mut next) = ((record.device, record.channel), record.next);
            match new {
                Some(New::Device(device)) => handles.0 = device,
                Some(New::Next(pair)) => next = Some(pair),
                None => {}
            }
            if data.device_key != before {
                handles = next.take().ok_or(Code::KeyLost)?;
            }
            let next = next.filter(|_| data.rotating.is_some());
            return Ok((data, Some((handles, next))));
        };
        // Another tab was first, and its ticket is used; a record without an account is of an attempt that came to nothing.
        if let Kept::Record(record) = kept
            && Data::from_bytes(&record.data).map_err(unreadable)?.known_account().is_some()
        {
            return Err(Code::TicketExpired.into());
        }
        let channel = self.room.handles.borrow().as_ref().map(|(_, channel)| channel.clone());
        let device = if let Some(New::Device(device)) = new { Some(device) } else { None };
        Ok((changed_data(draft, change)?, device.zip(channel).map(|handles| (handles, None))))
    }
}
