//! The logins of the ledger: one row for each, under the form in which logins are compared (protocol section 6, *Typed
//! text*).

use super::error::Refused;
use super::ledger::{Kind, Ledger, Needs, Records};
use super::settings::PasswordCost;
use super::typed;
use crate::code::Code;
use alloc::collections::BTreeMap;

/// Logins that are read, and so locked, in one transaction.
const AT_ONCE: usize = 50;

/// The refusal of a login that is compared like one that is there. It names both, for whoever opens accounts.
pub(super) fn taken(login: &str, held: &str) -> Refused {
    let reason = format!("\"{login}\" is compared like \"{held}\"");
    Refused { reason: Some(reason.into()), ..Refused::new(Code::LoginTaken) }
}

/// Moves each row of a ledger from before logins were mapped to its mapped form. What nobody can type has none and is
/// left as it is: it logs nobody in.
///
/// # Errors
/// [`Code::LoginTaken`] for two rows that map alike: nothing is moved then. [`Code::IssuerUnavailable`] if the ledger
/// fails.
pub(super) async fn map_rows<L: Ledger>(ledger: &L) -> Result<(), Refused> {
    let rows = ledger.keys(Kind::Logins).await?;
    let mut forms = BTreeMap::new();
    for row in &rows {
        let Some(form) = typed::login(row) else { continue };
        if let Some(held) = forms.insert(form, row) {
            return Err(taken(row, held));
        }
    }
    for (form, row) in forms.into_iter().filter(|(form, row)| form != *row) {
        let needs = Needs::new().and(Kind::Logins, row).and(Kind::Logins, &form);
        ledger
            .transact(needs, |records| {
                // Another process over this ledger may have been here first.
                if let Some(mut entry) = records.logins.take(row) {
                    entry.opened_as = Some(row.clone());
                    records.logins.put(&form, entry);
                }
            })
            .await?;
    }
    Ok(())
}

/// The costs at which passwords were hashed.
///
/// # Errors
/// [`Code::IssuerUnavailable`] if the ledger fails.
pub(super) async fn costs<L: Ledger>(ledger: &L) -> Result<Vec<PasswordCost>, Refused> {
    let mut costs = Vec::new();
    for rows in ledger.keys(Kind::Logins).await?.chunks(AT_ONCE) {
        let needs = rows.iter().fold(Needs::new(), |needs, row| needs.and(Kind::Logins, row));
        let read = |records: &mut Records| {
            let entries = rows.iter().filter_map(|row| records.logins.get(row));
            entries.map(|entry| entry.password.cost()).collect::<Vec<_>>()
        };
        for cost in ledger.transact(needs, read).await? {
            if !costs.contains(&cost) {
                costs.push(cost);
            }
        }
    }
    Ok(costs)
}

#[cfg(test)]
mod tests;
