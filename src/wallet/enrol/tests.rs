use super::*;
use crate::wallet::memory::{Mode, Place, Tamper, run};
use crate::wallet::scripted::{Trick, World, account, join};
use crate::wallet::state::Status;

async fn prepared(wallet: &Wallet<Place>) -> Result<Ceremony, Error> {
    let attempt = wallet.log_in("hanako", "password", "ja").await?;
    let ticket = wallet.enter_code(&attempt, "12345678").await?;
    wallet.prepare_enrolment(&ticket, " Phone\n", Some("hanako")).await
}

#[test]
fn a_login_a_code_and_a_passkey_make_a_device() {
    let world = World::new();
    let wallet = world.open();
    assert_eq!(wallet.state().status, Status::New);
    let ceremony = run(prepared(&wallet)).unwrap();
    assert_eq!(wallet.state().ceremony, Some("enrol"));
    let Confirmed::Enrolled { device } = run(wallet.confirm(ceremony.id)).unwrap() else { panic!() };
    assert!(device.here);
    assert_eq!(device.label, "Phone");
    let state = wallet.state();
    assert_eq!(state.status, Status::Ready);
    assert_eq!(state.ceremony, None);
    assert_eq!(state.account_label.as_deref(), Some("hanako"));
    assert_eq!(state.balance.unwrap().amount.minor_units(), 10_000);
    assert_eq!(state.alerts, []);
    use super::super::ports::Platform;
    assert_eq!(world.place.authenticator().prompts(), ["create", "get"]);
    // The record says the same after a reload, without network.
    world.place.transport().set_offline(true);
    let again = world.open();
    assert_eq!(again.state().status, Status::Ready);
    assert_eq!(again.state().device.unwrap().id, device.id);
    let refused = run(again.log_in("hanako", "password", "ja")).unwrap_err();
    assert_eq!(refused.code, Code::AlreadyEnrolled);
}

#[test]
fn two_tabs_end_with_one_key_and_one_device() {
    let world = World::new();
    let (one, two) = (world.open(), world.open());
    let (first, second) = run(join(prepared(&one), prepared(&two)));
    let (first, second) = (first.unwrap(), second.unwrap());
    let (left, right) = run(join(one.confirm(first.id), two.confirm(second.id)));
    let Ok(Confirmed::Enrolled { device: left }) = left else { panic!() };
    let Ok(Confirmed::Enrolled { device: right }) = right else { panic!() };
    assert_eq!(left.id, right.id);
    assert_eq!(world.issuer.book.borrow().devices.len(), 1);
    let confirms = world.issuer.calls.borrow().iter().filter(|path| *path == "/v1/enrolment/confirm").count();
    assert_eq!(confirms, 1);
    assert_eq!(two.state().status, Status::Ready);
}

#[test]
fn what_the_passkey_answers_is_checked_before_the_device_key_signs() {
    use super::super::ports::Platform;
    let table = [
        (Tamper::Uv, Code::UserNotVerified),
        (Tamper::Up, Code::UserNotVerified),
        (Tamper::Challenge, Code::AssertionRefused),
        (Tamper::Type, Code::AssertionRefused),
        (Tamper::Origin, Code::WrongOrigin),
        (Tamper::CrossOrigin, Code::WrongOrigin),
        (Tamper::RpId, Code::WrongRp),
    ];
    for (tamper, code) in table {
        let world = World::new();
        let wallet = world.open();
        let ceremony = run(prepared(&wallet)).unwrap();
        world.place.authenticator().tamper(Some(tamper));
        assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, code, "{tamper:?}");
        assert_eq!(wallet.state().status, Status::New);
        assert!(world.issuer.book.borrow().devices.is_empty());
    }
}

#[test]
fn a_refused_prompt_may_be_asked_for_again() {
    use super::super::ports::Platform;
    let world = World::new();
    let wallet = world.open();
    let ceremony = run(prepared(&wallet)).unwrap();
    world.place.authenticator().set_mode(Mode::Refuse);
    assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::Cancelled);
    assert_eq!(wallet.state().ceremony, Some("enrol"));
    world.place.authenticator().set_mode(Mode::Approve);
    assert!(run(wallet.confirm(ceremony.id)).is_ok());
}

