//! A registered name in a message: somebody else may have chosen it.

use crate::wire::text::Shown;
use core::fmt::{Display, Formatter, Result, Write as _};

/// A name in quotation marks that it can't end, with what links are made of in full width, so that no reader of messages
/// makes a link, an address or a telephone number of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::issuer) struct Named<'a>(pub(in crate::issuer) &'a Shown);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('「')?;
        self.0.chars().try_for_each(|sign| f.write_char(harmless(sign)))?;
        f.write_char('」')
    }
}

/// The character as it stands in a message.
fn harmless(sign: char) -> char {
    /// From a character of ASCII to its full-width form.
    const WIDER: u32 = 0xfee0;
    match sign {
        '.' | ':' | '/' | '@' | '+' | '0'..='9' => char::from_u32(u32::from(sign) + WIDER).unwrap_or(sign),
        '「' | '｢' => '『',
        '」' | '｣' => '』',
        _ => sign,
    }
}
