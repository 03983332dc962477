//! The answers that a wallet or a till reads: the issuer can write none that they refuse.

use crate::parts::{account, amount, credential, currency, hash, issuer, nonce, rp_id, shown, whole};
use crate::text;
use jitsuin::wire::calls::*;
use jitsuin::wire::id::Bytes;
use jitsuin::wire::key::PublicKey;
use jitsuin::wire::key_set::SignedKeySet;
use jitsuin::wire::state::Left;
use jitsuin::wire::text::Shown;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Written, read, and written the same again.
fn is_read<T: Serialize + DeserializeOwned>(answer: &T) -> Result<(), TestCaseError> {
    let json = serde_json::to_string(answer).unwrap();
    let read = serde_json::from_str::<T>(&json);
    prop_assert!(read.is_ok(), "{json}");
    prop_assert_eq!(serde_json::to_string(&read.unwrap()).unwrap(), json);
    Ok(())
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes)
}

fn set() -> impl Strategy<Value = SignedKeySet> {
    let generator = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\",\
                     \"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}";
    let root: PublicKey = serde_json::from_str(generator).unwrap();
    (bytes(), prop::option::of(bytes())).prop_map(move |(by_root, by_previous)| SignedKeySet {
        root,
        by_root,
        by_previous,
    })
}

fn left() -> impl Strategy<Value = Left> {
    (amount(), any::<u32>(), any::<u32>()).prop_map(|(amount, count, resets_at)| Left { amount, count, resets_at })
}

proptest! {
    #[test]
    fn every_description_of_an_issuer_is_read(
        (issuer, rp_id, currency) in (issuer(), rp_id(), currency()),
        (versions, key_set, past) in (any::<Vec<u32>>(), set(), prop::option::of(prop::collection::vec(set(), 0..3))),
    ) {
        is_read(&WellKnown { issuer, rp_id, currency, versions, key_set, past })?;
    }

    #[test]
    fn every_start_of_an_enrolment_is_read(
        (account, account_label, user_handle, nonce) in (account(), shown(), bytes(), nonce()),
        expires_at in any::<u32>(),
        ids in prop::option::of(prop::collection::vec(credential(), 0..3)),
    ) {
        let known = ids.clone().map(|ids| {
            let known = |id| KnownCredential { id, key_hash: jitsuin::wire::id::Hash([1; 32]), backup_eligible: true };
            ids.into_iter().map(known).collect()
        });
        is_read(&EnrolmentPrepared {
            account, account_label, user_handle, nonce, expires_at, exclude: ids, credentials: known,
        })?;
    }

    #[test]
    fn every_answer_to_a_sync_is_read(
        (time, head, state) in (bytes(), bytes(), bytes()),
        (receipt, body) in (bytes(), bytes()),
        key_set in prop::option::of(set()),
    ) {
        let receipts = vec![ReceiptItem { receipt, body }];
        is_read(&Synced { time, head, state, receipts, key_set })?;
    }

    #[test]
    fn every_other_answer_is_read(
        (bytes, nonce, hash, id, left) in (bytes(), nonce(), hash(), credential(), left()),
        (newest, at, amount, currency) in (whole(), any::<u32>(), amount(), currency()),
        (name, place, word) in (shown(), prop::option::of(shown()), text()),
    ) {
        is_read(&News { newest })?;
        is_read(&Enrolled { allowance: bytes.clone() })?;
        is_read(&Refilled { allowance: bytes.clone(), left })?;
        is_read(&IntentPrepared { intent: bytes.clone() })?;
        is_read(&CountersNamed { time: bytes.clone() })?;
        is_read(&IntentConfirmed::Pending { top_up: "tu-1".parse().unwrap() })?;
        is_read(&IntentConfirmed::Done { receipt: ReceiptItem { receipt: bytes.clone(), body: bytes.clone() } })?;
        is_read(&RotationPrepared {
            intent: bytes, credential: KnownCredential { id, key_hash: hash, backup_eligible: false },
        })?;
        is_read(&AccountFrozen { at })?;
        is_read(&PasskeyFreezePrepared { nonce, expires_at: at })?;

        is_read(&LogInStarted { attempt: word.clone() })?;
        is_read(&CardProofStarted { page: word.clone(), proof: word.clone() })?;
        let (till, merchant) = ("t/1".parse().unwrap(), "m/1".parse().unwrap());
        is_read(&TillEnrolled { till, merchant, name, place, currency })?;
        let used_here = (at % 2 == 0).then(|| UsedHere { payment: word.clone(), amount, currency, at });
        is_read(&PaymentAnswer { outcome: Outcome::Approved, payment: Some(word), amount, currency, at, used_here })?;
    }

    /// A label that can't be shown can't come in by JSON either.
    #[test]
    fn a_label_in_an_answer_is_read_exactly_if_it_is_shown(text in text()) {
        let handle = Bytes(vec![1; 16]);
        let json = serde_json::json!({
            "account": "acc-1", "account_label": text, "user_handle": handle, "nonce": handle, "expires_at": 1,
        });
        prop_assert_eq!(serde_json::from_value::<EnrolmentPrepared>(json).is_ok(), text.parse::<Shown>().is_ok());
    }
}
