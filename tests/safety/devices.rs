//! Devices that are suspended, replaced or erased.

use super::*;

pub(super) async fn a_suspended_device_is_replaced_by_a_new_key_with_its_passkey_and_pays_small_amounts<L: Timed>(
    world: World<L>,
) {
    let (place, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    change(&world, |account| account.devices[0].state = jitsuin::issuer::account::State::Suspended).await;
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Suspended);
    wallet.forget().await.unwrap();
    // The record is gone, the passkey is not.
    let again = world.wallet(&place).await;
    let ticket = world.ticket(&again, "hanako").await.unwrap();
    let refused = again.prepare_enrolment(&ticket, "New key", None).await.unwrap_err();
    assert_eq!(refused.code, Code::NotFirstDevice);
    let ceremony = again.prepare_recovery(&ticket, "New key", None).await.unwrap();
    again.confirm(ceremony.id).await.unwrap();
    again.sync().await.unwrap();
    let state = again.state();
    assert_eq!((state.status, state.alerts), (Status::Ready, vec![]));
    assert_eq!(balance(&again), 2_000);
    assert!(state.device.unwrap().cool_off_until.is_some());
    let code = again.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 1_000, "sale-1").await, Outcome::Approved);
    world.audit().await;
}

pub(super) async fn a_wallet_that_is_erased_signs_its_device_off_where_it_can_and_its_passkey_leads_back<L: Timed>(
    world: World<L>,
) {
    let (place, wallet) = world.hanako().await;
    let key = world::Caller::thief_of(&world, &place).await;
    wallet.forget().await.unwrap();
    assert_eq!(wallet.state().status, Status::New);
    let refused = key.call(&jitsuin::wire::calls::Refill {}).await.unwrap_err();
    assert_eq!(refused.code, Code::Revoked.name(), "a copy of the key is dead");
    let told = world.issuer.inbox(0).await.unwrap();
    assert!(told.iter().any(|(_, message)| message.subject == "A device was signed off"));
    let again = world.wallet(&place).await;
    let ticket = world.ticket(&again, "hanako").await.unwrap();
    let ceremony = again.prepare_recovery(&ticket, "New key", None).await.unwrap();
    again.confirm(ceremony.id).await.unwrap();
    again.sync().await.unwrap();
    assert_eq!((again.state().status, balance(&again)), (Status::Ready, 2_000));
    let gone = again.receipts(None, 20).into_iter().filter(|receipt| receipt.kind == Kind::DeviceRevoked);
    assert_eq!(gone.count(), 1);
    // Out of reach it is erased all the same, and the issuer goes on knowing it.
    let key = world::Caller::thief_of(&world, &place).await;
    place.transport().set_offline(true);
    again.forget().await.unwrap();
    assert_eq!(again.state().status, Status::New);
    assert_eq!(key.call(&jitsuin::wire::calls::Refill {}).await.unwrap_err().code, Code::CoolingOff.name());
}

pub(super) async fn of_several_devices_the_one_whose_passkey_is_here_is_replaced<L: Timed>(world: World<L>) {
    let (_, first) = world.hanako().await;
    // The second device is registered as if by the ceremony for further ones.
    change(&world, |account| account.had_device = false).await;
    let place = world.place();
    let second = world.wallet(&place).await;
    world.enrol(&second, "hanako").await.unwrap();
    let till = world.till("1001").await;
    let old = second.payment_code(None).await.unwrap();
    place.store().evict();
    let lost = world.wallet(&place).await;
    assert_eq!(lost.state().status, Status::KeyLost);
    lost.forget().await.unwrap();
    let again = world.wallet(&place).await;
    let ticket = world.ticket(&again, "hanako").await.unwrap();
    let ceremony = again.prepare_recovery(&ticket, "New key", None).await.unwrap();
    place.authenticator().set_mode(Mode::Refuse);
    assert_eq!(again.confirm(ceremony.id).await.unwrap_err().code, Code::Cancelled);
    place.authenticator().set_mode(Mode::Approve);
    again.confirm(ceremony.id).await.unwrap();
    assert_eq!(place.authenticator().prompts(), ["create", "get", "get", "get", "get"]);
    again.sync().await.unwrap();
    assert_eq!(again.state().status, Status::Ready);
    assert_eq!(till.outcome(&old.text, 100, "sale-1").await, Outcome::Declined);
    let code = again.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 540, "sale-2").await, Outcome::Approved);
    world.advance(61);
    first.sync().await.unwrap();
    assert_eq!(first.state().status, Status::Ready);
    let code = first.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 460, "sale-3").await, Outcome::Approved);
    let stranger = world.wallet(&world.place()).await;
    let ticket = world.ticket(&stranger, "hanako").await.unwrap();
    let ceremony = stranger.prepare_recovery(&ticket, "Theirs", None).await.unwrap();
    let refused = stranger.confirm(ceremony.id).await.unwrap_err().code;
    assert!(matches!(refused, Code::NoCredential | Code::Cancelled), "{refused}");
    world.audit().await;
}

pub(super) async fn a_suspended_device_hears_why_and_its_owner_is_told_elsewhere_too<L: Timed>(world: World<L>) {
    let (_, wallet) = world.hanako().await;
    let till = world.till("1001").await;
    let code = wallet.payment_code(None).await.unwrap();
    assert_eq!(till.outcome(&code.text, 100, "sale-1").await, Outcome::Approved);
    wallet.sync().await.unwrap();
    change(&world, |account| {
        account.devices[0].state = jitsuin::issuer::account::State::Suspended;
    })
    .await;
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Suspended);
    assert_eq!(wallet.payment_code(None).await.unwrap_err().code, Code::Suspended);
    // Stopping still works.
    wallet.freeze().await.unwrap();
    let told = world.issuer.inbox(0).await.unwrap();
    assert!(told.iter().any(|(_, message)| message.subject == "Your account is frozen"));
}

/// A backend in between may keep one confirmation back until another key is in use, whose place it would take.
pub(super) async fn a_recovery_that_was_prepared_before_another_one_was_confirmed_comes_to_nothing<L: Timed>(
    world: World<L>,
) {
    let (place, _) = world.hanako().await;
    let prepares = async || {
        let wallet = world.wallet(&place.synced()).await;
        let ticket = world.ticket(&wallet, "hanako").await.unwrap();
        let ceremony = wallet.prepare_recovery(&ticket, "New phone", None).await.unwrap();
        (wallet, ceremony.id)
    };
    let (late, kept_back) = prepares().await;
    world.advance(61);
    let (wallet, ceremony) = prepares().await;
    wallet.confirm(ceremony).await.unwrap();
    assert_eq!(late.confirm(kept_back).await.unwrap_err().code, Code::TicketExpired);
    wallet.sync().await.unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
}
