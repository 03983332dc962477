//! One step-up that is confirmed many times at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use super::{Caller, NOW_MS, at_once, nonce, open, shopping};
use jitsuin::code::Code;
use jitsuin::issuer::demo;
use jitsuin::issuer::desk::Request;
use jitsuin::issuer::ledger::{Kind, Ledger};
use jitsuin::wallet::memory::Place;
use jitsuin::wallet::ports::{Kept, Keys as _, Platform, SigningKey as _, Store as _};
use jitsuin::wallet::record::Data;
use jitsuin::wire::calls::{Call as _, ConfirmIntent, Named as _, body, read_body};
use jitsuin::wire::dpop;
use jitsuin::wire::id::{Hash, Nonce};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::sha256;
use std::sync::Arc;

/// The owner agreed once. Each of the 24 calls has a name and a proof of its own, so that the nonce alone holds them back.
pub(crate) async fn one_step_up_confirmed_24_times_at_once_has_one_effect<L: Ledger + 'static>(ledger: L) {
    let issuer = Arc::new(open(ledger).await);
    demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    let (place, wallet, held) = shopping::wallet_that_holds(&issuer, NOW_MS, ConfirmIntent::PATH).await;
    shopping::enrol(&issuer, &wallet).await;
    shopping::prove_card(&issuer, &wallet, "card-1").await;
    let ceremony = wallet.prepare_top_up(Amount::of(5_000), Currency::JPY, "card-1".parse().unwrap()).await.unwrap();
    assert_eq!(issuer.ledger().keys(Kind::Nonces).await.unwrap().len(), 0, "what is prepared is not stored");
    wallet.confirm(ceremony.id).await.unwrap_err();
    let sent = held.borrow_mut().pop().unwrap();
    let (call, _) = read_body::<ConfirmIntent>(&sent).unwrap();

    let proof_nonce = nonce(&issuer, &Caller::new(9)).await;
    let mut requests = Vec::new();
    for number in 0..24 {
        requests.push(signed(&place, body(&call, NameOf::new([number; 16])), number, &proof_nonce).await);
    }
    let answers = at_once(&issuer, requests).await;
    let (done, refused) = answers.iter().partition::<Vec<_>, _>(|answer| *answer == "ok");
    assert_eq!((done.len(), refused.len()), (1, 23), "{answers:?}");
    assert!(refused.iter().all(|answer| *answer == Code::IntentExpired.name()), "{answers:?}");
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().balance.unwrap().amount, Amount::of(7_000));
    assert_eq!(issuer.ledger().keys(Kind::TopUps).await.unwrap().len(), 1);
    assert_eq!(issuer.ledger().keys(Kind::Nonces).await.unwrap().len(), 1);
    issuer.audit().await.unwrap();
}

type NameOf = <ConfirmIntent as jitsuin::wire::calls::Call>::Name;

/// The call under a proof by the device key of a profile.
async fn signed(place: &Place, body: Vec<u8>, jti: u8, nonce: &str) -> Request {
    let Kept::Record(record) = place.store().load().await.unwrap() else { panic!("no record") };
    let data = Data::from_bytes(&record.data).unwrap();
    let key = place.keys().open(&record.device, &data.device_key, None).await.unwrap();
    let claims = dpop::Claims {
        htm: "POST".into(),
        htu: format!("https://issuer.example{}", ConfirmIntent::PATH),
        iat: 0,
        jti: Nonce([jti + 100; 16]),
        nonce: nonce.into(),
        bdy: Hash(sha256(&body)),
        acc: data.account.map(|account| account.id),
    };
    let unsigned = dpop::prepare(&claims, key.public());
    let signature = key.sign_now(unsigned.message()).unwrap();
    let proof = unsigned.finish(&signature);
    Request { method: "POST".into(), path: ConfirmIntent::PATH.into(), body, proof: Some(proof), source: "::1".into() }
}
