//! The host that an issuer's passkeys are bound to. It stays the same for as long as there are any: none answers to another.

use super::Issuer;
use super::error::Refused;
use super::funding::Funding;
use super::keys::Keys;
use super::ledger::{Kind, Ledger, Needs, Records};
use crate::code::Code;

impl<L: Ledger, F: Funding> Issuer<L, F> {
    /// Keeps the relying party id of the settings in the ledger, for a server to call at each start. As long as nobody has a
    /// passkey it may change. Of passkeys that were made before this was called, nobody knows whose they are: such a ledger
    /// takes any.
    ///
    /// # Errors
    /// [`Code::IssuerUnavailable`] if the ledger fails, or has passkeys of another relying party, which the cause names.
    pub async fn keep_rp_id(&self) -> Result<(), Refused> {
        let wanted = &self.settings.rp_id;
        let keyed = self.keyed().await?;
        let row = Keys::row(keyed.keys.number());
        let needs = Needs::new().and(Kind::IssuerKeys, &row);
        let held = self
            .ledger
            .transact(needs.clone(), |records| records.issuer_keys.get(&row).map(|stored| stored.rp_id().cloned()))
            .await?
            .ok_or(Code::IssuerUnavailable)?;
        if held.as_ref() == Some(wanted) {
            return Ok(());
        }
        let has_passkeys = !self.ledger.keys(Kind::Credentials).await?.is_empty();
        match held {
            Some(held) if has_passkeys => Err(Refused::failed(format!(
                "its passkeys are of {held} and not of {wanted}: name an origin of that host first"
            ))),
            None if has_passkeys => Ok(()),
            _ => {
                let keep = |records: &mut Records| {
                    let mut stored = records.issuer_keys.get(&row).cloned().ok_or(Code::IssuerUnavailable)?;
                    stored.set_rp_id(wanted.clone());
                    records.issuer_keys.put(&row, stored);
                    Ok::<_, Code>(())
                };
                Ok(self.ledger.transact(needs, keep).await??)
            }
        }
    }
}
