use super::*;
use crate::wallet::memory::{Place, run};
use crate::wallet::scripted::{ORIGIN, World};
use crate::wallet::{Settings, Wallet};
use crate::wire::calls::{Call as _, CardProofStarted};

/// What a wallet makes of an answer that names this page.
fn prove(page: &str, card_origins: &[&str]) -> Result<CardProof, Code> {
    let world = World::new();
    drop(world.enrolled());
    let said = CardProofStarted { page: page.into(), proof: "proof".into() };
    world.issuer.answer_instead(ProveCard::PATH, serde_json::to_vec(&said).unwrap());
    let card_origins = card_origins.iter().map(|origin| origin.parse().unwrap()).collect();
    let settings = Settings { card_origins, ..World::settings() };
    let wallet: Wallet<Place> = run(Wallet::open(world.place.clone(), settings)).unwrap();
    run(wallet.prove_card("card-1".parse().unwrap())).map_err(|error| error.code)
}

#[test]
fn a_card_page_is_on_the_pages_own_origin_the_issuers_or_one_that_the_page_names() {
    for (page, address) in [
        ("/card", [ORIGIN, "/card"].concat()),
        ("/", [ORIGIN, "/"].concat()),
        ("/card?to=//evil.example", [ORIGIN, "/card?to=//evil.example"].concat()),
        ("http://localhost:8787/card#x", "http://localhost:8787/card#x".into()),
        ("http://localhost:8787", "http://localhost:8787".into()),
    ] {
        assert_eq!(prove(page, &[]).unwrap().page, address, "{page}");
    }
    let page = "https://cards.example/3ds?id=1";
    assert_eq!(prove(page, &["https://cards.example"]).unwrap().page, page);
    assert_eq!(prove(page, &[]), Err(Code::IssuerUntrusted));
}

#[test]
fn an_address_elsewhere_is_refused_however_it_is_written() {
    for page in [
        "",
        "card",
        "//evil.example/card",
        "/\\evil.example/card",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " https://cards.example/",
        "https://evil.example/card",
        "https://cards.example.evil.example/card",
        "https://cards.example@evil.example/card",
        "https://cards.example:444/card",
        "https://cards.exampl\u{435}/card",
        "http://cards.example/card",
        "HTTPS://cards.example/card",
        "javascript:alert(1)",
        "data:text/html,x",
        "blob:https://cards.example/1",
    ] {
        assert_eq!(prove(page, &["https://cards.example"]), Err(Code::IssuerUntrusted), "{page:?}");
    }
}
