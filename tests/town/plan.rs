//! What happens in a seed's town, before it happens: a list that can be told again with parts left out.

use super::chance::Chance;
use super::coverage::Cell;
use super::trouble::{Fault, Port, Trouble};
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
/// How often each owner comes in a day to what is wanted.
const WANTED: usize = 3;

impl Plan {
    /// The town of a seed.
    pub fn new(seed: u64, size: Size) -> Self {
        let chance = Chance::new(seed, "plan");
        let owners = usize::try_from(chance.from_to(1, size.owners)).unwrap();
        let processes = usize::try_from(chance.from_to(1, 2)).unwrap();
        // Some towns are quiet, some are not: where much goes wrong at once, little is done.
        let rough = chance.weighted(&[(15, 2), (40, 5), (70, 3)]);
        let few = Few::new(seed);
        let honest = Verb::ALL.iter().filter(|verb| !verb.is_robbery() && few.verbs.contains(verb));
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
                    let troubles = few.troubles(&chance, verb, rough);
                    steps.push(Step { number: steps.len(), day, at, owner, verb, troubles });
                }
            }
        }
        // Thieves change nothing of what the honest do.
        let chance = Chance::new(seed, "thieves");
        let thieves = chance.percent(35);
        if thieves {
            robberies(&chance, &few, (size.days, owners, rough), &mut steps);
        }
        Self { seed, days: size.days, owners, processes, thieves, steps }
    }

    /// The same, and besides each owner comes to this several times a day: what is too rare to be met by chance.
    pub fn wanting(mut self, Cell { verb, fault, status }: Cell) -> Self {
        let chance = Chance::new(self.seed, "wanted");
        let port = Port::ALL.iter().copied().find(|port| port.faults().contains(&fault));
        let trouble = |chance: &Chance| Trouble { fault, at: port.map_or(0, |port| which_use(chance, verb, port)) };
        if verb == Verb::Enrol {
            for step in self.steps.iter_mut().filter(|step| step.verb == verb) {
                step.troubles.push(trouble(&chance));
            }
            return self;
        }
        self.thieves |= verb.is_robbery();
        let before = match status {
            "locked" => Some(Verb::Lock),
            "frozen" => Some(Verb::Freeze),
            _ => None,
        };
        for day in 0..self.days {
            for owner in 0..self.owners {
                for _ in 0..WANTED {
                    let at = chance.from_to(MORNING, EVENING);
                    let mut add = |at, verb, troubles| {
                        self.steps.push(Step { number: self.steps.len(), day, at, owner, verb, troubles });
                    };
                    if let Some(before) = before {
                        add(at, before, Vec::new());
                    }
                    add(at + 60, verb, vec![trouble(&chance)]);
                }
            }
        }
        self.steps.sort_by_key(|step| (step.day, step.owner, step.at));
        self
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
fn robberies(chance: &Chance, few: &Few, (days, owners, rough): (u32, usize, u64), steps: &mut Vec<Step>) {
    let robberies = Verb::ALL.iter().filter(|verb| verb.is_robbery());
    let verbs: Vec<_> = robberies.map(|verb| (*verb, verb.weight())).collect();
    for day in 0..days {
        for owner in 0..owners {
            for _ in 0..chance.weighted(&[(0, 3), (1, 4), (2, 2), (3, 1)]) {
                let verb = chance.weighted(&verbs);
                let (at, troubles) = (chance.from_to(MORNING, EVENING), few.troubles(chance, verb, rough));
                steps.push(Step { number: steps.len(), day, at, owner, verb, troubles });
            }
        }
    }
    steps.sort_by_key(|step| (step.day, step.owner, step.at));
}

/// At which use of a port in an act it fails.
fn which_use(chance: &Chance, verb: Verb, port: Port) -> u8 {
    match port {
        // One use in an act.
        Port::Card | Port::Hands => 0,
        // Only what happens to its erasure, which comes first, leaves anything half-done.
        Port::Disk if verb == Verb::Forget => 0,
        Port::Prompt => chance.weighted(&[(0, 6), (1, 3), (2, 1)]),
        _ => chance.weighted(&[(0, 8), (1, 6), (2, 4), (3, 3), (4, 2), (6, 2), (9, 1), (14, 1)]),
    }
}

/// What a town knows. Half of all towns know few verbs and few faults: what needs two rare things at once then comes often in
/// some towns, and in others nothing hides it.
struct Few {
    verbs: Vec<Verb>,
    faults: Vec<Fault>,
}

impl Few {
    fn new(seed: u64) -> Self {
        let chance = Chance::new(seed, "few");
        let (verbs, faults) = if chance.percent(50) { (40, 25) } else { (100, 100) };
        let is_kept = |verb: &&Verb| matches!(verb, Verb::Pay | Verb::Sync) | chance.percent(verbs);
        let verbs = Verb::ALL.iter().filter(is_kept).copied().collect();
        let all = Port::ALL.iter().flat_map(|port| port.faults());
        Self { verbs, faults: all.filter(|_| chance.percent(faults)).copied().collect() }
    }

    fn troubles(&self, chance: &Chance, verb: Verb, rough: u64) -> Vec<Trouble> {
        let of = |port: &Port| -> Vec<Fault> {
            let known = |fault: &&Fault| verb.can_meet(**fault) && self.faults.contains(fault);
            port.faults().iter().filter(known).copied().collect()
        };
        let ports: Vec<_> = verb.ports().iter().filter(|port| !of(port).is_empty()).copied().collect();
        let mut troubles = Vec::new();
        while troubles.len() < 4 && !ports.is_empty() && chance.percent(rough) {
            // The card company is asked in few acts, and has many ways to fail.
            let is_card = ports.contains(&Port::Card) && chance.percent(30);
            let port = if is_card { Port::Card } else { chance.one_of(&ports) };
            let fault = chance.one_of(&of(&port));
            troubles.push(Trouble { fault, at: which_use(chance, verb, port) });
            let of_office = of(&Port::Office);
            if fault == Fault::AfterAll && !of_office.is_empty() && chance.percent(60) {
                // Its notice is what the ledger must not lose. The act brings this forward to when it comes.
                troubles.push(Trouble { fault: chance.one_of(&of_office), at: 30 });
            }
        }
        troubles
    }
}
