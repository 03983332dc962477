//! Which verb met which fault in which state. A cell counts only where the fault had an effect.

use super::trouble::{Fault, Port};
use super::verb::Verb;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// What somebody was doing.
    pub verb: Verb,
    /// What went wrong.
    pub fault: Fault,
    /// The wallet's status when it began.
    pub status: &'static str,
}

/// Whether a reason is one for a cell, and the reason.
type Reason = (fn(&Cell) -> bool, &'static str);

/// Why cells stay empty in one state that a verb can meet in another.
const REASONS: &[Reason] = &[(|cell| matches!(cell.verb, Verb::Night), "at night nothing goes wrong")];

impl Cell {
    /// Why it is empty, if there is a reason.
    fn why_empty(&self) -> Option<&'static str> {
        REASONS.iter().find(|(explains, _)| explains(self)).map(|(_, why)| *why)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {}", self.verb, self.fault, self.status)
    }
}

/// How often each cell was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    cells: BTreeMap<Cell, u64>,
}

impl Coverage {
    /// Once more.
    pub fn add(&mut self, cell: Cell) {
        *self.cells.entry(cell).or_default() += 1;
    }

    /// With all that another run met.
    pub fn merge(&mut self, other: &Self) {
        for (cell, count) in &other.cells {
            *self.cells.entry(*cell).or_default() += count;
        }
    }

    fn met(&self, verb: Verb, fault: Fault) -> u64 {
        let of = |(cell, count): (&Cell, &u64)| (cell.verb == verb && cell.fault == fault).then_some(*count);
        self.cells.iter().filter_map(of).sum()
    }

    /// Every cell that was met.
    pub fn cells(&self) -> Vec<Cell> {
        self.cells.keys().copied().collect()
    }

    /// Cells of verbs, the faults of their ports, and the states they begin in, which were not met.
    fn empty(&self) -> Vec<Cell> {
        let faults = |verb: Verb| verb.ports().iter().flat_map(|port| port.faults()).copied();
        let all = Verb::ALL.iter().copied().flat_map(|verb| {
            let of = move |fault| verb.statuses().iter().map(move |status| Cell { verb, fault, status });
            faults(verb).filter(move |fault| verb.can_meet(*fault)).flat_map(of)
        });
        all.filter(|cell| !self.cells.contains_key(cell)).collect()
    }

    /// The table, and each empty cell: those with a reason under it, then those without.
    pub fn page(&self) -> String {
        let (mut explained, mut open) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for cell in self.empty() {
            match cell.why_empty() {
                Some(why) => explained.entry(why).or_default().push(cell.to_string()),
                None => open.push(cell.to_string()),
            }
        }
        let mut text = self.table();
        for (why, cells) in &explained {
            let _ = writeln!(text, "\n{} empty cells: {why}\n{}", cells.len(), cells.join(", "));
        }
        let _ =
            writeln!(text, "\n{} empty cells without a reason{}", open.len(), if open.is_empty() { "" } else { ":" });
        open.iter().for_each(|cell| {
            let _ = writeln!(text, "  {cell}");
        });
        text
    }

    /// A table of verbs and faults, with how often each met each in all states; `-` where they can't meet.
    fn table(&self) -> String {
        let mut text = String::new();
        for port in Port::ALL {
            let _ = writeln!(text, "\n### {}\n", port.words());
            let faults = port.faults();
            let _ = writeln!(
                text,
                "| verb | {} |",
                faults.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(" | ")
            );
            let _ = writeln!(text, "|---|{}", "---|".repeat(faults.len()));
            for verb in Verb::ALL.iter().copied().filter(|verb| verb.ports().contains(port)) {
                let cell = |fault: &Fault| {
                    if verb.can_meet(*fault) { self.met(verb, *fault).to_string() } else { "-".into() }
                };
                let cells: Vec<_> = faults.iter().map(cell).collect();
                let _ = writeln!(text, "| {verb:?} | {} |", cells.join(" | "));
            }
        }
        text
    }
}
