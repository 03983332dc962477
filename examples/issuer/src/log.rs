//! One line of JSON for each call: what was asked, how it ended, how long it took. Never a body, a header, a query or
//! an address of a person: tokens, codes, tickets and proofs stand there.

use crate::problem::Refused;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// Starts the log on stderr; stdout is for the person who started a demo.
pub(crate) fn start() {
    tracing_subscriber::fmt().json().flatten_event(true).with_target(false).with_writer(std::io::stderr).init();
}

/// Writes one line for a call.
pub(crate) async fn calls(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = known(request.uri().path());
    let begun = Instant::now();
    let response = next.run(request).await;
    let code = response.extensions().get::<Refused>().map(|refused| refused.0.as_str());
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, path, status = response.status().as_u16(), code, ms, "call");
    response
}

/// A path with what a stranger may have typed into it left out: only plain, short ones are written as they are.
fn known(path: &str) -> String {
    let plain =
        path.len() <= 64 && path.bytes().all(|byte| byte.is_ascii_lowercase() || b"/.-_0123456789".contains(&byte));
    if plain { path.into() } else { "(other)".into() }
}
