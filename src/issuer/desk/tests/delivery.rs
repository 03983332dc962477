//! Deliveries of one call (protocol section 5, *Delivered twice*).

use super::*;
use crate::issuer::buckets::guesses_keys;
use crate::issuer::ledger::{CLOCK_BACK, Records};
use crate::issuer::moment::Moment;
use crate::issuer::top_ups::{self, End};
use crate::wire::allowance::Allowance;
use crate::wire::id::{CallId, from_base64};
use crate::wire::key_set::Use;
use serde_json::Value;

const FIRST: ByCall = ByCall(CallId([1; 16]));

fn deliver<C: Call<Name = ByCall>>(issuer: &World, client: &Client, call: &C, name: ByCall) -> Reply {
    client.send(issuer, C::PATH, &body(call, name))
}

/// Two deliveries of one call, each under a proof of its own: the answer, which is the same.
fn twice<C: Call<Name = ByCall>>(issuer: &World, client: &Client, call: &C) -> C::Reply {
    let mut random = [0; 16];
    getrandom::fill(&mut random).unwrap();
    let name = ByCall(CallId(random));
    let (first, second) = (deliver(issuer, client, call, name), deliver(issuer, client, call, name));
    assert_eq!(first.status, 200, "{}", String::from_utf8_lossy(&first.body));
    assert_eq!((first.status, &first.body), (second.status, &second.body), "{}", C::PATH);
    serde_json::from_slice(&first.body).unwrap()
}

