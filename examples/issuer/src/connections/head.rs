//! The heads of requests, read for what the HTTP library forgives and two servers might read in two ways: bare line feeds, a
//! second `Host`, and any doubt about the length of a body (RFC 9112 sections 2.2, 3.2 and 6.3).

use crate::problem;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use jitsuin::code::Code;
use jitsuin::wire::calls::Problem;

/// Longest head in bytes.
pub(super) const MOST: usize = 32 * 1024;

/// Marks a request of a connection on which a head can't be read in one way only.
#[derive(Clone, Copy)]
pub(super) struct Unreadable;

/// Answers 400 to a request on such a connection.
pub(crate) async fn refuse_unreadable(request: Request, next: Next) -> Response {
    if request.extensions().get::<Unreadable>().is_none() {
        return next.run(request).await;
    }
    problem::response(&Problem { status: StatusCode::BAD_REQUEST.as_u16(), ..Problem::new(Code::Malformed) })
}

/// What a reader of heads has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Before the first line of a head.
    Pause,
    /// Inside a head.
    Head,
    /// So many bytes of a body are still to come.
    Body(u64),
    /// A body in chunks: the connection ends after it, so that nothing that follows is taken for a head.
    Chunked,
    /// A head that is refused. The connection ends.
    Refused,
}

/// Follows the bytes of a connection from head to head.
#[derive(Debug)]
pub(super) struct Heads {
    found: Found,
    line: Vec<u8>,
    fields: Fields,
}

/// What counts of the head that is being read.
#[derive(Debug, Default)]
struct Fields {
    /// Bytes so far.
    length: usize,
    /// Whether the request line says HTTP/1.1, where a host is needed.
    needs_host: bool,
    hosts: u32,
    content_length: Option<u64>,
    is_chunked: bool,
}

impl Default for Heads {
    fn default() -> Self {
        Self { found: Found::Pause, line: Vec::new(), fields: Fields::default() }
    }
}

impl Heads {
    /// Takes the next bytes that came, and says where they end.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Found {
        while !bytes.is_empty() {
            match self.found {
                Found::Chunked | Found::Refused => break,
                Found::Body(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = bytes.get(here..).unwrap_or_default();
                    self.found = match left.saturating_sub(here as u64) {
                        0 => Found::Pause,
                        left => Found::Body(left),
                    };
                }
                Found::Pause | Found::Head => {
                    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
                    let (line, rest) = bytes.split_at(end);
                    self.line.extend_from_slice(line);
                    bytes = rest;
                    if self.fields.length + self.line.len() > MOST {
                        self.found = Found::Refused;
                    } else if self.line.ends_with(b"\n") {
                        let line = std::mem::take(&mut self.line);
                        self.found = self.end_line(&line).unwrap_or(Found::Refused);
                    } else {
                        self.found = Found::Head;
                    }
                }
            }
        }
        self.found
    }

    /// Reads one line with its end; `None` if it can't be read in one way only.
    fn end_line(&mut self, line: &[u8]) -> Option<Found> {
        let is_first = self.fields.length == 0;
        self.fields.length += line.len();
        let line = line.strip_suffix(b"\r\n")?;
        match (is_first, line.is_empty()) {
            // An empty line before a request is left over from the request before (RFC 9112 section 2.2).
            (true, true) => {
                self.fields.length = 0;
                Some(Found::Pause)
            }
            (true, false) => {
                self.fields.needs_host = !line.ends_with(b" HTTP/1.0");
                Some(Found::Head)
            }
            (false, false) => {
                self.fields.read(line)?;
                Some(Found::Head)
            }
            (false, true) => std::mem::take(&mut self.fields).end(),
        }
    }
}

impl Fields {
    fn read(&mut self, line: &[u8]) -> Option<()> {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            if self.content_length.is_some() || !is_number {
                return None;
            }
            self.content_length = Some(std::str::from_utf8(value).ok()?.parse().ok()?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return None;
            }
            self.is_chunked = true;
        }
        Some(())
    }

    /// What follows the head.
    fn end(self) -> Option<Found> {
        if self.hosts > 1 || (self.hosts == 0 && self.needs_host) {
            return None;
        }
        match (self.is_chunked, self.content_length) {
            (true, Some(_)) => None,
            (true, None) => Some(Found::Chunked),
            (false, None | Some(0)) => Some(Found::Pause),
            (false, Some(length)) => Some(Found::Body(length)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;
