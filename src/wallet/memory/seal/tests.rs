use super::*;
use crate::wire::id::{Bytes, Thumbprint};
use crate::wire::seal::SealedFor;

/// The vector that the page's half and an independent reader are held to.
fn vector() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/seal.json")).unwrap()
}

fn bytes(text: &serde_json::Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn additional_data_sealing_key_and_check_value_are_those_of_the_vector() {
    let vector = vector();
    let thumb = Thumbprint(bytes(&vector["thumb"]).try_into().unwrap());
    let issuer = &text(&vector["issuer"]).parse().unwrap();
    let account = &text(&vector["account"]).parse().unwrap();
    let credential = &Bytes(bytes(&vector["credential"])).try_into().unwrap();
    let bound = SealedFor { issuer, account, thumb, credential }.to_bytes();
    assert_eq!(bound, bytes(&vector["expect"]["bound"]));
    let seal = Seal { rp_id: text(&vector["rpId"]).parse().unwrap(), thumb, bound };
    let salt: [u8; 32] = bytes(&vector["salt"]).try_into().unwrap();
    assert_eq!(hmac(&salt, &[&bytes(&vector["prf"])]).to_vec(), bytes(&vector["expect"]["prk"]));
    let (key, check) = derive(&bytes(&vector["prf"]), &salt, &seal);
    assert_eq!(key.to_vec(), bytes(&vector["expect"]["key"]));
    assert_eq!(check[..16].to_vec(), bytes(&vector["expect"]["check"]));
}

#[test]
fn every_bit_of_a_sealed_key_counts() {
    let seal = Seal { rp_id: "wallet.example".parse().unwrap(), thumb: Thumbprint([1; 32]), bound: vec![2; 9] };
    let sealed = Sealed::new(&[7; 32], &seal, [[3; 32], [4; 32], [5; 32]], &[6; 32]).unwrap();
    assert_eq!(sealed.open(&[7; 32], &seal).unwrap().to_vec(), [6; 32]);
    assert_eq!(sealed.open(&[8; 32], &seal).err(), Some(KeyError::OtherSecret));
    for damage in
        [|of: &mut Sealed| of.key[0] ^= 1, |of: &mut Sealed| of.tag[31] ^= 1, |of: &mut Sealed| of.nonce[5] ^= 1]
    {
        let mut other = sealed.clone();
        damage(&mut other);
        assert_eq!(other.open(&[7; 32], &seal).err(), Some(KeyError::Broken));
    }
    for secret in [&[][..], &[0; 32], &[7; 31], &[7; 33]] {
        assert_eq!(sealed.open(secret, &seal).err(), Some(KeyError::BadSecret));
    }
}
