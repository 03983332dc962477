//! A real wallet at an issuer over any ledger.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use jitsuin::issuer::Issuer;
use jitsuin::issuer::desk;
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::Ledger;
use jitsuin::wallet::memory::{FnTransport, Place};
use jitsuin::wallet::ports::{Response, Unreachable};
use jitsuin::wallet::{Settings, Wallet};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::SourceId;
use jitsuin::wire::money::{Amount, Currency};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A new wallet on the page that the issuer knows.
pub(crate) async fn wallet<L: Ledger + 'static>(issuer: &Arc<Issuer<L, DemoProcessor>>, now_ms: u64) -> Wallet<Place> {
    wallet_that_holds(issuer, now_ms, "").await.1
}

/// Bodies that did not leave.
type Held = Rc<RefCell<Vec<Vec<u8>>>>;

/// The same with its profile; what it sends to this path stays here.
pub(crate) async fn wallet_that_holds<L: Ledger + 'static>(
    issuer: &Arc<Issuer<L, DemoProcessor>>,
    now_ms: u64,
    held_path: &'static str,
) -> (Place, Wallet<Place>, Held) {
    let id = issuer.settings().issuer.clone();
    let (to, prefix, held) = (Arc::clone(issuer), id.to_string(), Held::default());
    let holds = Rc::clone(&held);
    let transport = FnTransport::new(move |request| {
        let (issuer, path) = (Arc::clone(&to), request.url.strip_prefix(&prefix).unwrap().to_owned());
        let holds = Rc::clone(&holds);
        async move {
            if path == held_path {
                holds.borrow_mut().push(request.body);
                return Err(Unreachable::Offline);
            }
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
    let place = Place::new("https://wallet.example", now_ms, transport);
    let wallet = Wallet::open(place.clone(), settings).await.unwrap();
    (place, wallet, held)
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
    prove_card(issuer, wallet, source).await;
    let source: SourceId = source.parse().unwrap();
    let ceremony = wallet.prepare_top_up(Amount::of(amount), Currency::JPY, source).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
}

/// Proves a card.
pub(crate) async fn prove_card<L: Ledger>(issuer: &Issuer<L, DemoProcessor>, wallet: &Wallet<Place>, source: &str) {
    let proof = wallet.prove_card(source.parse().unwrap()).await.unwrap();
    issuer.finish_card_proof(&proof.proof, &newest_code(issuer).await).await.unwrap();
    wallet.sync().await.unwrap();
}
