//! Why payments were declined.

use super::reading::Reading;
use jitsuin::code::Code;
use jitsuin::wire::receipt::Kind;

/// Too fast is what comes within the policy's time of another payment of the account, by the dates that the ledger gave both.
pub fn too_fast(reading: &Reading<'_>) -> Option<String> {
    let apart = reading.policy.second_debit_at_till_seconds.max(reading.policy.second_debit_seconds);
    reading.histories.iter().find_map(|(id, history)| {
        let declined = history.readable().filter(|said| said.receipt.kind == Kind::Declined);
        let mut hurried = declined.filter(|said| {
            let reason = said.body.as_ref().and_then(|body| body.reason.as_ref()).map(ToString::to_string);
            reason.as_deref() == Some(Code::TooFast.name())
        });
        let wrong = hurried.find(|said| {
            let (seq, at) = (said.receipt.seq.get(), said.receipt.time);
            !history.paid.iter().any(|paid| paid.seq < seq && paid.at.abs_diff(at) < apart)
        })?;
        Some(format!(
            "receipt {} of {id} declines what comes too fast, and nothing was paid shortly before",
            wrong.receipt.seq.get()
        ))
    })
}
