//! `--rotate-keys` beside servers that run on: they take the new keys with their next call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod callers;
mod server;

use callers::{Till, code, enrol, message, top_up_and_pay, wallet};
use jitsuin::wallet::Status;
use jitsuin::wire::calls::{EnrolTill, FreezeByCode};
use server::{Server, folder, run_well};
use std::rc::Rc;

const URL: &str = "http://localhost:8080";

fn sets(server: &Server) -> (serde_json::Value, usize) {
    let known = server.get("/.well-known/jitsuin").json();
    (known["key_set"].clone(), known["past"].as_array().unwrap().len())
}

#[test]
fn servers_that_run_take_new_keys_by_themselves_and_old_codes_are_refused() {
    let place = folder();
    let ledger = format!("sqlite:{}", place.join("ledger.sqlite").display());
    let start = || Rc::new(Server::start(&["--demo", "--ledger", &ledger, "--public-url", URL]));
    let (first, second) = (start(), start());
    jitsuin::wallet::memory::run(async {
        let (till, late) = (Till::new(&first), Till::new(&second));
        till.call(&EnrolTill { code: code(&first, "t/1001") });
        let unused = code(&first, "t/2002");
        let wallet = wallet(&first, None).await;
        enrol(&first, &wallet).await;
        let stop = message(&first, "To stop everything").lines().last().unwrap().to_owned();
        let (before, past) = sets(&first);
        assert_eq!(past, 0);

        let said = run_well(&["--rotate-keys", "--ledger", &ledger, "--public-url", URL]);
        assert!(said.contains("rotated") && said.contains("t/2002"), "{said}");
        assert!(said.contains("a new one waits to be sent") && !said.contains("was sent"), "{said}");
        for server in [&first, &second] {
            let (now, past) = sets(server);
            assert_eq!(past, 1);
            assert_ne!(now, before);
            let stranger = Till::new(server);
            assert_eq!(stranger.refused(&FreezeByCode { code: stop.clone() }), "code-refused");
            assert_eq!(stranger.refused(&EnrolTill { code: unused.clone() }), "code-refused");
        }
        late.call(&EnrolTill { code: code(&second, "t/2002") });
        wallet.sync().await.unwrap();
        assert_eq!((wallet.state().status, wallet.state().alerts.len()), (Status::Ready, 0));
        top_up_and_pay(&wallet, &till).await;
    });
}

#[test]
fn a_rotation_needs_the_ledger_that_the_issuer_runs_with() {
    let place = folder();
    let ledger = format!("sqlite:{}", place.join("ledger.sqlite").display());
    let rotate = |url: &str| server::run(&["--rotate-keys", "--ledger", &ledger, "--public-url", url]);
    let (status, said) = rotate(URL);
    assert!(!status.success() && said.contains("there is nothing at this place"), "{said}");
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    assert!(Server::start(&["--demo", "--ledger", &ledger, "--public-url", URL]).stop().success());
    let (status, said) = rotate("http://localhost:8081");
    assert!(!status.success() && said.contains("keeps its public URL"), "{said}");
}
