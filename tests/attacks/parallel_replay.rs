//! One code at two tills at the same moment, many times over: real threads against one ledger.

use super::row::Row;
use super::stage::{Shop, Stage, heard};
use super::world::{prove, yen};
use jitsuin::code::Code;
use jitsuin::issuer::desk::Request;
use jitsuin::wire::calls::{Call, Outcome, PaymentAnswer, TakePayment, WhichTill};
use jitsuin::wire::money::Currency;
use std::sync::{Arc, Barrier};

const EACH: usize = 8;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (_, wallet) = stage.owner().await;
    let (till, other) = stage.shops().await;
    let token = wallet.payment_code(None).await.unwrap().text;
    let mut requests = Vec::new();
    for (shop, name) in [(&till, "a"), (&other, "b")] {
        for number in 0..EACH {
            requests.push(request(&stage, shop, &token, &format!("parallel-replay-{name}-{number}")).await);
        }
    }
    let answers = at_once(&stage, requests);
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.outcome == Outcome::Approved);
    assert_eq!(taken.len(), 1, "one sale: {taken:?}");
    assert_eq!(refused.len(), 2 * EACH - 1);
    let refused = refused.first().unwrap().outcome;
    stage.agreed(540);
    Row::new(
        "Replays one code at two tills at the same moment, eight threads each",
        "one use, decided in the ledger's transaction",
        &heard(refused),
        stage.lost().await,
    )
    .expect(Code::TokenUsed, 0)
}

/// Sends each request from a thread of its own, all at the same moment.
pub fn at_once(stage: &Stage, requests: Vec<Request>) -> Vec<PaymentAnswer> {
    let start = Arc::new(Barrier::new(requests.len()));
    let runtime = tokio::runtime::Handle::current();
    let threads: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let (issuer, start, runtime) = (Arc::clone(&stage.world.issuer), Arc::clone(&start), runtime.clone());
            std::thread::spawn(move || {
                start.wait();
                runtime.block_on(issuer.answer(&request))
            })
        })
        .collect();
    let answer = |thread: std::thread::JoinHandle<jitsuin::issuer::desk::Reply>| {
        serde_json::from_slice(&thread.join().unwrap().body).unwrap()
    };
    threads.into_iter().map(answer).collect()
}

/// A till's call for JPY 540.
pub async fn request(stage: &Stage, shop: &Shop, token: &str, key: &str) -> Request {
    // A nonce of its own for each proof.
    let reply = stage.world.answer("POST", WhichTill::PATH, b"{}".to_vec(), Some(prove(&shop.0.key, WhichTill::PATH, b"{}", "", None, stage.world.now()))).await;
    let call = TakePayment { token: token.into(), amount: yen(540), currency: Currency::JPY, key: key.into() };
    let body = serde_json::to_vec(&call).unwrap();
    let proof = prove(&shop.0.key, TakePayment::PATH, &body, &reply.nonce.unwrap(), None, stage.world.now());
    Request { method: "POST".into(), path: TakePayment::PATH.into(), body, proof: Some(proof), source: "::1".into() }
}
