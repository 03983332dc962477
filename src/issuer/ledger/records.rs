//! The loaded records, typed, with a note of what a rule changed.

use super::LedgerError;
use crate::issuer::account::{Account, CredentialEntry, HandleEntries, KeyEntry, LoginEntry};
use crate::issuer::books::{self, Entry};
use crate::issuer::buckets::Tries;
use crate::issuer::cards::CardProof;
use crate::issuer::delivery::Delivered;
use crate::issuer::enrolment::OpenEnrolment;
use crate::issuer::evidence::StoredEvidence;
use crate::issuer::intents::SpentNonce;
use crate::issuer::keys::StoredKeys;
use crate::issuer::login::{LoginAttempt, TicketEntry};
use crate::issuer::messages::Message;
use crate::issuer::orders::Order;
use crate::issuer::payments::{Hold, Patron, Payment, TillAnswer};
use crate::issuer::receipts::StoredReceipt;
use crate::issuer::tills::{Till, TillCode};
use crate::issuer::top_ups::{OpenTopUp, TopUp};
use crate::issuer::used::Used;
use crate::issuer::warnings::Warning;
use crate::rules::breakers::Flow;
use crate::wire::id::{AccountId, Audience, CredentialId, Handle, Nonce, Thumbprint, to_base64};
use alloc::collections::BTreeMap;
use core::cell::Cell;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How an id stands as the key of a record.
pub trait Key {
    /// The text.
    fn key(&self) -> String;
}

impl<K: Key + ?Sized> Key for &K {
    fn key(&self) -> String {
        (**self).key()
    }
}

impl Key for str {
    fn key(&self) -> String {
        self.into()
    }
}

impl Key for String {
    fn key(&self) -> String {
        self.clone()
    }
}

impl Key for AccountId {
    fn key(&self) -> String {
        self.as_str().into()
    }
}

impl Key for Audience {
    fn key(&self) -> String {
        self.as_str().into()
    }
}

impl Key for CredentialId {
    fn key(&self) -> String {
        to_base64(self.as_bytes())
    }
}

macro_rules! byte_keys {
    ($($id:ty)*) => {
        $(impl Key for $id {
            fn key(&self) -> String {
                to_base64(&self.0)
            }
        })*
    };
}
byte_keys! { Thumbprint Handle Nonce }

/// A thing that a ledger keeps under a key.
pub trait Record: Serialize + DeserializeOwned {
    /// When it may be forgotten, seconds since 1970.
    fn until(&self) -> Option<u32> {
        None
    }
}

struct Row<T> {
    value: Option<T>,
    changed: bool,
}

/// The loaded records of one kind.
pub struct Table<T> {
    rows: BTreeMap<String, Row<T>>,
    strayed: Cell<bool>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), strayed: Cell::new(false) }
    }
}

impl<T> Table<T> {
    /// The record under this key, if there is one. A key that was not needed is a mistake, which fails the transaction.
    pub fn get(&self, key: impl Key) -> Option<&T> {
        let row = self.rows.get(&key.key());
        if row.is_none() {
            self.strayed.set(true);
        }
        row.and_then(|row| row.value.as_ref())
    }

    /// Writes the record under this key.
    pub fn put(&mut self, key: impl Key, value: T) {
        self.change(key, Some(value));
    }

    /// Removes the record under this key and returns it.
    pub fn take(&mut self, key: impl Key) -> Option<T> {
        self.change(key, None)
    }

    fn is_changed(&self) -> bool {
        self.rows.values().any(|row| row.changed)
    }

    fn change(&mut self, key: impl Key, value: Option<T>) -> Option<T> {
        let Some(row) = self.rows.get_mut(&key.key()) else {
            self.strayed.set(true);
            return None;
        };
        row.changed = true;
        core::mem::replace(&mut row.value, value)
    }
}

impl<T: Record> Table<T> {
    fn load(&mut self, kind: Kind, key: String, body: Option<&[u8]>) -> Result<(), LedgerError> {
        let corrupt = |_| LedgerError::corrupt(kind.name());
        let value = body.map(|body| serde_json::from_slice(body).map_err(corrupt)).transpose()?;
        self.rows.insert(key, Row { value, changed: false });
        Ok(())
    }

    fn changes(&self, kind: Kind, to: &mut Changes) -> Result<(), LedgerError> {
        if self.strayed.get() {
            return Err(LedgerError::NotNeeded);
        }
        for (key, row) in self.rows.iter().filter(|(_, row)| row.changed) {
            let body = row
                .value
                .as_ref()
                .map(|value| {
                    let body = serde_json::to_string(value).map_err(|_| LedgerError::corrupt(kind.name()))?;
                    Ok::<_, LedgerError>(Stored { body, until: value.until() })
                })
                .transpose()?;
            to.rows.push((kind, key.clone(), body));
        }
        Ok(())
    }
}

/// A record as a ledger keeps it.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) body: String,
    pub(super) until: Option<u32>,
}

