//! Web origins (RFC 6454, WHATWG URL): where a page or an app that calls itself one is from. One form each, so that two of
//! them are the same exactly when their texts are.

use super::Refusal;
use super::id::from_base64;
use super::json::{self, BadJson, FromJson, Json, ToJson, json_serde};

/// Longest origin, in bytes.
const LONGEST: usize = 256;
const APK: &str = "android:apk-key-hash:";
/// Hosts that are this machine, the only ones reached without TLS.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// An origin in the one form in which browsers write it:
///
/// - `https://host` or `https://host:port`, and `http://` on this machine (`localhost`, `127.0.0.1`, `[::1]`);
/// - `scheme://host` of an app's webview, such as `capacitor://localhost`;
/// - `android:apk-key-hash:` and the base64url of 32 bytes: an Android app that asks for passkeys itself.
///
/// Lower case, without a path, without a slash at the end, without the scheme's own port: a browser never writes those, so
/// a setting that has them would match nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host of a web page's origin, without its port; `None` for an app's.
    #[must_use]
    pub fn web_host(&self) -> Option<&str> {
        let rest = self.0.strip_prefix("https://").or_else(|| self.0.strip_prefix("http://"))?;
        Some(split_port(rest).0)
    }
}

/// Whether a text is a web page's origin in the one form.
pub(super) fn is_web(text: &str) -> bool {
    text.starts_with("http") && is_origin(text)
}

/// The host of the origin that a browser says its page has.
#[cfg(feature = "wallet")]
pub(crate) fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, rest)| split_port(rest).0)
}

/// The host, and the port if there is a colon behind the host.
fn split_port(text: &str) -> (&str, Option<&str>) {
    let end_of_host = if text.starts_with('[') { text.find(']').unwrap_or(0) } else { 0 };
    let colon = text.get(end_of_host..).and_then(|rest| rest.find(':')).map(|at| at.saturating_add(end_of_host));
    colon.map_or((text, None), |at| (text.get(..at).unwrap_or_default(), text.get(at.saturating_add(1)..)))
}

/// Whether a text is one in the one form.
fn is_origin(text: &str) -> bool {
    if let Some(hash) = text.strip_prefix(APK) {
        return from_base64(hash).is_ok_and(|bytes| bytes.len() == 32);
    }
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (host, port) = split_port(rest);
    match scheme {
        "https" => (is_host(host) || is_ipv6(host)) && port.is_none_or(|port| is_port(port, "443")),
        "http" => LOCAL.contains(&host) && port.is_none_or(|port| is_port(port, "80")),
        // Such a scheme has no port of its own that could be left out.
        _ => is_app_scheme(scheme) && is_host(host) && port.is_none_or(|port| is_port(port, "")),
    }
}

fn is_app_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.starts_with("http")
        && !matches!(text, "file" | "data" | "blob" | "ws" | "wss" | "ftp" | "javascript")
}

/// Labels of small letters, digits and inner hyphens (underscores too, which browsers take), 1 to 63 bytes each.
pub(super) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// The form that browsers write is the standard library's.
fn is_ipv6(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside
        .is_some_and(|inside| inside.parse::<core::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == inside))
}

/// 1 to 65535 without zeros in front, and not the scheme's own.
fn is_port(text: &str, own: &str) -> bool {
    text != own && text.parse::<u16>().is_ok_and(|port| port != 0 && port.to_string() == text)
}

impl core::str::FromStr for Origin {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(Refusal::OutOfRange);
        }
        if is_origin(text) { Ok(Self(text.into())) } else { Err(Refusal::BadText) }
    }
}

impl core::fmt::Display for Origin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Origin {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl ToJson for Origin {
    fn write(&self, to: &mut json::Writer) {
        to.text(&self.0);
    }
}

impl FromJson for Origin {
    fn blank() -> Self {
        Self(String::new())
    }

    fn read(&mut self, json: &Json) -> Result<(), BadJson> {
        *self = json.text()?.parse().map_err(|_| BadJson)?;
        Ok(())
    }
}
json_serde! { Origin }

#[cfg(test)]
mod tests;
