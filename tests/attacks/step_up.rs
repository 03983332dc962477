//! A step-up done by hand with the wallet's own key and passkey, so that each part can be wrong.

use super::stage::{Thief, data, top_up};
use super::world::World;
use jitsuin::issuer::ledger::SqliteLedger;
use jitsuin::wallet::memory::Place;
use jitsuin::wallet::ports::{Authenticator, Platform, RequestOptions, SigningKey};
use jitsuin::wire::calls::{ConfirmIntent, IntentConfirmed};
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::id::Bytes;
use jitsuin::wire::intent::Intent;
use jitsuin::wire::sign1;
use jitsuin::wire::webauthn::Assertion;
use std::time::Duration;

pub struct ByHand {
    key: Thief,
    pub intent: Intent,
    credential: Bytes,
}

impl ByHand {
    pub async fn prepare(world: &World<SqliteLedger>, place: &Place, amount: u32, source: &str) -> Self {
        let key = Thief::thief_of(world, place).await;
        let prepared = key.call(&top_up(amount, source, Some(place))).await.unwrap();
        let intent = Intent::from_bytes(&prepared.intent.0).unwrap();
        Self { key, intent, credential: data(place).account.unwrap().credential }
    }

    /// What the owner's passkey signs.
    pub async fn assert(&self, place: &Place, over: &Intent) -> Assertion {
        let options = RequestOptions {
            rp_id: "localhost".parse().unwrap(),
            challenge: over.challenge(),
            credentials: vec![self.credential.clone()],
            prf: None,
            deadline: Duration::from_secs(60),
        };
        place.authenticator().get(&options).await.unwrap().0
    }

    pub fn co_sign(&self, over: &Intent, assertion: &Assertion) -> Bytes {
        let response = &assertion.response;
        let statement = CoSignature::over(
            &over.to_bytes(),
            &response.authenticator_data.0,
            &response.client_data.0,
            &response.signature.0,
            &self.credential.0,
        );
        let unsigned = sign1::prepare(&statement, self.key.key.public());
        Bytes(unsigned.finish(&self.key.sign(unsigned.message())))
    }

    pub async fn confirm(&self, assertion: Assertion, co_signature: Option<Bytes>) -> Result<IntentConfirmed, String> {
        let call = ConfirmIntent { nonce: self.intent.nonce, assertion, co_signature };
        self.key.call(&call).await.map_err(|problem| problem.code)
    }
}
