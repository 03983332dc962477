//! The files of certificates and keys that an address or the environment names. What they lack would be told of the server.

use super::{PgConnectOptions, PgSslMode, PlaceError};
use std::borrow::Cow;

/// What a file has to hold.
#[derive(Clone, Copy)]
enum Content {
    Certificate,
    Key,
}

/// The parameters that name one, under each of their names, and the variable that counts where none of them is given.
const FILES: &[(&[&str], &str, Content)] = &[
    (&["sslrootcert", "ssl-root-cert", "ssl-ca"], "PGSSLROOTCERT", Content::Certificate),
    (&["sslcert", "ssl-cert"], "PGSSLCERT", Content::Certificate),
    (&["sslkey", "ssl-key"], "PGSSLKEY", Content::Key),
];

/// Looks whether they hold what they are named for: those of the address, and those of the environment where a certificate
/// is asked for at all.
pub(super) fn check<'a>(
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
    options: &PgConnectOptions,
) -> Result<(), PlaceError> {
    let given: Vec<_> = parameters.collect();
    let is_checked = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    for (names, variable, content) in FILES {
        let mut named = false;
        for (written, value) in &given {
            if let Some(name) = names.iter().find(|name| *name == written) {
                named = true;
                content.check(name, std::fs::read(&*plain(value)))?;
            }
        }
        if let Some(value) = std::env::var(variable).ok().filter(|_| is_checked && !named) {
            // The environment may hold the text itself.
            let is_text = value.trim().starts_with("-----BEGIN");
            content.check(variable, if is_text { Ok(value.into_bytes()) } else { std::fs::read(value) })?;
        }
    }
    Ok(())
}

impl Content {
    fn check(self, name: &'static str, read: std::io::Result<Vec<u8>>) -> Result<(), PlaceError> {
        let bytes = read.map_err(|_| PlaceError::UnreadableFile(name))?;
        let text = String::from_utf8_lossy(&bytes);
        match self {
            Self::Certificate if !text.contains("-----BEGIN CERTIFICATE-----") => Err(PlaceError::NoCertificate(name)),
            Self::Key if !text.contains("PRIVATE KEY-----") => Err(PlaceError::NoKey(name)),
            _ => Ok(()),
        }
    }
}

/// A value without the escapes of `application/x-www-form-urlencoded`, as sqlx reads it.
fn plain(value: &str) -> Cow<'_, str> {
    if !value.contains(['%', '+']) {
        return value.into();
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.first_chunk::<2>().filter(|_| *first == b'%').and_then(|digits| {
            let digits = core::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}
