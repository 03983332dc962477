//! What wallets show.

use super::super::facts::{Excuse, LootKind, OwnerFacts, WalletFacts};
use super::above::most;
use super::reading::{History, Reading};
use jitsuin::issuer::account::{Account, Device, State as KeyState};
use jitsuin::rules::policy::Policy;
use jitsuin::rules::spending::Cap;
use jitsuin::wallet::Status;
use jitsuin::wallet::state::{DeviceView, SourceView};
use jitsuin::wire::allowance::Tier;
use jitsuin::wire::id::to_base64;
use jitsuin::wire::money::Amount;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::state::DeviceStatus;

/// Devices and sources that one signed state has room for.
const LISTED: usize = 32;

/// Balance, receipts, cards, devices and limit are what the ledger has or had; when nothing is under way, cards and limit are
/// what it has.
pub fn shows_what_was_signed(reading: &Reading<'_>) -> Option<String> {
    reading.owners().find_map(|(owner, history)| {
        owner.wallets.iter().find_map(|wallet| {
            let seen = unsigned(reading, wallet, history)
                .or_else(|| is_old(reading, wallet, history))
                .or_else(|| is_dead(owner, wallet, history))?;
            Some(format!("{} shows {seen}", wallet.name))
        })
    })
}

/// A key that was signed off never comes back, so no wallet may say so of one that was not. A refusal that says it is not signed:
/// a backend in between may have made it up.
fn is_dead(owner: &OwnerFacts, wallet: &WalletFacts, history: &History<'_>) -> Option<String> {
    let may_be_so = !wallet.excused.is_empty() || owner.robbed.iter().any(|loot| loot.what == LootKind::Road);
    let device = device_of(history.account, &wallet.state.device.as_ref()?.id)?;
    let says_so = wallet.state.status == Status::Revoked && device.state != KeyState::Revoked;
    (says_so && !may_be_so).then(|| "its own key as signed off, which it is not".into())
}

/// A wallet stores a key before the issuer can hear of it, and drops it only when no call of it can have an effect any more. A
/// record that the platform took or put back, and a wallet that its owner gave up, have no key to keep.
pub fn keeps_its_key(reading: &Reading<'_>) -> Option<String> {
    use Excuse::{Evicted, GivenUp, OlderRecord, OlderTerms};
    let is_excuse = |excuse: &Excuse| matches!(excuse, Evicted | GivenUp | OlderRecord | OlderTerms);
    reading.owners().find_map(|(owner, history)| {
        owner.wallets.iter().filter(|wallet| !wallet.excused.iter().any(is_excuse)).find_map(|wallet| {
            let heir = history.account.device(*wallet.keys.first()?)?.replaced_by?;
            let name = &wallet.name;
            (!wallet.keys.contains(&heir))
                .then(|| format!("{name} lacks the key {heir} that took the place of its own"))
        })
    })
}

fn unsigned(reading: &Reading<'_>, wallet: &WalletFacts, history: &History<'_>) -> Option<String> {
    let (state, account) = (&wallet.state, history.account);
    if let Some(balance) = state.balance {
        let amount = balance.amount;
        let is_signed = history.readable().rev().any(|said| said.receipt.balance == amount)
            || (history.stored.is_empty() && amount.is_zero());
        if !is_signed || balance.currency != account.currency {
            return Some(format!("a balance of {amount}, which no receipt says"));
        }
    }
    for view in &state.recent {
        let is_that = history.numbered(view.sequence).is_some_and(|said| {
            view.id == to_base64(said.link.as_bytes())
                && view.kind == said.receipt.kind
                && view.balance.amount == said.receipt.balance
                && view.at == u64::from(said.receipt.time) * 1000
        });
        if !is_that {
            return Some(format!("a receipt {} that the issuer did not sign", view.sequence));
        }
    }
    if let Some(source) = state.sources.iter().find(|view| !is_source(account, view)) {
        return Some(format!("a card {} ({})", source.id, source.label));
    }
    if let Some(device) = state.devices.iter().find(|view| !was_device(history, view)) {
        return Some(format!("a device {} that is {}", device.label, device.status.name()));
    }
    let limit = state.limit?.amount;
    (!was_limit(reading.policy, history, limit)).then(|| format!("a limit of {limit}"))
}

fn is_source(account: &Account, view: &SourceView) -> bool {
    account.source(&view.id).is_some_and(|source| {
        let usable = |from| source.proved.iter().any(|(_, at)| u64::from(*at) * 1000 == from);
        source.label.to_string() == view.label && view.usable_from.is_none_or(usable)
    })
}

