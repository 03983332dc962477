#![allow(clippy::unwrap_used)]
use super::*;
use data_encoding::HEXLOWER;

fn hex<const N: usize>(text: &str) -> [u8; N] {
    HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

/// The example of RFC 9679 section 6.
#[test]
fn the_thumbprint_is_that_of_the_rfc() {
    let x = hex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d");
    let y = hex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c");
    let key = PublicKey::from_coordinates(&x, &y).unwrap();
    let expected = hex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec");
    assert_eq!(key.thumbprint(), Thumbprint(expected));
    assert_eq!(key.kid().0, hex("496bd8afadf307e5"));
    assert_eq!(PublicKey::from_cose_key(&key.to_cose_key()).unwrap(), key);
    assert_eq!(PublicKey::try_from(&key.to_jwk()).unwrap(), key);
    assert_eq!(PublicKey::from_sec1(&key.to_sec1()).unwrap(), key);
}

/// RFC 6979 appendix A.2.5, SHA-256, message "sample".
#[test]
fn a_published_signature_holds_in_both_forms_of_s() {
    let x = hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
    let y = hex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    let key = PublicKey::from_coordinates(&x, &y).unwrap();
    let signature: [u8; 64] = hex(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    assert_eq!(key.verify(b"sample", &Signature::from_wire(signature)), Ok(()));
    let low = Signature::from_signer(&signature).unwrap();
    assert_ne!(low.as_bytes(), &signature);
    assert_eq!(key.verify(b"sample", &low), Ok(()));
    assert_eq!(key.verify(b"Sample", &low), Err(Refusal::BadSignature));
}

#[test]
fn only_an_uncompressed_point_of_the_curve_is_a_key() {
    let key = PublicKey::from_coordinates(
        &hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
        &hex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
    )
    .unwrap();
    let good = key.to_sec1();
    let mut compressed = good.get(..33).unwrap().to_vec();
    compressed[0] = 3;
    let mut off_curve = good.clone();
    off_curve[64] ^= 1;
    for bad in [vec![], vec![0], vec![4; 65], compressed, off_curve, [good, vec![0]].concat()] {
        assert_eq!(PublicKey::from_sec1(&bad), Err(Refusal::BadKey), "{bad:?}");
    }
    for jwk in [r#"{"crv":"P-384","kty":"EC","x":"AA","y":"AA"}"#, r#"{"crv":"P-256","kty":"EC","x":"AA","y":"AA"}"#] {
        assert!(serde_json::from_str::<PublicKey>(jwk).is_err(), "{jwk}");
    }
}

#[test]
fn the_lower_s_is_the_one_that_the_library_takes() {
    for byte in 0..=255_u8 {
        let mut bytes = [byte; 64];
        bytes[32] = byte.wrapping_mul(11).min(0xfe);
        let Ok(signature) = p256::ecdsa::Signature::from_slice(&bytes) else { continue };
        let low: [u8; 64] = signature.normalize_s().to_bytes().into();
        assert_eq!(Signature::from_signer(&bytes).unwrap().as_bytes(), &low);
    }
}

#[test]
fn zero_and_the_order_are_no_scalars() {
    for bad in [[0; 64], [0xff; 64]] {
        assert_eq!(Signature::from_signer(&bad), Err(Refusal::BadSignature));
    }
}
