//! Which limits a device key earns (protocol section 7): what its wallet says of its custody may lower them, and only
//! evidence raises them.

use super::account::{Account, Credential, Device};
use crate::rules::policy::Policy;
use crate::rules::spending::Cap;
use crate::wire::allowance::Tier;
use crate::wire::enrolment::Custody;
use crate::wire::id::Thumbprint;
use serde::{Deserialize, Serialize};

/// What is known of a device key besides its wallet's claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// A platform attested the key when it was registered.
    #[serde(default)]
    pub attested: bool,
    /// Since when it is in this custody, seconds since 1970; none, in records from before that was noted: since it was
    /// registered.
    #[serde(default)]
    pub since: Option<u32>,
    /// When something last spoke against it, seconds since 1970: clone evidence, or a payment that its owner did not make.
    #[serde(default)]
    pub suspected_at: Option<u32>,
}

impl Evidence {
    /// The evidence of a key that takes an older one's place: suspicion goes along, attestation does not, and a history
    /// only where the custody is the same.
    pub(super) fn after(old: &Device, custody: Custody, attested: bool, now: u32) -> Self {
        let since = if old.custody == custody { old.evidence.since.unwrap_or(old.added_at) } else { now };
        Self { attested, since: Some(since), suspected_at: old.evidence.suspected_at }
    }
}

/// Whether the passkey can only be on one device: BE was 0 when it was made, and in every assertion since, and its
/// counter never went back. One that says otherwise once may have been copied, and earns no more for good; it is not
/// refused, since the flag flips on real devices.
const fn is_device_bound(credential: &Credential) -> bool {
    !credential.backup_eligible
        && !credential.backed_up
        && credential.backup_flips == 0
        && credential.counter_regressions == 0
}

/// The tier of a key now.
#[must_use]
pub(super) fn tier(
    policy: &Policy,
    now: u32,
    custody: Custody,
    cooled_at: u32,
    evidence: Evidence,
    credential: &Credential,
) -> Tier {
    if now < cooled_at {
        return Tier::CoolOff;
    }
    let from = evidence.since.max(evidence.suspected_at).unwrap_or(now);
    let clean = now >= from.saturating_add(policy.clean_seconds);
    match custody {
        Custody::Native if evidence.attested => Tier::Native,
        Custody::Passkey if clean && is_device_bound(credential) => Tier::Passkey,
        Custody::Software | Custody::Browser | Custody::Passkey | Custody::Native => Tier::Browser,
    }
}

impl Device {
    /// The tier behind its limits now.
    #[must_use]
    pub fn tier(&self, policy: &Policy, now: u32) -> Tier {
        let evidence = Evidence { since: self.evidence.since.or(Some(self.added_at)), ..self.evidence };
        tier(policy, now, self.custody, self.cooled_at, evidence, &self.credential)
    }

    /// The caps of its payments: what was granted, and never more than its tier gives now, so that a tier that is lost
    /// does not live on in an allowance.
    #[must_use]
    pub fn cap(&self, policy: &Policy, now: u32) -> Cap {
        let (granted, now) = (&self.allowance, self.limits(policy, now));
        Cap {
            each: granted.per_payment.min(now.per_payment),
            total: granted.total.min(now.per_key),
            count: granted.count.min(now.count),
        }
    }
}

impl Account {
    /// The device that stands in the place of this one now: itself, or the one whose key replaced its own, and so on.
    pub(super) fn heir_mut(&mut self, thumb: Thumbprint) -> Option<&mut Device> {
        let mut heir = thumb;
        // No chain is longer than there are devices.
        for _ in 0..self.devices.len() {
            match self.device(heir)?.replaced_by {
                Some(next) => heir = next,
                None => break,
            }
        }
        self.device_mut(heir)
    }
}
