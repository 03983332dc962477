//! A nonce that says when it was made, under a MAC over what it is for: 4 bytes of seconds since 1970, 4 random ones and 8 of
//! the MAC. Nothing of it is stored before it is used, so nobody fills the ledger with nonces, or uses up another's.

use super::moment::{CLOCKS_APART, Moment};
use crate::wire::id::Nonce;

/// Makes one now, for this purpose and what `parts` says; the first half of the nonce comes last in the MAC.
pub(super) fn make(moment: &Moment<'_>, purpose: &str, parts: Vec<Vec<u8>>) -> Nonce {
    let [a, b, c, d] = moment.now().to_be_bytes();
    let [e, f, g, h] = moment.chance.next();
    let drawn = [a, b, c, d, e, f, g, h];
    let mac = moment.keys.short_mac(purpose, &with(parts, &drawn));
    let mut nonce = [0; 16];
    nonce.iter_mut().zip(drawn.into_iter().chain(mac)).for_each(|(byte, value)| *byte = value);
    Nonce(nonce)
}

/// When it was made, seconds since 1970; none, if it is not the issuer's for this, or from further ahead than another
/// server's clock may be: that one was made before the clock was put back, and would live for too long.
pub(super) fn made_at(moment: &Moment<'_>, purpose: &str, parts: Vec<Vec<u8>>, Nonce(nonce): Nonce) -> Option<u32> {
    let (drawn, mac) = nonce.split_first_chunk::<8>()?;
    let made = u32::from_be_bytes(*drawn.first_chunk()?);
    let holds = moment.keys.short_mac_holds(purpose, &with(parts, drawn), mac);
    (holds && made <= moment.now().saturating_add(CLOCKS_APART)).then_some(made)
}

fn with(mut parts: Vec<Vec<u8>>, drawn: &[u8; 8]) -> Vec<Vec<u8>> {
    parts.push(drawn.to_vec());
    parts
}
