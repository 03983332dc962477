//! What happens in a seed's town, before it happens: a list that can be told again with parts left out.

use super::chance::Chance;
use super::trouble::{Port, Trouble};
use super::verb::Verb;
use std::collections::BTreeSet;

/// How large the towns are.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Days.
    pub days: u32,
    /// Owners, at most.
    pub owners: u64,
}

/// A whole town.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its seed.
    pub seed: u64,
    /// Days.
    pub days: u32,
    /// Owners.
    pub owners: usize,
    /// Processes of the issuer.
    pub processes: usize,
    /// Whether there are thieves.
    pub thieves: bool,
    /// What happens, by day and time.
    pub steps: Vec<Step>,
}

/// Somebody does something at a time.
#[derive(Clone, Debug)]
pub struct Step {
    /// Names it, also where others are left out.
    pub number: usize,
    /// 0 is the first day.
    pub day: u32,
    /// Seconds of the day.
    pub at: u64,
    /// Who.
    pub owner: usize,
    /// What.
    pub verb: Verb,
    /// What goes wrong.
    pub troubles: Vec<Trouble>,
}

/// Days are from eight in the morning to ten at night.
const MORNING: u64 = 8 * 3600;
const EVENING: u64 = 22 * 3600;

impl Plan {
    /// The town of a seed.
    pub fn new(seed: u64, size: Size) -> Self {
        let chance = Chance::new(seed, "plan");
        let owners = usize::try_from(chance.from_to(1, size.owners)).unwrap();
        let processes = usize::try_from(chance.from_to(1, 2)).unwrap();
        // Some towns are quiet, some are not: where much goes wrong at once, little is done.
        let rough = chance.weighted(&[(15, 2), (40, 5), (70, 3)]);
        let honest = Verb::ALL.iter().filter(|verb| !verb.is_robbery());
        let verbs: Vec<_> = honest.map(|verb| (*verb, verb.weight())).collect();
        let mut steps = Vec::new();
        for day in 0..size.days {
            for owner in 0..owners {
                let mut times: Vec<_> = (0..chance.from_to(3, 9)).map(|_| chance.from_to(MORNING, EVENING)).collect();
                times.sort_unstable();
                // Some things are done one right after the other.
                for at in 1..times.len() {
                    if chance.percent(25) {
                        times[at] = times[at - 1] + chance.below(90);
                    }
                }
                for (nth, at) in times.into_iter().enumerate() {
                    let verb = if day == 0 && nth == 0 { Verb::Enrol } else { chance.weighted(&verbs) };
                    let troubles = troubles(&chance, verb, rough);
                    steps.push(Step { number: steps.len(), day, at, owner, verb, troubles });
                }
            }
        }
        // Thieves change nothing of what the honest do.
        let chance = Chance::new(seed, "thieves");
        let thieves = chance.percent(35);
        if thieves {
            robberies(&chance, size.days, owners, rough, &mut steps);
        }
        Self { seed, days: size.days, owners, processes, thieves, steps }
    }

    /// The same with these steps alone, and without the troubles that are named as step and place.
    pub fn only(&self, steps: &BTreeSet<usize>, without: &BTreeSet<(usize, usize)>) -> Self {
        let mut plan = self.clone();
        plan.steps.retain(|step| steps.contains(&step.number));
        for step in &mut plan.steps {
            let number = step.number;
            let troubles = std::mem::take(&mut step.troubles);
            let left = troubles.into_iter().enumerate().filter(|(at, _)| !without.contains(&(number, *at)));
            step.troubles = left.map(|(_, trouble)| trouble).collect();
        }
        plan
    }
}

/// Each owner may be robbed several times a day, in several ways.
fn robberies(chance: &Chance, days: u32, owners: usize, rough: u64, steps: &mut Vec<Step>) {
    let robberies = Verb::ALL.iter().filter(|verb| verb.is_robbery());
    let verbs: Vec<_> = robberies.map(|verb| (*verb, verb.weight())).collect();
    for day in 0..days {
        for owner in 0..owners {
            for _ in 0..chance.weighted(&[(0, 3), (1, 4), (2, 2), (3, 1)]) {
                let verb = chance.weighted(&verbs);
                let (at, troubles) = (chance.from_to(MORNING, EVENING), troubles(chance, verb, rough));
                steps.push(Step { number: steps.len(), day, at, owner, verb, troubles });
            }
        }
    }
    steps.sort_by_key(|step| (step.day, step.owner, step.at));
}

fn troubles(chance: &Chance, verb: Verb, rough: u64) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    while troubles.len() < 4 && chance.percent(rough) {
        let ports = verb.ports();
        if ports.is_empty() {
            break;
        }
        let port: Port = chance.one_of(ports);
        let faults: Vec<_> = port.faults().iter().copied().filter(|fault| verb.can_meet(*fault)).collect();
        let fault = chance.one_of(&faults);
        let at = chance.weighted(&[(0, 8), (1, 6), (2, 4), (3, 3), (4, 2), (6, 2), (9, 1), (14, 1)]);
        troubles.push(Trouble { fault, at });
    }
    troubles
}
