//! Whoever can sign as an issuer signs: a receipt of a top-up and the head that goes with it.

use jitsuin::issuer::entropy::{Entropy, SystemEntropy};
use jitsuin::wallet::record::Data;
use jitsuin::wire::Statement;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::{Bytes, from_base64, to_base64};
use jitsuin::wire::key::{PublicKey, Signature};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::number::Whole;
use jitsuin::wire::receipt::{Body, Kind, Receipt};
use jitsuin::wire::sign1;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use serde_json::{Value, json};

pub struct Forger {
    secret: SigningKey,
    public: PublicKey,
}

impl Forger {
    pub fn with_own_key() -> Self {
        let mut bytes = [0; 32];
        SystemEntropy.fill(&mut bytes).unwrap();
        Self::with(&bytes)
    }

    /// With a secret of the issuer, as its ledger keeps it.
    pub fn with_stored(secret: &str) -> Self {
        Self::with(&from_base64(secret).unwrap())
    }

    fn with(secret: &[u8]) -> Self {
        let secret = SigningKey::from_slice(secret).unwrap();
        let public = PublicKey::from_sec1(secret.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
        Self { secret, public }
    }

    fn sign<S: Statement>(&self, statement: &S) -> Vec<u8> {
        let unsigned = sign1::prepare(statement, &self.public);
        let signature: p256::ecdsa::Signature = self.secret.sign(unsigned.message());
        unsigned.finish(&Signature::from_signer(&signature.normalize_s().to_bytes()).unwrap())
    }

    /// A sync's answer whose state goes with the head of [`Forger::news`].
    pub fn state_for(&self, answer: &[u8]) -> Vec<u8> {
        let mut answer: Value = serde_json::from_slice(answer).unwrap();
        let (mut state, ..) = super::forged_state::parts(&answer);
        state.seq = Whole::new(state.seq.get() + 1).unwrap();
        answer["state"] = to_base64(&self.sign(&state)).into();
        serde_json::to_vec(&answer).unwrap()
    }

    /// Members of a sync's answer that say that `amount` came in.
    pub fn news(&self, data: &Data, now: u32, amount: u32) -> Vec<u8> {
        let account = data.account.clone().unwrap().id;
        let body = Body {
            salt: [1; 16],
            amount: Some(Amount::of(amount)),
            currency: Some(Currency::JPY),
            shop: None,
            place: None,
            source: Some("card-1".parse().unwrap()),
            device_label: None,
            undoes: None,
            reason: None,
        };
        let receipt = Receipt {
            issuer: data.issuer.clone(),
            account: account.clone(),
            seq: Whole::new(data.link.seq + 1).unwrap(),
            prev: data.link.hash,
            time: now,
            kind: Kind::TopUp,
            thumb: None,
            atc: None,
            random: None,
            body_hash: body.hash(),
            balance: data.balance.unwrap().plus(Amount::of(amount)).unwrap(),
        };
        let head = Head { account, seq: receipt.seq, hash: receipt.link(), time: now, balance: receipt.balance };
        let text = |bytes: Vec<u8>| to_base64(&Bytes(bytes).0);
        let item = json!({ "receipt": text(self.sign(&receipt)), "body": text(body.to_bytes()) });
        serde_json::to_vec(&json!({ "receipts": [item], "head": text(self.sign(&head)) })).unwrap()
    }
}

/// An answer with members of another in their place; the head only if `head` says so.
pub fn replace(answer: &[u8], news: &[u8], head: bool) -> Vec<u8> {
    let (Ok(mut answer), Ok(Value::Object(news))) =
        (serde_json::from_slice::<Value>(answer), serde_json::from_slice(news))
    else {
        return answer.to_vec();
    };
    for (name, value) in news {
        if head || name != "head" {
            answer[name] = value;
        }
    }
    serde_json::to_vec(&answer).unwrap()
}
