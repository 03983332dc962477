//! Every row of the ledger but the issuer's keys is the attacker's, once: can it pay, log in, enrol, forge receipts?

use super::forgery::{self, Forger};
use super::leak::Leak;
use super::row::Row;
use super::stage::{Stage, Thief, data, heard, top_up};
use super::world::balance;
use jitsuin::code::Code;
use jitsuin::wallet::ports::Response;
use jitsuin::wire::calls::{ConfirmIntent, FreezeAccount, Outcome};
use jitsuin::wire::id::{AccountId, Bytes, Handle, Veil, from_base64};
use jitsuin::wire::till_code::Form;
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
    let (till, other_till) = stage.shops().await;
    // What she signed stands in the ledger as evidence: a payment, and a freeze that was released since.
    stage.agreed(540);
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    wallet.freeze().await.unwrap();
    stage.world.release(&wallet).await;
    wallet.sync().await.unwrap();
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

    // Evidence: her token is spent, and her consent is bound to her keys and used up.
    let evidence = leak.evidence();
    let kinds: Vec<_> = evidence.iter().map(|held| held["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["enrolment", "token", "freeze", "step-up"]);
    let bytes = |value: &Value| from_base64(value.as_str().unwrap()).unwrap();
    let token = Form::Jitsuin.text(&bytes(&evidence[1]["token"])).unwrap();
    let again = till.charge(&token, 540, "theft-2").await;
    assert_eq!((again.outcome, again.payment), (Outcome::TokenUsed, None));
    stage.world.advance(200);
    assert_eq!(other_till.outcome(&token, 540, "theft-3").await, Outcome::TokenExpired);
    let mut thief_of_her = Thief::stranger(&stage.world);
    thief_of_her.account = Some(data(&place).account.unwrap().id);
    let statement = Bytes(bytes(&evidence[2]["statement"]));
    let refused = thief_of_her.call(&FreezeAccount { statement }).await.unwrap_err();
    assert_eq!(refused.code, Code::NotEnrolled.name());
    let step_up = &evidence[3]["stepUp"];
    let signed = &step_up["assertion"];
    let assertion = serde_json::from_value(serde_json::json!({
        "id": signed["credential"], "rawId": signed["credential"], "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": signed["clientData"], "authenticatorData": signed["authenticatorData"],
            "signature": signed["signature"],
        },
    }))
    .unwrap();
    let consent = ConfirmIntent {
        intent: Bytes(bytes(&step_up["intent"])),
        assertion,
        co_signature: Some(Bytes(bytes(&step_up["coSignature"]))),
    };
    assert_eq!(thief_of_her.call(&consent).await.unwrap_err().code, Code::NotEnrolled.name());
    // Not even with her device key is it good a second time.
    let copied = Thief::thief_of(&stage.world, &place).await;
    assert_eq!(copied.call(&consent).await.unwrap_err().code, Code::IntentExpired.name());

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
        "Has every row of the ledger but the issuer's keys, evidence included, and pays, tops up, logs in, enrols and forges receipts with them",
        "no device key, password, live code or ticket is in them; the tokens and intents in its evidence are used up",
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
