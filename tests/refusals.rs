//! What must be refused, each with its own code, nothing moved, and nothing changed before a signature held.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "lib/by_hand.rs"]
mod by_hand;
#[path = "refusals/callers.rs"]
mod callers;
#[path = "refusals/step_ups.rs"]
mod step_ups;
#[path = "refusals/tokens.rs"]
mod tokens;
#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::ledger::{Kind, Ledger};
use jitsuin::issuer::verifier::{Candidate, Sale, authenticate};
use jitsuin::wallet::Wallet;
use jitsuin::wallet::memory::Place;
use jitsuin::wire::money::Currency;
use jitsuin::wire::token::{Limit, Token, UnverifiedToken};
use std::collections::BTreeMap;
use world::{Caller, Till, World, data, yen};

/// Everything an issuer decides by, and every movement.
async fn ledger(world: &World) -> (BTreeMap<String, String>, usize, usize) {
    let ledger = world.issuer.ledger();
    let mut rows = BTreeMap::new();
    for kind in [Kind::Accounts, Kind::Handles, Kind::Payments, Kind::TopUps, Kind::Credentials, Kind::Tills] {
        rows.extend(ledger.bodies(kind));
    }
    (rows, ledger.entries().await.unwrap().len(), world.issuer.inbox(0).await.unwrap().len())
}

/// An enrolled wallet with its data, and the two tills.
async fn stage() -> (World, Place, Wallet<Place>, Till, Till) {
    // One till tries more wrong codes here than an issuer would hear from it.
    let world = World::with(Plan::default(), |settings| settings.attempts.per_till = u32::MAX).await;
    let (place, wallet) = world.hanako().await;
    let (till, other) = (world.till("1001").await, world.till("2002").await);
    (world, place, wallet, till, other)
}

/// A token of the wallet's own key with whatever claims.
fn forge(place: &Place, key: &Caller, change: impl FnOnce(&mut Token)) -> String {
    let data = data(place);
    let terms = data.allowance.unwrap();
    let now = data.last_contact;
    let mut token =
        Token { limit: Limit::Allowance, issued_at: now, expires_at: now + 60, atc: data.atc + 1, random: [7; 4] };
    change(&mut token);
    let unsigned = token.prepare(terms.handle, &terms.veil).unwrap();
    Token::text(&unsigned, &key.sign(unsigned.message()))
}

/// What the verifier says of a token, in its own words.
fn verdict(world: &World, place: &Place, text: &str, till: &str, amount: u32) -> Result<(), Code> {
    let data = data(place);
    let terms = data.allowance.unwrap();
    let token = UnverifiedToken::from_text(text).map_err(|refusal| refusal.code())?;
    let key = data.device_key;
    let candidate = Candidate { thumb: key.thumbprint(), key, veil: terms.veil };
    let (token, _) = authenticate(&token, &[candidate])?;
    let sale = Sale {
        till: till.parse().unwrap(),
        merchant: till.replacen('t', "m", 1).parse().unwrap(),
        amount: yen(amount),
        currency: Currency::JPY,
        now_ms: u64::from(world.now()) * 1000,
    };
    sale.check(&token, terms.per_payment)
}
