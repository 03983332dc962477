//! What every ledger promises: one list of tests, run for each ledger there is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]
#![allow(dead_code, reason = "a module of several suites, each of which uses its own part")]

#[path = "confirms.rs"]
mod confirms;
#[path = "links.rs"]
pub(crate) mod links;
#[path = "rotations.rs"]
mod rotations;
#[path = "shopping.rs"]
mod shopping;

#[allow(unused_imports, reason = "a module of several suites, each of which uses its own part")]
pub(crate) use confirms::one_step_up_confirmed_24_times_at_once_has_one_effect;
#[allow(unused_imports, reason = "a module of several suites, each of which uses its own part")]
pub(crate) use links::a_link_is_found_under_its_own_account_alone;
#[allow(unused_imports, reason = "a module of several suites, each of which uses its own part")]
pub(crate) use rotations::a_rotation_at_one_is_met_by_the_next_call_of_another;

use jitsuin::code::Code;
use jitsuin::issuer::books::{Line, Movement};
use jitsuin::issuer::desk::{Reply, Request};
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{Clock, Kind, Ledger, LedgerError, Needs, Records};
use jitsuin::issuer::used::Used;
use jitsuin::issuer::{Issuer, PasswordCost, Settings, demo};
use jitsuin::wire::calls::{
    Call, EnrolTill, EnterCode, LogIn, LogInStarted, Named as _, Outcome, PaymentAnswer, Problem, TakePayment,
    WhichTill, body,
};
use jitsuin::wire::dpop;
use jitsuin::wire::id::{Hash, Nonce};
use jitsuin::wire::key::{PublicKey, Signature};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::sha256;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use std::sync::Arc;

pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

pub(crate) fn clock() -> Clock {
    Clock::movable(NOW_MS)
}

pub(crate) fn movement(name: &str, amount: u32) -> Movement {
    Movement {
        name: name.into(),
        from: Line::openings(),
        to: Line::cards(),
        amount: Amount::of(amount),
        currency: Currency::JPY,
        at: 1,
    }
}

pub(crate) fn used(key: &str) -> Needs {
    Needs::new().and(Kind::Used, key)
}

pub(crate) async fn read(ledger: &impl Ledger, key: &str) -> Option<u32> {
    ledger.transact(used(key), |records| records.used.get(key).map(|held| held.until)).await.unwrap()
}

pub(crate) async fn a_refusal_is_kept<L: Ledger + 'static>(ledger: L) {
    let refuse = |records: &mut Records| {
        records.used.put("a", Used { until: 7 });
        Err::<(), _>(Code::CodeRefused)
    };
    assert_eq!(ledger.transact(used("a"), refuse).await, Ok(Err(Code::CodeRefused)));
    assert_eq!(read(&ledger, "a").await, Some(7));
}

pub(crate) async fn a_failure_keeps_nothing<L: Ledger + 'static>(ledger: L) {
    let stray = |records: &mut Records| {
        records.used.put("a", Used { until: 7 });
        records.entries.extend(movement("stray", 5).entries());
        records.used.put("not-needed", Used { until: 7 });
    };
    assert_eq!(ledger.transact(used("a"), stray).await, Err(LedgerError::NotNeeded));
    let unbalanced = |records: &mut Records| {
        records.used.put("a", Used { until: 7 });
        records.entries.extend(movement("half", 5).entries().into_iter().take(1));
    };
    assert_eq!(ledger.transact(used("a"), unbalanced).await, Err(LedgerError::Unbalanced));
    assert_eq!(read(&ledger, "a").await, None);
    assert!(ledger.entries().await.unwrap().is_empty());
}

pub(crate) async fn changes_take_turns<L: Ledger + 'static>(ledger: L) {
    let ledger = Arc::new(ledger);
    let add = |ledger: Arc<L>| async move {
        let more = |records: &mut Records| {
            let until = records.used.get("n").map_or(0, |held| held.until) + 1;
            records.used.put("n", Used { until });
        };
        ledger.transact(used("n"), more).await.unwrap();
    };
    let tasks: Vec<_> = (0..40).map(|_| tokio::spawn(add(Arc::clone(&ledger)))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(read(&*ledger, "n").await, Some(40));
}

