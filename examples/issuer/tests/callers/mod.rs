//! People and tills that reach the built program over TCP, by the library's own wallet.
#![allow(dead_code, reason = "a module of several suites, each of which uses its own part")]

use crate::server::{Answer, Server};
use jitsuin::wallet::memory::{CredentialKeyPair, FnTransport, MemoryEntropy, Place, SoftKey};
use jitsuin::wallet::ports::{Platform, Response, SigningKey as _, Unreachable};
use jitsuin::wallet::{Confirmed, Settings, Wallet};
use jitsuin::wire::calls::{Call, Named, Outcome, TakePayment, body};
use jitsuin::wire::dpop::{self, Claims};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::{Hash, Nonce};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::sha256;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first card of the demo's people.
const CARD: &str = "card-1";

/// A passkey's key pair; without one it is of ES256.
pub type Pair = Option<Rc<dyn CredentialKeyPair>>;

pub fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Says which call was dropped without an answer: what a panic looks like from outside.
pub fn post(server: &Server, path: &str, headers: &[(&str, &str)], text: &str) -> Answer {
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.post(path, headers, text)));
    answer.unwrap_or_else(|_| panic!("{path}: the connection was dropped"))
}

/// The newest message that has these words.
pub fn message(server: &Server, words: &str) -> String {
    let inbox = post(server, "/demo/inbox", &[], "{}").json();
    let mut texts = inbox.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap());
    texts.rfind(|text| text.contains(words)).expect(words).to_owned()
}

/// The code in that message.
pub fn code(server: &Server, words: &str) -> String {
    let text = message(server, words);
    let is_code = |word: &&str| {
        word.len() >= 8 && word.chars().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase())
    };
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).find(is_code).expect(&text).to_owned()
}

/// A wallet that reaches the program over TCP.
pub async fn wallet(server: &Rc<Server>, pair: Pair) -> Wallet<Place> {
    // The place is part of its own transport, for the clock's sake: it must not keep the program alive.
    let (issuer, road) = (server.url.clone(), Rc::downgrade(server));
    let clock = Rc::new(std::cell::OnceCell::<Place>::new());
    let (prefix, ticking) = (issuer.clone(), Rc::clone(&clock));
    let transport = FnTransport::new(move |request| {
        let road = road.upgrade().unwrap();
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
pub struct Till<'s> {
    server: &'s Server,
    key: SoftKey,
}

impl<'s> Till<'s> {
    /// With a key that nobody has seen.
    pub fn new(server: &'s Server) -> Self {
        Self { server, key: SoftKey::make(&MemoryEntropy::of_system()).unwrap().0 }
    }

    /// What a call is answered that has to go well.
    pub fn call<C: Call>(&self, call: &C) -> C::Reply {
        let answer = self.answer(call);
        assert_eq!(answer.status, 200, "{}: {}", C::PATH, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The code with which a call is refused.
    pub fn refused<C: Call>(&self, call: &C) -> String {
        self.answer(call).json()["code"].as_str().unwrap().to_owned()
    }

    fn answer<C: Call>(&self, call: &C) -> Answer {
        let mut jti = [0; 16];
        getrandom::fill(&mut jti).unwrap();
        let text = String::from_utf8(body(call, C::Name::new(jti))).unwrap();
        let mut nonce = String::new();
        loop {
            getrandom::fill(&mut jti).unwrap();
            let claims = Claims {
                htm: "POST".into(),
                htu: format!("{}{}", self.server.url, C::PATH),
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
            if answer.status != 401 || !answer.body.contains("use-dpop-nonce") {
                return answer;
            }
            nonce = answer.header("dpop-nonce").to_owned();
        }
    }
}

/// Enrols a phone for the demo's account that was opened with the wallet, and proves its first card.
pub async fn enrol(server: &Server, wallet: &Wallet<Place>) {
    let attempt = wallet.log_in("hanako", "hanako-password", "en").await.unwrap();
    let ticket = wallet.enter_code(&attempt, &code(server, "registers a device")).await.unwrap();
    let ceremony = wallet.prepare_enrolment(&ticket, "Phone", None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    wallet.sync().await.unwrap();
    let proof = wallet.prove_card(CARD.parse().unwrap()).await.unwrap().proof;
    let said = format!(r#"{{"proof":"{proof}","code":"{}"}}"#, code(server, "lets your wallet charge"));
    assert_eq!(post(server, "/demo/card", &[], &said).status, 200);
    wallet.sync().await.unwrap();
}

/// Tops up from that card and pays most of what is there.
pub async fn top_up_and_pay(wallet: &Wallet<Place>, till: &Till<'_>) {
    let ceremony = wallet.prepare_top_up(Amount::of(1_000), Currency::JPY, CARD.parse().unwrap()).await.unwrap();
    assert!(matches!(wallet.confirm(ceremony.id).await.unwrap(), Confirmed::Receipt { .. }));
    let token = wallet.payment_code(None).await.unwrap().text;
    let key = format!("{:->20}", now_ms());
    let call = TakePayment { token, amount: Amount::of(500), currency: Currency::JPY, key };
    assert_eq!(till.call(&call).outcome, Outcome::Approved);
}
