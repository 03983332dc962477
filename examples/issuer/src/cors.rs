//! Which pages elsewhere may call: a configured list of origins, and no cookies.

use crate::problem::problem;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::wire::calls::WELL_KNOWN;
use std::sync::Arc;

const PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("DPoP, Content-Type")),
    (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
];
const EXPOSED: HeaderValue = HeaderValue::from_static("DPoP-Nonce, Retry-After");

/// Answers preflights and lets listed origins read answers. What an answer lets nobody read is not refused here: the
/// proof of possession refuses it.
pub(crate) async fn listed_origins(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let origin = origin_of(request.headers()).filter(|origin| app.lists(origin));
    let asks =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    // The first thing that a page reads. One that is not listed is told so, where otherwise it could read nothing.
    let refused =
        origin.is_none() && request.headers().contains_key(header::ORIGIN) && request.uri().path() == WELL_KNOWN;
    let mut response = match (asks, &origin) {
        (true, Some(_)) => (StatusCode::NO_CONTENT, PREFLIGHT).into_response(),
        (true, None) => problem(Code::WrongOrigin),
        (false, _) if refused => {
            let to_anybody = [
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
                (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
            ];
            (to_anybody, problem(Code::WrongOrigin)).into_response()
        }
        (false, _) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers
            .insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    }
    response
}

fn origin_of(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ORIGIN).cloned()
}
