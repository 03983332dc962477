#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::cbor::Writer;

fn attested(extensions: bool) -> Vec<u8> {
    let mut bytes = vec![0x11; 32];
    bytes.push(if extensions { 0xc5 } else { 0x45 });
    bytes.extend([0, 0, 0, 9]);
    bytes.extend([0; 16]);
    bytes.extend([0, 3, 1, 2, 3]);
    bytes.extend([0xa1, 0x01, 0x02]);
    if extensions {
        bytes.extend([0xa0]);
    }
    bytes
}

#[test]
fn the_credential_key_ends_where_extensions_begin() {
    for extensions in [false, true] {
        let credential = AttestedCredential::from_authenticator_data(&attested(extensions)).unwrap();
        assert_eq!(credential.id.0, [1, 2, 3]);
        assert_eq!(credential.key.0, [0xa1, 0x01, 0x02]);
    }
    let data = AuthenticatorData::from_bytes(&attested(false)).unwrap();
    assert!(data.flags.user_present() && data.flags.user_verified() && !data.flags.backup_eligible());
    assert_eq!(data.counter, 9);
}

#[test]
fn authenticator_data_cut_short_is_refused_at_every_length() {
    let whole = attested(true);
    for length in 0..58 {
        assert!(AttestedCredential::from_authenticator_data(whole.get(..length).unwrap()).is_err(), "{length}");
    }
}

#[test]
fn extension_results_never_pass() {
    let json = |results: &str| {
        format!(
            r#"{{"id":"AQ","rawId":"AQ","type":"public-key","clientExtensionResults":{results},
               "response":{{"clientDataJSON":"AQ","authenticatorData":"AQ","signature":"AQ"}}}}"#
        )
    };
    assert!(serde_json::from_str::<Assertion>(&json("{}")).is_ok());
    let leaked = json(r#"{"prf":{"results":{"first":"AQ"}}}"#);
    assert!(serde_json::from_str::<Assertion>(&leaked).is_err());
}

#[test]
fn client_data_answers_one_challenge() {
    let json = r#"{"type":"webauthn.get","challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","origin":"https://a","other":1}"#;
    let data = ClientData::from_bytes(json.as_bytes()).unwrap();
    assert!(data.answers(&Hash::ZERO));
    assert!(!data.answers(&Hash([1; 32])));
    assert!(!data.cross_origin);
}

/// An attestation object of these members; one without bytes is an empty map.
fn object(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut to = Writer::new();
    to.map(members.len() as u64);
    for (name, bytes) in members {
        to.text(name);
        if bytes.is_empty() { to.map(0) } else { to.bytes(bytes) }
    }
    to.into_bytes()
}

#[test]
fn authenticator_data_is_taken_out_of_the_attestation_object() {
    let data = attested(false);
    for members in [
        object(&[("fmt", b"none"), ("attStmt", b""), ("authData", &data)]),
        object(&[("authData", &data), ("a member to come", b""), ("fmt", b"none")]),
    ] {
        assert_eq!(attested_data(&members), Ok(data.as_slice()));
    }
    let registration = Registration::from_parts(Bytes(vec![1]), Bytes(object(&[("authData", &data)]))).unwrap();
    assert_eq!(registration.raw_id.as_bytes(), [1, 2, 3]);
    assert_eq!((registration.id.as_str(), registration.response.authenticator_data.0), ("AQID", data));
}

#[test]
fn an_attestation_object_is_one_strict_map() {
    let data = attested(true);
    let good = object(&[("fmt", b"none"), ("attStmt", b""), ("authData", &data)]);
    for length in 0..good.len() {
        assert!(attested_data(good.get(..length).unwrap()).is_err(), "{length}");
    }
    let twice = object(&[("authData", &data), ("authData", &data)]);
    let indefinite = [&[0xbf], &good[1..], &[0xff]].concat();
    let long_head = [&[0xb8, 3], &good[1..]].concat();
    let text = [&[0xa1, 0x68], b"authData".as_slice(), &[0x61, b'a']].concat();
    for (bytes, refusal) in [
        ([good.as_slice(), &[0]].concat(), Refusal::TrailingBytes),
        (twice, Refusal::DuplicateKey),
        (indefinite, Refusal::Indefinite),
        (long_head, Refusal::NotShortest),
        (text, Refusal::WrongType),
        (object(&[("fmt", b"none")]), Refusal::MissingKey),
        (object(&[("authData", &vec![0; LONGEST_ATTESTATION])]), Refusal::TooLong),
    ] {
        assert_eq!(attested_data(&bytes), Err(refusal));
    }
}

#[test]
fn nothing_follows_the_attested_credential() {
    for extensions in [false, true] {
        let long = [attested(extensions).as_slice(), &[0]].concat();
        assert_eq!(AttestedCredential::from_authenticator_data(&long), Err(Refusal::TrailingBytes), "{extensions}");
    }
}

#[test]
fn members_to_come_are_passed_over_and_a_user_handle_without_a_byte_is_none() {
    let assertion = |handle: &str| {
        let json = format!(
            r#"{{"id":"AQ","rawId":"AQ","type":"public-key","authenticatorAttachment":"platform","toCome":{{"a":[1.5]}},
               "clientExtensionResults":{{}},"response":{{"clientDataJSON":"AQ","authenticatorData":"AQ","signature":"AQ",
               "attestationObject":null,"userHandle":{handle},"toCome":1}}}}"#
        );
        serde_json::from_str::<Assertion>(&json).unwrap().response
    };
    assert_eq!(assertion("null").user(), None);
    assert_eq!(assertion(r#""""#).user(), None);
    assert_eq!(assertion(r#""AQ""#).user(), Some(&Bytes(vec![1])));
    let registration = r#"{"id":"AQ","rawId":"AQ","type":"public-key","authenticatorAttachment":null,
        "clientExtensionResults":{},"response":{"clientDataJSON":"AQ","attestationObject":"AQ","authenticatorData":"AQ",
        "transports":null,"publicKey":"AQ","publicKeyAlgorithm":-257}}"#;
    assert!(serde_json::from_str::<Registration>(registration).is_ok());
}

#[test]
fn a_member_that_is_read_stands_once() {
    let json = r#"{"id":"AQ","rawId":"AQ","rawId":"Ag","type":"public-key","clientExtensionResults":{},
        "response":{"clientDataJSON":"AQ","authenticatorData":"AQ","signature":"AQ"}}"#;
    assert!(serde_json::from_str::<Assertion>(json).is_err());
}