pub(crate) async fn removed_and_ended_records_are_gone<L: Ledger + 'static>(ledger: L) {
    for (key, until) in [("a", 10), ("b", 20), ("c", 30)] {
        ledger.transact(used(key), |records| records.used.put(key, Used { until })).await.unwrap();
    }
    ledger.transact(used("c"), |records| records.used.take("c").is_some()).await.unwrap();
    ledger.tidy(11).await.unwrap();
    assert_eq!(ledger.keys(Kind::Used).await.unwrap(), ["b"]);
}

pub(crate) async fn movements_stay_in_order<L: Ledger + 'static>(ledger: L) {
    for name in ["z", "a", "m"] {
        let write = |records: &mut Records| records.entries.extend(movement(name, 5).entries());
        ledger.transact(Needs::new(), write).await.unwrap();
    }
    let names: Vec<_> = ledger.entries().await.unwrap().into_iter().map(|entry| entry.movement).collect();
    assert_eq!(names, ["z", "z", "a", "a", "m", "m"]);
}

/// A caller of the desk with one key.
pub(crate) struct Caller {
    key: SigningKey,
}

impl Caller {
    pub(crate) fn new(byte: u8) -> Self {
        Self { key: SigningKey::from_slice(&[byte; 32]).unwrap() }
    }

    pub(crate) fn request<C: Call>(&self, call: &C, jti: u8, nonce: &str) -> Request {
        let mut random = [0; 16];
        getrandom::fill(&mut random).unwrap();
        self.request_as(call, C::Name::new(random), jti, nonce)
    }

    /// A delivery of the call of this name.
    pub(crate) fn request_as<C: Call>(&self, call: &C, name: C::Name, jti: u8, nonce: &str) -> Request {
        let body = body(call, name);
        let claims = dpop::Claims {
            htm: "POST".into(),
            htu: format!("https://issuer.example{}", C::PATH),
            iat: 0,
            jti: Nonce([jti; 16]),
            nonce: nonce.into(),
            bdy: Hash(sha256(&body)),
            acc: None,
        };
        let public = PublicKey::from_sec1(self.key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
        let unsigned = dpop::prepare(&claims, &public);
        let signature: p256::ecdsa::Signature = self.key.sign(unsigned.message());
        let proof = unsigned.finish(&Signature::from_signer(&signature.to_bytes()).unwrap());
        Request { method: "POST".into(), path: C::PATH.into(), body, proof: Some(proof), source: "::1".into() }
    }
}

pub(crate) async fn open<L: Ledger>(ledger: L) -> Issuer<L, DemoProcessor> {
    let mut settings = Settings::new("https://issuer.example", &["https://wallet.example"]).unwrap();
    settings.password_cost = PasswordCost::least();
    Issuer::open(ledger, DemoProcessor::new(), settings).await.unwrap()
}

pub(crate) async fn nonce<L: Ledger>(issuer: &Issuer<L, DemoProcessor>, caller: &Caller) -> String {
    issuer.answer(&caller.request(&WhichTill {}, 0, "")).await.nonce.unwrap()
}

/// `ok`, or the problem's code.
pub(crate) async fn said<L: Ledger>(issuer: &Issuer<L, DemoProcessor>, request: Request) -> String {
    let reply = issuer.answer(&request).await;
    serde_json::from_slice::<Problem>(&reply.body).map_or_else(|_| "ok".into(), |problem| problem.code)
}

/// Sends all at once, on all threads; how often each answer came, sorted.
pub(crate) async fn at_once<L: Ledger + 'static>(
    issuer: &Arc<Issuer<L, DemoProcessor>>,
    requests: impl IntoIterator<Item = Request>,
) -> Vec<String> {
    let send = |request| {
        let issuer = Arc::clone(issuer);
        tokio::spawn(async move { said(&issuer, request).await })
    };
    let tasks: Vec<_> = requests.into_iter().map(send).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.sort();
    answers
}

