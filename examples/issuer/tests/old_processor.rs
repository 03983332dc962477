//! The built program on a processor of 2008, which QEMU plays: no AVX2, no ADX, no SHA instructions. Whatever it checks
//! there it checks by portable code: passkeys of each algorithm enrol, top up and pay.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod callers;
#[path = "../../../tests/lib/key_pairs.rs"]
mod key_pairs;
mod server;

use callers::{Pair, Till, code, enrol, top_up_and_pay, wallet};
use jitsuin::wallet::memory::run;
use jitsuin::wire::calls::{EnrolTill, TillEnrolled};
use key_pairs::{EdDsa, Rs256};
use server::{Server, folder};
use std::rc::Rc;

const QEMU: &[&str] = &["qemu-x86_64-static", "qemu-x86_64"];

/// QEMU's program for one process, where the machine has one.
fn qemu() -> Option<&'static str> {
    QEMU.iter().copied().find(|program| {
        std::process::Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    })
}

/// Enrols with a passkey of each algorithm at an issuer of its own, proves a card, tops up and pays.
fn played(start: impl Fn() -> Server) {
    let pairs: [(&str, Pair); 3] =
        [("ES256", None), ("RS256", Some(Rc::new(Rs256::new()))), ("EdDSA", Some(Rc::new(EdDsa::new())))];
    for (name, pair) in pairs {
        println!("{name}");
        let server = Rc::new(start());
        run(async {
            let till = Till::new(&server);
            let enrolled: TillEnrolled = till.call(&EnrolTill { code: code(&server, "t/1001") });
            assert_eq!(enrolled.till.as_str(), "t/1001");
            let wallet = wallet(&server, pair).await;
            enrol(&server, &wallet).await;
            top_up_and_pay(&wallet, &till).await;
        });
    }
}

#[test]
fn passkeys_of_each_algorithm_enrol_top_up_and_pay_on_a_processor_of_2008() {
    let Some(qemu) = qemu() else {
        println!("SKIPPED: no QEMU on this machine (Debian: qemu-user-static)");
        return;
    };
    played(|| Server::demo_by(&[qemu, "-cpu", "Nehalem"], &folder().join("ledger.sqlite")));
}

#[test]
fn the_same_on_this_processor() {
    played(|| Server::demo(&folder().join("ledger.sqlite")));
}
