//! A wallet's proofs, made by hand: a device key that no account knows.

use super::{Answer, Server};
use jitsuin::wire::calls::{Call, Named as _, body};
use jitsuin::wire::dpop::{self, Claims};
use jitsuin::wire::id::{Hash, Nonce};
use jitsuin::wire::key::{PublicKey, Signature};
use jitsuin::wire::sha256;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Device(SigningKey);

impl Device {
    pub fn new() -> Self {
        Self(SigningKey::from_slice(&random::<32>()).unwrap())
    }

    /// A proved call, with a nonce that the server gave out just now.
    pub fn call<C: Call>(&self, server: &Server, headers: &[(&str, &str)], call: &C) -> Answer {
        let body = String::from_utf8(body(call, C::Name::new(random()))).unwrap();
        let known = server.get("/.well-known/jitsuin");
        let issuer = known.json()["issuer"].as_str().unwrap().to_owned();
        let proof = self.prove(&format!("{issuer}{}", C::PATH), &body, known.header("dpop-nonce"));
        server.post(C::PATH, &[headers, &[("DPoP", &proof)]].concat(), &body)
    }

    fn prove(&self, url: &str, body: &str, nonce: &str) -> String {
        let claims = Claims {
            htm: "POST".into(),
            htu: url.into(),
            iat: SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
            jti: Nonce(random()),
            nonce: nonce.into(),
            bdy: Hash(sha256(body.as_bytes())),
            acc: None,
        };
        let key = PublicKey::from_sec1(self.0.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
        let unsigned = dpop::prepare(&claims, &key);
        let signature: p256::ecdsa::Signature = self.0.sign(unsigned.message());
        unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap())
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
