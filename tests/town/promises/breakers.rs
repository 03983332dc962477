//! What one place may take before its breaker trips.

use super::reading::Reading;

const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

/// Payments to a young merchant in every hour and every day, with those that were given back: an attack that reverses is
/// still one.
pub fn young(reading: &Reading<'_>) -> Option<String> {
    let ceiling = &reading.policy.breakers.young;
    // What was a day ago by the ledger's clock may be forgotten, and then the clock put back.
    let behind = u32::try_from(reading.facts.behind_ms / 1000).unwrap();
    reading.facts.young.iter().find_map(|merchant| {
        let all = reading.histories.values().flat_map(|history| &history.paid);
        let mut taken: Vec<_> =
            all.filter(|paid| paid.merchant == Some(merchant)).map(|paid| (paid.at, paid.amount)).collect();
        taken.sort_unstable();
        taken.iter().enumerate().find_map(|(nth, (at, _))| {
            let sum = |window: u32| -> u64 {
                let is_inside = |other: u32| other.saturating_add(window) > at.saturating_add(behind);
                let inside = taken[..=nth].iter().rev().take_while(|(other, _)| is_inside(*other));
                inside.map(|(_, amount)| amount).sum()
            };
            let windows = [("an hour", sum(HOUR), ceiling.hour), ("a day", sum(DAY), ceiling.day)];
            let over = windows.into_iter().find(|(_, sum, most)| *sum > most.minor_units());
            over.map(|(window, sum, most)| format!("{merchant} took {sum} in {window}, and {most} is the most"))
        })
    })
}
