//! What one place may take before its breaker trips.

use super::reading::Reading;

const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

/// Payments to a young merchant in every hour and every day, with those that were given back: an attack that reverses is
/// still one.
pub fn young(reading: &Reading<'_>) -> Option<String> {
    let ceiling = &reading.policy.breakers.young;
    reading.facts.young.iter().find_map(|merchant| {
        let all = reading.histories.values().flat_map(|history| &history.paid);
        let mut taken: Vec<_> =
            all.filter(|paid| paid.merchant == Some(merchant)).map(|paid| (paid.at, paid.amount)).collect();
        taken.sort_unstable();
        taken.iter().enumerate().find_map(|(nth, (at, _))| {
            let sum = |window: u32| -> u64 {
                let inside = taken[..=nth].iter().rev().take_while(|(other, _)| other.saturating_add(window) > *at);
                inside.map(|(_, amount)| amount).sum()
            };
            let windows = [("an hour", sum(HOUR), ceiling.hour), ("a day", sum(DAY), ceiling.day)];
            let over = windows.into_iter().find(|(_, sum, most)| *sum > most.minor_units());
            over.map(|(window, sum, most)| format!("{merchant} took {sum} in {window}, and {most} is the most"))
        })
    })
}
