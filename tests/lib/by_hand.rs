//! A step-up done by hand with the wallet's own key and passkey, so that each part can be wrong.
#![allow(dead_code, unreachable_pub, reason = "a module of several suites, each of which uses its own part")]

use super::world::{Caller, Timed, World, data, yen};
use jitsuin::wallet::memory::Place;
use jitsuin::wallet::ports::{Authenticator, Platform, RequestOptions, SigningKey};
use jitsuin::wire::calls::{ConfirmIntent, IntentConfirmed, PrepareTopUp};
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::id::{Bytes, CredentialId};
use jitsuin::wire::intent::Intent;
use jitsuin::wire::money::Currency;
use jitsuin::wire::sign1;
use jitsuin::wire::webauthn::Assertion;
use std::time::Duration;

pub struct ByHand<L> {
    pub caller: Caller<L>,
    pub intent: Intent,
    credential: CredentialId,
}

impl<L: Timed> ByHand<L> {
    pub async fn prepare(world: &World<L>, place: &Place, amount: u32, source: &str) -> Self {
        let caller = Caller::thief_of(world, place).await;
        let data = data(place);
        let (currency, head) = (Currency::JPY, data.link.hash);
        let call = PrepareTopUp { amount: yen(amount), currency, source: source.parse().unwrap(), head };
        let intent = Intent::from_bytes(&caller.call(&call).await.unwrap().intent.0).unwrap();
        Self { caller, intent, credential: data.account.unwrap().credential }
    }

    /// What the owner's passkey signs.
    pub async fn assert(&self, place: &Place, over: &Intent) -> Assertion {
        let options = RequestOptions {
            rp_id: &"localhost".parse().unwrap(),
            challenge: &over.challenge(),
            credentials: std::slice::from_ref(&self.credential),
            prf: None,
            deadline: Duration::from_secs(60),
        };
        place.authenticator().get(&options).await.unwrap().0
    }

    pub fn co_sign(&self, over: &Intent, assertion: &Assertion, with: &Caller<L>) -> Bytes {
        let response = &assertion.response;
        let statement = CoSignature::over(
            &over.to_bytes(),
            &response.authenticator_data.0,
            &response.client_data.0,
            &response.signature.0,
            &self.credential,
        );
        let unsigned = sign1::prepare(&statement, with.key.public());
        Bytes(unsigned.finish(&with.sign(unsigned.message())))
    }

    pub async fn confirm(&self, assertion: Assertion, co_signature: Option<Bytes>) -> Result<IntentConfirmed, String> {
        let call = ConfirmIntent { intent: Bytes(self.intent.to_bytes()), assertion, co_signature };
        self.caller.call(&call).await.map_err(|problem| problem.code)
    }
}
