//! Somebody on the road exchanges the labels of two cards in one answer, so that the owner agrees to one card and pays from the other.

use super::forged_state::lie_in_state;
use super::row::Row;
use super::stage::{Stage, data, person};
use super::world::{receipt, yen};
use jitsuin::code::Code;
use jitsuin::issuer::demo::Person;
use jitsuin::issuer::funding::CardKind;
use jitsuin::wallet::Wallet;
use jitsuin::wallet::memory::Place;
use jitsuin::wire::id::SourceId;
use jitsuin::wire::money::Currency;
use jitsuin::wire::state::DeviceState;
use std::cell::Cell;
use std::rc::Rc;

const VISA: &str = "VISA ···· 4242";
const AMOUNT: u32 = 30_000;

fn exchange(state: &mut DeviceState) {
    let mut cards = state.sources.to_vec();
    let (first, second) = cards.split_at_mut(1);
    std::mem::swap(&mut first[0].label, &mut second[0].label);
    state.sources = cards.try_into().unwrap();
}

/// The id of the card that the wallet shows under this label.
fn shown_as(wallet: &Wallet<Place>, label: &str) -> SourceId {
    wallet.state().sources.iter().find(|source| source.label == label).unwrap().id.clone()
}

pub async fn play() -> Row {
    let jiro = Person { cards: vec![CardKind::Normal, CardKind::Twice], ..person("jiro", true) };
    let stage = Stage::with(&[jiro]).await;
    let lying = Rc::new(Cell::new(false));
    let lies = Rc::clone(&lying);
    let place = stage.place_behind(move |path, response| {
        if lies.get() { lie_in_state(path, response, exchange) } else { response }
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "jiro").await.unwrap();
    for source in data(&place).sources {
        let proof = wallet.prove_card(source.id).await.unwrap();
        let code = stage.world.code_for("jiro@example.test").await;
        stage.world.issuer.finish_card_proof(&proof.proof, &code).await.unwrap();
    }
    wallet.sync().await.unwrap();
    let visa = shown_as(&wallet, VISA);

    lying.set(true);
    let heard = wallet.sync().await.err().map_or(Code::Approved, |error| error.code);
    lying.set(false);
    // The owner takes the card that is shown as VISA, whatever stands behind it.
    let ceremony = wallet.prepare_top_up(yen(AMOUNT), Currency::JPY, shown_as(&wallet, VISA)).await.unwrap();
    let charged = receipt(wallet.confirm(ceremony.id).await.unwrap()).source.clone().unwrap();
    let lost = if charged == visa { 0 } else { u64::from(AMOUNT) };
    assert_eq!(stage.charged().await, u64::from(AMOUNT));
    Row::new(
        "Exchanges the labels of two cards in an answer, so that the owner agrees to one and is charged on the other",
        "signature over the state, with this call's nonce; fingerprint over what is shown",
        heard.name(),
        lost + stage.lost().await,
    )
    .expect(Code::IssuerUntrusted, 0)
}