#[test]
fn a_lost_answer_is_found_again() {
    use super::super::ports::Platform;
    // By the same ceremony, and by the next sync after a crash.
    for crash in [false, true] {
        let world = World::new();
        let wallet = world.open();
        let ceremony = run(prepared(&wallet)).unwrap();
        world.place.transport().lose_answers(1);
        assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::Offline);
        assert_eq!(wallet.state().status, Status::New);
        assert_eq!(world.issuer.book.borrow().devices.len(), 1);
        let wallet = if crash {
            let again = world.open();
            run(again.sync()).unwrap();
            again
        } else {
            assert!(matches!(run(wallet.confirm(ceremony.id)), Ok(Confirmed::Enrolled { .. })));
            wallet
        };
        assert_eq!(wallet.state().status, Status::Ready);
        assert!(run(wallet.payment_code(None)).is_ok());
        assert_eq!(world.issuer.book.borrow().allowances, 1);
        assert_eq!(world.place.authenticator().prompts(), ["create", "get"]);
    }
}

#[test]
fn a_login_after_a_lost_answer_opens_the_channel_key_that_failed_to_open_once() {
    use super::super::ports::{KeyError, Platform};
    let world = World::new();
    let wallet = world.open();
    let ceremony = run(prepared(&wallet)).unwrap();
    world.place.transport().lose_answers(1);
    assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::Offline);
    let again = world.open();
    // As the page opens where the platform fails once over the channel key.
    again.room.channel.replace(None);
    world.place.keys().fail_opening(Some(KeyError::Failed));
    assert_eq!(run(again.log_in("hanako", "password", "ja")).unwrap_err().code, Code::StorageFailed);
    world.place.keys().fail_opening(None);
    assert!(run(again.log_in("hanako", "password", "ja")).is_ok());
}

#[test]
fn another_account_than_expected_is_refused() {
    let world = World::new();
    let wallet = world.open();
    let refused = run(async {
        let attempt = wallet.log_in("hanako", "password", "ja").await?;
        let ticket = wallet.enter_code(&attempt, "12345678").await?;
        wallet.prepare_enrolment(&ticket, "", Some("taro")).await
    });
    assert_eq!(refused.unwrap_err().code, Code::WrongAccount);
    assert_eq!(wallet.state().ceremony, None);
}

#[test]
fn a_wrong_code_and_an_unaccepted_custody_are_refused() {
    let world = World::new();
    let wallet = world.open();
    let refused = run(async {
        let attempt = wallet.log_in("hanako", "password", "ja").await?;
        wallet.enter_code(&attempt, "00000000").await
    });
    assert_eq!(refused.unwrap_err().code, Code::CodeRefused);

    let world = World::new();
    let settings = crate::wallet::Settings { custody: None, ..World::settings() };
    let wallet = run(Wallet::open(world.place.clone(), settings)).unwrap();
    // Software custody is never chosen silently.
    let refused = run(wallet.log_in("hanako", "password", "ja")).unwrap_err();
    assert_eq!(refused.code, Code::Unsupported);
    assert_eq!(*world.issuer.calls.borrow(), Vec::<String>::new());
}

#[test]
fn the_issuers_refusal_leaves_nothing_behind() {
    use super::super::ports::Platform;
    let world = World::new();
    let wallet = world.open();
    let ceremony = run(prepared(&wallet)).unwrap();
    world.issuer.trick.set(Some(Trick::Refuse(Code::NotFirstDevice)));
    assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::NotFirstDevice);
    assert_eq!(wallet.state().status, Status::New);
    assert!(wallet.read(|data| data.enrolling.is_none() && data.account.is_none()).unwrap());
    assert_eq!(run(wallet.confirm(ceremony.id)).unwrap_err().code, Code::IntentExpired);
    assert_eq!(run(wallet.sync()).unwrap_err().code, Code::NotEnrolled);
    assert_eq!(world.place.authenticator().prompts().len(), 2);
    assert_eq!(account().as_str(), "acc-1");
}

#[test]
fn a_clock_that_is_years_off_still_gets_its_allowance() {
    use super::super::ports::Platform;
    // The issuer's keys are valid from 2023 to 2030.
    let years = 1_000 * 24 * 3_600_000 * 4;
    for skew_ms in [-years, years] {
        let world = World::skewed(skew_ms);
        let wallet = world.enrolled();
        assert_eq!(wallet.state().clock_offset_ms, -skew_ms);
        assert!(wallet.read(|data| data.unopened.is_none() && data.allowance.is_some()).unwrap());
        assert!(run(wallet.payment_code(None)).is_ok());
        assert_eq!(world.place.authenticator().prompts(), ["create", "get"]);
    }
}