/// Every text of the kept answers, as it is and as the bytes that it stands for.
fn kept(issuer: &World) -> Vec<Vec<u8>> {
    fn texts(value: &Value, to: &mut Vec<Vec<u8>>) {
        match value {
            Value::String(text) => {
                to.push(text.clone().into_bytes());
                to.extend(from_base64(text));
            }
            Value::Array(items) => items.iter().for_each(|item| texts(item, to)),
            Value::Object(members) => members.values().for_each(|member| texts(member, to)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for body in issuer.ledger().bodies(Kind::Calls).values() {
        texts(&serde_json::from_str(body).unwrap(), &mut found);
    }
    found
}

fn is_kept(issuer: &World, secret: &[u8]) -> bool {
    kept(issuer).iter().any(|text| text.windows(secret.len()).any(|part| part == secret))
}

fn allowance(issuer: &World, statement: &Bytes) -> Box<Allowance> {
    let key = issuer.keys().published().keys.iter().find(|key| key.usage == Use::Allowance).unwrap().key;
    sign1::open::<Allowance>(&statement.0, &key).unwrap().into_inner()
}

#[test]
fn an_answer_is_given_again_and_its_secrets_are_derived_and_not_kept() {
    let issuer = world();
    let mut device = Client::new(DEVICE);
    let login = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let LogInStarted { attempt } = twice(&issuer, &device, &login);
    let code = newest_code(&issuer, "hanako@example.test").unwrap();
    let Ticket { ticket } = twice(&issuer, &device, &EnterCode { attempt: attempt.clone(), code: code.clone() });
    let prepare = preparation(ticket.clone(), CHANNEL);
    let prepared = twice(&issuer, &device, &prepare);
    device.account = Some(prepared.account.clone());
    let confirm = confirmation(&prepared, &device, &Passkey::new(PASSKEY), |_| {});
    let first = allowance(&issuer, &twice(&issuer, &device, &confirm).allowance);
    let CardProofStarted { proof, .. } = twice(&issuer, &device, &ProveCard { source: "card-1".parse().unwrap() });
    let card_code = newest_code(&issuer, "hanako@example.test").unwrap();
    issuer.ledger().clock().advance(24 * 3_600_000);
    let second = allowance(&issuer, &twice(&issuer, &device, &Refill {}).allowance);
    assert_ne!((first.handle, first.veil), (second.handle, second.veil));

    for secret in [attempt, ticket, code, proof, card_code] {
        assert!(!is_kept(&issuer, secret.as_bytes()), "{secret}");
    }
    for allowance in [first, second] {
        assert!(!is_kept(&issuer, allowance.handle.as_bytes()) && !is_kept(&issuer, allowance.veil.as_bytes()));
    }
    // What is kept of an allowance is found by what is no secret, so the search above can find something.
    assert!(is_kept(&issuer, device.key().thumbprint().as_bytes()));
}

#[test]
fn a_name_is_for_one_call_of_one_key_for_a_day() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let card = |source: &str| ProveCard { source: source.parse().unwrap() };
    assert_eq!(code(&deliver(&issuer, &device, &card("card-1"), FIRST)), None);
    let proofs = || now(issuer.ledger().keys(Kind::CardProofs)).unwrap().len();
    let begun = proofs();
    assert_eq!(code(&deliver(&issuer, &device, &card("card-2"), FIRST)), Some(Code::IdempotencyMismatch));
    let other_path = SignOff {};
    assert_eq!(code(&deliver(&issuer, &device, &other_path, FIRST)), Some(Code::IdempotencyMismatch));
    assert_eq!(code(&deliver(&issuer, &device, &card("card-1"), FIRST)), None);
    assert_eq!(proofs(), begun);
    // Another key's call of this name is another call.
    let stopped = FreezeAccount { statement: super::freeze::order(&issuer, &channel) };
    assert_eq!(code(&deliver(&issuer, &channel, &stopped, FIRST)), None);
    assert_eq!(code(&deliver(&issuer, &device, &card("card-1"), FIRST)), None, "what was answered stays so");

    issuer.ledger().clock().advance(24 * 3_600_000 + 1_000);
    now(issuer.sweep()).unwrap();
    assert_eq!(code(&deliver(&issuer, &device, &card("card-1"), FIRST)), Some(Code::Frozen));
    issuer.ledger().clock().advance(u64::from(CLOCK_BACK) * 1_000);
    now(issuer.sweep()).unwrap();
    assert_eq!(now(issuer.ledger().keys(Kind::Calls)).unwrap(), [""; 0]);
}

#[test]
fn an_answer_is_for_a_new_proof_by_the_same_key_alone() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let text = body(&ProveCard { source: "card-1".parse().unwrap() }, FIRST);
    let captured = device.request(ProveCard::PATH, text.clone());
    assert_eq!(code(&now(issuer.answer(&captured))), None);
    assert_eq!(code(&now(issuer.answer(&captured))), Some(Code::ProofReplayed));
    let mut thief = Client::new(60);
    thief.account.clone_from(&device.account);
    assert_eq!(code(&thief.send(&issuer, ProveCard::PATH, &text)), Some(Code::NotEnrolled));
}

#[test]
fn a_refusal_is_kept_where_a_try_was_counted_and_nowhere_else() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let calls = || now(issuer.ledger().keys(Kind::Calls)).unwrap().len();
    let before = calls();
    let unknown = ProveCard { source: "card-9".parse().unwrap() };
    assert_eq!(code(&deliver(&issuer, &device, &unknown, FIRST)), Some(Code::SourceUnknown));
    assert_eq!(calls(), before);
    let stranger = Client::new(60);
    let login = LogIn { login: "hanako".into(), password: "wrong".into(), language: "en".into() };
    let LogInStarted { attempt } = stranger.call(&issuer, &login).unwrap();
    let before = calls();
    let tries = || issuer.ledger().bodies(Kind::Attempts).remove(&attempt).unwrap();
    let wrong = EnterCode { attempt: attempt.clone(), code: "00000000".into() };
    assert_eq!(code(&deliver(&issuer, &stranger, &wrong, FIRST)), Some(Code::CodeRefused));
    let counted = tries();
    for _ in 0..3 {
        assert_eq!(code(&deliver(&issuer, &stranger, &wrong, FIRST)), Some(Code::CodeRefused));
    }
    assert_eq!((calls(), tries()), (before + 1, counted.clone()));
    deliver(&issuer, &stranger, &wrong, ByCall(CallId([2; 16])));
    assert_ne!(tries(), counted);
}

#[test]
fn a_code_that_is_nobodys_is_one_guess_under_its_idempotency_key() {
    let issuer = world();
    let shop = till(&issuer, TILL, "t/1001");
    let token = super::tills::of_nobody(&issuer, 1);
    let offer = |key: &str| {
        let call =
            TakePayment { token: token.clone(), amount: Amount::of(100), currency: Currency::JPY, key: key.into() };
        shop.call(&issuer, &call).unwrap().outcome
    };
    let guesses = || issuer.ledger().bodies(Kind::Tries).remove(&guesses_keys(&"t/1001".parse().unwrap())[0]).unwrap();
    assert_eq!(offer("idempotency-key-1"), Outcome::TryAgain);
    let counted = guesses();
    assert_eq!((offer("idempotency-key-1"), guesses()), (Outcome::TryAgain, counted.clone()));
    assert_eq!(offer("idempotency-key-2"), Outcome::TryAgain);
    assert_ne!(guesses(), counted);
}

#[test]
fn a_handle_is_not_given_again_under_a_name_that_was_forgotten() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    let day = || issuer.ledger().clock().advance(24 * 3_600_000 + 1_000);
    day();
    let refilled = || {
        let reply = deliver(&issuer, &device, &Refill {}, FIRST);
        let Refilled { allowance: signed, .. } = serde_json::from_slice(&reply.body).unwrap();
        let said = allowance(&issuer, &signed);
        (said.handle, said.veil)
    };
    let first = refilled();
    assert_eq!(refilled(), first);
    day();
    now(issuer.sweep()).unwrap();
    let second = refilled();
    assert!(second.0 != first.0 && second.1 != first.1);
}

