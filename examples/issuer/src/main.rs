//! The reference issuer: axum over `jitsuin::issuer::desk`. It decides nothing; it carries calls to the desk and its
//! replies back.

mod connections;
mod cors;
mod demo;
mod forwarded;
mod hashing;
mod headers;
mod ledger;
mod log;
mod news;
mod patience;
mod problem;
mod ready;
mod request_id;
mod routes;
mod settings;
mod shell;
mod state;
mod streams;
mod sweep;
mod tally;
mod victims;

use connections::{Connections, Limits};
use jitsuin::code::Code;
use jitsuin::issuer::Cause;
use log::Log;
use settings::Settings;
use state::App;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long calls that were begun may take to end once the server is asked to.
const DRAIN: Duration = Duration::from_secs(10);

/// How long the end waits for somebody to read the log.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long the ledger may take to end what it does.
const CLOSE: Duration = Duration::from_secs(10);
/// How long threads that no call waits for any more may take.
const THREADS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        // There is nobody left to tell if stdout is closed.
        let _ = std::io::stdout().write_all(settings::HELP.as_bytes());
        return ExitCode::SUCCESS;
    }
    let log = match log::start() {
        Ok(log) => log,
        Err(unusable) => {
            // There is nobody left to tell if stderr is closed.
            let _ = writeln!(std::io::stderr(), "jitsuin-issuer: {unusable}");
            return ExitCode::from(2);
        }
    };
    let code = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(run(&log));
            // Dropped, it would wait for a thread that hashes a password or hangs in the ledger.
            runtime.shutdown_timeout(THREADS);
            code
        }
        Err(error) => {
            log.say(&format!("jitsuin-issuer: can't start its threads: {error}"));
            ExitCode::FAILURE
        }
    };
    log.flush(LAST_WORDS);
    code
}

async fn run(log: &Log) -> ExitCode {
    if let Err(error) = outlive_file_limits() {
        log.say(&format!("jitsuin-issuer: can't take the signal of a file that may not grow: {error}"));
        return ExitCode::FAILURE;
    }
    let settings = match Settings::read(std::env::args().skip(1)) {
        Ok(settings) => settings,
        Err(unusable) => {
            log.say(&format!("jitsuin-issuer: {unusable}"));
            return ExitCode::from(2);
        }
    };
    let ended = match &settings.export {
        Some(export) => write_evidence(&settings, export).await,
        None if settings.rotate_keys || settings.renew_till_codes => renew_secrets(&settings).await,
        None => serve(settings).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.say(&format!("jitsuin-issuer: {}", Cause::new(error).in_full()));
            ExitCode::FAILURE
        }
    }
}

/// Writes the evidence of an account to a new file, which only its owner may read.
async fn write_evidence(
    settings: &Settings,
    export: &settings::Export,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::open(settings, &[], 0).await?;
    keep_rp_id(&app, settings).await?;
    let text = app.issuer.export_evidence(&export.account).await.map_err(|refused| match refused.code {
        Code::NotFound => format!("the ledger {} has no account {}", settings.ledger, export.account),
        _ => format!("can't export: {}", Cause::new(refused).in_full()),
    });
    app.close().await;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unwritten = |error: std::io::Error| format!("can't write {}: {error}", export.out.display());
    let text = text?;
    let mut file = options.open(&export.out).map_err(unwritten)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritten)?;
    Ok(())
}

/// Rotates the issuer's keys if it is asked to, and leaves messages with new codes for tills whose old ones were not used yet:
/// whoever sends messages finds them in the ledger.
async fn renew_secrets(settings: &Settings) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::open(settings, &[], 0).await?;
    let mut said = String::new();
    let renewed = renew_and_say(&app, settings.rotate_keys, &mut said).await;
    app.close().await;
    // What was done is said whatever failed after it.
    std::io::stdout().write_all(said.as_bytes())?;
    Ok(renewed?)
}

async fn renew_and_say(app: &App, rotate: bool, said: &mut String) -> Result<(), String> {
    if rotate {
        let rotated = app.issuer.rotate_keys().await;
        rotated.map_err(|refused| format!("can't rotate the keys: {}", Cause::new(refused).in_full()))?;
        *said += "rotated: what the old keys made is refused from now on; the root is the same\n";
    }
    let again = "start it with --renew-till-codes, which leaves the keys as they are";
    let renewed = app.issuer.renew_till_codes().await.map_err(|refused| {
        format!("tills whose unused codes are dead have no new ones: {}: {again}", Cause::new(refused).in_full())
    })?;
    for till in &renewed.sent {
        *said += &format!("till    {till}    (its unused code is dead, a new one waits to be sent)\n");
    }
    for till in &renewed.left {
        *said += &format!("till    {till}    (its unused code is dead, it still needs a new one)\n");
    }
    if let Some(refused) = renewed.failure {
        let (count, cause) = (renewed.left.len(), Cause::new(refused).in_full());
        return Err(format!("{count} till(s) have no new code: {cause}: {again}"));
    }
    if !rotate && renewed.sent.is_empty() {
        *said += "no till waits for a new code\n";
    }
    Ok(())
}

