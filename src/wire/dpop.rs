//! Proof of possession for every call (RFC 9449), with the body's hash and the account bound in.

use super::id::{AccountId, Hash, Nonce, from_base64, to_base64};
use super::json::{self, FromJson, ToJson, Writer, json_object};
use super::key::{Jwk, PublicKey, Signature};
use super::{MAX_BYTES, Refusal, sha256};

const TYPE: &str = "dpop+jwt";
const ALGORITHM: &str = "ES256";

struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
}
json_object! { strict Header { typ, alg, jwk } }

/// The same, as this crate writes it.
struct OwnHeader<'a>(&'a PublicKey);

impl ToJson for OwnHeader<'_> {
    fn write(&self, to: &mut Writer) {
        to.object("typ alg jwk", &[&TYPE, &ALGORITHM, self.0]);
    }
}

/// The claims of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// HTTP method.
    pub htm: String,
    /// The issuer's public URL of the call, without query and fragment.
    pub htu: String,
    /// Seconds since 1970, by the wallet's clock.
    pub iat: u64,
    /// 16 random bytes.
    pub jti: Nonce,
    /// The issuer's nonce; empty only on the first call, which the issuer then refuses with a nonce.
    pub nonce: String,
    /// SHA-256 of the body.
    pub bdy: Hash,
    /// The account, once one is known.
    pub acc: Option<AccountId>,
}
json_object! { strict Claims { htm, htu, iat, jti, nonce, bdy, acc = "acc?" } }

/// The same, as this crate writes them: nothing is copied for it.
#[derive(Clone, Copy, Debug)]
pub struct OwnClaims<'a> {
    /// HTTP method.
    pub htm: &'a str,
    /// The issuer's public URL of the call, without query and fragment.
    pub htu: &'a str,
    /// Seconds since 1970, by the wallet's clock.
    pub iat: u64,
    /// 16 random bytes.
    pub jti: Nonce,
    /// The issuer's nonce.
    pub nonce: &'a str,
    /// SHA-256 of the body.
    pub bdy: Hash,
    /// The account, once one is known.
    pub acc: Option<&'a str>,
}

impl ToJson for OwnClaims<'_> {
    fn write(&self, to: &mut Writer) {
        let Self { htm, htu, iat, jti, nonce, bdy, acc } = self;
        to.object("htm htu iat jti nonce bdy acc?", &[htm, htu, iat, jti, nonce, bdy, acc]);
    }
}

impl<'a> From<&'a Claims> for OwnClaims<'a> {
    fn from(claims: &'a Claims) -> Self {
        let Claims { htm, htu, iat, jti, nonce, bdy, acc } = claims;
        let acc = acc.as_ref().map(AccountId::as_str);
        Self { htm, htu, iat: *iat, jti: *jti, nonce, bdy: *bdy, acc }
    }
}

/// A proof ready to be signed.
#[must_use]
pub struct UnsignedProof {
    input: String,
}

impl UnsignedProof {
    /// The JWS signing input: the exact bytes to sign with ES256.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The compact JWS.
    #[must_use]
    pub fn finish(self, signature: &Signature) -> String {
        [&*self.input, ".", &to_base64(signature.as_bytes())].concat()
    }
}

/// A proof whose signature held under the key it carries, for one exact call. The nonce's age and the `jti`'s
/// first use are still the ledger's to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProof {
    /// The key of whoever calls.
    pub key: PublicKey,
    /// The claims.
    pub claims: Claims,
}

/// Makes a proof ready for its signer.
pub fn prepare<'a>(claims: impl Into<OwnClaims<'a>>, signer: &PublicKey) -> UnsignedProof {
    let header = json::to_vec(&OwnHeader(signer));
    let claims = json::to_vec(&claims.into());
    UnsignedProof { input: [&*to_base64(&header), ".", &to_base64(&claims)].concat() }
}

/// Checks a proof for one exact call.
///
/// # Errors
/// The form's [`Refusal`]; [`Refusal::BadSignature`]; [`Refusal::BadCombination`] if method, URL or body differ.
pub fn verify(proof: &str, method: &str, url: &str, body: &[u8]) -> Result<VerifiedProof, Refusal> {
    if proof.len() > MAX_BYTES {
        return Err(Refusal::TooLong);
    }
    let (input, signature) = proof.rsplit_once('.').ok_or(Refusal::BadJson)?;
    let (header, claims) = input.split_once('.').ok_or(Refusal::BadJson)?;
    let header: Header = read_json(header)?;
    if header.typ != TYPE || header.alg != ALGORITHM {
        return Err(Refusal::WrongHeader);
    }
    let key = PublicKey::try_from(&header.jwk)?;
    let signature = from_base64(signature)?.try_into().map(Signature::from_wire).map_err(|_| Refusal::BadSignature)?;
    key.verify(input.as_bytes(), &signature)?;
    let claims: Claims = read_json(claims)?;
    if claims.htm != method || claims.htu != url || claims.bdy != Hash(sha256(body)) {
        return Err(Refusal::BadCombination);
    }
    Ok(VerifiedProof { key, claims })
}

fn read_json<T: FromJson>(base64: &str) -> Result<T, Refusal> {
    json::from_slice(&from_base64(base64)?).map_err(|_| Refusal::BadJson)
}

#[cfg(test)]
mod tests;