/// What a transaction is to keep.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) rows: Vec<(Kind, String, Option<Stored>)>,
    pub(super) receipts: Vec<StoredReceipt>,
    pub(super) evidence: Vec<StoredEvidence>,
    pub(super) ended_evidence: Vec<(AccountId, u32)>,
    pub(super) erased: Vec<(AccountId, u64)>,
    pub(super) entries: Vec<Entry>,
    pub(super) messages: Vec<Message>,
}

impl Changes {
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.receipts.is_empty()
            && self.entries.is_empty()
            && self.messages.is_empty()
            && self.ended_evidence.is_empty()
            && self.erased.is_empty()
    }
}

macro_rules! records {
    ($($(#[$doc:meta])* $kind:ident $field:ident $name:literal: $record:ty;)*) => {
        /// A kind of record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name of its table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }

        /// The loaded records, and what is appended to the lists that only grow.
        #[derive(Default)]
        pub struct Records {
            $($(#[$doc])* pub $field: Table<$record>,)*
            /// Receipts to append.
            pub receipts: Vec<StoredReceipt>,
            /// Evidence to append, each of a receipt that is appended too.
            pub evidence: Vec<StoredEvidence>,
            /// Accounts whose evidence is to be deleted that ended before a time, seconds since 1970.
            pub ended_evidence: Vec<(AccountId, u32)>,
            /// Receipts whose bodies are to be emptied.
            pub erased: Vec<(AccountId, u64)>,
            /// Entries of the books to append.
            pub entries: Vec<Entry>,
            /// Messages to append.
            pub messages: Vec<Message>,
        }

        impl Records {
            pub(super) fn load(&mut self, kind: Kind, key: String, body: Option<&[u8]>) -> Result<(), LedgerError> {
                match kind { $(Kind::$kind => self.$field.load(kind, key, body),)* }
            }

            /// Whether a rule has changed or appended anything.
            pub(in crate::issuer) fn is_changed(&self) -> bool {
                let changed = [$(self.$field.is_changed(),)*];
                let deleted = [self.ended_evidence.is_empty(), self.erased.is_empty()];
                let appended = [self.receipts.is_empty(), self.entries.is_empty(), self.messages.is_empty()];
                changed.contains(&true) || appended.contains(&false) || deleted.contains(&false)
            }

            /// What a rule says of them that changes none.
            pub(super) fn looked_at<R>(self, rule: impl Fn(&Self) -> R) -> Result<R, LedgerError> {
                let result = rule(&self);
                // A record that was not needed is a mistake here too.
                self.into_changes().map(|_| result)
            }

            pub(super) fn into_changes(self) -> Result<Changes, LedgerError> {
                let mut changes = Changes::default();
                $(self.$field.changes(Kind::$kind, &mut changes)?;)*
                books::check(&self.entries).map_err(|_| LedgerError::Unbalanced)?;
                changes.receipts = self.receipts;
                changes.evidence = self.evidence;
                changes.ended_evidence = self.ended_evidence;
                changes.erased = self.erased;
                changes.entries = self.entries;
                changes.messages = self.messages;
                Ok(changes)
            }
        }
    };
}

records! {
    /// Accounts with their devices, sources and meters.
    Accounts accounts "accounts": Account;
    /// Logins and password hashes.
    Logins logins "logins": LoginEntry;
    /// Which device keys a token's handle may mean.
    Handles handles "handles": HandleEntries;
    /// Who a calling key is.
    Keys keys "keys": KeyEntry;
    /// Which account has a passkey.
    Credentials credentials "credentials": CredentialEntry;
    /// How often somebody tried.
    Tries tries "tries": Tries;
    /// Logins that wait for their contact code.
    Attempts attempts "attempts": LoginAttempt;
    /// Tickets, by their hash.
    Tickets tickets "tickets": TicketEntry;
    /// Open enrolments, by device key.
    Enrolments enrolments "enrolments": OpenEnrolment;
    /// What was used once and may not come again.
    Used used "used": Used;
    /// Nonces of intents that were used or failed.
    Nonces nonces "nonces": SpentNonce;
    /// Tills.
    Tills tills "tills": Till;
    /// One-time till codes, by their hash.
    TillCodes till_codes "till_codes": TillCode;
    /// What calls that changed something were answered, by calling key and call.
    Calls calls "calls": Delivered;
    /// What a till was answered, by its idempotency key.
    TillAnswers till_answers "till_answers": TillAnswer;
    /// Payments.
    Payments payments "payments": Payment;
    /// When held payments are to be looked at, so that time releases them.
    Holds holds "holds": Hold;
    /// Top-ups.
    TopUps top_ups "top_ups": TopUp;
    /// Top-ups without an end.
    OpenTopUps open_top_ups "open_top_ups": OpenTopUp;
    /// Open card proofs.
    CardProofs card_proofs "card_proofs": CardProof;
    /// What went through tills, merchants and the whole issuer.
    Flows flows "flows": Flow;
    /// Which accounts have paid which merchant.
    Patrons patrons "patrons": Patron;
    /// One-time codes and challenges that freeze, unfreeze or recover.
    Orders orders "orders": Order;
    /// Logins that were tried many times, until their owners are told.
    Warnings warnings "warnings": Warning;
    /// The issuer's own keys.
    IssuerKeys issuer_keys "issuer_keys": StoredKeys;
}