/// Refuses origins whose first page is not on the host of the ledger's passkeys.
async fn keep_rp_id(app: &App, settings: &Settings) -> Result<(), String> {
    let Err(refused) = app.issuer.keep_rp_id().await else { return Ok(()) };
    app.close().await;
    Err(format!("can't use the ledger {}: {}", settings.ledger, Cause::new(refused).in_full()))
}

async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let limits = Limits::of_process(settings.www.is_some())?;
    let mut listeners = Vec::new();
    for address in &settings.listen {
        let listener =
            TcpListener::bind(address).await.map_err(|error| format!("can't listen on {address}: {error}"))?;
        listeners.push(listener);
    }
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let app = Arc::new(App::open(&settings, &addresses, limits.streams).await?);
    keep_rp_id(&app, &settings).await?;
    if settings.demo {
        demo::seed(&app).await?;
    }
    let mut end = End::listen()?;
    say(&app, &addresses, settings.demo)?;

    let (stop, stopped) = watch::channel(false);
    let connections = Connections::new(limits, settings.trusted_proxies.clone(), Arc::clone(&app.tally));
    let router = routes::all(Arc::clone(&app), &settings);
    let mut serving = JoinSet::new();
    for listener in listeners {
        serving.spawn(Arc::clone(&connections).serve(listener, router.clone(), stopped.clone()));
    }
    let sweeping = tokio::spawn(sweep::run(Arc::clone(&app), stopped));

    let ended = tokio::select! {
        () = end.asked() => None,
        first = serving.join_next() => first,
    };
    app.readiness.end();
    if ended.is_none() && !settings.drain_delay().is_zero() {
        tracing::info!("ending: not ready any more");
        // Whoever sends calls here notices meanwhile. A second signal ends the wait.
        let _ = tokio::time::timeout(settings.drain_delay(), end.asked()).await;
    }
    tracing::info!("ending: no new calls");
    stop.send_replace(true);
    app.streams.end();
    if tokio::time::timeout(DRAIN, async { while serving.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("ending: some calls did not end in time");
        serving.shutdown().await;
    }
    let closed = tokio::time::timeout(CLOSE, async {
        let swept = sweeping.await;
        app.close().await;
        swept
    });
    match closed.await {
        Ok(swept) => swept?,
        // It recovers at the next start: what was answered as done is written.
        Err(_) => tracing::error!("ending: the ledger did not close in time"),
    }
    tracing::info!("ended");
    match ended {
        Some(served) => Ok(served?),
        None => Ok(()),
    }
}

/// Takes the signal by which a file that may not grow (`ulimit -f`) ends a process, for as long as it runs: the write fails
/// instead, as on a full disk. The handler stays when what is made here is dropped.
#[cfg(all(unix, not(any(target_arch = "mips", target_arch = "mips64"))))]
fn outlive_file_limits() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    /// SIGXFSZ, as Linux, macOS and the BSDs number it.
    const FILE_TOO_LARGE: i32 = 25;
    signal(SignalKind::from_raw(FILE_TOO_LARGE)).map(drop)
}

#[cfg(not(all(unix, not(any(target_arch = "mips", target_arch = "mips64")))))]
fn outlive_file_limits() -> std::io::Result<()> {
    Ok(())
}

/// The signals that ask the server to end. Made before it says that it listens: from then on somebody may send one.
#[cfg(unix)]
struct End {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl End {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct End;

#[cfg(not(unix))]
impl End {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn asked(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Says on stdout where it listens, last of all: whoever reads the line may call. A stdout that nobody reads holds up nothing.
fn say(app: &App, addresses: &[SocketAddr], demo: bool) -> std::io::Result<()> {
    let mut lines = Vec::new();
    if demo {
        demo::say(app, &mut lines)?;
    }
    writeln!(lines, "root    {}    (a wallet's page pins it)", app.issuer.keys().set().root.thumbprint())?;
    for address in addresses {
        writeln!(lines, "listening on {address}")?;
    }
    std::thread::Builder::new().name("stdout".into()).spawn(move || {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(&lines).and_then(|()| out.flush()) {
            tracing::warn!(%error, "can't say on stdout where it listens");
        }
    })?;
    Ok(())
}
