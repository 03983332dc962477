//! DPoP proofs by any key, right or wrong, past every check of a wallet.

use jitsuin::wallet::memory::SoftKey;
use jitsuin::wallet::ports::SigningKey as _;
use jitsuin::wire::dpop::{self, Claims};
use jitsuin::wire::id::{AccountId, Hash, Nonce};
use jitsuin::wire::sha256;

/// Over a POST of this body to this URL, at `now` in seconds since 1970.
pub fn prove(
    key: &SoftKey,
    jti: [u8; 16],
    (htu, body): (String, &[u8]),
    nonce: &str,
    acc: Option<AccountId>,
    now: u64,
) -> String {
    let (nonce, bdy) = (nonce.into(), Hash(sha256(body)));
    let claims = Claims { htm: "POST".into(), htu, iat: now, jti: Nonce(jti), nonce, bdy, acc };
    let unsigned = dpop::prepare(&claims, key.public());
    let signature = key.sign_now(unsigned.message()).unwrap();
    unsigned.finish(&signature)
}
