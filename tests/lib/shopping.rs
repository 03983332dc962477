//! A real wallet at an issuer over any ledger.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use jitsuin::issuer::Issuer;
use jitsuin::issuer::desk;
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::Ledger;
use jitsuin::wallet::memory::{FnTransport, Place};
use jitsuin::wallet::ports::Response;
use jitsuin::wallet::{Settings, Wallet};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::SourceId;
use jitsuin::wire::money::{Amount, Currency};
use std::sync::Arc;

/// A new wallet on the page that the issuer knows.
pub(crate) async fn wallet<L: Ledger + 'static>(issuer: &Arc<Issuer<L, DemoProcessor>>, now_ms: u64) -> Wallet<Place> {
    let id = issuer.settings().issuer.clone();
    let (held, prefix) = (Arc::clone(issuer), id.to_string());
    let transport = FnTransport::new(move |request| {
        let (issuer, path) = (Arc::clone(&held), request.url.strip_prefix(&prefix).unwrap().to_owned());
        async move {
            let call = desk::Request {
                method: request.method.into(),
                path,
                body: request.body,
                proof: request.proof,
                source: "127.0.0.1".into(),
            };
            let desk::Reply { status, body, nonce, retry_after, .. } = issuer.answer(&call).await;
            Ok(Response { status, body, nonce, retry_after })
        }
    });
    let settings = Settings { custody: Some(Custody::Software), ..Settings::new(id) };
    Wallet::open(Place::new("https://wallet.example", now_ms, transport), settings).await.unwrap()
}

async fn newest_code<L: Ledger>(issuer: &Issuer<L, DemoProcessor>) -> String {
    let inbox = issuer.inbox(0).await.unwrap();
    inbox
        .into_iter()
        .rev()
        .filter(|(_, message)| message.account.is_some())
        .find_map(|(_, message)| message.code)
        .unwrap()
}

/// Registers the wallet for the account that was opened with it.
pub(crate) async fn enrol<L: Ledger>(issuer: &Issuer<L, DemoProcessor>, wallet: &Wallet<Place>) {
    let attempt = wallet.log_in("hanako", "hanako-password", "en").await.unwrap();
    let ticket = wallet.enter_code(&attempt, &newest_code(issuer).await).await.unwrap();
    let ceremony = wallet.prepare_enrolment(&ticket, "phone", None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    wallet.sync().await.unwrap();
}

/// Proves a card and tops up with it.
pub(crate) async fn top_up<L: Ledger>(
    issuer: &Issuer<L, DemoProcessor>,
    wallet: &Wallet<Place>,
    source: &str,
    amount: u32,
) {
    let source: SourceId = source.parse().unwrap();
    let proof = wallet.prove_card(source.clone()).await.unwrap();
    issuer.finish_card_proof(&proof.proof, &newest_code(issuer).await).await.unwrap();
    wallet.sync().await.unwrap();
    let ceremony = wallet.prepare_top_up(Amount::of(amount), Currency::JPY, source).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
}
