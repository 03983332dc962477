//! Fixed keys and deterministic signatures (RFC 6979), so that the vectors come out the same each time.

use crate::value::Value;
use jitsuin::wire::id::Handle;
use jitsuin::wire::key::{PublicKey, Signature};
use p256::ecdsa::signature::Signer as _;

/// A key made from one byte. For vectors only.
pub(crate) struct Signer(p256::ecdsa::SigningKey);

impl Signer {
    pub(crate) fn new(byte: u8) -> Self {
        Self(p256::ecdsa::SigningKey::from_slice(&[byte; 32]).expect("a scalar"))
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_sec1(self.0.verifying_key().to_sec1_point(false).as_bytes()).expect("a point")
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Signature::from_signer(&signature.to_bytes()).expect("a signature")
    }

    /// The other valid signature: `s` replaced by `n - s`.
    pub(crate) fn high(signature: &Signature) -> Vec<u8> {
        let signature = p256::ecdsa::Signature::from_slice(signature.as_bytes()).expect("a signature");
        let (r, s) = signature.split_scalars();
        let high = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
        high.to_bytes().to_vec()
    }
}

/// A COSE_Sign1 whose parts may each be wrong.
#[derive(Clone)]
pub(crate) struct Sign1 {
    pub(crate) tag: Option<u64>,
    pub(crate) protected: Vec<u8>,
    pub(crate) unprotected: Value,
    pub(crate) payload: Vec<u8>,
    pub(crate) aad: Vec<u8>,
    /// Turns the right signature into the one that is written.
    pub(crate) signature: fn(&Signature) -> Vec<u8>,
    pub(crate) extra: Vec<Value>,
    pub(crate) behind: Vec<u8>,
}

impl Sign1 {
    pub(crate) fn new(kid: Handle, typ: Option<&str>, payload: Vec<u8>, aad: Vec<u8>) -> Self {
        let mut header = vec![(Value::Uint(1), Value::Raw(vec![0x26])), (Value::Uint(4), Value::Bytes(kid.0.to_vec()))];
        header.extend(typ.map(|typ| (Value::Uint(16), Value::Text(typ.into()))));
        Self {
            tag: Some(18),
            protected: Value::Map(header).encode(),
            unprotected: Value::Map(vec![]),
            payload,
            aad,
            signature: |signature| signature.as_bytes().to_vec(),
            extra: vec![],
            behind: vec![],
        }
    }

    /// Signs what stands in it, right or wrong, so that only the named rule can refuse it.
    pub(crate) fn sign(&self, signer: &Signer) -> Vec<u8> {
        let message = Value::Array(vec![
            Value::Text("Signature1".into()),
            Value::Bytes(self.protected.clone()),
            Value::Bytes(self.aad.clone()),
            Value::Bytes(self.payload.clone()),
        ]);
        let signature = (self.signature)(&signer.sign(&message.encode()));
        let mut items = vec![
            Value::Bytes(self.protected.clone()),
            self.unprotected.clone(),
            Value::Bytes(self.payload.clone()),
            Value::Bytes(signature),
        ];
        items.extend(self.extra.clone());
        let array = Value::Array(items);
        let whole = match self.tag {
            Some(tag) => Value::Tag(tag, Box::new(array)),
            None => array,
        };
        [whole.encode(), self.behind.clone()].concat()
    }
}
