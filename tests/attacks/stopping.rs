//! What attacks on freeze, release and replacement share.

use super::stage::{Stage, Thief, data};
use jitsuin::wallet::memory::{MemoryEntropy, Place, SoftKey};
use jitsuin::wallet::ports::{Authenticator, Platform, RequestOptions, SigningKey};
use jitsuin::wire::calls::{
    ConfirmIntent, ConfirmRecovery, Enrolled, IntentPrepared, PrepareRecovery, PrepareUnfreeze, Ticket,
};
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::enrolment::{self, Custody, Enrolment};
use jitsuin::wire::id::{Bytes, CredentialId, Hash, to_base64};
use jitsuin::wire::intent::Intent;
use jitsuin::wire::sign1;
use jitsuin::wire::webauthn::Assertion;
use std::time::Duration;

/// The newest stop code that somebody was sent.
pub async fn stop_code(stage: &Stage, to: &str) -> String {
    let inbox = stage.world.issuer.inbox(0).await.unwrap();
    let mut texts = inbox.into_iter().rev().filter(|(_, message)| message.to == to).map(|(_, message)| message.text);
    texts.find(|text| text.contains("To stop everything")).unwrap().lines().last().unwrap().into()
}

/// What the passkey of a profile signs.
pub async fn assert(place: &Place, challenge: Hash) -> Assertion {
    let options = RequestOptions {
        rp_id: &"localhost".parse().unwrap(),
        challenge: &challenge,
        credentials: &[data(place).account.unwrap().credential],
        prf: None,
        deadline: Duration::from_secs(60),
    };
    place.authenticator().get(&options).await.unwrap().0
}

/// What a passkey of `own` signs, said to be by the passkey of the account with this credential.
pub async fn assert_as(own: &Place, credential: &CredentialId, user_handle: &Bytes, challenge: Hash) -> Assertion {
    let mut assertion = assert(own, challenge).await;
    assertion.id = to_base64(&credential.0);
    assertion.raw_id = credential.clone();
    assertion.response.user_handle = Some(user_handle.clone());
    assertion
}

/// Agrees to the release of an account with a copy of its device key, signed by another passkey. The refusal.
pub async fn release_by_hand(key: &Thief, own: &Place, victim: &Place) -> String {
    let prepared = key.call(&PrepareUnfreeze { head: Hash::ZERO }).await.unwrap();
    agree_by_hand(key, own, victim, prepared).await
}

/// Confirms what was prepared for a copied device key, signed by another passkey. The refusal.
pub async fn agree_by_hand(key: &Thief, own: &Place, victim: &Place, prepared: IntentPrepared) -> String {
    let intent = Intent::from_bytes(&prepared.intent.0).unwrap();
    let account = data(victim).account.unwrap();
    let assertion = assert_as(own, &account.credential, &account.user_handle, intent.challenge()).await;
    let response = &assertion.response;
    let statement = CoSignature::over(
        &prepared.intent.0,
        &response.authenticator_data.0,
        &response.client_data.0,
        &response.signature.0,
        &account.credential,
    );
    let unsigned = sign1::prepare(&statement, key.key.public());
    let co_signature = Some(Bytes(unsigned.finish(&key.sign(unsigned.message()))));
    let call = ConfirmIntent { intent: prepared.intent, assertion, co_signature };
    key.call(&call).await.unwrap_err().code
}

/// Puts a key of the thief's in the place of the victim's, signed by another passkey. `log_in` gets a ticket for it.
pub async fn recover_by_hand(stage: &Stage, own: &Place, ticket: Ticket, mut key: Thief) -> Result<Enrolled, String> {
    let channel = SoftKey::make(&MemoryEntropy::of_system()).unwrap().0;
    let call = PrepareRecovery { ticket: ticket.ticket, channel_key: *channel.public(), label: "Thief".into() };
    let prepared = key.call(&call).await.map_err(|problem| problem.code)?;
    key.account = Some(prepared.account.clone());
    let known = &prepared.credentials.as_ref().unwrap()[0];
    let statement = Enrolment {
        issuer: stage.world.issuer.settings().issuer.clone(),
        rp_id: "localhost".parse().unwrap(),
        account: prepared.account,
        device_key: *key.key.public(),
        channel_key: *channel.public(),
        credential: known.id.clone(),
        credential_key_hash: known.key_hash,
        backup_eligible: known.backup_eligible,
        backed_up: false,
        custody: Custody::Browser,
        nonce: prepared.nonce,
        issued_at: stage.world.now(),
    };
    let unsigned = sign1::prepare(&statement, key.key.public());
    let statement = unsigned.finish(&key.sign(unsigned.message()));
    let challenge = enrolment::confirmation_challenge(&statement);
    let assertion = assert_as(own, &known.id, &prepared.user_handle, challenge).await;
    let call = ConfirmRecovery { statement: Bytes(statement), assertion };
    key.call(&call).await.map_err(|problem| problem.code)
}
