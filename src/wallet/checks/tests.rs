use super::*;
use crate::wire::id::to_base64;

#[test]
fn each_part_is_checked() {
    let rp_id: RpId = "wallet.example".parse().unwrap();
    let challenge = Hash([3; 32]);
    let expected =
        Expected { kind: "webauthn.get", challenge: &challenge, origin: "https://wallet.example", rp_id: &rp_id };
    let client = |kind: &str, challenge: &Hash, origin: &str, cross: bool| {
        let challenge = to_base64(challenge.as_bytes());
        format!("{{\"type\":\"{kind}\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\",\"crossOrigin\":{cross}}}")
    };
    let data = |rp: &str, flags: u8| [sha256(rp.as_bytes()).as_slice(), &[flags, 0, 0, 0, 0]].concat();
    let origin = "https://wallet.example";
    let good = client("webauthn.get", &challenge, origin, false);
    assert!(expected.check(good.as_bytes(), &data("wallet.example", 5)).is_ok());
    let table = [
        (client("webauthn.create", &challenge, origin, false), data("wallet.example", 5), Code::AssertionRefused),
        (client("webauthn.get", &Hash([4; 32]), origin, false), data("wallet.example", 5), Code::AssertionRefused),
        (
            client("webauthn.get", &challenge, "https://wallet.example.evil", false),
            data("wallet.example", 5),
            Code::WrongOrigin,
        ),
        (client("webauthn.get", &challenge, origin, true), data("wallet.example", 5), Code::WrongOrigin),
        (good.clone(), data("other.example", 5), Code::WrongRp),
        (good.clone(), data("wallet.example", 4), Code::UserNotVerified),
        (good.clone(), data("wallet.example", 1), Code::UserNotVerified),
        (good.clone(), vec![0; 36], Code::AssertionRefused),
        ("no json".into(), data("wallet.example", 5), Code::AssertionRefused),
    ];
    for (client, data, code) in table {
        assert_eq!(expected.check(client.as_bytes(), &data).unwrap_err().code, code, "{client}");
    }
}
