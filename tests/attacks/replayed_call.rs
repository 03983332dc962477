//! Everything an owner ever sent, sent again: as it was, with another body, and to another path.

use super::row::Row;
use super::stage::Stage;
use super::world::{ISSUER, receipt};
use jitsuin::code::Code;
use jitsuin::wallet::ports::Platform;
use jitsuin::wire::calls::Problem;
use std::collections::BTreeSet;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let (place, wallet) = stage.owner().await;
    receipt(stage.world.top_up(&wallet, 5_000, "card-1").await.unwrap());
    let charged = stage.charged().await;
    let mut codes = BTreeSet::new();
    let sent = place.transport().sent();
    let proved = sent.iter().filter(|request| request.proof.is_some());
    for request in proved {
        let path = request.url.strip_prefix(ISSUER).unwrap();
        for (path, body) in [(path, request.body.clone()), (path, b"{}".to_vec()), ("/v1/freeze", request.body.clone())] {
            if path != "/v1/freeze" || !request.url.ends_with(path) {
                let reply = stage.world.answer("POST", path, body, request.proof.clone()).await;
                assert_ne!(reply.status, 200, "{path}");
                codes.insert(serde_json::from_slice::<Problem>(&reply.body).unwrap().code);
            }
        }
    }
    let known = ["proof-refused", "proof-replayed", "use-dpop-nonce"].map(String::from);
    assert!(codes.contains("proof-replayed") && codes.iter().all(|code| known.contains(code)), "{codes:?}");
    assert_eq!(stage.charged().await, charged);
    Row::new(
        "Sends every call of an owner again, changed and unchanged",
        "proof of possession: one use, one path, one body",
        Code::ProofReplayed.name(),
        stage.lost().await,
    )
    .expect(Code::ProofReplayed, 0)
}
