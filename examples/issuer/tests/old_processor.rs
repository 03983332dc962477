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

#[path = "../../../tests/lib/key_pairs.rs"]
mod key_pairs;
mod server;

use jitsuin::wallet::memory::{CredentialKeyPair, FnTransport, MemoryEntropy, Place, SoftKey, run};
use jitsuin::wallet::ports::{Platform, Response, SigningKey as _, Unreachable};
use jitsuin::wallet::{Confirmed, Settings, Wallet};
use jitsuin::wire::calls::{Call, EnrolTill, Named, Outcome, TakePayment, TillEnrolled, body};
use jitsuin::wire::dpop::{self, Claims};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::{Hash, Nonce};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::sha256;
use key_pairs::{EdDsa, Rs256};
use server::{Answer, Server, folder};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const QEMU: &[&str] = &["qemu-x86_64-static", "qemu-x86_64"];

/// The first card of the demo's people.
const CARD: &str = "card-1";

/// QEMU's program for one process, where the machine has one.
fn qemu() -> Option<&'static str> {
    QEMU.iter().copied().find(|program| {
        std::process::Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    })
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The issuer's URL as its wallets know it.
fn url(server: &Server) -> String {
    format!("http://localhost:{}", server.address.rsplit_once(':').unwrap().1)
}

/// Says which call was dropped without an answer: what a panic looks like from outside.
fn post(server: &Server, path: &str, headers: &[(&str, &str)], text: &str) -> Answer {
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.post(path, headers, text)));
    answer.unwrap_or_else(|_| panic!("{path}: the connection was dropped"))
}

/// The code in the newest message that has these words.
fn code(server: &Server, words: &str) -> String {
    let inbox = post(server, "/demo/inbox", &[], "{}").json();
    let mut texts = inbox.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap());
    let text = texts.rfind(|text| text.contains(words)).expect(words);
    let is_code = |word: &&str| {
        word.len() >= 8 && word.chars().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase())
    };
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).find(is_code).expect(text).to_owned()
}

/// A wallet that reaches the program over TCP.
async fn wallet(server: &Rc<Server>, pair: Pair) -> Wallet<Place> {
    let (issuer, road) = (url(server), Rc::clone(server));
    let clock = Rc::new(std::cell::OnceCell::<Place>::new());
    let (prefix, ticking) = (issuer.clone(), Rc::clone(&clock));
    let transport = FnTransport::new(move |request| {
        let path = request.url.strip_prefix(&prefix).unwrap().to_owned();
        let text = String::from_utf8(request.body).unwrap();
        let headers: Vec<_> = request.proof.iter().map(|proof| ("DPoP", proof.as_str())).collect();
        let answer = if request.method == "GET" { road.get(&path) } else { post(&road, &path, &headers, &text) };
        if let Some(place) = ticking.get() {
            let late = now_ms().saturating_sub(place.clock().true_ms());
            place.clock().advance(Duration::from_millis(late));
        }
        let nonce = Some(answer.header("dpop-nonce").to_owned()).filter(|nonce| !nonce.is_empty());
        let retry_after = answer.header("retry-after").parse().ok();
        let response = Response { status: answer.status, body: answer.body.into_bytes(), nonce, retry_after };
        async move { Ok::<_, Unreachable>(response) }
    });
    let place = Place::new(&issuer, now_ms(), transport);
    if let Some(pair) = pair {
        place.authenticator().set_key(pair);
    }
    assert!(clock.set(place.clone()).is_ok());
    let settings = Settings { custody: Some(Custody::Software), ..Settings::new(issuer.parse().unwrap()) };
    Wallet::open(place, settings).await.unwrap()
}

/// A till's key over TCP.
struct Till<'s> {
    server: &'s Server,
    key: SoftKey,
}

impl Till<'_> {
    fn call<C: Call>(&self, call: &C) -> C::Reply {
        let text = String::from_utf8(body(call, C::Name::new([7; 16]))).unwrap();
        let (mut nonce, mut jti) = (String::new(), [0; 16]);
        for _ in 0..2 {
            getrandom::fill(&mut jti).unwrap();
            let claims = Claims {
                htm: "POST".into(),
                htu: format!("{}{}", url(self.server), C::PATH),
                iat: u32::try_from(now_ms() / 1000).unwrap().into(),
                jti: Nonce(jti),
                nonce,
                bdy: Hash(sha256(text.as_bytes())),
                acc: None,
            };
            let unsigned = dpop::prepare(&claims, self.key.public());
            let signature = self.key.sign_now(unsigned.message()).unwrap();
            let proof = unsigned.finish(&signature);
            let answer = post(self.server, C::PATH, &[("DPoP", &proof)], &text);
            if answer.status == 200 {
                return serde_json::from_str(&answer.body).unwrap();
            }
            nonce = answer.header("dpop-nonce").to_owned();
        }
        panic!("{} was refused", C::PATH)
    }
}

type Pair = Option<Rc<dyn CredentialKeyPair>>;

/// Enrols with a passkey of each algorithm at an issuer of its own, proves a card, tops up and pays.
fn played(start: impl Fn() -> Server) {
    let pairs: [(&str, Pair); 3] =
        [("ES256", None), ("RS256", Some(Rc::new(Rs256::new()))), ("EdDSA", Some(Rc::new(EdDsa::new())))];
    for (name, pair) in pairs {
        let server = Rc::new(start());
        run(async {
            let till = Till { server: &server, key: SoftKey::make(&MemoryEntropy::of_system()).unwrap().0 };
            let enrolled: TillEnrolled = till.call(&EnrolTill { code: code(&server, "t/1001") });
            assert_eq!(enrolled.till.as_str(), "t/1001");

            let wallet = wallet(&server, pair).await;
            let attempt = wallet.log_in("hanako", "hanako-password", "en").await.unwrap();
            let ticket = wallet.enter_code(&attempt, &code(&server, "registers a device")).await.unwrap();
            let ceremony = wallet.prepare_enrolment(&ticket, name, None).await.unwrap();
            wallet.confirm(ceremony.id).await.unwrap();
            wallet.sync().await.unwrap();

            let proof = wallet.prove_card(CARD.parse().unwrap()).await.unwrap().proof;
            let said = format!(r#"{{"proof":"{proof}","code":"{}"}}"#, code(&server, "lets your wallet charge"));
            assert_eq!(post(&server, "/demo/card", &[], &said).status, 200);
            wallet.sync().await.unwrap();
            let ceremony =
                wallet.prepare_top_up(Amount::of(1_000), Currency::JPY, CARD.parse().unwrap()).await.unwrap();
            assert!(matches!(wallet.confirm(ceremony.id).await.unwrap(), Confirmed::Receipt { .. }), "{name}");

            let token = wallet.payment_code(None).await.unwrap().text;
            let call =
                TakePayment { token, amount: Amount::of(2_500), currency: Currency::JPY, key: format!("{name:->20}") };
            assert_eq!(till.call(&call).outcome, Outcome::Approved, "{name}");
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
