//! A name for each call, by which its answer and its log lines are found again.

use crate::forwarded::{Network, is_trusted};
use axum::http::{HeaderMap, HeaderName};
use std::net::IpAddr;

/// The header that carries it.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a call: the one that a trusted proxy gave it, or 16 random bytes in hexadecimal.
pub(crate) fn of(peer: IpAddr, trusted: &[Network], headers: &HeaderMap) -> String {
    let given = headers.get(HEADER).and_then(|id| id.to_str().ok()).filter(|id| is_id(id));
    match given {
        Some(id) if is_trusted(trusted, peer) => id.into(),
        _ => random(),
    }
}

/// 8 to 64 characters that mean nothing in a log, a header or a URN.
fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn random() -> String {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        // The call itself needs no id, and what needs randomness refuses by itself.
        tracing::error!(%error, "no randomness for a request id");
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
