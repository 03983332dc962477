#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::desk::Request;
use crate::issuer::testing::client::world;
use crate::issuer::testing::now;
use crate::wire::calls::{WELL_KNOWN, WellKnown};
use serde_json::Value;

#[test]
fn the_set_in_force_is_published_as_a_jwk_set() {
    let issuer = world();
    let get = |path: &str| {
        let request =
            Request { method: "GET".into(), path: path.into(), body: vec![], proof: None, source: String::new() };
        now(issuer.answer(&request))
    };
    let reply = get(PATH);
    assert_eq!((reply.status, reply.content_type, reply.nonce), (200, TYPE, None));
    let known: WellKnown = serde_json::from_slice(&get(WELL_KNOWN).body).unwrap();
    let set = known.key_set.open(&known.key_set.root, &known.issuer).unwrap();
    let published: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(published, serde_json::to_value(Jwks::of(&set)).unwrap());
    assert_eq!(published["keys"].as_array().unwrap().len(), set.keys.len());
}
