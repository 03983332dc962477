//! Rotations of the issuer's keys at one of several processes over one ledger.

use super::{Caller, nonce, said};
use jitsuin::code::Code;
use jitsuin::issuer::Issuer;
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{Kind, Ledger};
use jitsuin::wire::calls::WhichTill;
use std::sync::Arc;

const UNKNOWN: &str = "not-enrolled";

/// The sets of an issuer follow one another from the first on; how many there are.
fn followed<L: Ledger>(issuer: &Issuer<L, DemoProcessor>) -> usize {
    let keys = issuer.keys();
    let root = keys.set().root;
    let mut sets = keys.past().iter().chain([keys.set()]);
    let mut pinned = sets.next().unwrap().open(&root, &issuer.settings().issuer).unwrap();
    for set in sets {
        let next = set.follow(&root, &pinned).unwrap();
        assert_eq!(next.seq.get(), pinned.seq.get() + 1);
        pinned = next;
    }
    keys.past().len() + 1
}

/// Both processes were opened before; nobody tells the second one anything.
pub(crate) async fn a_rotation_at_one_is_met_by_the_next_call_of_another<L: Ledger + 'static>(
    first: Arc<Issuer<L, DemoProcessor>>,
    second: Arc<Issuer<L, DemoProcessor>>,
) {
    let caller = Caller::new(1);
    let old = nonce(&first, &caller).await;
    assert_eq!(said(&second, caller.request(&WhichTill {}, 1, &old)).await, UNKNOWN);

    // Calls go on meanwhile: each is decided under the old keys or sent for a nonce of the new ones, and none fails.
    let calls: Vec<_> = (10..34_u8)
        .map(|jti| {
            let issuer = Arc::clone(if jti % 2 == 0 { &first } else { &second });
            let request = caller.request(&WhichTill {}, jti, &old);
            tokio::spawn(async move { said(&issuer, request).await })
        })
        .collect();
    first.rotate_keys().await.unwrap();
    for call in calls {
        let answer = call.await.unwrap();
        assert!([UNKNOWN, Code::UseDpopNonce.name()].contains(&answer.as_str()), "{answer}");
    }

    for (jti, issuer) in [(40, &first), (41, &second)] {
        assert_eq!(said(issuer, caller.request(&WhichTill {}, jti, &old)).await, Code::UseDpopNonce.name());
        let new = nonce(issuer, &caller).await;
        assert_eq!(said(issuer, caller.request(&WhichTill {}, jti + 10, &new)).await, UNKNOWN);
        assert_eq!(followed(issuer), 2);
    }
    assert_eq!(first.keys().set(), second.keys().set());

    // Two operators at once: one set follows another, whoever came second.
    let (one, other) = tokio::join!(first.rotate_keys(), second.rotate_keys());
    let done = [one, other].map(|rotated| match rotated {
        Ok(_) => 1,
        Err(refused) if refused.code == Code::IssuerUnavailable => 0,
        Err(refused) => panic!("{refused}"),
    });
    let done: usize = done.iter().sum();
    assert!(done > 0);
    for issuer in [&first, &second] {
        let _nonce = nonce(issuer, &caller).await;
        assert_eq!(followed(issuer), 2 + done);
    }
    assert_eq!(first.ledger().keys(Kind::IssuerKeys).await.unwrap().len(), 1, "no old secret is kept");
}
