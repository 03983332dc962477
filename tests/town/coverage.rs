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
const REASONS: &[Reason] = &[
    (|cell| matches!(cell.verb, Verb::Night), "at night nothing goes wrong"),
    (
        |cell| cell.verb == Verb::Forget && cell.status == "locked" && is_of_writing(cell.fault),
        "a locked wallet signs nothing off: the issuer has nothing to write",
    ),
    (
        |cell| cell.verb == Verb::Sweep && is_of_writing(cell.fault),
        "what there is to write the sweeper has written that goes round all day; top-ups meet these in the sweep that they wait for",
    ),
];

/// Whether the ledger fails so at a write alone.
const fn is_of_writing(fault: Fault) -> bool {
    matches!(fault, Fault::KilledAfter | Fault::Conflict | Fault::RollsBack | Fault::CommitUnheard)
}

impl Cell {
    /// Of `Verb:Fault:status`, if the verb can begin in that state and has a port that can fail so.
    pub fn named(text: &str) -> Option<Self> {
        every().find(|cell| cell.to_string() == text)
    }

    /// Why it is empty, if there is a reason.
    fn why_empty(&self) -> Option<&'static str> {
        REASONS.iter().find(|(explains, _)| explains(self)).map(|(_, why)| *why)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:?}:{}", self.verb, self.fault, self.status)
    }
}

/// All cells: verbs, the faults of their ports, and the states they begin in.
fn every() -> impl Iterator<Item = Cell> {
    let faults = |verb: Verb| verb.ports().iter().flat_map(|port| port.faults()).copied();
    Verb::ALL.iter().copied().flat_map(move |verb| {
        let of = move |fault| verb.statuses().iter().map(move |status| Cell { verb, fault, status });
        faults(verb).filter(move |fault| verb.can_meet(*fault)).flat_map(of)
    })
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

    /// Whether it was met.
    pub fn has(&self, cell: &Cell) -> bool {
        self.cells.contains_key(cell)
    }

    /// Cells that were not met, and nothing says why.
    pub fn open(&self) -> Vec<Cell> {
        self.empty().filter(|cell| cell.why_empty().is_none()).collect()
    }

    fn empty(&self) -> impl Iterator<Item = Cell> {
        every().filter(|cell| !self.has(cell))
    }

    /// The table, and each empty cell: those with a reason under it, then those without.
    pub fn page(&self) -> String {
        let (mut explained, open) = (BTreeMap::<_, Vec<_>>::new(), self.open());
        for cell in self.empty() {
            if let Some(why) = cell.why_empty() {
                explained.entry(why).or_default().push(cell.to_string());
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
