//! Work that no call asks for: top-ups whose card processor never answered, and records that have ended.

use crate::state::App;
use jitsuin::issuer::in_full;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(15);

/// Sweeps until the server ends.
pub(crate) async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        if let Err(error) = app.issuer.sweep().await {
            tracing::error!(cause = in_full(&error), "sweep");
        }
    }
}
