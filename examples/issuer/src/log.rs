//! One line of JSON for each call: what was asked, how it ended, how long it took. Never a body, a header, a query or
//! an address of a person: tokens, codes, tickets and proofs stand there. Each line of a call carries its request id.

mod writer;

use crate::problem::{Refused, finish};
use crate::state::App;
use crate::{ready, request_id};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tracing::{Event, Instrument as _, Level, Subscriber, event};
use tracing_subscriber::fmt::format::{FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
pub(crate) use writer::Log;

const VARIABLE: &str = "RUST_LOG";

/// Starts the log on stderr; stdout is for the person who started a demo. `RUST_LOG` chooses the lines, by default those of
/// level `info` and above.
///
/// # Errors
/// A sentence about a filter that can't be read.
pub(crate) fn start() -> Result<Log, String> {
    let said = std::env::var_os(VARIABLE).unwrap_or_default();
    let unusable = |why: &dyn fmt::Display| {
        format!("can't read {VARIABLE}, which takes a level such as info or debug, or target=level,…: {why}")
    };
    let said = said.into_string().map_err(|_| unusable(&"it is not UTF-8"))?;
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(&said);
    let filter = filter.map_err(|error| unusable(&error))?;
    let (log, lines) = Log::start(std::io::stderr()).map_err(|error| format!("can't start the log: {error}"))?;
    let json = tracing_subscriber::fmt().json().flatten_event(true).with_target(false);
    let json = json.with_current_span(false).with_span_list(false).map_event_format(WithSpan);
    json.with_env_filter(filter).with_writer(lines).init();
    // The message is left out: it may hold what a stranger sent.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(at = panic.location().map(tracing::field::display), "a task panicked");
    }));
    Ok(log)
}

/// A line that begins with the fields of its span.
struct WithSpan<F>(F);

impl<S, N, F> FormatEvent<S, N> for WithSpan<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(span) = context.lookup_current() else { return self.0.format_event(context, writer, event) };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let extensions = span.extensions();
        let fields = extensions.get::<FormattedFields<N>>().and_then(|fields| fields.strip_suffix('}'));
        match (fields, line.strip_prefix('{')) {
            (Some(fields), Some(rest)) if fields.len() > 1 => write!(writer, "{fields},{rest}"),
            _ => writer.write_str(&line),
        }
    }
}

/// Gives a call its id, writes one line for it, and gives its answer what every answer has.
pub(crate) async fn calls(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let id = request_id::of(from.ip(), &app.trusted_proxies, request.headers());
    // Of the level of the gravest line, so that no filter which lets a line through leaves out its id.
    let span = tracing::error_span!("call", id);
    let call = async {
        let method = request.method().clone();
        let path = known(request.uri().path());
        let begun = Instant::now();
        let response = next.run(request).await;
        let code = response.extensions().get::<Refused>().map(|refused| refused.0.as_str());
        let status = response.status().as_u16();
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Probes come every few seconds for ever.
        if ready::PATHS.contains(&&*path) {
            event!(Level::DEBUG, %method, path, status, code, ms, "call");
        } else {
            event!(Level::INFO, %method, path, status, code, ms, "call");
        }
        response
    };
    let response = call.instrument(span).await;
    finish(response, &id).await
}

/// A path with what a stranger may have typed into it left out: only plain, short ones are written as they are.
fn known(path: &str) -> String {
    let plain =
        path.len() <= 64 && path.bytes().all(|byte| byte.is_ascii_lowercase() || b"/.-_0123456789".contains(&byte));
    if plain { path.into() } else { "(other)".into() }
}
