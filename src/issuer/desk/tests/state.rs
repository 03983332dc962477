//! What a sync's answer signs of device and account.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::issuer::account::State;
use crate::wire::id::Thumbprint;
use crate::wire::state::{DeviceItem, Devices, Sources};

fn change(
    issuer: &World,
    device: &Client,
    change: impl Fn(&mut crate::issuer::account::Account) + Send + core::marker::Sync,
) {
    let id = device.account.clone().unwrap();
    let needs = Needs::new().and(Kind::Accounts, &id);
    now(issuer.ledger().transact(needs, |records| {
        let mut owner = records.accounts.get(&id).unwrap().clone();
        change(&mut owner);
        records.accounts.put(&id, owner);
    }))
    .unwrap();
}

#[test]
fn a_state_is_for_one_device_and_one_call_and_of_the_heads_moment() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let synced = sync(&issuer, &channel);
    let state = state_of(&issuer, &synced);
    assert_eq!((state.thumb, state.nonce), (public(DEVICE).thumbprint(), Nonce([1; 16])));
    assert_eq!(Some(&state.account), device.account.as_ref());
    assert_eq!(
        (state.issuer, state.seq),
        (issuer.settings().issuer.clone(), Whole::new(synced.receipts.len() as u64).unwrap())
    );
    let again = Sync { nonce: Nonce([2; 16]), after: state.seq.get(), shown: 0, thumb: public(DEVICE).thumbprint() };
    assert_eq!(state_of(&issuer, &channel.call(&issuer, &again).unwrap()).nonce, Nonce([2; 16]));
}

#[test]
fn an_account_with_more_devices_than_fit_lists_the_asking_one_the_live_ones_and_the_latest() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    let own = public(DEVICE).thumbprint();
    change(&issuer, &device, |owner| {
        let first = owner.devices[0].clone();
        let numbered = |number: u8, state| {
            let mut device = first.clone();
            (device.thumb, device.state) = (Thumbprint([number; 32]), state);
            device
        };
        owner.devices = (1..=40).map(|number| numbered(number, State::Revoked)).collect();
        owner.devices[3].state = State::Suspended;
        // The asking one came before all others.
        owner.devices.insert(0, first.clone());
    });
    let listed: Vec<Thumbprint> =
        standing(&issuer, &channel).devices.iter().map(|item: &DeviceItem| item.thumb).collect();
    assert_eq!(listed.len(), Devices::MOST);
    let latest = (41 - (Devices::MOST as u8 - 2)..=40).map(|number| Thumbprint([number; 32]));
    assert_eq!(listed, [own, Thumbprint([4; 32])].into_iter().chain(latest).collect::<Vec<_>>());
}

#[test]
fn an_account_with_more_sources_than_fit_lists_the_first() {
    let issuer = world();
    let (device, channel) = enrolled(&issuer, "hanako");
    change(&issuer, &device, |owner| {
        let first = owner.sources[0].clone();
        owner.sources = vec![first; Sources::MOST + 1];
    });
    assert_eq!(standing(&issuer, &channel).sources.len(), Sources::MOST);
}