pub(crate) async fn a_proof_counts_once_however_often_it_is_sent_at_once<L: Ledger + 'static>(ledger: L) {
    let issuer = Arc::new(open(ledger).await);
    let seeded = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    let caller = Caller::new(1);
    let nonce = nonce(&issuer, &caller).await;
    // By a key that nobody registered, until the call does; and by one that is registered.
    let code = seeded.till_codes[0].1.clone();
    for request in [caller.request(&EnrolTill { code }, 1, &nonce), caller.request(&WhichTill {}, 2, &nonce)] {
        let answers = at_once(&issuer, (0..8).map(|_| request.clone())).await;
        assert_eq!(answers.iter().filter(|answer| *answer == "ok").count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| *answer == "proof-replayed").count(), 7, "{answers:?}");
    }
}

pub(crate) async fn a_one_time_code_registers_one_of_many_keys<L: Ledger + 'static>(ledger: L) {
    let issuer = Arc::new(open(ledger).await);
    let seeded = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    let code = &seeded.till_codes[0].1;
    let mut requests = Vec::new();
    for byte in 1..=6 {
        let caller = Caller::new(byte);
        let nonce = nonce(&issuer, &caller).await;
        requests.push(caller.request(&EnrolTill { code: code.clone() }, byte, &nonce));
    }
    let answers = at_once(&issuer, requests).await;
    assert_eq!(answers.iter().filter(|answer| *answer == "ok").count(), 1);
    assert_eq!(answers.iter().filter(|answer| *answer == "code-refused").count(), 5);
    assert_eq!(issuer.ledger().keys(Kind::Keys).await.unwrap().len(), 1);
}

/// What eight deliveries of one call are answered, at issuers in turn, each under a proof of its own.
pub(crate) async fn delivered<L: Ledger + 'static, C: Call>(
    issuers: &[Arc<Issuer<L, DemoProcessor>>],
    caller: &Caller,
    first_jti: u8,
    call: &C,
) -> Vec<Reply> {
    let nonce = nonce(&issuers[0], caller).await;
    let tasks: Vec<_> = (first_jti..first_jti + 8)
        .zip(issuers.iter().cycle())
        .map(|(jti, issuer)| {
            let request = caller.request_as(call, C::Name::new([9; 16]), jti, &nonce);
            let issuer = Arc::clone(issuer);
            tokio::spawn(async move { issuer.answer(&request).await })
        })
        .collect();
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(task.await.unwrap());
    }
    replies
}

/// One login, one wrong code and one registration, each delivered eight times at once: all hear the same, and each happened once.
pub(crate) async fn one_call_at_all<L: Ledger + 'static>(issuers: &[Arc<Issuer<L, DemoProcessor>>]) {
    let seeded = demo::seed(&issuers[0], &demo::Plan::default()).await.unwrap();
    let ledger = issuers[0].ledger();
    let before = ledger.messages(0).await.unwrap().len();
    let caller = Caller::new(1);
    let login = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let replies = delivered(issuers, &caller, 1, &login).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    assert_eq!(ledger.messages(0).await.unwrap().len(), before + 1);
    assert_eq!(ledger.keys(Kind::Attempts).await.unwrap().len(), 1);

    let LogInStarted { attempt } = serde_json::from_slice(&replies[0].body).unwrap();
    let wrong = EnterCode { attempt: attempt.clone(), code: "00000000".into() };
    // Another call under the name of the first is none.
    let replies = delivered(issuers, &caller, 11, &wrong).await;
    assert!(replies.iter().all(|reply| reply.status == 422), "{replies:?}");

    let code = seeded.till_codes[0].1.clone();
    let till = Caller::new(2);
    let replies = delivered(issuers, &till, 1, &EnrolTill { code }).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    assert_eq!(ledger.keys(Kind::Keys).await.unwrap().len(), 1);

    let stranger = Caller::new(3);
    let replies = delivered(issuers, &stranger, 1, &wrong).await;
    assert!(replies.iter().all(|reply| reply.status != 200 && reply.body == replies[0].body));
    let guess = EnrolTill { code: "A".repeat(16) };
    let replies = delivered(issuers, &Caller::new(4), 1, &guess).await;
    assert!(replies.iter().all(|reply| reply.status != 200 && reply.body == replies[0].body));
    // What was counted for the address: the login and the till code that was none, once each.
    let counted = ledger.keys(Kind::Tries).await.unwrap();
    for bucket in ["source/", "till-codes/"] {
        let of_bucket: Vec<_> = counted.iter().filter(|key| key.starts_with(bucket)).collect();
        let [key] = of_bucket[..] else { panic!("one address: {counted:?}") };
        let needs = Needs::new().and(Kind::Tries, key);
        let tries = ledger.transact(needs, |records| records.tries.get(key).cloned()).await.unwrap();
        let tries = serde_json::to_value(tries.unwrap()).unwrap();
        assert_eq!(tries["at"].as_array().unwrap().len(), 1, "{key}");
    }
}

