//! What is checked before the first object is read: length and CRC.

use super::{MAX_CHARACTERS, Reason, ShopCodeRefusal};

/// `6304` and the four digits.
const CRC_OBJECT: usize = 8;

/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, nothing reflected (ISO/IEC 13239 as the specification uses it).
#[must_use]
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

/// First of all, since nearly every damage of a scanned or typed text shows here.
pub(super) fn length_and_crc(text: &str) -> Result<(), ShopCodeRefusal> {
    let characters = text.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(ShopCodeRefusal { reason: Reason::TooLong, at: MAX_CHARACTERS });
    }
    let no_crc = ShopCodeRefusal { reason: Reason::NoCrc, at: characters.saturating_sub(CRC_OBJECT) };
    let start = text.len().checked_sub(CRC_OBJECT).ok_or(no_crc)?;
    let digits = text.get(start..).and_then(|object| object.strip_prefix("6304")).ok_or(no_crc)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(no_crc);
    }
    let covered = text.get(..start + 4).ok_or(no_crc)?;
    if format!("{:04X}", crc(covered.as_bytes())) == digits {
        Ok(())
    } else {
        Err(ShopCodeRefusal { reason: Reason::BadCrc, at: characters.saturating_sub(4) })
    }
}
