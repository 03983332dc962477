//! What refusals say of this device: it is news too, though nobody signed it.

use crate::code::Code;
use crate::wallet::record::Data;
use crate::wire::state::DeviceStatus;

/// How a refusal says that this device stands.
pub(super) const fn stopped(code: Code) -> Option<DeviceStatus> {
    match code {
        Code::Revoked => Some(DeviceStatus::Revoked),
        Code::Suspended => Some(DeviceStatus::Suspended),
        Code::Frozen => Some(DeviceStatus::Frozen),
        _ => None,
    }
}

/// Notes how a refusal says that this device stands. A key that is being replaced may hear that it is revoked because it was
/// replaced, and the account stays frozen then.
pub(super) fn note_stopped(data: &mut Data, stopped: DeviceStatus) {
    if data.status == DeviceStatus::Frozen
        && let Some(rotating) = &mut data.rotating
    {
        rotating.frozen = stopped == DeviceStatus::Revoked;
    }
    data.status = stopped;
}
