use super::*;
use crate::wallet::memory::{Mode, Place, run};
use crate::wallet::scripted::{World, amount, join, start};
use crate::wallet::state::Status;
use crate::wire::money::Currency;

async fn top_up(wallet: &Wallet<Place>, yen: u32) -> Ceremony {
    wallet.prepare_top_up(amount(yen), Currency::JPY, "card-1".parse().unwrap()).await.unwrap()
}

#[test]
fn a_new_ceremony_aborts_the_open_prompt_and_waits_for_it() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.authenticator().set_mode(Mode::Hang);
    run(async {
        let old = top_up(&wallet, 1_000).await;
        let mut confirm = Box::pin(wallet.confirm(old.id));
        start(&mut confirm).await;
        let (ended, new) = join(confirm, top_up(&wallet, 2_000)).await;
        assert_eq!(ended.unwrap_err().code, Code::Superseded);
        assert_eq!(wallet.confirm(old.id).await.unwrap_err().code, Code::Superseded);
        world.place.authenticator().set_mode(Mode::Approve);
        assert!(matches!(wallet.confirm(new.id).await, Ok(Confirmed::Receipt { .. })));
        assert_eq!(wallet.confirm(new.id).await.unwrap_err().code, Code::IntentExpired);
    });
}

#[test]
fn a_second_confirm_is_busy_and_harms_nothing() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.authenticator().set_mode(Mode::Hang);
    run(async {
        let ceremony = top_up(&wallet, 1_000).await;
        let mut confirm = Box::pin(wallet.confirm(ceremony.id));
        start(&mut confirm).await;
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Busy);
        let (ended, ()) = join(confirm, wallet.cancel(ceremony.id)).await;
        assert_eq!(ended.unwrap_err().code, Code::Cancelled);
        assert_eq!(wallet.state().ceremony, None);
        // Safe for any id at any time.
        wallet.cancel(ceremony.id).await;
        wallet.cancel(99).await;
    });
}

#[test]
fn every_prompt_settles_by_its_deadline() {
    for mode in [Mode::Hang, Mode::Ignore] {
        let world = World::new();
        let wallet = world.enrolled();
        world.place.authenticator().set_mode(mode);
        run(async {
            let ceremony = top_up(&wallet, 1_000).await;
            let mut confirm = Box::pin(wallet.confirm(ceremony.id));
            start(&mut confirm).await;
            let late = async { world.place.clock().advance(PATIENCE) };
            let (ended, ()) = join(confirm, late).await;
            assert_eq!(ended.unwrap_err().code, Code::TimedOut, "{mode:?}");
        });
    }
}

#[test]
fn closing_ends_the_prompt_and_the_keys() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.authenticator().set_mode(Mode::Hang);
    run(async {
        let ceremony = top_up(&wallet, 1_000).await;
        let mut confirm = Box::pin(wallet.confirm(ceremony.id));
        start(&mut confirm).await;
        let (ended, ()) = join(confirm, wallet.close()).await;
        assert_eq!(ended.unwrap_err().code, Code::Closed);
        assert_eq!(wallet.state().status, Status::Closed);
        assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Closed);
        assert_eq!(wallet.sync().await.unwrap_err().code, Code::Closed);
        assert_eq!(wallet.unlock().await.unwrap_err().code, Code::Closed);
        assert_eq!(wallet.log_in("a", "b", "en").await.unwrap_err().code, Code::Closed);
    });
}

#[test]
fn the_platforms_refusals_have_their_codes() {
    let world = World::new();
    let wallet = world.enrolled();
    run(async {
        let ceremony = top_up(&wallet, 1_000).await;
        world.place.authenticator().set_mode(Mode::UvFail);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::Cancelled);
        world.place.authenticator().set_focused(false);
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::NotFocused);
        world.place.authenticator().set_focused(true);
        world.place.authenticator().set_mode(Mode::Approve);
        assert!(wallet.confirm(ceremony.id).await.is_ok());
    });
}

#[test]
fn what_was_cancelled_may_be_confirmed_again_and_only_a_newer_one_supersedes_it() {
    let world = World::new();
    let wallet = world.enrolled();
    run(async {
        let ceremony = top_up(&wallet, 1_000).await;
        wallet.cancel(ceremony.id).await;
        assert_eq!(wallet.state().ceremony, None);
        world.place.authenticator().set_mode(Mode::Hang);
        let mut confirm = Box::pin(wallet.confirm(ceremony.id));
        start(&mut confirm).await;
        assert_eq!(wallet.state().ceremony, Some("top-up"));
        // The next tap comes before the first prompt is closed.
        let cancel = wallet.cancel(ceremony.id);
        let (ended, ()) = join(confirm, cancel).await;
        assert_eq!(ended.unwrap_err().code, Code::Cancelled);
        world.place.authenticator().set_mode(Mode::Approve);
        assert!(matches!(wallet.confirm(ceremony.id).await, Ok(Confirmed::Receipt { .. })));
        assert_eq!(wallet.confirm(ceremony.id).await.unwrap_err().code, Code::IntentExpired);
        let old = top_up(&wallet, 1_000).await;
        wallet.cancel(old.id).await;
        let new = top_up(&wallet, 2_000).await;
        assert_eq!(wallet.confirm(old.id).await.unwrap_err().code, Code::Superseded);
        wallet.cancel(new.id).await;
    });
}
