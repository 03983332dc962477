use super::*;
use crate::code::Code;
use crate::wallet::memory::{Place, run};
use crate::wallet::scripted::{World, amount, join, start};

fn present(wallet: &Wallet<Place>, max: Option<u32>) -> Result<Rc<ToPresent>, Error> {
    run(wallet.code_to_present(Form::default(), max.map(amount)))
}

fn counter(wallet: &Wallet<Place>, max: Option<u32>) -> u32 {
    present(wallet, max).unwrap().code.counter
}

#[test]
fn a_code_that_nobody_drew_is_given_to_the_next_place() {
    let world = World::new();
    let wallet = world.enrolled();
    let first = present(&wallet, None).unwrap();
    // Sooner than the next code is allowed.
    let second = present(&wallet, None).unwrap();
    assert_eq!((second.code.text.as_str(), second.made), (first.code.text.as_str(), first.made));
    assert_eq!(wallet.read(|data| data.atc).unwrap(), 1);
    wallet.drawn(7);
    assert_eq!(counter(&wallet, None), 1, "another code was drawn");
    wallet.drawn(1);
    assert_eq!(present(&wallet, None).unwrap_err().code, Code::TooFast);
    world.advance(2);
    assert_eq!(counter(&wallet, None), 2);
}

#[test]
fn two_places_that_ask_at_once_get_one_code() {
    let world = World::new();
    let wallet = world.enrolled();
    run(async {
        let one = wallet.code_to_present(Form::default(), None);
        let two = wallet.code_to_present(Form::default(), None);
        let (one, two) = join(one, two).await;
        assert_eq!((one.unwrap().code.counter, two.unwrap().code.counter), (1, 1));
    });
}

#[test]
fn another_bound_or_form_gets_a_code_of_its_own() {
    let world = World::new();
    let wallet = world.enrolled();
    assert_eq!(counter(&wallet, Some(600)), 1);
    world.advance(2);
    assert_eq!(counter(&wallet, Some(601)), 2);
    world.advance(2);
    assert_eq!(counter(&wallet, None), 3);
    world.advance(2);
    let other = run(wallet.code_to_present(Form::Emvco, None)).unwrap();
    assert_eq!(other.code.counter, 4);
    assert_eq!(run(wallet.code_to_present(Form::Emvco, None)).unwrap().code.counter, 4);
}

#[test]
fn a_code_with_less_than_30_seconds_to_live_is_not_given_again() {
    let world = World::new();
    let wallet = world.enrolled();
    assert_eq!(counter(&wallet, None), 1);
    world.advance(30);
    assert_eq!(counter(&wallet, None), 1);
    world.advance(1);
    assert_eq!(counter(&wallet, None), 2);
}

#[test]
fn what_demands_a_tap_ends_the_undrawn_code_too() {
    let ends: [fn(&Wallet<Place>); 3] = [Wallet::interrupt, Wallet::blurred, |wallet| {
        wallet.lock();
        run(wallet.unlock()).unwrap();
    }];
    for end in ends {
        let world = World::new();
        let wallet = world.enrolled();
        assert_eq!(counter(&wallet, None), 1);
        end(&wallet);
        assert_eq!(present(&wallet, None).unwrap_err().code, Code::TooFast);
        world.advance(2);
        assert_eq!(counter(&wallet, None), 2);
    }
}

#[test]
fn a_code_that_was_asked_for_before_a_blur_is_not_kept_after_it() {
    let world = World::new();
    let wallet = world.enrolled();
    run(async {
        let turn = wallet.room.codes.turn().await;
        let mut asked = Box::pin(wallet.code_to_present(Form::default(), None));
        start(&mut asked).await;
        wallet.blurred();
        drop(turn);
        assert_eq!(asked.await.unwrap().code.counter, 1);
        let next = wallet.code_to_present(Form::default(), None).await;
        assert_eq!(next.unwrap_err().code, Code::TooFast);
    });
}

#[test]
fn a_later_code_of_another_tab_takes_its_place() {
    let world = World::new();
    let wallet = world.enrolled();
    let other = world.open();
    assert_eq!(counter(&wallet, None), 1);
    world.advance(2);
    assert_eq!(run(other.payment_code(None)).unwrap().counter, 2);
    world.advance(2);
    assert_eq!(counter(&wallet, None), 3);
}

#[test]
fn only_a_blur_of_a_presentation_demands_a_tap() {
    let world = World::new();
    let wallet = world.enrolled();
    assert!(!wallet.owes_tap());
    // A prompt for the passkey takes the front: the tap that opened it counts.
    wallet.blurred();
    assert!(!wallet.owes_tap());
    wallet.began();
    wallet.blurred();
    assert!(wallet.owes_tap());
    wallet.tapped();
    assert!(!wallet.owes_tap());
    wallet.interrupt();
    assert!(wallet.owes_tap());
    wallet.began();
    assert!(!wallet.owes_tap());
}
