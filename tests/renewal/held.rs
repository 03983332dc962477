//! A renewal that was refused by somebody on the road, who has kept the call back and may still deliver it.

use super::*;
use core::task::{Context, Poll, Waker};
use jitsuin::wallet::ports::{Request, Unreachable};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;

/// What becomes of a confirmation of a renewal on its way.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Delivered,
    /// Nothing comes back, and nothing arrives.
    Lost,
    /// It is kept, and refused in the issuer's name.
    KeptBack,
    /// It arrives, and no answer comes back.
    Unanswered,
}

/// A backend of the page's that carries everything but confirmations of renewals faithfully.
struct Backend {
    world: World,
    place: Place,
    wallet: Wallet<Place>,
    fate: Rc<Cell<Fate>>,
    kept: Rc<RefCell<Vec<Request>>>,
    /// While it is set, refusals are under way for ever.
    is_slow: Rc<Cell<bool>>,
    /// While it is set, syncs are answered 503.
    loses_syncs: Rc<Cell<bool>>,
}

impl Backend {
    async fn new() -> Self {
        let world = World::new().await;
        let (fate, kept) = (Rc::new(Cell::new(Fate::Delivered)), Rc::<RefCell<Vec<Request>>>::default());
        let (is_slow, loses_syncs) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let (to, becomes, keeps) = (world.clone(), Rc::clone(&fate), Rc::clone(&kept));
        let (slow, loses) = (Rc::clone(&is_slow), Rc::clone(&loses_syncs));
        let transport = FnTransport::new(move |request| {
            let (world, fate, keeps, slow) = (to.clone(), becomes.get(), Rc::clone(&keeps), Rc::clone(&slow));
            let loses_sync = loses.get() && request.url.ends_with("/v1/sync");
            async move {
                if loses_sync {
                    return Ok(Response { status: 503, body: Vec::new(), nonce: None, retry_after: None });
                }
                if request.url.strip_prefix(ISSUER).unwrap() != ConfirmRotation::PATH {
                    return Ok(deliver(&world, request).await);
                }
                match fate {
                    Fate::Delivered => Ok(deliver(&world, request).await),
                    Fate::Lost => Err(Unreachable::Offline),
                    Fate::Unanswered => {
                        deliver(&world, request).await;
                        Err(Unreachable::Offline)
                    }
                    Fate::KeptBack => {
                        keeps.borrow_mut().push(request);
                        poll_fn(|_| if slow.get() { Poll::Pending } else { Poll::Ready(()) }).await;
                        let body = serde_json::to_vec(&Problem::new(Code::IntentMismatch)).unwrap();
                        let status = Code::IntentMismatch.status();
                        Ok(Response { status, body, nonce: None, retry_after: None })
                    }
                }
            }
        });
        let place = world.place_over(ISSUER, transport);
        let wallet = world.wallet(&place).await;
        world.enrol(&wallet, "hanako").await.unwrap();
        Self { world, place, wallet, fate, kept, is_slow, loses_syncs }
    }

    /// A renewal that its owner confirmed, that was kept back and refused.
    async fn refused() -> Self {
        let backend = Self::new().await;
        backend.fate.set(Fate::KeptBack);
        assert_eq!(renew(&backend.wallet, None).await.unwrap_err().code, Code::IntentMismatch);
        backend.fate.set(Fate::Delivered);
        backend
    }

    /// Delivers the call that was kept first. The status of its answer.
    async fn deliver_kept(&self) -> u16 {
        let request = self.kept.borrow().first().unwrap().clone();
        deliver(&self.world, request).await.status
    }

    /// That this wallet holds the key that is active.
    async fn pays(&self, wallet: &Wallet<Place>) {
        assert_eq!(wallet.state().status, Status::Ready);
        let till = self.world.till("1001").await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 540, "sale-1").await, Outcome::Approved);
    }
}

async fn deliver(world: &World, request: Request) -> Response {
    let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
    let Reply { status, body, nonce, retry_after, .. } =
        world.answer(request.method, &path, request.body, request.proof).await;
    Response { status, body, nonce, retry_after }
}

