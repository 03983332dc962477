//! What a ledger holds, without what is drawn at random: two runs of one story leave the same print, if nothing happened
//! twice and nothing is missing.

use super::world::World;
use jitsuin::issuer::ledger::{Kind, Ledger as _};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The records of each kind, then receipts, books and messages, each in one text.
pub(crate) async fn print(world: &World) -> BTreeMap<String, Vec<String>> {
    let ledger = world.issuer.ledger();
    let mut print = BTreeMap::new();
    for kind in Kind::ALL {
        // Each proof is used once, and a further delivery has one more.
        let bodies = ledger.bodies(*kind).into_iter().filter(|(key, _)| !key.starts_with("proof/"));
        let mut rows: Vec<_> =
            bodies.map(|(_, body)| shape(&serde_json::from_str(&body).unwrap()).to_string()).collect();
        rows.sort();
        print.insert(kind.name().to_owned(), rows);
    }
    let mut receipts = Vec::new();
    for key in ledger.keys(Kind::Accounts).await.unwrap() {
        let of_account = ledger.receipts(&key.parse().unwrap(), 0, 1_000).await.unwrap();
        receipts.push(of_account.iter().map(|receipt| format!("{:?} ", receipt.kind)).collect::<String>());
    }
    receipts.sort();
    print.insert("receipts".into(), receipts);
    let entries = ledger.entries().await.unwrap();
    print.insert("entries".into(), entries.iter().map(|entry| format!("{:?} {}", entry.book, entry.amount)).collect());
    let messages = ledger.messages(0).await.unwrap();
    let told = messages.iter().map(|(_, message)| format!("{} {}", message.to, message.subject));
    print.insert("messages".into(), told.collect());
    print.insert("charged".into(), vec![world.issuer.funding().charged().to_string()]);
    print
}

/// Texts by their length, bytes by their count, everything else as it is.
fn shape(value: &Value) -> Value {
    match value {
        Value::String(text) => text.len().into(),
        Value::Array(items) if items.iter().all(Value::is_number) => items.len().into(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(members) => {
            // A signature over a number of another length is as good; the rest of a receipt is in its kind.
            // How often somebody came again is what this is about, and no effect.
            let members = members.iter().filter(|(name, _)| *name != "again");
            members.map(|(name, value)| (name.clone(), shape(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
