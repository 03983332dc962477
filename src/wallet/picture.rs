//! A text as a QR picture: one segment, level M, the smallest version, a fixed mask, a quiet zone of 4 modules.

use crate::wire::json::{self, json_object};
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, QrSegmentMode, Version};

/// Light modules around the symbol, as ISO/IEC 18004 asks.
const QUIET: i32 = 4;
/// Token bytes are random, so no mask is better than another; searching for one takes ten times as long.
const MASK: u8 = 2;

/// A drawn code. The ground must stay white, also on a dark page.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Modules per side, quiet zone included.
    pub size: u32,
    /// SVG path of the dark modules, one unit per module.
    pub path: String,
    /// Whole SVG with white ground.
    pub svg: String,
}

json_object! { written Picture { size, path, svg } }

/// Shows a token to whoever can read it, so it is not printed.
impl core::fmt::Debug for Picture {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Picture").field("size", &self.size).finish_non_exhaustive()
    }
}

/// The text does not fit into one QR code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// Draws `text`: alphanumeric if it can be, else bytes.
///
/// # Errors
/// [`TooMuch`] above what version 40 holds.
pub fn draw(text: &str) -> Result<Picture, TooMuch> {
    let segment = alphanumeric(text).unwrap_or_else(|| QrSegment::make_bytes(text.as_bytes()));
    let code = QrCode::encode_segments_advanced(
        &[segment],
        QrCodeEcc::Medium,
        Version::MIN,
        Version::MAX,
        Some(Mask::new(MASK)),
        false,
    )
    .map_err(|_| TooMuch)?;
    let path = path(&code);
    let size = code.size() + 2 * QUIET;
    let side = decimal(size);
    let svg = [
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ",
        &side,
        " ",
        &side,
        "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h",
        &side,
        "v",
        &side,
        "H0z\"/><path fill=\"#000\" d=\"",
        &path,
        "\"/></svg>",
    ]
    .concat();
    Ok(Picture { size: size.unsigned_abs(), path, svg })
}

/// Two characters in 11 bits, the last one of an odd number in 6 (ISO/IEC 18004 section 7.4.4). By bytes: qrcodegen looks
/// each character up as a text in a text, which is half of what a picture costs the page's module.
fn alphanumeric(text: &str) -> Option<QrSegment> {
    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut bits = Vec::new();
    for characters in text.as_bytes().chunks(2) {
        let mut value = 0;
        for character in characters {
            value = value * CHARACTERS.len() + CHARACTERS.iter().position(|known| known == character)?;
        }
        let width = if characters.len() == 2 { 11 } else { 6 };
        bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
    }
    Some(QrSegment::new(QrSegmentMode::Alphanumeric, text.len(), bits))
}

fn decimal(value: i32) -> String {
    json::decimal(value.unsigned_abs().into())
}

/// One rectangle for each horizontal run of dark modules.
fn path(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let run = x - start;
                let (across, down, run) = (decimal(start + QUIET), decimal(y + QUIET), decimal(run));
                path.extend(["M", &across, " ", &down, "h", &run, "v1h-", &run, "z"]);
            }
            x += 1;
        }
    }
    path
}

#[cfg(test)]
mod tests;