/// Goes on until it waits for something. Its answer, if it came.
fn step<F: Future>(future: &mut core::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn a_call_that_lands_after_its_refusal_finds_the_wallet_with_the_new_key() {
    run(async {
        for restarts in [false, true] {
            let backend = Backend::refused().await;
            // The key in use goes on meanwhile: the issuer has signed that it is active.
            backend.wallet.sync().await.unwrap_or_else(|error| panic!("{error:?}"));
            assert_eq!(backend.wallet.state().status, Status::Ready);
            let backend = Backend::refused().await;
            assert_eq!(backend.deliver_kept().await, 200);
            let again = backend.world.wallet(&backend.place).await;
            let wallet = if restarts { &again } else { &backend.wallet };
            wallet.sync().await.unwrap();
            backend.pays(wallet).await;
        }
    });
}

#[test]
fn the_owner_may_try_again_at_once_and_holds_the_key_whichever_call_lands_first() {
    run(async {
        for (lands, restarts) in [(false, false), (false, true), (true, false), (true, true)] {
            let backend = Backend::refused().await;
            let again = backend.world.wallet(&backend.place).await;
            let wallet = if restarts { &again } else { &backend.wallet };
            // Asked about once more, the first one is refused again.
            backend.fate.set(Fate::KeptBack);
            let ceremony = wallet.prepare_rotation(None).await.unwrap();
            if !lands {
                backend.fate.set(Fate::Delivered);
            }
            let confirmed = wallet.confirm(ceremony.id).await;
            if lands {
                assert_eq!(confirmed.unwrap_err().code, Code::IntentMismatch);
                assert_eq!(backend.deliver_kept().await, 200);
                backend.fate.set(Fate::Delivered);
                wallet.sync().await.unwrap();
            } else {
                confirmed.unwrap();
                assert_eq!(backend.deliver_kept().await, Code::Revoked.status(), "the old key was replaced");
            }
            assert_eq!(data(&backend.place).predecessors.len(), 1);
            backend.pays(wallet).await;
            backend.world.audit().await;
        }
    });
}

#[test]
fn a_kept_call_that_lands_while_the_owner_is_asked_again_is_the_renewal() {
    run(async {
        let backend = Backend::refused().await;
        let ceremony = backend.wallet.prepare_rotation(None).await.unwrap();
        assert_eq!(backend.deliver_kept().await, 200);
        backend.wallet.confirm(ceremony.id).await.unwrap();
        backend.pays(&backend.wallet).await;
    });
}

#[test]
fn a_refused_renewal_is_given_up_once_a_signed_time_says_that_it_has_ended() {
    run(async {
        let backend = Backend::refused().await;
        let Backend { world, place, wallet, fate, .. } = &backend;
        fate.set(Fate::KeptBack);
        world.advance(301);
        wallet.sync().await.unwrap();
        assert!(data(place).rotating.is_some(), "the issuer's clocks differ by half a minute");
        world.advance(30);
        wallet.sync().await.unwrap();
        assert!(data(place).rotating.is_none());
        assert_ne!(backend.deliver_kept().await, 200);
        fate.set(Fate::Delivered);
        backend.pays(wallet).await;
        renew(wallet, None).await.unwrap();
    });
}

#[test]
fn a_renewal_for_another_custody_waits_for_the_end_of_the_one_before_and_says_how_long() {
    run(async {
        let backend = Backend::refused().await;
        backend.fate.set(Fate::KeptBack);
        let refused = backend.wallet.prepare_rotation(Some(Custody::Browser)).await.unwrap_err();
        assert_eq!(refused.code, Code::TooManyAttempts);
        let wait = refused.details.clone().unwrap().retry_after_ms.unwrap();
        assert!((300_000..=331_000).contains(&wait), "{wait}");
        backend.world.advance(wait / 1000);
        backend.fate.set(Fate::Delivered);
        backend.wallet.prepare_rotation(Some(Custody::Browser)).await.unwrap();
    });
}

#[test]
fn nine_refused_calls_of_one_renewal_are_kept_and_no_more() {
    run(async {
        let backend = Backend::refused().await;
        backend.fate.set(Fate::KeptBack);
        for _ in 1..9 {
            assert_eq!(renew(&backend.wallet, None).await.unwrap_err().code, Code::IntentMismatch);
        }
        assert_eq!(renew(&backend.wallet, None).await.unwrap_err().code, Code::TooManyAttempts);
        // The first of them is the one that lands.
        assert_eq!(backend.deliver_kept().await, 200);
        backend.fate.set(Fate::Delivered);
        backend.wallet.sync().await.unwrap();
        backend.pays(&backend.wallet).await;
    });
}

#[test]
fn a_frozen_account_stays_frozen_whatever_its_replaced_key_hears() {
    run(async {
        let backend = Backend::new().await;
        let Backend { wallet, fate, .. } = &backend;
        wallet.freeze().await.unwrap();
        wallet.sync().await.unwrap();
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        fate.set(Fate::Unanswered);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Offline);
        wallet.lock();
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::Revoked);
        fate.set(Fate::Delivered);
        wallet.unlock().await.unwrap();
        backend.loses_syncs.set(true);
        let _ = wallet.sync().await;
        assert_eq!(data(&backend.place).predecessors.len(), 1);
        assert_eq!(wallet.state().status, Status::Frozen);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Frozen);
    });
}

#[test]
fn a_late_refusal_of_an_earlier_renewal_takes_no_key_from_the_next_one() {
    run(async {
        let backend = Backend::new().await;
        let Backend { wallet, fate, is_slow, .. } = &backend;
        fate.set(Fate::Lost);
        assert_eq!(renew(wallet, None).await.unwrap_err().code, Code::Offline);
        // A sync asks again, and its refusal is under way while the owner begins anew.
        fate.set(Fate::KeptBack);
        is_slow.set(true);
        let mut sync = pin!(wallet.sync());
        assert!(step(&mut sync).is_none());
        is_slow.set(false);
        let mut prepare = pin!(wallet.prepare_rotation(None));
        let prepared = step(&mut prepare);
        sync.await.unwrap();
        let prepared = match prepared {
            Some(prepared) => prepared,
            None => prepare.await,
        };
        fate.set(Fate::Delivered);
        wallet.confirm(prepared.unwrap().id).await.unwrap();
        backend.pays(wallet).await;
    });
}
