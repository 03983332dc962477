//! What a wallet hears, and what it shows that it has heard.
#![allow(clippy::unwrap_used)]
use super::steps::{advance, pay};
use super::*;

#[test]
fn the_wallet_shows_what_it_has_checked_and_then_its_next_code_is_good_at_once() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let shop = till(&issuer, TILL, "t/1001");
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 1), 100, "1").outcome, Outcome::Approved);
    advance(&issuer, 2);
    let newest = sync(&issuer, &channel).receipts.len() as u64;
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 2), 100, "2").outcome, Outcome::Declined);
    advance(&issuer, 1);
    let seen = Sync { nonce: Nonce([2; 16]), after: newest, shown: 0, thumb: public(DEVICE).thumbprint() };
    channel.call(&issuer, &seen).unwrap();
    assert_eq!(pay(&issuer, &shop, &token(&issuer, &account, 3), 100, "3").outcome, Outcome::Approved);
}

/// What a stream that stands open is told after the device met its end.
fn told_after(end: impl FnOnce(&World, &Client)) -> Result<u64, Code> {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    channel.send(&issuer, FollowNews::PATH, b"{\"after\":0}");
    let body = serde_json::to_vec(&FollowNews { after: 0 }).unwrap();
    let following = now(issuer.follow(&channel.request(FollowNews::PATH, body))).1.unwrap();
    assert_eq!(now(issuer.newer(&following)), Ok(following.newest));
    end(&issuer, &device);
    now(issuer.newer(&following)).map_err(|refused| refused.code)
}

#[test]
fn a_stream_ends_with_its_device() {
    let signed_off = |issuer: &World, device: &Client| {
        device.call(issuer, &SignOff {}).unwrap();
    };
    assert_eq!(told_after(signed_off), Err(Code::Revoked));
}

#[test]
fn a_stream_ends_with_a_key_that_was_replaced_and_goes_on_for_one_that_was_frozen() {
    let replaced = |issuer: &World, device: &Client| {
        super::rotation::renewed(issuer, device, Custody::Software);
    };
    assert_eq!(told_after(replaced), Err(Code::Revoked));
    let frozen = |issuer: &World, _: &Client| {
        let stranger = Client::new(60);
        let Ticket { ticket } = log_in(issuer, &stranger, "hanako", "hanako-password").unwrap();
        stranger.call(issuer, &FreezeByTicket { ticket }).unwrap();
    };
    assert!(told_after(frozen).is_ok());
}

#[test]
fn the_channel_key_follows_its_own_account_s_news_and_nobody_else_s() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let account = device.account.clone().unwrap();
    let follow = |client: &Client, after: u64| {
        client.send(&issuer, FollowNews::PATH, b"{\"after\":0}");
        let body = serde_json::to_vec(&FollowNews { after }).unwrap();
        now(issuer.follow(&client.request(FollowNews::PATH, body))).1
    };
    let newest = sync(&issuer, &channel).receipts.len() as u64;
    assert_eq!(
        follow(&channel, 0),
        Some(Following { account: account.clone(), thumb: device.key().thumbprint(), newest })
    );
    assert_eq!(follow(&device, 0), None);
    assert_eq!(follow(&Client::new(60), 0), None);
    let shop = till(&issuer, TILL, "t/1001");
    pay(&issuer, &shop, &token(&issuer, &account, 1), 100, "1");
    assert_eq!(now(issuer.newest(&account, newest)), Ok(newest + 1));
    assert_eq!(now(issuer.newest(&account, newest + 1)), Ok(newest + 1));
    // Without a stream the same call is a poll.
    assert_eq!(
        channel.call(&issuer, &FollowNews { after: newest }).unwrap(),
        News { newest: Whole::new(newest + 1).unwrap() }
    );
}
