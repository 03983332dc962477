//! One story for each call: what leads to it, the call under the mishaps, and what its answer is good for.

use super::world::{Caller, Till, World, attempt, receipt, yen};
use jitsuin::code::Code;
use jitsuin::wallet::memory::Place;
use jitsuin::wallet::ports::{Authenticator as _, Platform as _, RequestOptions};
use jitsuin::wallet::{Confirmed, Wallet};
use jitsuin::wire::calls::*;
use jitsuin::wire::id::Hash;
use jitsuin::wire::money::Currency;
use jitsuin::wire::receipt::Kind;
use std::cell::Cell;
use std::time::Duration;

thread_local! {
    /// How often the same is asked for again, at the most.
    static PATIENCE: Cell<u32> = const { Cell::new(0) };
}

/// What the person, or the till, does after a call that was not answered: the same again.
macro_rules! again {
    ($call:expr) => {{
        let mut taps = 0;
        loop {
            match $call.await {
                Err(error) if taps < PATIENCE.get() && is_unanswered(&error) => taps += 1,
                answer => break answer.unwrap(),
            }
        }
    }};
}

trait Coded {
    fn code(&self) -> String;
}

impl Coded for jitsuin::wallet::Error {
    fn code(&self) -> String {
        self.code.name().into()
    }
}

impl Coded for Problem {
    fn code(&self) -> String {
        self.code.clone()
    }
}

fn is_unanswered(error: &impl Coded) -> bool {
    // A code whose counters could not be named says `sync-needed`; the till of these tests says `issuer-refused` of an answer
    // that it can't read.
    [Code::Offline, Code::ProofReplayed, Code::ForeignAnswer, Code::IssuerRefused, Code::SyncNeeded]
        .map(Code::name)
        .contains(&error.code().as_str())
}

const LOGIN: &str = "hanako";
const CONTACT: &str = "hanako@example.test";

async fn enrolled(world: &World) -> (Place, Wallet<Place>) {
    let (place, wallet) = world.hanako().await;
    world.advance(60);
    (place, wallet)
}

async fn new(world: &World) -> Wallet<Place> {
    world.wallet(&world.place()).await
}

async fn ticket(world: &World, caller: &Caller) -> String {
    let (login, password, language) = (LOGIN.into(), format!("{LOGIN}-password"), "en".into());
    let attempt = caller.call(&LogIn { login, password, language }).await.unwrap().attempt;
    let code = world.code_for(CONTACT).await;
    caller.call(&EnterCode { attempt, code }).await.unwrap().ticket
}

/// A wallet whose record is gone and whose passkey is here, with a ticket.
async fn lost(world: &World) -> (Wallet<Place>, String) {
    let (place, wallet) = enrolled(world).await;
    wallet.forget().await.unwrap();
    let wallet = world.wallet(&place).await;
    let ticket = world.ticket(&wallet, LOGIN).await.unwrap();
    (wallet, ticket)
}

async fn frozen(world: &World) -> Wallet<Place> {
    let (_, wallet) = enrolled(world).await;
    wallet.freeze().await.unwrap();
    wallet
}

async fn pays(world: &World, wallet: &Wallet<Place>) {
    world.advance(2);
    let till = world.till("1001").await;
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "proof-of-life").await, Outcome::Approved);
}

async fn till(world: &World) -> (Till, String) {
    let (_, wallet) = enrolled(world).await;
    (world.till("1001").await, wallet.payment_code(None).await.unwrap().text)
}

