//! How many connections there may be: as many as the process has descriptors for.

/// Descriptors for the ledger, the listeners, the log and what libraries open.
const RESERVED: usize = 64;
/// The fewest connections that are worth a server.
const FEWEST: usize = 16;
/// The most: each may hold tens of kilobytes.
const MOST: usize = 4096;
/// What is taken where the system does not say.
const USUAL: usize = 1024;
/// Streams of news at most.
const STREAMS: usize = 1000;

/// Numbers of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) in_all: usize,
    /// Of one address (IPv6: /64) that is no trusted proxy's.
    pub(crate) of_one: usize,
    /// Streams of news, which stay open while nothing is asked.
    pub(crate) streams: usize,
}

impl Limits {
    /// The limits of this process. Where it serves files, each call may open one.
    ///
    /// # Errors
    /// What to raise, if there are too few descriptors.
    pub(crate) fn of_process(serves_files: bool) -> Result<Self, String> {
        Self::of(open_files(), serves_files)
    }

    fn of(open_files: usize, serves_files: bool) -> Result<Self, String> {
        let each = if serves_files { 2 } else { 1 };
        let in_all = (open_files.saturating_sub(RESERVED) / each).min(MOST);
        if in_all < FEWEST {
            let needed = RESERVED + FEWEST * each;
            return Err(format!(
                "this process may open {open_files} files: raise the limit (ulimit -n) to {needed} or more"
            ));
        }
        Ok(Self { in_all, of_one: (in_all / 4).max(FEWEST / 2), streams: (in_all / 2).min(STREAMS) })
    }
}

/// The soft limit of open files, as Linux tells it.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    match line.and_then(|line| line.split_whitespace().next()) {
        Some("unlimited") => usize::MAX,
        Some(number) => number.parse().unwrap_or(USUAL),
        None => USUAL,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[test]
    fn limits_fit_the_descriptors() {
        let limits = Limits::of(200, true).unwrap();
        assert_eq!(limits, Limits { in_all: 68, of_one: 17, streams: 34 });
        assert_eq!(Limits::of(200, false).unwrap().in_all, 136);
        assert_eq!(Limits::of(usize::MAX, true).unwrap(), Limits { in_all: 4096, of_one: 1024, streams: 1000 });
        assert!(Limits::of(95, true).unwrap_err().contains("to 96 or more"));
        assert!(Limits::of(96, true).is_ok());
        assert!(Limits::of(0, false).is_err());
    }
}
