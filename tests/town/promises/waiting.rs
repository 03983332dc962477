//! Money that waits until it is settled who paid.

use super::reading::Reading;
use jitsuin::issuer::account::HeldCause;
use jitsuin::wire::receipt::Kind;

/// How late a sweep may be, in seconds.
const SWEEP: u32 = 1_800;

/// Neither time nor a wallet's word releases what its owner said was not theirs.
pub fn reported(reading: &Reading<'_>) -> Option<String> {
    reading.owners().find_map(|(owner, history)| {
        let released = history.readable().filter(|said| said.receipt.kind == Kind::Released);
        let mut of = released.filter_map(|said| Some((&said.receipt, said.body.as_ref()?.undoes?.get())));
        let (receipt, seq) = of.find(|(receipt, seq)| {
            let was_reported =
                owner.disowned.iter().any(|report| report.seq == *seq && report.at_ms / 1000 < u64::from(receipt.time));
            was_reported && !owner.settled.contains(seq)
        })?;
        let by = receipt.seq.get();
        Some(format!("{} reported receipt {seq}, and receipt {by} releases it", owner.name))
    })
}

/// Whatever becomes of the wallet that paid.
pub fn at_most(reading: &Reading<'_>) -> Option<String> {
    let most = reading.policy.hold_most_seconds;
    reading.histories.iter().filter(|_| reading.facts.calm).find_map(|(id, history)| {
        let held = history.account.held.iter().find(|held| {
            let is_for_time = matches!(held.cause, HeldCause::Elsewhere(_)) && !held.reported;
            is_for_time && reading.now > held.at.saturating_add(most).saturating_add(SWEEP)
        })?;
        Some(format!("receipt {} of {id} has waited since {} for another place alone", held.seq, held.at))
    })
}