/// Plays the story of this call; `arm` begins the mishaps, which cost the person so many taps more.
pub(crate) async fn play(path: &str, world: &World, taps: u32, arm: impl Fn()) {
    PATIENCE.set(taps);
    match path {
        FollowNews::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            again!(wallet.follow_news());
        }
        Sync::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            again!(wallet.sync());
        }
        NameCounters::PATH => {
            let (place, wallet) = enrolled(world).await;
            place.clock().set_skew(3_600_000);
            wallet.payment_code(Some(yen(100))).await.unwrap();
            place.clock().set_skew(0);
            arm();
            again!(wallet.payment_code(Some(yen(100))));
            pays(world, &wallet).await;
        }
        LogIn::PATH => {
            let wallet = new(world).await;
            arm();
            let attempt = again!(wallet.log_in(LOGIN, "hanako-password", "en"));
            wallet.enter_code(&attempt, &world.code_for(CONTACT).await).await.unwrap();
        }
        EnterCode::PATH => {
            let wallet = new(world).await;
            let attempt = wallet.log_in(LOGIN, "hanako-password", "en").await.unwrap();
            let code = world.code_for(CONTACT).await;
            arm();
            let ticket = again!(wallet.enter_code(&attempt, &code));
            wallet.prepare_enrolment(&ticket, "Phone", None).await.unwrap();
        }
        PrepareEnrolment::PATH | ConfirmEnrolment::PATH => {
            let wallet = new(world).await;
            let ticket = world.ticket(&wallet, LOGIN).await.unwrap();
            arm();
            let ceremony = again!(wallet.prepare_enrolment(&ticket, "Phone", None));
            again!(wallet.confirm(ceremony.id));
            wallet.sync().await.unwrap();
            pays(world, &wallet).await;
        }
        PrepareRecovery::PATH | ConfirmRecovery::PATH => {
            let (wallet, ticket) = lost(world).await;
            arm();
            let ceremony = again!(wallet.prepare_recovery(&ticket, "Phone", None));
            again!(wallet.confirm(ceremony.id));
            wallet.sync().await.unwrap();
            pays(world, &wallet).await;
        }
        PrepareRotation::PATH | ConfirmRotation::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            let ceremony = again!(wallet.prepare_rotation(None));
            again!(wallet.confirm(ceremony.id));
            wallet.sync().await.unwrap();
            pays(world, &wallet).await;
        }
        Refill::PATH => {
            let (_, wallet) = enrolled(world).await;
            world.advance(24 * 3600);
            wallet.sync().await.unwrap();
            arm();
            again!(wallet.refill());
            pays(world, &wallet).await;
        }
        PrepareTopUp::PATH | ConfirmIntent::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            let ceremony = again!(wallet.prepare_top_up(yen(5_000), Currency::JPY, "card-1".parse().unwrap()));
            let done: Confirmed = again!(wallet.confirm(ceremony.id));
            assert_eq!(receipt(done).balance.amount, yen(7_000));
        }
        PrepareRefill::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            let ceremony = again!(wallet.prepare_refill());
            receipt(wallet.confirm(ceremony.id).await.unwrap());
            pays(world, &wallet).await;
        }
        PrepareLimit::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            let ceremony = again!(wallet.prepare_limit(yen(1_000)));
            receipt(wallet.confirm(ceremony.id).await.unwrap());
        }
        ProveCard::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            let started = again!(wallet.prove_card("card-4".parse().unwrap()));
            world.issuer.finish_card_proof(&started.proof, &world.code_for(CONTACT).await).await.unwrap();
        }
        SignOff::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            again!(wallet.forget());
        }
        FreezeAccount::PATH => {
            let (_, wallet) = enrolled(world).await;
            arm();
            again!(wallet.freeze());
            assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
        }
        ReportUse::PATH => {
            let (_, wallet) = enrolled(world).await;
            pays(world, &wallet).await;
            wallet.sync().await.unwrap();
            let paid = wallet.receipts(None, 1).remove(0).sequence;
            arm();
            again!(wallet.not_mine(paid));
            assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
        }
        BothMine::PATH => {
            let (_, wallet) = enrolled(world).await;
            pays(world, &wallet).await;
            world.advance(20);
            let code = wallet.payment_code(None).await.unwrap();
            let other = world.till("2002").await;
            assert_eq!(other.outcome(&code.text, 100, "elsewhere").await, Outcome::Approved);
            wallet.sync().await.unwrap();
            let told = wallet.state().alerts[0].receipt.clone().unwrap().sequence;
            arm();
            again!(wallet.both_mine(told));
            wallet.sync().await.unwrap();
            let released = wallet.receipts(None, 20).into_iter().filter(|receipt| receipt.kind == Kind::Released);
            assert_eq!(released.count(), 1);
        }
        FreezeByTicket::PATH => {
            enrolled(world).await;
            let page = Caller::stranger(world);
            let ticket = ticket(world, &page).await;
            arm();
            again!(page.call(&FreezeByTicket { ticket: ticket.clone() }));
        }
        FreezeByCode::PATH => {
            enrolled(world).await;
            let inbox = world.issuer.inbox(0).await.unwrap();
            let mut texts = inbox.into_iter().rev().filter(|(_, sent)| sent.to == CONTACT).map(|(_, sent)| sent.text);
            let alarm = texts.find(|text| text.contains("To stop everything")).unwrap();
            let code: String = alarm.lines().last().unwrap().into();
            let page = Caller::stranger(world);
            arm();
            again!(page.call(&FreezeByCode { code: code.clone() }));
        }
        PreparePasskeyFreeze::PATH | ConfirmPasskeyFreeze::PATH => {
            let (place, _) = enrolled(world).await;
            let page = Caller::stranger(world);
            arm();
            let nonce = again!(page.call(&PreparePasskeyFreeze {})).nonce;
            let settings = world.issuer.settings();
            let assertion = assertion(&place, freeze_challenge(&settings.issuer, &settings.rp_id, nonce)).await;
            again!(page.call(&ConfirmPasskeyFreeze { nonce, assertion: assertion.clone() }));
        }
        PrepareUnfreeze::PATH | Unfreeze::PATH => {
            let wallet = frozen(world).await;
            arm();
            let ceremony = again!(wallet.prepare_unfreeze());
            let attempt = attempt(again!(wallet.confirm(ceremony.id)));
            let code = world.code_for(CONTACT).await;
            again!(wallet.unfreeze(&attempt, &code));
            pays(world, &wallet).await;
        }
        EnrolTill::PATH => {
            let inbox = world.issuer.inbox(0).await.unwrap();
            let code =
                inbox.into_iter().find_map(|(_, sent)| sent.code.filter(|_| sent.subject.contains("t/1001"))).unwrap();
            let caller = Caller::stranger(world);
            arm();
            again!(caller.call(&EnrolTill { code: code.clone() }));
        }
        WhichTill::PATH => {
            let (till, _) = till(world).await;
            arm();
            again!(till.0.call(&WhichTill {}));
        }
        TakePayment::PATH => {
            let (till, token) = till(world).await;
            arm();
            assert_eq!(again!(till.try_charge(&token, 540, "sale-1")).outcome, Outcome::Approved);
            arm();
            assert_eq!(again!(till.try_charge("JT1NOTATOKEN", 540, "sale-2")).outcome, Outcome::TryAgain);
        }
        LookUpPayment::PATH => {
            let (till, token) = till(world).await;
            till.charge(&token, 540, "sale-1").await;
            arm();
            assert_eq!(again!(till.look_up("sale-1")).outcome, Outcome::Approved);
        }
        ReversePayment::PATH => {
            let (till, token) = till(world).await;
            let payment = till.charge(&token, 540, "sale-1").await.payment.unwrap();
            arm();
            assert_eq!(again!(till.reverse(&payment, "back-1")).outcome, Outcome::Reversed);
        }
        other => panic!("{other} has no story here: what does it do when it is delivered twice?"),
    }
}

async fn assertion(place: &Place, challenge: Hash) -> jitsuin::wire::webauthn::Assertion {
    let options = RequestOptions {
        rp_id: &"localhost".parse().unwrap(),
        challenge: &challenge,
        credentials: &[super::world::data(place).account.unwrap().credential],
        prf: None,
        deadline: Duration::from_secs(60),
    };
    place.authenticator().get(&options).await.unwrap().0
}
