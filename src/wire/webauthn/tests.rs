#![allow(clippy::unwrap_used)]
use super::*;

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