fn device_of<'a>(account: &'a Account, id: &str) -> Option<&'a Device> {
    account.devices.iter().find(|device| to_base64(device.thumb.as_bytes()) == id)
}

fn was_device(history: &History<'_>, view: &DeviceView) -> bool {
    let Some(device) = device_of(history.account, &view.id) else { return false };
    let said = |kind| history.stored.iter().any(|stored| stored.kind == kind);
    let was_so = match view.status {
        DeviceStatus::Active => true,
        DeviceStatus::Suspended => device.state != KeyState::Active && said(Kind::DeviceSuspended),
        DeviceStatus::Revoked => device.state == KeyState::Revoked,
        DeviceStatus::Frozen => said(Kind::Frozen),
        _ => false,
    };
    was_so
        && view.label == device.label.to_string()
        && view.custody == device.custody
        && view.added_at == u64::from(device.added_at) * 1000
}

fn was_limit(policy: &Policy, history: &History<'_>, limit: Amount) -> bool {
    let tiers = [Tier::CoolOff, Tier::Browser, Tier::Passkey, Tier::Native].map(|tier| policy.of(tier).per_account);
    if tiers.contains(&limit) {
        return true;
    }
    let set = history.readable().filter(|said| said.receipt.kind == Kind::LimitsChanged);
    set.filter_map(|said| said.body.as_ref()?.amount).any(|own| own == limit)
}

/// The device of a wallet that must be right now.
fn settled<'a>(reading: &Reading<'_>, wallet: &WalletFacts, history: &History<'a>) -> Option<&'a Device> {
    if !reading.facts.calm || !wallet.excused.is_empty() {
        return None;
    }
    let device = device_of(history.account, &wallet.state.device.as_ref()?.id)?;
    let is_open = !matches!(wallet.state.status, Status::New | Status::Closed);
    (is_open && device.state != KeyState::Revoked).then_some(device)
}

/// When the wallet last heard of it, and now: in between a cool-off may end.
fn heard(reading: &Reading<'_>, wallet: &WalletFacts) -> [u32; 2] {
    let synced = wallet.state.synced_at.and_then(|ms| u32::try_from(ms / 1000).ok());
    [synced.unwrap_or(reading.now), reading.now]
}

fn is_old(reading: &Reading<'_>, wallet: &WalletFacts, history: &History<'_>) -> Option<String> {
    let (device, account) = (settled(reading, wallet, history)?, history.account);
    let view = |source: &jitsuin::issuer::account::Source| {
        let from = source.usable_from(device.thumb).map(|at| u64::from(at) * 1000);
        (source.id.to_string(), from)
    };
    let held: Vec<_> = account.sources.iter().take(LISTED).map(view).collect();
    let shown: Vec<_> = wallet.state.sources.iter().map(|view| (view.id.to_string(), view.usable_from)).collect();
    if held != shown {
        return Some(format!("the cards {shown:?}, and the account has {held:?}"));
    }
    let limit = |at| {
        let most = device.limits(reading.policy, at).per_account;
        Some(account.own_limit.map_or(most, |own| own.min(most)))
    };
    let shown = wallet.state.limit.map(|limit| limit.amount);
    (!heard(reading, wallet).map(limit).contains(&shown))
        .then(|| format!("a limit of {shown:?} that was another's turn"))
}

/// When nothing is under way, no code is alive and each wallet has synced: its status, balance, newest receipt, devices and
/// allowance are the ledger's. A wallet with an excuse needs a person and is passed over.
pub fn right_again(reading: &Reading<'_>) -> Option<String> {
    if !reading.facts.calm {
        return None;
    }
    reading.owners().find_map(|(owner, history)| {
        owner.wallets.iter().filter(|wallet| wallet.excused.is_empty()).find_map(|wallet| {
            let seen = stuck(wallet, history).or_else(|| behind(reading, wallet, history))?;
            Some(format!("{}: {seen}", wallet.name))
        })
    })
}

fn stuck(wallet: &WalletFacts, history: &History<'_>) -> Option<String> {
    let status = wallet.state.status;
    if matches!(status, Status::KeyLost | Status::StorageCorrupt) {
        return Some(format!("it is {}, and nothing was done to it", status.name()));
    }
    let id = &wallet.state.device.as_ref()?.id;
    let Some(device) = device_of(history.account, id) else {
        return Some(format!("it is {} with a key that the issuer does not know", status.name()));
    };
    let held = history.account.status(device);
    let is_so = match status {
        Status::New | Status::Closed => true,
        Status::Ready => held == DeviceStatus::Active,
        // A key that is being replaced must first be opened, whatever became of the account.
        Status::Locked => matches!(held, DeviceStatus::Active | DeviceStatus::Frozen),
        Status::Frozen => held == DeviceStatus::Frozen,
        Status::Suspended => held == DeviceStatus::Suspended,
        Status::Revoked => held == DeviceStatus::Revoked,
        _ => false,
    };
    (!is_so).then(|| format!("it is {}, and the issuer says {}", status.name(), held.name()))
}

