//! A passkey that can be told to do one thing wrong.

use super::{public, secret};
use crate::wire::cbor::Writer;
use crate::wire::id::{Bytes, Hash, to_base64};
use crate::wire::sha256;
use crate::wire::webauthn::{
    Assertion, AssertionResponse, AttestedCredential, NoExtensions, Registration, RegistrationResponse,
};
use p256::ecdsa::signature::Signer;

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
        }
    }

    /// `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`
    fn cose_key(&self) -> Vec<u8> {
        let sec1 = public(self.secret).to_sec1();
        let mut to = Writer::new();
        to.map(5);
        for (key, value) in [(1, 2), (3, -7), (-1, 1)] {
            to.int(key);
            to.int(value);
        }
        for (key, part) in [(-2, &sec1[1..33]), (-3, &sec1[33..])] {
            to.int(key);
            to.bytes(part);
        }
        to.into_bytes()
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
                transports: vec!["internal".into()],
            },
            client_extension_results: NoExtensions {},
        }
    }

    pub(in crate::issuer) fn assert(&self, challenge: &Hash) -> Assertion {
        let data = self.data(false);
        let client_data = self.client_data("webauthn.get", challenge);
        let message = [data.as_slice(), &sha256(&client_data)].concat();
        let signature: p256::ecdsa::Signature = secret(self.secret).sign(&message);
        let mut signature = signature.to_der().as_bytes().to_vec();
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
