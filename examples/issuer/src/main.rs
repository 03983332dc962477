//! The reference issuer: axum over `jitsuin::issuer::desk`. It decides nothing; it carries calls to the desk and its
//! replies back.

mod cors;
mod demo;
mod headers;
mod ledger;
mod log;
mod news;
mod problem;
mod routes;
mod settings;
mod shell;
mod state;
mod sweep;
mod victims;

use jitsuin::code::Code;
use jitsuin::issuer::Refused;
use settings::{Place, Settings};
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

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        // There is nobody left to tell if stdout is closed.
        let _ = std::io::stdout().write_all(settings::HELP.as_bytes());
        return ExitCode::SUCCESS;
    }
    log::start();
    let settings = match Settings::read(std::env::args().skip(1)) {
        Ok(settings) => settings,
        Err(unusable) => {
            say_error(&unusable);
            return ExitCode::from(2);
        }
    };
    let ended = match &settings.export {
        Some(export) => write_evidence(&settings, export).await,
        None if settings.rotate_keys => rotate_keys(&settings).await,
        None => serve(settings).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Writes the evidence of an account to a new file, which only its owner may read.
async fn write_evidence(
    settings: &Settings,
    export: &settings::Export,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = open_existing(settings).await?;
    let text = app.issuer.export_evidence(&export.account).await.map_err(|refused| match refused.code {
        Code::NotFound => format!("the ledger {} has no account {}", settings.ledger, export.account),
        _ => format!("can't export: {refused}"),
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

/// Rotates the issuer's keys, and sends new codes to tills whose old ones were not used yet.
async fn rotate_keys(settings: &Settings) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = open_existing(settings).await?;
    let said = rotate_and_say(&app).await;
    app.close().await;
    let said = said.map_err(|refused| format!("can't rotate the keys: {refused}"))?;
    Ok(std::io::stdout().write_all(said.as_bytes())?)
}

async fn rotate_and_say(app: &App) -> Result<String, Refused> {
    let waiting = app.issuer.rotate_keys().await?;
    let mut said = String::from("rotated: what the old keys made is refused from now on; the root is the same\n");
    for till in waiting {
        app.issuer.send_till_code(&till).await?;
        said += &format!("till    {till}    (its unused code is dead, a new one was sent)\n");
    }
    Ok(said)
}

/// Opens a ledger that is there.
async fn open_existing(settings: &Settings) -> Result<App, Box<dyn std::error::Error + Send + Sync>> {
    // Opening makes a ledger that is missing.
    if let Place::File(file) = &settings.ledger
        && std::fs::metadata(file).map_or(true, |found| found.len() == 0)
    {
        return Err(format!("there is no ledger {}: name the one that the issuer runs with", settings.ledger).into());
    }
    App::open(settings, &[]).await
}

async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut listeners = Vec::new();
    for address in &settings.listen {
        let listener =
            TcpListener::bind(address).await.map_err(|error| format!("can't listen on {address}: {error}"))?;
        listeners.push(listener);
    }
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let app = Arc::new(App::open(&settings, &addresses).await?);
    if settings.demo {
        demo::seed(&app).await?;
    }
    let mut end = End::listen()?;
    say(&app, &addresses, settings.demo)?;

    let (stop, stopped) = watch::channel(false);
    let mut serving = JoinSet::new();
    for listener in listeners {
        let service = routes::all(Arc::clone(&app), &settings).into_make_service_with_connect_info::<SocketAddr>();
        let stopped = stopped.clone();
        serving.spawn(async move { axum::serve(listener, service).with_graceful_shutdown(told(stopped)).await });
    }
    let sweeping = tokio::spawn(sweep::run(Arc::clone(&app), stopped));

    let ended = tokio::select! {
        () = end.asked() => None,
        first = serving.join_next() => first,
    };
    tracing::info!("ending: no new calls");
    stop.send_replace(true);
    app.end_streams();
    if tokio::time::timeout(DRAIN, async { while serving.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("ending: some calls did not end in time");
        serving.shutdown().await;
    }
    sweeping.await?;
    app.close().await;
    tracing::info!("ended");
    match ended {
        Some(served) => Ok(served??),
        None => Ok(()),
    }
}

async fn told(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is an end as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
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

/// Says on stdout where it listens, last of all: whoever reads the line may call.
fn say(app: &App, addresses: &[SocketAddr], demo: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if demo {
        demo::say(app, &mut out)?;
    }
    writeln!(out, "root    {}    (a wallet's page pins it)", app.issuer.keys().set().root.thumbprint())?;
    for address in addresses {
        writeln!(out, "listening on {address}")?;
    }
    out.flush()
}

fn say_error(error: &dyn std::fmt::Display) {
    // There is nobody left to tell if stderr is closed.
    let _ = writeln!(std::io::stderr(), "jitsuin-issuer: {error}");
}