pub(crate) async fn one_call_has_one_effect_however_often_it_is_delivered_at_once<L: Ledger + 'static>(ledger: L) {
    one_call_at_all(&[Arc::new(open(ledger).await)]).await;
}

pub(crate) async fn seeding_again_changes_nothing_and_the_books_hold<L: Ledger + 'static>(ledger: L) {
    let issuer = open(ledger).await;
    let first = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    assert_eq!((first.accounts.len(), first.till_codes.len()), (2, 2));
    let again = demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    assert!(again.accounts.is_empty() && again.till_codes.is_empty());
    issuer.audit().await.unwrap();
    let entries = issuer.ledger().entries().await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount).collect::<Vec<_>>(), [-2000, 2000, -2000, 2000]);
    for (_, account) in &first.accounts {
        let receipts = issuer.ledger().receipts(account, 0, 10).await.unwrap();
        assert_eq!(receipts.iter().map(|receipt| receipt.seq).collect::<Vec<_>>(), [1]);
        assert!(issuer.ledger().receipts(account, 1, 10).await.unwrap().is_empty());
        // A balance that is not the sum of its entries is found.
        let needs = Needs::new().and(Kind::Accounts, account);
        let forge = |records: &mut Records| {
            let mut forged = records.accounts.get(account).cloned().unwrap();
            forged.balance = Amount::of(1_000_000);
            records.accounts.put(account, forged);
        };
        issuer.ledger().transact(needs, forge).await.unwrap();
        assert!(issuer.audit().await.is_err());
    }
}

pub(crate) async fn one_token_offered_at_two_tills_at_once_is_taken_once<L: Ledger + 'static>(ledger: L) {
    let issuer = Arc::new(open(ledger).await);
    demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    let wallet = shopping::wallet(&issuer, NOW_MS).await;
    shopping::enrol(&issuer, &wallet).await;
    let mut tills = Vec::new();
    for (byte, till) in [(1, "t/1001"), (2, "t/2002")] {
        let caller = Caller::new(byte);
        let code = issuer.send_till_code(&till.parse().unwrap()).await.unwrap();
        let nonce = nonce(&issuer, &caller).await;
        assert_eq!(said(&issuer, caller.request(&EnrolTill { code }, 90, &nonce)).await, "ok");
        tills.push((caller, nonce));
    }
    let token = wallet.payment_code(None).await.unwrap().text;
    let offer = |number: u8| {
        let (caller, nonce) = &tills[usize::from(number % 2)];
        let key = format!("idempotency-key-{number}");
        let call = TakePayment { token: token.clone(), amount: Amount::of(540), currency: Currency::JPY, key };
        caller.request(&call, number, nonce)
    };
    let tasks: Vec<_> = (1..=8)
        .map(|number| {
            let (issuer, request) = (Arc::clone(&issuer), offer(number));
            tokio::spawn(async move { (number % 2, issuer.answer(&request).await) })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        let (till, reply) = task.await.unwrap();
        let answer: PaymentAnswer = serde_json::from_slice(&reply.body).unwrap();
        answers.push((till, answer));
    }
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(_, answer)| answer.outcome == Outcome::Approved);
    assert_eq!((taken.len(), refused.len()), (1, 7), "a sale of one till under one key");
    assert!(refused.iter().all(|(_, answer)| answer.outcome == Outcome::TokenUsed));
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().balance.unwrap().amount, Amount::of(1_460));
    assert_eq!(issuer.ledger().keys(Kind::Payments).await.unwrap().len(), 1);
    issuer.audit().await.unwrap();
}

