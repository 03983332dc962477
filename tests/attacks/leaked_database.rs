//! Every row of the ledger but the issuer's keys is the attacker's, once: can it pay, log in, enrol, forge receipts?

use super::forgery::{self, Forger};
use super::leak::Leak;
use super::row::Row;
use super::stage::{Stage, Thief, data, heard, top_up};
use super::world::balance;
use jitsuin::code::Code;
use jitsuin::wallet::ports::Response;
use jitsuin::wire::calls::Outcome;
use jitsuin::wire::id::{AccountId, Handle, Veil, from_base64};
use jitsuin::wire::token::{Limit, Token};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;

pub async fn play() -> Row {
    let stage = Stage::new().await;
    let lie = Rc::new(RefCell::new(None::<Vec<u8>>));
    let told = Rc::clone(&lie);
    let place = stage.place_behind(move |path, response| match (path, &*told.borrow()) {
        ("/v1/sync", Some(news)) => Response { body: forgery::replace(&response.body, news, true), ..response },
        _ => response,
    });
    let wallet = stage.world.wallet(&place).await;
    stage.world.enrol(&wallet, "hanako").await.unwrap();
    let (till, _) = stage.shops().await;
    // Somebody else is in the middle of enrolling: a ticket and a contact code are open.
    let (_, other) = stage.stranger().await;
    stage.world.ticket(&other, "taro").await.unwrap();
    let (_, third) = stage.stranger().await;
    third.log_in("taro", "taro-password", "en").await.unwrap();

    let leak = Leak::of(&stage.file()).await;
    let tickets: Vec<String> = leak.table("tickets").map(|(key, _)| key.into()).collect();
    assert_eq!(tickets.len(), 1);

    // Pay: handle and veil are there, the device key is not.
    let thief = Thief::stranger(&stage.world);
    let mut outcomes = Vec::new();
    for (_, account) in leak.table("accounts") {
        for device in account["devices"].as_array().unwrap() {
            for used in device["handles"].as_array().unwrap() {
                outcomes.push(till.outcome(&forge_from(&stage, &thief, used), 540, "theft-1").await);
            }
        }
    }
    assert_eq!(outcomes, [Outcome::TryAgain]);

    // Top up and read: the account's id opens nothing.
    let account: AccountId = data(&place).account.unwrap().id;
    let mut caller = Thief::stranger(&stage.world);
    caller.account = Some(account);
    assert_eq!(caller.call(&top_up(30_000, "card-1", None)).await.unwrap_err().code, Code::NotEnrolled.name());

    // Log in and enrol: no word of the leak is a password, a ticket, or a code for the thief's own attempt, even where
    // the password was guessed from its hash.
    let (_, phone) = stage.stranger().await;
    let attempt = phone.log_in("taro", "taro-password", "en").await.unwrap();
    let words = leak.words("issuer_keys");
    let codes: Vec<&String> = words.iter().filter(|word| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit())).collect();
    for code in codes.iter().take(3) {
        assert_eq!(phone.enter_code(&attempt, code).await.unwrap_err().code, Code::CodeRefused);
    }
    for ticket in tickets {
        assert_eq!(phone.prepare_enrolment(&ticket, "Thief", None).await.unwrap_err().code, Code::TicketExpired);
    }
    let hash = leak.table("logins").find(|(login, _)| *login == "taro").unwrap().1.to_string();
    assert!(!hash.contains("taro-password") && !words.iter().any(|word| word == "taro-password"));

    // Forge receipts.
    let before = balance(&wallet);
    lie.replace(Some(Forger::with_own_key().news(&data(&place), stage.world.now(), 5_000_000)));
    assert_eq!(wallet.sync().await.unwrap_err().code, Code::IssuerUntrusted);
    assert_eq!(balance(&wallet), before);
    Row::new(
        "Has every row of the ledger but the issuer's keys, and pays, tops up, logs in, enrols and forges receipts with them",
        "no device key, password, live code or ticket is in them",
        &heard(outcomes[0]),
        stage.lost().await + stage.charged().await,
    )
    .expect(Code::TryAgain, 0)
}

/// A token under a leaked handle and veil, signed by a key of the thief's own.
pub fn forge_from(stage: &Stage, thief: &Thief, used: &Value) -> String {
    let bytes = |name: &str| from_base64(used[name].as_str().unwrap()).unwrap();
    let handle = Handle(bytes("handle").try_into().unwrap());
    let veil = Veil(bytes("veil").try_into().unwrap());
    let now = stage.world.now();
    let token = Token { limit: Limit::Allowance, issued_at: now, expires_at: now + 60, atc: 9, random: [9; 4] };
    let unsigned = token.prepare(handle, &veil).unwrap();
    Token::text(&unsigned, &thief.sign(unsigned.message()))
}
