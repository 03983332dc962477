//! The floor of a device key's counter, which the issuer signs in each state (protocol section 2, "Single use and clones").

use crate::wallet::history::plain_alert;
use crate::wallet::record::{Counting, Data};
use crate::wallet::state::AlertKind;

/// Codes that this record may have counted in a minute without knowing of them: a copy of it that was put back, say.
const COUNTED_A_MINUTE: u32 = 10;
/// And beside those.
const COUNTED: u32 = 64;
/// A new key goes on from the last counter of the one before if that is no further above the floor: half of what the issuer
/// takes for one key's own counting.
const NEAR: u32 = 32_768;

/// Takes the counter's floor, if this record may have counted that far. If not, somebody else did: only a new key counts on.
pub(super) fn take_floor(data: &mut Data, floor: u32, now: u32) {
    if data.counting == Counting::Unknown {
        // The floor of the key that this one replaced: no code of this one was drawn yet.
        if !(floor..=floor.saturating_add(NEAR)).contains(&data.atc) {
            data.atc = floor;
            data.forgotten = data.forgotten.min(floor);
        }
        data.counting = Counting::On;
        return;
    }
    let minutes = now.saturating_sub(data.last_contact) / 60;
    let most = data.atc.saturating_add(COUNTED).saturating_add(minutes.saturating_mul(COUNTED_A_MINUTE));
    if floor <= data.atc {
        data.counting = Counting::On;
    } else if floor > most {
        data.counting = Counting::Ahead;
        data.alert(plain_alert(AlertKind::RotateNeeded, "floor", u64::from(floor), u64::from(now) * 1000));
    } else if data.counting == Counting::On {
        data.atc = floor;
    }
}
