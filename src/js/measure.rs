//! What `make bench` measures, so that the same code runs natively and in the module. Test kit only; it keeps no time.

use crate::wallet::memory::{MemoryEntropy, SoftKey};
use crate::wallet::picture;
use crate::wallet::ports::SigningKey as _;
use crate::wire::id::{Handle, Veil};
use crate::wire::key::Signature;
use crate::wire::token::{Limit, MIN_LIFETIME, Token, UnverifiedToken};
use core::hint::black_box;
use wasm_bindgen::prelude::wasm_bindgen;

/// One token of one key; each method does its work `times` over and says whether it came out right each time.
#[wasm_bindgen]
pub struct RawMeasure {
    key: SoftKey,
    token: Token,
    handle: Handle,
    veil: Veil,
    message: Vec<u8>,
    signature: Signature,
    text: String,
}

#[wasm_bindgen]
impl RawMeasure {
    /// A token of the shortest form; none without random bytes.
    #[must_use]
    pub fn make() -> Option<RawMeasure> {
        let issued_at = 1_795_000_000;
        let (key, _) = SoftKey::make(&MemoryEntropy::seeded(1)).ok()?;
        let token = Token {
            limit: Limit::Allowance,
            expires_at: issued_at + 2 * MIN_LIFETIME,
            issued_at,
            atc: 7,
            random: [9; 4],
        };
        let (handle, veil) = (Handle([1; 8]), Veil([2; 16]));
        let unsigned = token.prepare(handle, &veil).ok()?;
        let signature = key.sign_now(unsigned.message()).ok()?;
        let text = Token::text(&unsigned, &signature);
        Some(Self { message: unsigned.message().to_vec(), key, token, handle, veil, signature, text })
    }

    /// The token's text.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// What is signed.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.message.clone()
    }

    /// `r || s`.
    #[must_use]
    pub fn signature(&self) -> Vec<u8> {
        self.signature.as_bytes().to_vec()
    }

    /// The public key, SEC1, 65 bytes.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public().to_sec1()
    }

    /// The signature alone.
    #[must_use]
    pub fn check_signature(&self, times: u32) -> bool {
        let key = self.key.public();
        (0..times).all(|_| key.verify(black_box(&self.message), black_box(&self.signature)).is_ok())
    }

    /// From the text to a token that may be believed.
    #[must_use]
    pub fn check_token(&self, times: u32) -> bool {
        (0..times).all(|_| {
            UnverifiedToken::from_text(black_box(&self.text))
                .and_then(|token| token.verify(self.key.public(), &self.veil))
                .is_ok()
        })
    }

    /// The signature alone.
    #[must_use]
    pub fn sign(&self, times: u32) -> bool {
        (0..times).all(|_| self.key.sign_now(black_box(&self.message)).is_ok_and(|made| made == self.signature))
    }

    /// From claims and signature to the text.
    #[must_use]
    pub fn encode(&self, times: u32) -> bool {
        (0..times).all(|_| {
            let unsigned = black_box(&self.token).prepare(self.handle, &self.veil);
            unsigned.is_ok_and(|unsigned| Token::text(&unsigned, black_box(&self.signature)) == self.text)
        })
    }

    /// From the text to the picture.
    #[must_use]
    pub fn draw(&self, times: u32) -> bool {
        (0..times).all(|_| picture::draw(black_box(&self.text)).is_ok_and(|made| !made.path.is_empty()))
    }
}
