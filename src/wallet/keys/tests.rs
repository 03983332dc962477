use super::*;
use crate::wallet::memory::run;
use crate::wallet::scripted::World;
use crate::wallet::state::Status;

#[test]
fn an_evicted_record_is_not_a_first_run() {
    let world = World::new();
    assert_eq!(world.open().state().status, Status::New);
    let open = world.enrolled();
    world.place.store().evict();
    let again = world.open();
    assert_eq!(again.state().status, Status::KeyLost);
    assert_eq!(run(again.payment_code(None)).unwrap_err().code, Code::KeyLost);
    assert_eq!(run(again.sync()).unwrap_err().code, Code::KeyLost);
    // The page that was open finds out at its next code, and shows none.
    assert_eq!(run(open.payment_code(None)).unwrap_err().code, Code::KeyLost);
    assert_eq!(open.state().status, Status::KeyLost);
    assert_eq!(run(open.payment_code(None)).unwrap_err().code, Code::KeyLost);
    // A new login makes new keys.
    let attempt = run(again.log_in("hanako", "password", "ja")).unwrap();
    assert!(!attempt.is_empty());
    assert_eq!(again.state().status, Status::New);
}

#[test]
fn a_handle_that_is_no_working_key_is_a_lost_key() {
    let world = World::new();
    world.enrolled();
    world.place.keys().fail_opening(Some(KeyError::Lost));
    let wallet = world.open();
    assert_eq!(wallet.state().status, Status::KeyLost);
    assert_eq!(run(wallet.payment_code(None)).unwrap_err().code, Code::KeyLost);
    assert_eq!(run(wallet.log_in("hanako", "password", "ja")).unwrap_err().code, Code::KeyLost);
    run(wallet.forget()).unwrap();
    assert_eq!(wallet.state().status, Status::New);
}

#[test]
fn a_platform_that_fails_now_leaves_the_wallet_locked() {
    let world = World::new();
    world.enrolled();
    world.place.keys().fail_opening(Some(KeyError::Failed));
    let wallet = world.open();
    assert_eq!(wallet.state().status, Status::Locked);
    assert_eq!(run(wallet.unlock()).unwrap_err().code, Code::StorageFailed);
    world.place.keys().fail_opening(None);
    run(wallet.unlock()).unwrap();
    assert_eq!(wallet.state().status, Status::Ready);
}

#[test]
fn a_channel_key_that_failed_to_open_once_is_not_lost() {
    let world = World::new();
    world.enrolled();
    world.place.keys().fail_opening(Some(KeyError::Failed));
    let wallet = world.open();
    // The platform says what it is, and the key is still there.
    for refused in [run(wallet.sync()), run(wallet.freeze())] {
        assert_eq!(refused.unwrap_err().code, Code::StorageFailed);
    }
    world.place.keys().fail_opening(None);
    run(wallet.sync()).unwrap();
    run(wallet.freeze()).unwrap();
    assert_eq!(wallet.state().status, Status::Frozen);
}

#[test]
fn a_channel_key_that_is_gone_is_a_lost_key() {
    let world = World::new();
    world.enrolled();
    world.place.keys().fail_opening(Some(KeyError::Failed));
    let wallet = world.open();
    world.place.keys().fail_opening(Some(KeyError::Lost));
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::KeyLost);
}

#[test]
fn another_key_under_the_handle_is_a_lost_key() {
    let world = World::new();
    let wallet = world.enrolled();
    let mut data = wallet.read(Clone::clone).unwrap();
    data.device_key = data.channel_key;
    world.place.store().overwrite(&data.to_bytes());
    assert_eq!(world.open().state().status, Status::KeyLost);
}

#[test]
fn a_damaged_record_is_corrupt_and_can_be_forgotten() {
    let world = World::new();
    let open = world.enrolled();
    world.place.store().overwrite(b"{\"version\":1");
    let wallet = world.open();
    assert_eq!(wallet.state().status, Status::StorageCorrupt);
    for code in [
        run(wallet.payment_code(None)).unwrap_err().code,
        run(wallet.log_in("a", "b", "en")).unwrap_err().code,
        run(wallet.sync()).unwrap_err().code,
        run(wallet.freeze()).unwrap_err().code,
        run(open.payment_code(None)).unwrap_err().code,
    ] {
        assert_eq!(code, Code::StorageCorrupt);
    }
    // A call whose second try comes after the record was found damaged says so too, whichever key it has.
    for by in [By::Channel, By::Device, By::NewDevice] {
        assert_eq!(wallet.key(by).err().map(|error| error.code), Some(Code::StorageCorrupt));
    }
    run(wallet.forget()).unwrap();
    assert_eq!(wallet.state().status, Status::New);
    world.place.store().corrupt();
    assert_eq!(world.open().state().status, Status::StorageCorrupt);
}

