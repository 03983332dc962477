//! Whose call it is, for limits on tries: the socket's address, or what a trusted proxy says about it.

use crate::tally::Event;
use axum::http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What most proxies write.
const COMMON: &str = "x-forwarded-for";
/// RFC 7239's.
const STANDARD: &str = "forwarded";

/// A network whose proxies are believed: an address alone, or an address with the number of its leading bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address, in canonical form, is of this network.
    fn holds(self, address: IpAddr) -> bool {
        masked(address, self.bits) == Some(self.address)
    }
}

impl FromStr for Network {
    type Err = ();

    /// Reads `10.0.0.1`, `10.0.0.0/8`, `2001:db8::1` or `2001:db8::/32`; bits after the mask must be zero.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        if bits.is_some() && address != address.to_canonical() {
            return Err(());
        }
        let address = address.to_canonical();
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().map_err(|_| ())?,
            Some(_) => return Err(()),
            None if address.is_ipv4() => 32,
            None => 128,
        };
        let network = Self { address, bits };
        if network.holds(address) { Ok(network) } else { Err(()) }
    }
}

/// An address with all but its leading bits cleared; `None` if it has fewer bits.
fn masked(address: IpAddr, bits: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits.into())?).unwrap_or_default();
            Some(Ipv4Addr::from_bits(address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits.into())?).unwrap_or_default();
            Some(Ipv6Addr::from_bits(address.to_bits() & mask).into())
        }
    }
}

/// What counts as one neighbour on the network: an IPv4 address, or the first 64 bits of an IPv6 address.
pub(crate) fn neighbour(address: IpAddr) -> IpAddr {
    let address = address.to_canonical();
    if address.is_ipv4() { address } else { masked(address, 64).unwrap_or(address) }
}

/// What one customer of a network operator may have by itself: the first 24 bits of an IPv4 address, or 48 of an IPv6 address.
pub(crate) fn wide(address: IpAddr) -> IpAddr {
    let address = address.to_canonical();
    masked(address, if address.is_ipv4() { 24 } else { 48 }).unwrap_or(address)
}

/// Whether an address is a trusted proxy's.
pub(crate) fn is_trusted(trusted: &[Network], address: IpAddr) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.holds(address))
}

/// The caller's address, and what is wrong with how it came. Each proxy appends the address that it saw, so the list is
/// believed from its right end for as long as trusted proxies wrote it. Where both headers are there and name different
/// callers, one of them is a stranger's own, since a proxy writes one kind: neither is believed.
pub(crate) fn source(peer: IpAddr, trusted: &[Network], headers: &HeaderMap) -> (IpAddr, Option<Event>) {
    let peer = peer.to_canonical();
    if !is_trusted(trusted, peer) {
        let is_forwarded = headers.contains_key(COMMON) || headers.contains_key(STANDARD);
        return (peer, is_forwarded.then_some(Event::UnlistedProxy));
    }
    let common = read_list(headers, COMMON, |line| line.split(',').collect(), node);
    let standard = read_list(headers, STANDARD, split_quoted, |element| node(for_parameter(element)?));
    match (common, standard) {
        (Some(hops), None) | (None, Some(hops)) => (walk(peer, trusted, &hops), None),
        (Some(common), Some(standard)) => {
            let caller = walk(peer, trusted, &common);
            if caller == walk(peer, trusted, &standard) { (caller, None) } else { (peer, Some(Event::TwoCallers)) }
        }
        (None, None) => (peer, None),
    }
}

/// The right-most address that is no proxy's; the left-most if all are; the last one believed before what is no address.
fn walk(peer: IpAddr, trusted: &[Network], hops: &[Option<IpAddr>]) -> IpAddr {
    let mut believed = peer;
    for hop in hops.iter().rev() {
        let Some(hop) = *hop else { break };
        believed = hop;
        if !is_trusted(trusted, hop) {
            break;
        }
    }
    believed
}

/// The elements of a header that is a list, over all its lines; `None` if there is no line.
fn read_list(
    headers: &HeaderMap,
    name: &str,
    split: impl Fn(&str) -> Vec<&str>,
    read: impl Fn(&str) -> Option<IpAddr>,
) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let mut hops = Vec::new();
    for line in lines {
        // What is no text spoils its own element alone: a proxy appends to the line that a stranger began.
        let text = String::from_utf8_lossy(line.as_bytes());
        hops.extend(split(&text).into_iter().map(&read));
    }
    Some(hops)
}

/// Splits at commas outside quotes, read from the right: what a proxy appended stays whole whatever a stranger began with,
/// such as a quote that never ends.
fn split_quoted(text: &str) -> Vec<&str> {
    let (mut elements, mut is_quoted, mut rest) = (Vec::new(), false, text);
    for (at, byte) in text.bytes().enumerate().rev() {
        let before = text.get(..at).unwrap_or_default();
        if byte == b'"' && !(is_quoted && ends_in_escape(before)) {
            is_quoted = !is_quoted;
        } else if byte == b',' && !is_quoted {
            elements.push(rest.get(at + 1..).unwrap_or_default());
            rest = before;
        }
    }
    elements.push(rest);
    elements.reverse();
    elements
}

/// Whether a text ends in a backslash that is not itself escaped.
fn ends_in_escape(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Splits at a separator that stands outside quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character: char| {
        if escaped {
            escaped = false;
        } else if quoted && character == '\\' {
            escaped = true;
        } else if character == '"' {
            quoted = !quoted;
        }
        !quoted && character == separator
    })
}

/// The value of `for` in an element of `Forwarded` (RFC 7239 section 4); `None` if it is not there exactly once.
fn for_parameter(element: &str) -> Option<&str> {
    let pairs = split(element, ';').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// The address of a node, with or without quotes, brackets and a port; `None` for `unknown` and made-up names.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => text,
    };
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let is_port = port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
            if !port.is_empty() && !is_port {
                return None;
            }
            address.parse::<Ipv6Addr>().ok()?.into()
        }
        None => match text.split_once(':') {
            // One colon alone: IPv4 with a port.
            Some((address, port)) if !port.contains(':') => {
                port.parse::<u16>().ok()?;
                address.parse::<Ipv4Addr>().ok()?.into()
            }
            _ => text.parse::<IpAddr>().ok()?,
        },
    };
    Some(address.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;