/// The answers to one token that is charged under 24 idempotency keys at once, by two keys of one till.
pub(crate) async fn one_token_under_24_keys_is_approved_once<L: Ledger + 'static>(ledger: L) {
    let issuer = Arc::new(open(ledger).await);
    demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    let wallet = shopping::wallet(&issuer, NOW_MS).await;
    shopping::enrol(&issuer, &wallet).await;
    let mut keys = Vec::new();
    for byte in [1, 2] {
        let caller = Caller::new(byte);
        let code = issuer.send_till_code(&"t/1001".parse().unwrap()).await.unwrap();
        let nonce = nonce(&issuer, &caller).await;
        assert_eq!(said(&issuer, caller.request(&EnrolTill { code }, 90, &nonce)).await, "ok");
        keys.push((caller, nonce));
    }
    let token = wallet.payment_code(None).await.unwrap().text;
    // Twelve keys of the shop's own choosing, each used by both of the till's keys: 24 pairs of till key and idempotency key.
    let call = |number: u8| TakePayment {
        token: token.clone(),
        amount: Amount::of(540),
        currency: Currency::JPY,
        key: format!("idempotency-key-{}", number / 2),
    };
    let request = |number: u8, jti: u8| {
        let (caller, nonce) = &keys[usize::from(number % 2)];
        caller.request(&call(number), jti, nonce)
    };
    let send = |number: u8, jti: u8| {
        let (issuer, request) = (Arc::clone(&issuer), request(number, jti));
        tokio::spawn(async move {
            let reply = issuer.answer(&request).await;
            serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap()
        })
    };
    let tasks: Vec<_> = (0..24).map(|number| send(number, number + 1)).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let approved: Vec<_> = (0..24u8).filter(|number| answers[usize::from(*number)]["outcome"] == "approved").collect();
    assert_eq!(approved.len(), 1, "one code buys once: {answers:?}");
    let sale = &answers[usize::from(approved[0])];
    for (number, answer) in answers.iter().enumerate() {
        if number == usize::from(approved[0]) {
            continue;
        }
        assert_eq!((&answer["outcome"], &answer["payment"]), (&"token-used".into(), &serde_json::Value::Null));
        for member in ["payment", "amount", "currency", "at"] {
            assert_eq!(answer["used_here"][member], sale[member], "{member}");
        }
    }
    // Each pair asked again hears its own first answer.
    for number in 0..24 {
        assert_eq!(send(number, number + 31).await.unwrap(), answers[usize::from(number)]);
    }
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().balance.unwrap().amount, Amount::of(1_460));
    assert_eq!(issuer.ledger().keys(Kind::Payments).await.unwrap().len(), 1);
    issuer.audit().await.unwrap();
}

pub(crate) async fn a_charge_that_many_sweeps_find_is_credited_once<L: Ledger + 'static>(ledger: L) {
    let issuer = Arc::new(open(ledger).await);
    demo::seed(&issuer, &demo::Plan::default()).await.unwrap();
    let wallet = shopping::wallet(&issuer, NOW_MS).await;
    shopping::enrol(&issuer, &wallet).await;
    // Its second answer waits beside the first one.
    shopping::top_up(&issuer, &wallet, "card-4", 5_000).await;
    let sweeps: Vec<_> = (0..6)
        .map(|_| {
            let issuer = Arc::clone(&issuer);
            tokio::spawn(async move { issuer.sweep().await })
        })
        .collect();
    for sweep in sweeps {
        assert_eq!(sweep.await.unwrap(), Ok(0));
    }
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().balance.unwrap().amount, Amount::of(7_000));
    assert_eq!(issuer.funding().charged(), 5_000);
    issuer.audit().await.unwrap();
}

/// Runs a test on threads of its own.
pub(crate) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(test);
}

/// Gives the list of promises to a macro.
#[macro_export]
macro_rules! promises {
    ($each:ident) => {
        $each! {
            a_refusal_is_kept
            a_failure_keeps_nothing
            changes_take_turns
            removed_and_ended_records_are_gone
            movements_stay_in_order
            a_proof_counts_once_however_often_it_is_sent_at_once
            a_one_time_code_registers_one_of_many_keys
            one_call_has_one_effect_however_often_it_is_delivered_at_once
            seeding_again_changes_nothing_and_the_books_hold
            one_token_offered_at_two_tills_at_once_is_taken_once
            one_token_under_24_keys_is_approved_once
            one_step_up_confirmed_24_times_at_once_has_one_effect
            a_charge_that_many_sweeps_find_is_credited_once
            a_link_is_found_under_its_own_account_alone
        }
    };
}
