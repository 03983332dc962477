//! Allowances that a backend in between kept back and gives out later, and those that a thief fetches in the owner's place.

use super::world::{ISSUER, Timed, World, yen};
use jitsuin::code::Code;
use jitsuin::issuer::desk::Reply;
use jitsuin::wallet::memory::{FnTransport, Place};
use jitsuin::wallet::ports::{Platform as _, Response, StoreError};
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::{Call as _, Outcome, Refill};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What the backend does with the answers to `/v1/refill`.
#[derive(Default)]
struct Hoard {
    place: RefCell<Option<Place>>,
    first: RefCell<Option<Vec<u8>>>,
    gives: Cell<bool>,
}

impl Hoard {
    /// Keeps the first body, whose storing fails, and gives it again once it is told to.
    fn meets(&self, body: Vec<u8>) -> Vec<u8> {
        if self.gives.get() {
            return self.first.borrow().clone().unwrap();
        }
        if self.first.borrow().is_none() {
            self.first.replace(Some(body.clone()));
            self.place.borrow().as_ref().unwrap().store().fail(Some(StoreError::Failed));
        }
        body
    }
}

pub(crate) async fn an_earlier_allowance_is_no_answer_to_what_was_agreed<L: Timed>(world: World<L>) {
    let hoard = Rc::new(Hoard::default());
    let (here, kept) = (world.clone(), Rc::clone(&hoard));
    let transport = FnTransport::new(move |request| {
        let (world, hoard) = (here.clone(), Rc::clone(&kept));
        async move {
            let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
            let reply = world.answer(request.method, &path, request.body, request.proof).await;
            let Reply { status, body, nonce, retry_after, .. } = reply;
            let is_refill = path == Refill::PATH && status == 200;
            let body = if is_refill { hoard.meets(body) } else { body };
            Ok(Response { status, body, nonce, retry_after })
        }
    });
    let place = world.place_over(ISSUER, transport);
    hoard.place.replace(Some(place.clone()));
    let wallet = world.wallet(&place).await;
    world.enrol(&wallet, "hanako").await.unwrap();
    let till = world.till("1001").await;
    world.advance(25 * 3600);
    // The first answer does not reach the disk; what is agreed to a moment later ends a little before it.
    assert_eq!(wallet.refill().await.unwrap_err().code, Code::StorageFailed);
    place.store().fail(None);
    world.advance(2);
    let ceremony = wallet.prepare_refill().await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 500, "sale-1").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    world.advance(2);
    let ceremony = wallet.prepare_refill().await.unwrap();
    hoard.gives.set(true);
    assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::IssuerUntrusted);
    world.advance(300);
    let code = wallet.payment_code(Some(yen(500))).await.unwrap();
    assert_eq!(till.outcome(&code.text, 500, "sale-2").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
    assert_eq!(wallet.state().alerts, []);
}

pub(crate) async fn what_a_copied_key_fetches_makes_the_issuer_forget_no_handle_of_the_owners<L: Timed>(
    world: World<L>,
) {
    let (place, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let pays = async |wallet: &Wallet<Place>, sale: &str| {
        let code = wallet.payment_code(Some(yen(100))).await.unwrap();
        till.outcome(&code.text, 100, sale).await
    };
    assert_eq!(pays(&wallet, "sale-1").await, Outcome::Approved);
    world.advance(25 * 3600);
    // The owner takes one and does not pay for some days.
    wallet.refill().await.unwrap();
    let thief = world.wallet(&place.copied()).await;
    for _ in 0..3 {
        world.advance(25 * 3600);
        thief.refill().await.unwrap();
    }
    assert_eq!(pays(&wallet, "sale-2").await, Outcome::Approved);
    // The copy counts on from what it holds, so it shows at its first payment.
    assert_eq!(pays(&thief, "sale-3").await, Outcome::Declined);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Suspended);
}

pub(crate) async fn a_code_takes_what_its_own_allowance_allows_though_a_larger_one_came_since<L: Timed>(
    world: World<L>,
) {
    let (place, wallet) = world.hanako().await;
    wallet.forget().await.unwrap();
    // The key that takes its place cools off for a day, with a small allowance.
    let wallet = world.wallet(&place).await;
    let ticket = world.ticket(&wallet, "hanako").await.unwrap();
    let ceremony = wallet.prepare_recovery(&ticket, "New key", None).await.unwrap();
    wallet.confirm(ceremony.id).await.unwrap();
    let till = world.till("1001").await;
    let most = |wallet: &Wallet<Place>| wallet.state().allowance.unwrap().per_payment.amount;
    let small = most(&wallet);
    world.advance(24 * 3600 - 20);
    wallet.sync().await.unwrap();
    let code = wallet.payment_code(None).await.unwrap();
    // The cool-off ends while the code is on the screen, and the page looks for news.
    world.advance(30);
    wallet.sync().await.unwrap();
    assert!(most(&wallet) > small);
    let over = u32::try_from(small.minor_units() + 1).unwrap();
    assert_eq!(till.outcome(&code.text, over, "sale-1").await, Outcome::AmountOver);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().alerts, []);
}
