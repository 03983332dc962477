//! Tells an owner that somebody tries the login again and again. Nothing refuses those tries, for that would keep the owner
//! out. The call that finds it leaves the same row whether or not anybody has the login, and [`Issuer::sweep`] looks whose it
//! is: so neither the answer nor its time tells.

use super::Issuer;
use super::error::Refused;
use super::funding::Funding;
use super::ledger::{Kind, Ledger, Needs, Record, Records};
use super::messages::{Event, Message};
use crate::rules::spending::WINDOW as DAY;
use serde::{Deserialize, Serialize};

/// A login whose owner is to be told, if it has one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Warning {
    /// When it is too late to tell, seconds since 1970.
    until: u32,
}

impl Record for Warning {
    fn until(&self) -> Option<u32> {
        Some(self.until)
    }
}

/// Leaves word that many tries of a login were counted.
pub(super) fn leave(records: &mut Records, login: &str, now: u32) {
    records.warnings.put(login, Warning { until: now.saturating_add(DAY) });
}

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Tells the owner of a login, if it has one.
    pub(super) async fn warn(&self, login: &str) -> Result<(), Refused> {
        let now_ms = self.ledger.now_ms();
        let find = Needs::new().and(Kind::Logins, login);
        let account = self
            .decide(now_ms, find, |_, records| Ok(records.logins.get(login).map(|entry| entry.account.clone())))
            .await?;
        let mut needs = Needs::new().and(Kind::Warnings, login);
        if let Some(account) = &account {
            needs = needs.and(Kind::Accounts, account);
        }
        self.decide(now_ms, needs, |moment, records| {
            // Another process over this ledger may have been here first.
            if records.warnings.take(login).is_some()
                && let Some(owner) = account.as_ref().and_then(|account| records.accounts.get(account).cloned())
            {
                records.messages.push(Message::alarm(moment, &owner, &Event::ManyTries));
            }
            Ok(())
        })
        .await
    }
}