#[test]
fn a_login_whose_first_delivery_ended_halfway_is_finished_by_the_second_and_counted_once() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let login = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    let first = deliver(&issuer, &device, &login, FIRST);
    let tries = || issuer.ledger().bodies(Kind::Tries);
    let counted = tries();
    // As it is after the try was counted, before the password was looked at: the process ended there.
    let (row, kept) = issuer.ledger().bodies(Kind::Calls).pop_first().unwrap();
    let mut begun: Value = serde_json::from_str(&kept).unwrap();
    begun["answer"] = Value::Null;
    let begun: crate::issuer::delivery::Delivered = serde_json::from_value(begun).unwrap();
    let LogInStarted { attempt } = serde_json::from_slice(&first.body).unwrap();
    let codes = counted.keys().find(|key| key.starts_with("codes/")).cloned().unwrap();
    let in_row = counted.keys().find(|key| key.starts_with("codes-row/")).cloned().unwrap();
    let needs = Needs::new().and(Kind::Calls, &row).and(Kind::Attempts, &attempt);
    let needs = needs.and(Kind::Tries, &codes).and(Kind::Tries, &in_row);
    now(issuer.ledger().transact(needs, |records| {
        records.calls.put(&row, begun.clone());
        records.attempts.take(&attempt);
        records.tries.take(&codes);
        records.tries.take(&in_row);
    }))
    .unwrap();
    let second = deliver(&issuer, &device, &login, FIRST);
    let LogInStarted { attempt } = serde_json::from_slice(&second.body).unwrap();
    assert_eq!(tries(), counted);
    let code = newest_code(&issuer, "hanako@example.test").unwrap();
    assert!(device.call(&issuer, &EnterCode { attempt, code }).is_ok());
}

#[test]
fn an_answer_that_was_lost_is_given_again_after_the_issuer_s_keys_were_rotated() {
    let issuer = world();
    let (device, _) = enrolled(&issuer, "hanako");
    issuer.ledger().clock().advance(24 * 3_600_000 + 1_000);
    let said = |reply: &Reply| {
        let Refilled { allowance: signed, .. } = serde_json::from_slice(&reply.body).unwrap();
        let said = allowance(&issuer, &signed);
        (said.handle, said.veil)
    };
    let first = said(&deliver(&issuer, &device, &Refill {}, FIRST));
    now(issuer.rotate_keys()).unwrap();
    // Under the new allowance key, and with what was registered.
    assert_eq!(said(&deliver(&issuer, &device, &Refill {}, FIRST)), first);
}

#[test]
fn without_the_issuer_s_keys_in_the_ledger_nothing_is_decided_and_what_is_published_is_still_said() {
    let issuer = world();
    let device = Client::new(DEVICE);
    let row = now(issuer.ledger().keys(Kind::IssuerKeys)).unwrap().remove(0);
    let needs = Needs::new().and(Kind::IssuerKeys, &row);
    now(issuer.ledger().transact(needs, |records| records.issuer_keys.take(&row))).unwrap();
    let login = LogIn { login: "hanako".into(), password: "hanako-password".into(), language: "en".into() };
    assert_eq!(device.call(&issuer, &login).err(), Some(Code::IssuerUnavailable));
    assert!(issuer.ledger().bodies(Kind::Calls).is_empty());
    for path in [WELL_KNOWN, jwks::PATH] {
        let request =
            Request { method: "GET".into(), path: path.into(), body: vec![], proof: None, source: "::1".into() };
        assert_eq!(now(issuer.answer(&request)).status, 200);
    }
}

/// Three codes that are not this one.
fn wrong_codes(right: &str) -> [String; 3] {
    let code: u32 = right.parse().unwrap();
    [1, 2, 3].map(|more| format!("{:08}", (code + more) % 100_000_000))
}

