//! Changing the record: on disk and in memory alike, or not at all.

use super::Wallet;
use super::error::Error;
use super::ports::{Kept, Platform, Record, Store, StoreError};
use super::record::Data;
use super::room::{Fault, Handle, Local, unreadable};
use crate::code::Code;

/// A change of the record, or why it is not made.
type Change<'a> = Box<dyn FnOnce(&mut Data) -> Result<(), Error> + 'a>;
/// The record after it, and the handles to store with it; none: it stays in memory.
type Changed<P> = (Box<Data>, Option<(Handle<P>, Handle<P>)>);

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
        Box::pin(self.change_record(Some(device), Box::new(change)))
    }

    async fn change_record(&self, device: Option<Handle<P>>, change: Change<'_>) -> Result<(), Error> {
        let draft = if self.room.stored.get() { None } else { self.room.data.borrow().clone() };
        let mut made = Err(Error::new(Code::StorageFailed));
        let stored = match (draft, &device) {
            (Some(draft), None) => {
                made = changed_data(draft, change).map(|data| (data, None));
                Ok(())
            }
            (draft, _) => {
                let mut given = Some((change, draft));
                let mut write = |kept| {
                    let (change, draft) = given.take()?;
                    made = self.rewritten(kept, draft, device.clone(), change);
                    let (data, handles) = made.as_ref().ok()?;
                    let (device, channel) = handles.clone()?;
                    Some(Record { device, channel, data: data.to_bytes() })
                };
                self.platform.store().write(&mut write).await
            }
        };
        let fault = match stored {
            Ok(()) => match made {
                Ok((data, handles)) => {
                    self.room.data.replace(Some(data));
                    if handles.is_some() {
                        self.room.handles.replace(handles);
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
        device: Option<Handle<P>>,
        change: Change<'_>,
    ) -> Result<Changed<P>, Error> {
        let Some(draft) = draft else {
            let Kept::Record(record) = kept else { return Err(Code::KeyLost.into()) };
            let data = Box::new(Data::from_bytes(&record.data).map_err(unreadable)?);
            return Ok((changed_data(data, change)?, Some((device.unwrap_or(record.device), record.channel))));
        };
        // Another tab was first, and its ticket is used; a record without an account is of an attempt that came to nothing.
        if let Kept::Record(record) = kept
            && Data::from_bytes(&record.data).map_err(unreadable)?.known_account().is_some()
        {
            return Err(Code::TicketExpired.into());
        }
        let channel = self.room.handles.borrow().as_ref().map(|(_, channel)| channel.clone());
        Ok((changed_data(draft, change)?, device.zip(channel)))
    }
}
