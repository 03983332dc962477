use super::*;
use crate::wallet::record::Rotating;
use crate::wallet::scripted::World;
use crate::wire::enrolment::Custody;
use crate::wire::id::Bytes;

/// What the record says of this device after its key was renewed, if it said `status` before.
fn renewed(status: DeviceStatus) -> DeviceStatus {
    let mut data = World::new().enrolled().read(Clone::clone).unwrap();
    data.status = status;
    // Which keys they are does not matter here.
    let (device_key, channel_key) = (data.channel_key, data.device_key);
    data.rotating = Some(Rotating {
        device_key,
        channel_key,
        custody: Custody::Software,
        nonce: crate::wire::id::Nonce([1; 16]),
        call: Bytes::default(),
        earlier: Vec::new(),
        until: 0,
        frozen: false,
    });
    settle(&mut data, Enrolled { allowance: Bytes::default() }, None, 0);
    assert_eq!(data.device_key, device_key);
    data.status
}

#[test]
fn what_stopped_the_old_key_did_not_stop_the_one_that_took_its_place() {
    // Signed off was the old key, by this very renewal, if its answer was lost and the wallet has synced since.
    for status in [DeviceStatus::Active, DeviceStatus::Suspended, DeviceStatus::Revoked] {
        assert_eq!(renewed(status), DeviceStatus::Active);
    }
    assert_eq!(renewed(DeviceStatus::Frozen), DeviceStatus::Frozen);
}