fn behind(reading: &Reading<'_>, wallet: &WalletFacts, history: &History<'_>) -> Option<String> {
    let device = settled(reading, wallet, history)?;
    let (state, account) = (&wallet.state, history.account);
    // What came since it synced, as the end of a hold, it hears of at its next sync.
    let newest = history.readable().last().map_or(0, |said| u64::from(said.receipt.time) * 1000);
    if state.synced_at.is_none_or(|at| at < newest + 1000) {
        return None;
    }
    let shown = state.balance.map(|money| money.amount);
    if shown != Some(account.balance) {
        return Some(format!("it shows a balance of {shown:?}, and the account has {}", account.balance));
    }
    let newest = state.recent.first().map(|view| view.sequence);
    if newest.unwrap_or_default() != account.link.seq {
        return Some(format!("its newest receipt is {newest:?}, and the account's is {}", account.link.seq));
    }
    if account.devices.len() <= LISTED {
        let shown: Vec<_> = state.devices.iter().map(|view| (view.id.clone(), view.status)).collect();
        let row = |held: &Device| (to_base64(held.thumb.as_bytes()), account.status(held));
        // A wallet that put its own key in the place of another lists it as one device; a new one knows nothing of that.
        let may_miss =
            |held: &Device| held.replaced_by.is_some() && history.line(held.thumb) == history.line(device.thumb);
        let held = account.devices.iter().filter(|held| !may_miss(held) || shown.contains(&row(held)));
        let held: Vec<_> = held.map(row).collect();
        if held != shown {
            return Some(format!("it shows the devices {shown:?}, and the account has {held:?}"));
        }
    }
    // In a freeze no counter is named, so codes of a wrong clock are forgotten once it has ended. One that is alive counts:
    // such a clock may have dated it to this moment.
    let is_settled =
        state.status != Status::Frozen && !(reading.now - 20..reading.now + 200).contains(&wallet.codes_until);
    if is_settled { allowance(reading, wallet, account, device) } else { None }
}

fn allowance(reading: &Reading<'_>, wallet: &WalletFacts, account: &Account, device: &Device) -> Option<String> {
    let (policy, granted) = (reading.policy, &device.allowance);
    let Some(view) = wallet.state.allowance.as_ref() else {
        let is_lost = wallet.state.status == Status::Ready && reading.now < granted.until;
        return is_lost.then(|| format!("it has no allowance, and the issuer's of it ends at {}", granted.until));
    };
    let limits = [policy.of(granted.tier), most(policy, device, reading.now)];
    let (left, each, count) = (view.left.amount, view.per_payment.amount, view.count_left);
    let is_within = limits.iter().any(|most| left <= most.per_key && each <= most.per_payment && count <= most.count);
    if !is_within {
        return Some(format!("it shows {left} in {count} payments of {each}, which is above the policy"));
    }
    // Else it still has the allowance before: the answer that brought the next one was lost, and it may be smaller.
    if view.until != u64::from(granted.until) * 1000 {
        return None;
    }
    let issuers = heard(reading, wallet).map(|at| meters_leave(policy, account, device, at));
    let least = issuers.iter().map(|(amount, _)| *amount).min().unwrap_or(Amount::ZERO);
    let fewest = issuers.iter().map(|(_, count)| *count).min().unwrap_or_default();
    (left < least || count < fewest)
        .then(|| format!("it shows {left} in {count} payments, and the issuer leaves {least} in {fewest}"))
}

/// What the issuer's meters leave of a device's allowance.
fn meters_leave(policy: &Policy, account: &Account, device: &Device, now: u32) -> (Amount, u32) {
    if now >= device.allowance.until || device.state != KeyState::Active {
        return (Amount::ZERO, 0);
    }
    let most = policy.of(device.allowance.tier).per_account.min(device.limits(policy, now).per_account);
    let total = account.own_limit.map_or(most, |own| own.min(most));
    let of_account = account.spent.left(&Cap { each: Amount::MAX, total, count: u32::MAX }, now);
    let of_key = device.spent.left(&device.cap(policy, now), now);
    (of_key.amount.min(of_account.amount), of_key.count)
}
