//! Paths: the issuer's calls, the demo's, and the files of the pages.

use crate::connections::refuse_unreadable;
use crate::forwarded::source;
use crate::patience;
use crate::problem::{mark, problem, problems_only};
use crate::settings::Settings;
use crate::state::App;
use crate::{cors, demo, headers, log, news, ready, shell, victims};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::LengthLimitError;
use jitsuin::code::Code;
use jitsuin::issuer::in_full;
use jitsuin::issuer::jwks;
use jitsuin::wire::calls::{Call, FollowNews, MAX_BODY, WELL_KNOWN};
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tower_http::services::ServeDir;

/// Longest time for one call, its body's arrival included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything the server answers.
pub(crate) fn all(app: Arc<App>, settings: &Settings) -> Router {
    let mut router =
        Router::new().route(WELL_KNOWN, get(call)).route(jwks::PATH, get(call)).route("/v1/{*call}", post(call));
    router = router.route(ready::HEALTH, get(ready::health)).route(ready::READY, get(ready::ready));
    if settings.demo {
        router = router.route("/demo/inbox", post(demo::inbox)).route("/demo/card", post(demo::card));
        router = router.route("/demo/victim", post(victims::open)).route("/demo/books", post(victims::books));
    }
    if let Some(www) = &settings.www {
        let constants = issuer_script(&app);
        match shell::script(settings, www, &constants) {
            Ok(list) => router = router.route("/shell.js", get(|| async { as_script(list) })),
            Err(error) => {
                tracing::warn!(%error, "no page is kept for the road: its files or the package's list can't be read")
            }
        }
        router = router.route("/issuer.js", get(|| async { as_script(constants) }));
        router = router.nest_service("/pkg", ServeDir::new(&settings.pkg)).fallback_service(ServeDir::new(www));
    }
    router
        .with_state(Arc::clone(&app))
        .layer(from_fn(|request: Request, next: Next| {
            patience::limit(PATIENCE, request, move |request| next.run(request))
        }))
        .layer(from_fn(problems_only))
        .layer(from_fn(refuse_unreadable))
        .layer(from_fn_with_state(Arc::clone(&app), cors::listed_origins))
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(app, log::calls))
}

/// The pages' constant: the root of this issuer, which made its keys at its first start.
fn issuer_script(app: &App) -> String {
    let root = app.issuer.keys().set().root.thumbprint();
    format!(
        "// The root of this demo's issuer, served by itself: a real page is built with it.\nexport const ROOT = \"{root}\";\n"
    )
}

fn as_script(script: String) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// Carries one call to the desk and its reply back.
async fn call(State(app): State<Arc<App>>, ConnectInfo(from): ConnectInfo<SocketAddr>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::POST && !is_json(&parts.headers) {
        return problem(Code::BadArgument);
    }
    let proof = match single(&parts.headers, "dpop") {
        Ok(proof) => proof,
        Err(code) => return problem(code),
    };
    let body = match to_bytes(body, MAX_BODY).await {
        Ok(body) => body,
        Err(error) if is_too_long(&error) => return problem(Code::TooLarge),
        Err(error) => {
            tracing::info!(cause = in_full(&error), "a body was cut off");
            return problem(Code::Malformed);
        }
    };
    let (source, doubt) = source(from.ip(), &app.trusted_proxies, &parts.headers);
    if let Some(doubt) = doubt {
        app.tally.note_peer(doubt, from.ip());
    }
    let request = jitsuin::issuer::desk::Request {
        method: parts.method.as_str().into(),
        path: parts.uri.path().into(),
        body: body.into(),
        proof,
        source: source.to_string(),
    };
    if request.path == FollowNews::PATH && request.method == "POST" {
        let (reply, following) = app.issuer.follow(&request).await;
        return match following {
            Some(following) => news::stream(&app, reply, following),
            None => response(reply),
        };
    }
    match app.answer(request).await {
        Some(reply) => response(reply),
        None => problem(Code::IssuerUnavailable),
    }
}

/// Whether a body was too long, rather than cut off or malformed on its way.
fn is_too_long(error: &axum::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

pub(crate) fn response(reply: jitsuin::issuer::desk::Reply) -> Response {
    if let Some(cause) = &reply.cause {
        tracing::error!(cause, "failed");
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = serde_json::from_slice::<Coded>(&reply.body).ok().filter(|_| !status.is_success());
    let mut response = (status, Body::from(reply.body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(nonce) = reply.nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        headers.insert(HeaderName::from_static("dpop-nonce"), nonce);
    }
    if let Some(seconds) = reply.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(Coded { code }) = code {
        mark(&mut response, &code);
    }
    response
}

/// What the log reads of a problem.
#[derive(serde::Deserialize)]
struct Coded {
    code: String,
}

/// Whether a body is said to be JSON: what a page elsewhere can't say without asking first.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A header that may stand once (RFC 9449 section 4.3).
fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, Code> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().map(String::from));
    match (first, values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Code::ProofRefused),
    }
}
