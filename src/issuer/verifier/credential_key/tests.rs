#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::json;

fn cose(numbers: &[(i64, i64)], parts: &[(i64, &[u8])]) -> Vec<u8> {
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
    to.into_bytes()
}

/// An odd modulus of this many bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] = 0xff >> (modulus.len() * 8 - bits);
    modulus
}

const E: &[u8] = &[1, 0, 1];

#[test]
fn rsa_keys_have_their_sizes_and_one_exponent() {
    let read = |modulus: &[u8], exponent: &[u8]| {
        CredentialKey::from_cose_key(&cose(&[(1, 3), (3, -257)], &[(-1, modulus), (-2, exponent)]))
    };
    for bits in [2048, 2049, 3072, 4095, 4096] {
        assert_eq!(read(&modulus(bits), E).unwrap().algorithm(), -257, "{bits}");
    }
    let mut even = modulus(2048);
    even[255] = 0xfe;
    let padded = [&[0], modulus(2048).as_slice()].concat();
    for (modulus, exponent) in [
        (modulus(2047), E),
        (modulus(1024), E),
        (modulus(4097), E),
        (Vec::new(), E),
        (even, E),
        (padded, E),
        (modulus(2048), &[3][..]),
        (modulus(2048), &[0, 1, 0, 1][..]),
        (modulus(2048), &[][..]),
    ] {
        assert_eq!(read(&modulus, exponent), Err(Refusal::BadKey), "{} {exponent:?}", modulus.len());
    }
}

#[test]
fn edwards_points_are_canonical_and_of_the_large_group() {
    let read = |x: &[u8]| CredentialKey::from_cose_key(&cose(&[(1, 1), (3, -8), (-1, 6)], &[(-2, x)]));
    let good = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
    assert_eq!(read(&good).unwrap().algorithm(), -8);
    // The neutral element, the point of order 2, one of order 4 (y = 0), and y = 1 written as 2^255 - 18.
    let (mut one, mut minus_one, mut long) = ([0; 32], [0xff; 32], [0xff; 32]);
    one[0] = 1;
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    (long[0], long[31]) = (0xee, 0x7f);
    for weak in [one, minus_one, [0; 32], long] {
        assert_eq!(read(&weak), Err(Refusal::BadKey), "{weak:?}");
    }
    // y = 2 is on no point.
    let mut none = [0; 32];
    none[0] = 2;
    assert_eq!(read(&none), Err(Refusal::BadKey));
    assert_eq!(read(&good[..31]), Err(Refusal::OutOfRange));
}

#[test]
fn a_cose_key_has_its_required_members_and_no_others() {
    let (n, x) = (modulus(2048), ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes());
    let (n, x) = (n.as_slice(), x.as_slice());
    for wrong in [
        // Another curve, another algorithm, none, a member more, one less, PS256, and kinds exchanged.
        cose(&[(1, 1), (3, -8), (-1, 7)], &[(-2, x)]),
        cose(&[(1, 1), (3, -7), (-1, 6)], &[(-2, x)]),
        cose(&[(1, 1), (-1, 6)], &[(-2, x)]),
        cose(&[(1, 1), (3, -8), (-1, 6)], &[(-2, x), (-3, x)]),
        cose(&[(1, 3), (3, -257)], &[(-1, n)]),
        cose(&[(1, 3), (3, -37)], &[(-1, n), (-2, E)]),
        cose(&[(1, 2), (3, -257)], &[(-1, n), (-2, E)]),
        // Not in the canonical order.
        cose(&[(3, -8), (1, 1), (-1, 6)], &[(-2, x)]),
        [cose(&[(1, 1), (3, -8), (-1, 6)], &[(-2, x)]).as_slice(), &[0]].concat(),
    ] {
        assert!(CredentialKey::from_cose_key(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_jwk_is_the_same_key() {
    let (n, x) = (modulus(2048), ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes());
    let read = |text: &str| json::from_slice::<CredentialKey>(text.as_bytes());
    let (n64, x64) = (crate::wire::id::to_base64(&n), crate::wire::id::to_base64(&x));
    let rsa = CredentialKey::from_cose_key(&cose(&[(1, 3), (3, -257)], &[(-1, &n), (-2, E)])).unwrap();
    assert_eq!(read(&format!(r#"{{"kty":"RSA","n":"{n64}","e":"AQAB"}}"#)), Ok(rsa.clone()));
    let edwards = CredentialKey::from_cose_key(&cose(&[(1, 1), (3, -8), (-1, 6)], &[(-2, &x)])).unwrap();
    assert_eq!(read(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x64}"}}"#)), Ok(edwards.clone()));
    for key in [&rsa, &edwards] {
        assert_eq!(json::from_slice(&json::to_vec(key)).as_ref(), Ok(key));
    }
    for wrong in [
        format!(r#"{{"kty":"RSA","n":"{n64}","e":"AQAB","alg":"RS256"}}"#),
        format!(r#"{{"kty":"RSA","n":"{n64}"}}"#),
        format!(r#"{{"kty":"RSA","n":"{n64}","e":"Aw"}}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed448","x":"{x64}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x64}","y":"{x64}"}}"#),
        format!(r#"{{"kty":"oct","k":"{x64}"}}"#),
        r#"{"n":"AQ","e":"AQAB"}"#.into(),
    ] {
        assert_eq!(read(&wrong), Err(BadJson), "{wrong}");
    }
}
