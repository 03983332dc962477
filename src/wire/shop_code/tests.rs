#![allow(clippy::unwrap_used)]
use super::super::money::Amount;
use super::*;

fn sealed(objects: &str) -> String {
    let open = format!("{objects}6304");
    format!("{open}{:04X}", crc(open.as_bytes()))
}

fn with_amount(currency: &str, text: &str) -> CodeAmount {
    let objects = format!("0002010204aaaa5303{currency}54{:02}{text}5802JP", text.len());
    parse_merchant_code(&sealed(&objects)).unwrap().amount.unwrap()
}

#[test]
fn the_crc_is_the_published_one() {
    assert_eq!(crc(b"123456789"), 0x29b1);
}

#[test]
fn an_amount_is_counted_in_its_currency() {
    let minor_units = |currency, text| with_amount(currency, text).minor_units.map(Amount::minor_units);
    assert_eq!(minor_units("392", "540"), Some(540));
    assert_eq!(minor_units("392", "540.00"), Some(540));
    assert_eq!(minor_units("392", "540.5"), None);
    assert_eq!(minor_units("156", "23.72"), Some(2372));
    assert_eq!(minor_units("156", "23.7"), Some(2370));
    assert_eq!(minor_units("156", "23."), Some(2300));
    assert_eq!(minor_units("048", "1.001"), Some(1001));
    assert_eq!(minor_units("392", "9999999999999"), Some(9_999_999_999_999));
    assert_eq!(with_amount("392", "540.50").text, "540.50");
}

fn with_tip(objects: &str) -> Result<Option<Tip>, ShopCodeRefusal> {
    parse_merchant_code(&sealed(&format!("0002010204aaaa53038405403100{objects}5802US"))).map(|code| code.tip)
}

#[test]
fn a_tip_is_asked_fixed_or_a_share_of_the_amount() {
    assert_eq!(with_tip(""), Ok(None));
    assert_eq!(with_tip("550201"), Ok(Some(Tip::Asked)));
    let fee = CodeAmount { text: "50".into(), minor_units: Some(Amount::of(5000)) };
    assert_eq!(with_tip("550202560250"), Ok(Some(Tip::Fixed(fee))));
    for (text, basis_points) in [("5", 500), ("3.5", 350), ("00.01", 1), ("99.99", 9999), ("10.", 1000)] {
        let share = Percentage { text: text.into(), basis_points };
        let objects = format!("55020357{:02}{text}", text.len());
        assert_eq!(with_tip(&objects), Ok(Some(Tip::Percentage(share))), "{text}");
    }
}

#[test]
fn zero_is_no_amount_however_it_is_written() {
    for text in ["0", "00", "0.", "0.00", "000.0"] {
        let code = sealed(&format!("0002010204aaaa530339254{:02}{text}5802JP", text.len()));
        let refusal = ShopCodeRefusal { reason: Reason::BadValue, at: 25 };
        assert_eq!(parse_merchant_code(&code), Err(refusal), "{text}");
    }
}

#[test]
fn a_tip_that_contradicts_itself_is_refused() {
    let reason = |objects: &str| with_tip(objects).unwrap_err().reason;
    for stray in ["560250", "57013", "550201560250", "55020157013", "55020256025057013", "55020356025057013"] {
        assert_eq!(reason(stray), Reason::BadValue, "{stray}");
    }
    for missing in ["550202", "550203", "55020257013", "550203560250"] {
        assert_eq!(reason(missing), Reason::MissingId, "{missing}");
    }
    for bad in [
        "550204",
        "55011",
        "5502xx",
        "55020256010",
        "5502025604-100",
        "55020357010",
        "550203570300.",
        "5502035703100",
        "5502035705.5000",
    ] {
        assert_eq!(reason(bad), Reason::BadValue, "{bad}");
    }
}

#[test]
fn jpqr_is_the_account_to_use_and_then_the_lowest_template() {
    let jpqr = "28680019jp.or.paymentsjapan011300000000000010204000103060000010406000001";
    let account = |objects: &str| parse_merchant_code(&sealed(&format!("000201{objects}53033925802JP"))).unwrap();
    let code = account(&format!("0204aaaa26050001a{jpqr}"));
    assert_eq!(code.merchant_account, "28");
    assert_eq!(code.jpqr.unwrap().level1, "0000000000001");
    assert_eq!(account("0204aaaa29050001a26050001b").merchant_account, "26");
    assert_eq!(account("0304aaaa0204bbbb").merchant_account, "02");
}

#[test]
fn a_refusal_maps_to_its_code() {
    for reason in Reason::ALL {
        let code = ShopCodeRefusal { reason: *reason, at: 0 }.code();
        let expected = if *reason == Reason::BadCrc { Code::ShopCodeBadCrc } else { Code::ShopCodeMalformed };
        assert_eq!(code, expected, "{}", reason.name());
    }
}

#[test]
fn names_of_reasons_differ() {
    let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), Reason::ALL.len());
}
