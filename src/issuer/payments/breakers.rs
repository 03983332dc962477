//! The circuit breakers of one payment: till, merchant, and the share of the whole issuer that its account falls in.

use crate::code::Code;
use crate::issuer::account::Account;
use crate::issuer::ledger::{Kind, Needs, Record, Records};
use crate::issuer::messages::Message;
use crate::issuer::moment::Moment;
use crate::issuer::tills::Till;
use crate::rules::breakers::Flow;
use crate::rules::policy::{Ceiling, Policy};
use crate::wire::id::{AccountId, Audience};
use crate::wire::money::Amount;
use crate::wire::sha256;
use serde::{Deserialize, Serialize};

impl Record for Flow {
    fn until(&self) -> Option<u32> {
        Some(self.ends())
    }
}

/// An account that has paid a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patron {
    /// Since when, seconds since 1970.
    pub since: u32,
}

impl Record for Patron {}

fn patron_key(merchant: &Audience, account: &AccountId) -> String {
    format!("{merchant}|{account}")
}

fn share_key(policy: &Policy, account: &AccountId) -> String {
    let [first, second, ..] = sha256(account.as_str().as_bytes());
    let share = u32::from(u16::from_be_bytes([first, second])) % policy.breakers.shares.max(1);
    format!("all/{share}")
}

/// The records that a payment by one of these accounts needs.
pub(super) fn needs<'a>(
    mut needs: Needs,
    policy: &Policy,
    till: &Till,
    accounts: impl Iterator<Item = &'a AccountId>,
) -> Needs {
    needs = needs.and(Kind::Flows, &till.till).and(Kind::Flows, &till.merchant);
    for account in accounts {
        needs =
            needs.and(Kind::Flows, share_key(policy, account)).and(Kind::Patrons, patron_key(&till.merchant, account));
    }
    needs
}

/// Checks every breaker and then counts the payment in each, or counts it in none.
///
/// # Errors
/// [`Code::PaymentsPaused`]; the operator is told, once an hour for each place.
pub(super) fn pass(
    moment: &Moment<'_>,
    records: &mut Records,
    till: &Till,
    account: &Account,
    amount: Amount,
) -> Result<(), Code> {
    let now = moment.now();
    let policy = &moment.settings.policy;
    let (of_till, of_merchant) = till.ceilings(policy, now);
    let patron = patron_key(&till.merchant, &account.id);
    let is_new = records.patrons.get(&patron).is_none();
    let places: [(String, Ceiling); 3] = [
        (till.till.to_string(), of_till),
        (till.merchant.to_string(), of_merchant),
        (share_key(policy, &account.id), policy.breakers.all.share(policy.breakers.shares)),
    ];
    for (key, ceiling) in &places {
        let mut flow = records.flows.get(key).cloned().unwrap_or_default();
        if flow.check(ceiling, amount, is_new, now).is_err() {
            if flow.tell(now) {
                records.flows.put(key, flow);
                records.messages.push(Message::tripped(moment.settings.operator.clone(), key, now));
            }
            return Err(Code::PaymentsPaused);
        }
    }
    for (key, _) in &places {
        let mut flow = records.flows.get(key).cloned().unwrap_or_default();
        flow.add(amount, is_new, now);
        records.flows.put(key, flow);
    }
    if is_new {
        records.patrons.put(&patron, Patron { since: now });
    }
    Ok(())
}
