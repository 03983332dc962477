//! Makes a broken story short: leaves out steps and troubles for as long as the same promise breaks.

use super::plan::Plan;
use std::collections::BTreeSet;

/// What is left of a plan, to be told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened {
    /// Numbers of its steps.
    pub steps: BTreeSet<usize>,
    /// Troubles that are left out, by step and place.
    pub without: BTreeSet<(usize, usize)>,
}

impl Shortened {
    /// The whole plan.
    pub fn whole(plan: &Plan) -> Self {
        Self { steps: plan.steps.iter().map(|step| step.number).collect(), without: BTreeSet::new() }
    }

    /// Its plan.
    pub fn of(&self, plan: &Plan) -> Plan {
        plan.only(&self.steps, &self.without)
    }
}

/// The shortest story that is found in which `breaks` still says so, of what is left of a whole plan.
pub fn shrink(plan: &Plan, left: Shortened, breaks: impl Fn(&Plan) -> bool) -> Shortened {
    let mut best = left;
    // Whole stretches first, then single steps.
    let mut stretch = best.steps.len().div_ceil(2);
    while stretch > 0 {
        let steps: Vec<_> = best.steps.iter().copied().collect();
        let mut left_out = false;
        for part in steps.chunks(stretch) {
            let mut shorter = best.clone();
            shorter.steps.retain(|step| !part.contains(step));
            if breaks(&shorter.of(plan)) {
                best = shorter;
                left_out = true;
            }
        }
        if !left_out || stretch > 1 {
            stretch /= 2;
        }
    }
    let steps = best.steps.clone();
    for step in plan.steps.iter().filter(|step| steps.contains(&step.number)) {
        for at in 0..step.troubles.len() {
            let mut shorter = best.clone();
            if shorter.without.insert((step.number, at)) && breaks(&shorter.of(plan)) {
                best = shorter;
            }
        }
    }
    // Troubles that are left out with their steps need no word.
    best.without.retain(|(step, _)| best.steps.contains(step));
    best
}
