//! Why payments were declined.

use super::reading::Reading;
use jitsuin::code::Code;
use jitsuin::wire::receipt::Kind;

/// Too fast is what comes within the policy's time of another payment of the account, by the dates that the ledger gave both.
pub fn too_fast(reading: &Reading<'_>) -> Option<String> {
    let apart = reading.policy.second_debit_at_till_seconds.max(reading.policy.second_debit_seconds);
    reading.histories.iter().find_map(|(id, history)| {
        let declined = history.readable().filter(|said| said.receipt.kind == Kind::Declined);
        let wrong = declined.filter(|said| said.is_because(Code::TooFast)).find(|said| {
            let (seq, at) = (said.receipt.seq.get(), said.receipt.time);
            !history.paid.iter().any(|paid| paid.seq < seq && paid.at.abs_diff(at) < apart)
        })?;
        Some(format!(
            "receipt {} of {id} declines what comes too fast, and nothing was paid shortly before",
            wrong.receipt.seq.get()
        ))
    })
}