#[test]
fn a_card_company_s_form_that_is_delivered_twice_is_one_proof_or_one_try() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let CardProofStarted { proof, .. } =
        device.call(&issuer, &ProveCard { source: "card-1".parse().unwrap() }).unwrap();
    let right = newest_code(&issuer, "hanako@example.test").unwrap();
    let show = |code: &str| now(issuer.finish_card_proof(&proof, code)).map_err(|refused| refused.code);
    let [a, b, c] = wrong_codes(&right);
    for wrong in [&a, &a, &b, &b, &a] {
        assert_eq!(show(wrong), Err(Code::CodeRefused));
    }
    assert_eq!((show(&right), show(&right), show(&c)), (Ok(()), Ok(()), Err(Code::CodeRefused)));
    let proved = kinds(&issuer, &channel).into_iter().filter(|(kind, _)| *kind == receipt::Kind::CardProved);
    assert_eq!(proved.count(), 1);

    let CardProofStarted { proof, .. } =
        device.call(&issuer, &ProveCard { source: "card-2".parse().unwrap() }).unwrap();
    let right = newest_code(&issuer, "hanako@example.test").unwrap();
    let show = |code: &str| now(issuer.finish_card_proof(&proof, code)).map_err(|refused| refused.code);
    for wrong in wrong_codes(&right) {
        assert_eq!(show(&wrong), Err(Code::CodeRefused));
    }
    assert_eq!(show(&right), Err(Code::CodeRefused), "three different ones end it");
}

#[test]
fn a_top_up_under_a_name_that_was_forgotten_is_a_charge_of_its_own() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-1");
    let confirm = |amount| {
        let intent = prepare_top_up(&issuer, &device, amount, "card-1").unwrap();
        let call = agree(&device, &intent, &Passkey::new(PASSKEY));
        assert_eq!(code(&deliver(&issuer, &device, &call, FIRST)), None);
    };
    confirm(100);
    issuer.ledger().clock().advance(24 * 3_600_000 + 1_000);
    now(issuer.sweep()).unwrap();
    confirm(30_000);
    // Credited is what cards were charged, and no more.
    assert_eq!((issuer.funding().charged(), balance(&issuer, &channel)), (30_100, 32_100));
    assert_eq!(now(issuer.ledger().keys(Kind::TopUps)).unwrap().len(), 2);
}

#[test]
fn a_passkey_s_word_stops_an_account_once_also_under_a_name_that_was_forgotten() {
    let issuer = world();
    enrolled(&issuer, "hanako");
    let stranger = Client::new(60);
    let prepare = || -> PasskeyFreezePrepared {
        serde_json::from_slice(&deliver(&issuer, &stranger, &PreparePasskeyFreeze {}, FIRST).body).unwrap()
    };
    let PasskeyFreezePrepared { nonce, .. } = prepare();
    let settings = issuer.settings();
    let challenge = freeze_challenge(&settings.issuer, &settings.rp_id, nonce);
    let word = ConfirmPasskeyFreeze { nonce, assertion: Passkey::new(PASSKEY).assert(&challenge) };
    stranger.call(&issuer, &word).unwrap();
    issuer.ledger().clock().advance(24 * 3_600_000 + 1_000);
    now(issuer.sweep()).unwrap();
    assert_ne!(prepare().nonce, nonce);
    assert_eq!(stranger.call(&issuer, &word).err(), Some(Code::IntentExpired));
}

#[test]
fn a_top_up_that_was_given_up_is_no_longer_pending_for_a_second_delivery() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    prove_card(&issuer, &device, "card-5");
    let intent = prepare_top_up(&issuer, &device, 5_000, "card-5").unwrap();
    let call = agree(&device, &intent, &Passkey::new(PASSKEY));
    let outcome = || {
        let reply = deliver(&issuer, &device, &call, FIRST);
        code(&reply).map_or_else(|| Ok(serde_json::from_slice::<IntentConfirmed>(&reply.body).unwrap()), Err)
    };
    assert!(matches!(outcome(), Ok(IntentConfirmed::Pending { .. })));
    assert!(matches!(outcome(), Ok(IntentConfirmed::Pending { .. })));
    let end = |end: fn() -> End| {
        let account = device.account.clone().unwrap();
        let id = now(issuer.ledger().keys(Kind::TopUps)).unwrap().pop().unwrap();
        let needs = Needs::new().and(Kind::TopUps, &id).and(Kind::OpenTopUps, &id).and(Kind::Accounts, &account);
        let end =
            |moment: &Moment<'_>, records: &mut Records| top_ups::end(moment, records, &account, &id, end(), None);
        now(issuer.decide(issuer.ledger().now_ms(), needs, end)).unwrap().unwrap();
    };
    issuer.ledger().clock().advance(300_000);
    // The processor has never seen it.
    end(|| End::NeverSeen { final_after: 300 });
    assert_eq!(outcome().err(), Some(Code::CardDeclined));
    assert_eq!(
        kinds(&issuer, &channel).pop().unwrap(),
        (receipt::Kind::TopUpFailed, Some("issuer-unavailable".into()))
    );
    // It has, all the same.
    end(|| End::Accepted);
    assert!(matches!(outcome(), Ok(IntentConfirmed::Done { .. })));
    assert_eq!(balance(&issuer, &channel), 7_000);
}
