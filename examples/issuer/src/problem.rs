//! Refusals of the server itself, in the form that the desk's refusals have (RFC 9457).

use crate::request_id;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jitsuin::code::Code;
use jitsuin::issuer;
use jitsuin::issuer::in_full;
use jitsuin::wire::calls::{PROBLEM_TYPE, Problem};

/// After how many seconds whoever was told 503 may try again, where nothing better is known.
const RETRY_AFTER: u32 = 2;

/// Rides along with an answer so that the log can name its refusal without reading the body.
#[derive(Clone)]
pub(crate) struct Refused(pub(crate) String);

/// The bare answer to a refused call.
pub(crate) fn problem(code: Code) -> Response {
    response(&Problem::new(code))
}

/// The answer to what the issuer refused. Why it failed is for the log alone.
pub(crate) fn refuse(refused: &issuer::Refused) -> Response {
    let mut response = response(&refused.to_problem());
    if response.status().is_server_error() {
        tracing::error!(cause = in_full(refused), "the issuer failed");
    }
    if let Some(seconds) = refused.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A problem as an answer.
pub(crate) fn response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, serde_json::to_vec(problem).unwrap_or_default()).into_response();
    mark(&mut response, &problem.code);
    response
}

/// Gives an answer the headers of a problem, and its code to the log.
pub(crate) fn mark(response: &mut Response, code: &str) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Refused(code.into()));
}

/// Gives an answer its request id, also as the `instance` of a problem, and a 503 the time after which to try again.
pub(crate) async fn finish(response: Response, id: &str) -> Response {
    let (mut parts, mut body) = response.into_parts();
    if parts.extensions.get::<Refused>().is_some() {
        body = with_instance(body, id).await;
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        parts.headers.insert(request_id::HEADER, id);
    }
    if parts.status == StatusCode::SERVICE_UNAVAILABLE {
        parts.headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from(RETRY_AFTER));
    }
    Response::from_parts(parts, body)
}

/// Adds the member `instance` to the JSON object of a problem.
async fn with_instance(body: Body, id: &str) -> Body {
    // Problems are short and whole: reading one can't fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match bytes.strip_suffix(b"}") {
        Some(open) if open.len() > 1 => {
            let instance = format!(",\"instance\":\"urn:jitsuin:request:{id}\"}}");
            Body::from([open, instance.as_bytes()].concat())
        }
        _ => Body::from(bytes),
    }
}

/// Turns the bare errors of the libraries beneath (no such file, wrong method, too slow) into problems.
pub(crate) async fn problems_only(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_ours = response.extensions().get::<Refused>().is_some();
    if is_ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    problem(match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Code::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::REQUEST_TIMEOUT => Code::TimedOut,
        status if status.is_server_error() => Code::IssuerUnavailable,
        _ => Code::IssuerRefused,
    })
}