#[test]
fn a_newer_record_another_issuer_and_another_root_are_refused() {
    let world = World::new();
    let wallet = world.enrolled();
    let settings = Settings { root: Some(world.issuer.root()), ..World::settings() };
    assert!(run(Wallet::open(world.place.clone(), settings)).is_ok());
    let settings = Settings { root: Some(crate::wire::id::Thumbprint([1; 32])), ..World::settings() };
    let refused = run(Wallet::open(world.place.clone(), settings)).err().unwrap();
    assert_eq!(refused.code, Code::IssuerUntrusted);
    let settings = Settings { issuer: "https://other.example".parse().unwrap(), ..World::settings() };
    assert_eq!(run(Wallet::open(world.place.clone(), settings)).err().unwrap().code, Code::BadArgument);
    drop(wallet);
    world.place.store().overwrite(b"{\"version\":4}");
    let refused = run(Wallet::open(world.place.clone(), World::settings())).err().unwrap();
    assert_eq!(refused.code, Code::UpgradeNeeded);
}

#[test]
fn lock_drops_the_key_and_unlock_brings_it_back() {
    let world = World::new();
    let wallet = world.enrolled();
    wallet.lock();
    assert!(wallet.room.device.borrow().is_none());
    assert_eq!(run(wallet.payment_code(None)).unwrap_err().code, Code::Locked);
    assert!(!wallet.report().unlocked);
    world.place.transport().set_offline(true);
    run(wallet.unlock()).unwrap();
    assert!(run(wallet.payment_code(None)).is_ok());
    wallet.lock();
    world.place.store().evict();
    assert_eq!(run(wallet.unlock()).unwrap_err().code, Code::KeyLost);
    assert_eq!(wallet.state().status, Status::KeyLost);
}

#[test]
fn a_store_that_fails_shows_no_code_and_takes_no_number() {
    let world = World::new();
    let wallet = world.enrolled();
    for (error, code) in [(StoreError::Full, Code::StorageFull), (StoreError::Failed, Code::StorageFailed)] {
        world.place.store().fail(Some(error));
        assert_eq!(run(wallet.payment_code(None)).unwrap_err().code, code);
        world.place.store().fail(None);
    }
    assert_eq!(run(wallet.payment_code(None)).unwrap().counter, 1);
}

#[test]
fn a_report_tells_nothing_personal() {
    let world = World::new();
    let wallet = world.enrolled();
    let text = serde_json::to_string(&wallet.report()).unwrap();
    let device = wallet.state().device.unwrap().id;
    for secret in ["hanako", "Phone", "acc-1", &device] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn a_wallet_that_is_forgotten_signs_its_device_off_under_the_device_key_and_a_locked_one_does_not() {
    for locked in [false, true] {
        let world = World::new();
        let wallet = world.enrolled();
        if locked {
            wallet.lock();
        }
        let (device, prompts) =
            (wallet.read(|data| data.device_key).unwrap(), world.place.authenticator().prompts().len());
        run(wallet.forget()).unwrap();
        assert_eq!(wallet.state().status, Status::New);
        assert_eq!(world.place.authenticator().prompts().len(), prompts, "nobody is asked");
        let by = world.issuer.book.borrow().signed_off_by;
        assert_eq!(by, (!locked).then(|| device.thumbprint()));
    }
}

#[test]
fn a_storage_that_forgets_and_does_not_say_so_is_asked() {
    let world = World::new();
    let wallet = world.enrolled();
    let device = wallet.read(|data| data.device_key).unwrap();
    world.place.store().silent_at(1);
    run(wallet.forget()).unwrap();
    assert_eq!(wallet.state().status, Status::New);
    assert_eq!(world.issuer.book.borrow().signed_off_by, Some(device.thumbprint()));
}

#[test]
fn what_was_forgotten_by_a_storage_that_says_nothing_at_all_is_no_lost_key() {
    let world = World::new();
    let wallet = world.enrolled();
    world.place.store().fail(Some(StoreError::NoAnswer));
    assert_eq!(run(wallet.forget()).unwrap_err().code, Code::PlatformSilent);
    assert_eq!(wallet.state().status, Status::Ready);
    // It was done.
    world.place.store().fail(None);
    run(world.place.store().erase()).unwrap();
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::NotEnrolled);
    assert_eq!(wallet.state().status, Status::New);
}
