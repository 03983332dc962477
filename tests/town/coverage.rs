//! Which verb met which fault in which state. A cell counts only where the fault had an effect.

use super::trouble::{Fault, Port};
use super::verb::Verb;
use std::collections::BTreeMap;
use std::fmt::Write as _;

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

    /// Cells that a verb can meet and has not: verb, fault, status.
    pub fn empty(&self) -> Vec<(Verb, Fault, &'static str)> {
        let mut empty = Vec::new();
        for verb in Verb::ALL.iter().copied() {
            for port in verb.ports() {
                for fault in port.faults().iter().copied().filter(|fault| verb.can_meet(*fault)) {
                    for status in verb.statuses() {
                        if !self.cells.contains_key(&Cell { verb, fault, status }) {
                            empty.push((verb, fault, *status));
                        }
                    }
                }
            }
        }
        empty
    }

    /// A table of verbs and faults, with how often each met each in all states; `-` where they can't meet.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for port in Port::ALL {
            let _ = writeln!(text, "\n### {}\n", port.words());
            let faults = port.faults();
            let _ = writeln!(text, "| verb | {} |", faults.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(" | "));
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
