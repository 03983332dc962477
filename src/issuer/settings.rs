//! What an issuer's operator decides once.

use super::attestation::{AttestationChecker, NothingAttested};
use super::verifier::assertion::Place;
use crate::rules::policy::Policy;
use crate::wire::Refusal;
use crate::wire::id::{IssuerId, RpId};
use crate::wire::money::Currency;
use crate::wire::origin::Origin;
use crate::wire::text::Label;
use alloc::sync::Arc;

/// The cost of one argon2id hash (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PasswordCost {
    /// 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl PasswordCost {
    /// The least that argon2id takes: for tests only.
    #[must_use]
    pub const fn least() -> Self {
        Self { memory: 8, passes: 1, lanes: 1 }
    }
}

/// How often somebody may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Logins of one account from one source in a day, right or wrong, before each further one has to wait twice as long as
    /// the one before; until one is finished with a contact code.
    pub per_login: u32,
    /// Logins of one account in a day from all sources, before its owner is told.
    pub per_login_day: u32,
    /// Logins of one account in a day by a device key that once finished one, from all sources, before it meets what
    /// strangers meet.
    pub per_key_day: u32,
    /// Logins from one source, and wrong till codes from one source.
    pub per_source: u32,
    /// Logins from all sources in an hour, from which on networks (IPv4 by /24, IPv6 by /48) with more than a 400th of it wait
    /// and the others go on, up to four times as many; one network has a tenth of it. As many wrong till codes.
    pub in_all: u32,
    /// Well-formed payment codes of nobody that one till offers, before the operator is told. They block nothing.
    pub per_till: u32,
    /// Length of the rolling window in seconds.
    pub window: u32,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            per_login: 5,
            per_login_day: 100,
            per_key_day: 20,
            per_source: 300,
            in_all: 20_000,
            per_till: 60,
            window: 15 * 60,
        }
    }
}

/// Everything that is not code and not a record.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who the issuer is, and its public URL: stands in statements and in every proof's `htu`.
    pub issuer: IssuerId,
    /// The wallet page's relying party id.
    pub rp_id: RpId,
    /// What a passkey prompt calls the wallet.
    pub rp_name: Label,
    /// Origins whose passkey answers count, `android:apk-key-hash:` values included.
    pub origins: Vec<Origin>,
    /// The one currency of all accounts.
    pub currency: Currency,
    /// Limits and times.
    pub policy: Policy,
    /// The cost of a new password hash. It may be raised or lowered at any start: a hash of another cost is made anew at the
    /// next right login, and until the last one is, each login spends every cost that hashes have, whoever has it.
    pub password_cost: PasswordCost,
    /// How often somebody may try.
    pub attempts: Attempts,
    /// Who knows which device keys a platform attests; by default nobody does.
    pub attestation: Arc<dyn AttestationChecker>,
    /// Where messages to whoever runs the issuer go.
    pub operator: String,
    /// Address of the page on which a contact freezes the account: it carries no secret.
    pub stop_page: String,
    /// Address of the card company's page, where a card's proof goes on.
    pub card_page: String,
}

impl Settings {
    /// The defaults for an issuer and its wallet page, in yen. The relying party id is the host name of the first web page
    /// among the origins.
    ///
    /// # Errors
    /// What is no issuer id or no origin, and origins without a web page whose host has a name.
    pub fn new(issuer: &str, origins: &[&str]) -> Result<Self, Refusal> {
        let origins: Vec<Origin> = origins.iter().map(|origin| origin.parse()).collect::<Result<_, _>>()?;
        let (first, host) =
            origins.iter().find_map(|origin| Some((origin, origin.web_host()?))).ok_or(Refusal::BadText)?;
        Ok(Self {
            issuer: issuer.parse()?,
            rp_id: host.parse()?,
            rp_name: "Jitsuin".parse()?,
            currency: Currency::JPY,
            policy: Policy::default(),
            password_cost: PasswordCost::default(),
            attempts: Attempts::default(),
            attestation: Arc::new(NothingAttested),
            operator: "operator".into(),
            stop_page: format!("{first}/stop.html"),
            card_page: format!("{first}/card.html"),
            origins,
        })
    }

    /// Where passkey answers may come from.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        Place { rp_id: &self.rp_id, origins: &self.origins }
    }
}
