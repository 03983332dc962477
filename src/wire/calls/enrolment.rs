//! The calls that register a device: login, contact code, enrolment.

use super::{KnownCredential, call};
use crate::wire::id::{AccountId, Bytes, CredentialId, Nonce};
use crate::wire::json::{ToJson, Writer, json_object};
use crate::wire::key::PublicKey;
use crate::wire::text::Shown;
use crate::wire::webauthn::{Assertion, Registration};

/// Device key (not yet registered). Starts a login; answers alike whether login and password are right or not.
#[derive(Clone)]
pub struct LogIn {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// `ja` or `en`: of messages once a device is registered by this login; of its one message if the account never had one.
    pub language: String,
}
json_object! { strict LogIn { login, password, language } }
call! { LogIn "/v1/login" LogInStarted, ByCall }

/// A contact code was sent, if login and password were right.
#[derive(Clone, Debug)]
pub struct LogInStarted {
    /// Names this login; worth nothing without the contact code.
    pub attempt: String,
}
json_object! { open LogInStarted { attempt } }

/// The same device key. Shows the contact code.
#[derive(Clone)]
pub struct EnterCode {
    /// From [`LogInStarted`].
    pub attempt: String,
    /// 8 digits from the contact message, as they were typed.
    pub code: String,
}
json_object! { strict EnterCode { attempt, code } }
call! { EnterCode "/v1/login/code" Ticket, ByCall }

/// The right to enrol this one key for this one account: single use, 10 minutes.
#[derive(Clone)]
pub struct Ticket {
    /// Opaque.
    pub ticket: String,
}
json_object! { open Ticket { ticket } }

/// The same device key. Starts an enrolment.
#[derive(Clone)]
pub struct PrepareEnrolment {
    /// From [`Ticket`].
    pub ticket: String,
    /// The key that reads and freezes.
    pub channel_key: PublicKey,
    /// What the user calls this device, to be parsed as a [`crate::wire::text::Label`]: `bad-label`, if it is none.
    pub label: String,
}
json_object! { strict PrepareEnrolment { ticket, channel_key, label } }
call! { PrepareEnrolment "/v1/enrolment" EnrolmentPrepared, ByCall }

/// What the wallet needs to create the passkey, or to name one that is there, and to write its statement.
#[derive(Clone, Debug)]
pub struct EnrolmentPrepared {
    /// The account.
    pub account: AccountId,
    /// What the user knows the account by; shown in the passkey prompt.
    pub account_label: Shown,
    /// `user.id` of the passkey: random per account.
    pub user_handle: Bytes,
    /// For the challenge and the statement.
    pub nonce: Nonce,
    /// End of this enrolment.
    pub expires_at: u32,
    /// For an enrolment: credentials of the account that must not be made twice.
    pub exclude: Option<Vec<CredentialId>>,
    /// For a recovery: passkeys that may replace their device's key.
    pub credentials: Option<Vec<KnownCredential>>,
}
json_object! {
    open EnrolmentPrepared {
        account, account_label, user_handle, nonce, expires_at, exclude = "exclude?", credentials = "credentials?",
    }
}

/// The same device key. Registers it.
#[derive(Clone, Debug)]
pub struct ConfirmEnrolment {
    /// The new passkey.
    pub registration: Registration,
    /// The signed enrolment statement.
    pub statement: Bytes,
    /// The passkey's assertion over the statement.
    pub assertion: Assertion,
    /// The platform's word for the device key, where custody is `native` and the host has one: opaque here.
    pub attestation: Option<Bytes>,
}
json_object! { strict ConfirmEnrolment { registration, statement, assertion, attestation = "attestation?" } }
call! { ConfirmEnrolment "/v1/enrolment/confirm" Enrolled, ByCall }

/// The text of a [`ConfirmEnrolment`], or without a registration of a [`super::ConfirmRecovery`], written from where its
/// parts are.
#[derive(Clone, Copy, Debug)]
pub struct Registering<'a> {
    /// The new passkey.
    pub registration: &'a Option<Box<Registration>>,
    /// The signed enrolment statement.
    pub statement: &'a Bytes,
    /// The passkey's assertion over the statement.
    pub assertion: &'a Assertion,
    /// The platform's word for the device key.
    pub attestation: &'a Option<Bytes>,
}

impl ToJson for Registering<'_> {
    fn write(&self, to: &mut Writer) {
        let Self { registration, statement, assertion, attestation } = *self;
        let names = "registration? statement assertion attestation?";
        to.object(names, &[registration, statement, assertion, attestation]);
    }
}

/// The device is registered.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The first allowance.
    pub allowance: Bytes,
}
json_object! { open Enrolled { allowance } }
