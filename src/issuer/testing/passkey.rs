//! A passkey of any algorithm that can be told to do one thing wrong.

use super::{public, secret};
use crate::wire::cbor::Writer;
use crate::wire::id::{Bytes, Hash, to_base64};
use crate::wire::sha256;
use crate::wire::webauthn::{
    Assertion, AssertionResponse, AttestedCredential, NoExtensions, Registration, RegistrationResponse,
};
use graviola::signing::rsa::{KeySize, SigningKey};
use p256::ecdsa::signature::Signer;
use std::sync::OnceLock;

/// UP, UV.
pub(in crate::issuer) const GOOD: u8 = 0x05;

/// What the browser and the authenticator say.
#[derive(Clone)]
pub(in crate::issuer) struct Passkey {
    pub(in crate::issuer) secret: u8,
    pub(in crate::issuer) id: Vec<u8>,
    pub(in crate::issuer) origin: String,
    pub(in crate::issuer) rp_id: String,
    pub(in crate::issuer) flags: u8,
    pub(in crate::issuer) counter: u32,
    pub(in crate::issuer) cross_origin: bool,
    pub(in crate::issuer) kind: Option<&'static str>,
    pub(in crate::issuer) user_handle: Option<Vec<u8>>,
    pub(in crate::issuer) break_signature: bool,
    pub(in crate::issuer) algorithm: i64,
}

/// One key for all tests: making one takes a while.
fn rsa() -> &'static (SigningKey, Vec<u8>) {
    static KEY: OnceLock<(SigningKey, Vec<u8>)> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = SigningKey::generate(KeySize::Rsa2048).unwrap();
        let mut room = [0; 300];
        // RSAPublicKey of 2,048 bits: heads of 9 bytes, the modulus, and INTEGER 65,537.
        let modulus = key.public_key().to_pkcs1_der(&mut room).unwrap()[9..265].to_vec();
        (key, modulus)
    })
}

/// A COSE_Key of small integers, then byte strings.
fn cose(numbers: &[(i64, i64)], parts: &[(i64, &[u8])]) -> Vec<u8> {
    let mut to = Writer::new();
    to.map((numbers.len() + parts.len()) as u64);
    for (key, value) in numbers {
        to.int(*key);
        to.int(*value);
    }
    for (key, part) in parts {
        to.int(*key);
        to.bytes(part);
    }
    to.into_bytes()
}

impl Passkey {
    pub(in crate::issuer) fn new(secret: u8) -> Self {
        Self {
            secret,
            id: vec![secret; 16],
            origin: "https://wallet.example".into(),
            rp_id: "wallet.example".into(),
            flags: GOOD,
            counter: 0,
            cross_origin: false,
            kind: None,
            user_handle: None,
            break_signature: false,
            algorithm: -7,
        }
    }

    fn edwards(&self) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[self.secret; 32])
    }

    fn cose_key(&self) -> Vec<u8> {
        let (sec1, edwards) = (public(self.secret).to_sec1(), self.edwards().verifying_key());
        match self.algorithm {
            -257 => cose(&[(1, 3), (3, -257)], &[(-1, &rsa().1), (-2, &[1, 0, 1])]),
            -8 => cose(&[(1, 1), (3, -8), (-1, 6)], &[(-2, edwards.as_bytes())]),
            _ => cose(&[(1, 2), (3, -7), (-1, 1)], &[(-2, &sec1[1..33]), (-3, &sec1[33..])]),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self.algorithm {
            -257 => rsa().0.sign_pkcs1_sha256(&mut [0; 256], message).unwrap().to_vec(),
            -8 => self.edwards().sign(message).to_bytes().to_vec(),
            _ => {
                let signature: p256::ecdsa::Signature = secret(self.secret).sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }

    pub(in crate::issuer) fn credential(&self) -> AttestedCredential {
        AttestedCredential { id: Bytes(self.id.clone()).try_into().unwrap(), key: Bytes(self.cose_key()) }
    }

    fn data(&self, attested: bool) -> Vec<u8> {
        let flags = if attested { self.flags | 0x40 } else { self.flags };
        let mut data = [sha256(self.rp_id.as_bytes()).as_slice(), &[flags], &self.counter.to_be_bytes()].concat();
        if attested {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(self.cose_key());
        }
        data
    }

    fn client_data(&self, kind: &str, challenge: &Hash) -> Vec<u8> {
        format!(
            r#"{{"type":"{}","challenge":"{}","origin":"{}","crossOrigin":{}}}"#,
            self.kind.unwrap_or(kind),
            to_base64(challenge.as_bytes()),
            self.origin,
            self.cross_origin
        )
        .into_bytes()
    }

    pub(in crate::issuer) fn register(&self, challenge: &Hash) -> Registration {
        let data = self.data(true);
        let mut object = Writer::new();
        object.map(3);
        object.text("fmt");
        object.text("none");
        object.text("attStmt");
        object.map(0);
        object.text("authData");
        object.bytes(&data);
        Registration {
            id: to_base64(&self.id),
            raw_id: Bytes(self.id.clone()).try_into().unwrap(),
            kind: "public-key".into(),
            response: RegistrationResponse {
                client_data: Bytes(self.client_data("webauthn.create", challenge)),
                attestation_object: Bytes(object.into_bytes()),
                authenticator_data: Bytes(data),
            },
            client_extension_results: NoExtensions {},
        }
    }

    pub(in crate::issuer) fn assert(&self, challenge: &Hash) -> Assertion {
        let data = self.data(false);
        let client_data = self.client_data("webauthn.get", challenge);
        let message = [data.as_slice(), &sha256(&client_data)].concat();
        let mut signature = self.sign(&message);
        if self.break_signature {
            *signature.last_mut().unwrap() ^= 1;
        }
        Assertion {
            id: to_base64(&self.id),
            raw_id: Bytes(self.id.clone()).try_into().unwrap(),
            kind: "public-key".into(),
            response: AssertionResponse {
                client_data: Bytes(client_data),
                authenticator_data: Bytes(data),
                signature: Bytes(signature),
                user_handle: self.user_handle.clone().map(Bytes),
            },
            client_extension_results: NoExtensions {},
        }
    }
}
