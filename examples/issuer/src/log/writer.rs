//! The log's way out: a thread of its own writes, so that a log which nobody reads holds up no call. What finds no room is
//! dropped, and the number of dropped lines is said once somebody reads again.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

/// Lines that may wait to be written.
const WAITING: usize = 4096;
/// How often an ending program looks whether the log has room for its last word.
const LOOK: Duration = Duration::from_millis(10);

enum Entry {
    Line(Vec<u8>),
    /// Answered once everything before it was written.
    Flush(SyncSender<()>),
}

/// The way to the writing thread. A clone is the same way.
#[derive(Clone)]
pub(crate) struct Log {
    entries: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// Starts the writing thread. Both values lead to it.
    ///
    /// # Errors
    /// If no thread can be made.
    pub(crate) fn start(to: impl Write + Send + 'static) -> io::Result<(Self, Self)> {
        let (entries, from) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let log = Self { entries, dropped: Arc::clone(&dropped) };
        thread::Builder::new().name("log".into()).spawn(move || write_all(to, &from, &dropped))?;
        Ok((log.clone(), log))
    }

    /// Writes a line for a person among the log's lines.
    pub(crate) fn say(&self, line: &str) {
        self.put(format!("{line}\n").into_bytes());
    }

    /// Waits until everything is written, or until nobody reads for this long.
    pub(crate) fn flush(&self, patience: Duration) {
        let ends = Instant::now() + patience;
        let (done, written) = sync_channel(1);
        let mut entry = Entry::Flush(done);
        loop {
            match self.entries.try_send(entry) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) if Instant::now() < ends => {
                    entry = back;
                    thread::sleep(LOOK);
                }
                Err(_) => return,
            }
        }
        // An error is the end of the patience, or of the thread.
        let _ = written.recv_timeout(ends.saturating_duration_since(Instant::now()));
    }

    fn put(&self, line: Vec<u8>) {
        if self.entries.try_send(Entry::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// Takes one line: the formatter writes each in one piece.
pub(crate) struct Line<'a>(&'a Log);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.put(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(mut to: impl Write, from: &Receiver<Entry>, dropped: &AtomicU64) {
    while let Ok(entry) = from.recv() {
        // If stderr is closed there is nobody left to tell.
        match entry {
            Entry::Line(line) => {
                let _ = to.write_all(&line);
            }
            Entry::Flush(done) => {
                let _ = to.flush();
                let _ = done.send(());
            }
        }
        let count = dropped.swap(0, Ordering::Relaxed);
        if count > 0 {
            let mut now = String::new();
            let _ = SystemTime.format_time(&mut Writer::new(&mut now));
            let line = serde_json::json!({
                "timestamp": now, "level": "WARN", "dropped": count,
                "message": "nobody read the log in time: lines were dropped",
            });
            let _ = writeln!(to, "{line}");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;
