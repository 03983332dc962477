//! Limits: the allowance, a freeze, and what a thief takes.

use super::doctored::*;
use super::facts::{Facts, LootKind};
use jitsuin::issuer::account::State as KeyState;
use jitsuin::rules::spending::Entry;
use jitsuin::wire::money::Currency;
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::token::Limit;

#[test]
fn nothing_above_the_allowance() {
    let name = "nothing-above-the-allowance";
    // Ten payments in 24 hours, of which three are there.
    let shop = |facts: &mut Facts, payments: u32| {
        for atc in 0..payments {
            later(facts, 100);
            pay(facts, 10, (900 + atc, [1; 4]));
        }
    };
    keeps(|facts| shop(facts, 8));
    breaks(name, |facts| shop(facts, 9));
    // 10,000 at once; 20,000 in 24 hours.
    let rich = |facts: &mut Facts, amounts: &[u32]| {
        later(facts, 900);
        top_up(facts, 30_000);
        for (atc, amount) in (900..).zip(amounts) {
            later(facts, 100);
            pay(facts, *amount, (atc, [1; 4]));
        }
    };
    keeps(|facts| rich(facts, &[10_000, 8_760]));
    breaks(name, |facts| rich(facts, &[10_001]));
    breaks(name, |facts| rich(facts, &[10_000, 8_761]));
    // In a cool-off less.
    // In a cool-off the key has 3,000, of which 540 and 700 are gone; and it may not have topped up, as it did.
    let cooling = |sum: u32| {
        let mut facts = story();
        later(&mut facts, 100);
        own(&mut facts).0.devices[0].cooled_at = now(&facts) + 1;
        pay(&mut facts, sum, (900, [1; 4]));
        broken_now(&facts).remove(0).seen
    };
    assert!(cooling(1_760).ends_with("tops up in the cool-off"));
    assert!(cooling(1_761).ends_with("a key's 24 hours is 3000 at most"));
    // What the owner set, and what was granted.
    let set = |facts: &mut Facts, limit: u32| {
        later(facts, 1);
        own(facts).0.own_limit = Some(amount(limit));
        write(facts, Kind::LimitsChanged, Some(limit), |_, _| {});
        facts.owners[0].wallets.clear();
        shop(facts, 1);
    };
    keeps(|facts| set(facts, 1_250));
    breaks(name, |facts| set(facts, 1_249));
    breaks(name, |facts| {
        later(facts, 8 * 86_400);
        pay(facts, 10, (900, [1; 4]));
    });
    // What the code says.
    let bounded = |facts: &mut Facts, limit: Limit| {
        shop(facts, 1);
        let at = now(facts);
        facts.sales.last_mut().unwrap().code = code((900, [1; 4]), at, limit);
    };
    let currency = Currency::JPY;
    keeps(|facts| bounded(facts, Limit::UpTo { amount: amount(10), currency }));
    breaks(name, |facts| bounded(facts, Limit::UpTo { amount: amount(9), currency }));
    // Offline: 10,000 in two payments.
    breaks(name, |facts| {
        let at = now(facts);
        (0..3).for_each(|_| own(facts).0.devices[0].spent_offline.add(amount(1), at));
    });
}

#[test]
fn no_top_up_above_the_limits() {
    let name = "nothing-above-the-allowance";
    let top_ups = |facts: &mut Facts, apart: u64, amounts: &[u32]| {
        for amount in amounts {
            later(facts, apart);
            top_up(facts, *amount);
        }
    };
    keeps(|facts| top_ups(facts, 900, &[15_000, 30_000]));
    breaks(name, |facts| top_ups(facts, 900, &[30_001]));
    breaks(name, |facts| top_ups(facts, 900, &[30_000, 15_001]));
    breaks(name, |facts| top_ups(facts, 900, &[1, 1, 1]));
    breaks(name, |facts| top_ups(facts, 599, &[1, 1]));
}

#[test]
fn frozen_moves_nothing() {
    let name = "frozen-moves-nothing";
    keeps(freeze);
    breaks(name, |facts| {
        freeze(facts);
        later(facts, 1);
        pay(facts, 10, (900, [1; 4]));
    });
    // Agreed to before the freeze, and after it.
    keeps(|facts| {
        later(facts, 900);
        let (at, agreed) = (now(facts), amount(1_000));
        freeze(facts);
        top_up(facts, 1_000);
        let (account, _) = own(facts);
        for meter in [&mut account.topped_up, &mut account.devices[0].topped_up] {
            meter.take_back(Entry { at: at + 700, amount: agreed });
            meter.add(agreed, at);
        }
    });
    breaks(name, |facts| {
        freeze(facts);
        later(facts, 900);
        top_up(facts, 1_000);
    });
    // A code that was drawn before the release.
    let release = |facts: &mut Facts, age: u32| {
        freeze(facts);
        later(facts, 10);
        write(facts, Kind::Unfrozen, None, |_, _| {});
        own(facts).0.frozen_at = None;
        later(facts, 1);
        pay(facts, 10, (900, [1; 4]));
        let at = now(facts);
        facts.sales.last_mut().unwrap().code = code((900, [1; 4]), at - age, Limit::Allowance);
    };
    keeps(|facts| release(facts, 1));
    breaks(name, |facts| release(facts, 2));
    // The account says something else than its receipts.
    breaks(name, |facts| {
        freeze(facts);
        own(facts).0.frozen_at = None;
    });
}

fn freeze(facts: &mut Facts) {
    later(facts, 700);
    write(facts, Kind::Frozen, None, |_, _| {});
    let at = now(facts);
    own(facts).0.frozen_at = Some(at);
}

#[test]
fn a_thief_takes_at_most() {
    let name = "a-thief-takes-at-most";
    let steal = |facts: &mut Facts, payments: u32| {
        for atc in 0..payments {
            later(facts, 100);
            pay(facts, 100, (900 + atc, [1; 4]));
            let sale = facts.sales.last_mut().unwrap();
            (sale.meant, sale.by_thief) = (false, true);
        }
    };
    breaks(name, |facts| steal(facts, 1));
    breaks(name, |facts| {
        rob(facts, LootKind::Login);
        steal(facts, 1);
    });
    for what in [LootKind::Screen, LootKind::Road, LootKind::Till] {
        keeps(|facts| {
            rob(facts, what);
            steal(facts, 1);
        });
        breaks(name, |facts| {
            rob(facts, what);
            steal(facts, 2);
        });
    }
    keeps(|facts| {
        rob(facts, LootKind::Profile);
        steal(facts, 3);
    });
    // Before he had it.
    breaks(name, |facts| {
        steal(facts, 1);
        later(facts, 1);
        rob(facts, LootKind::Profile);
    });
    // A key that was ended.
    breaks(name, |facts| {
        rob(facts, LootKind::Profile);
        suspend(facts);
        steal(facts, 1);
    });
    breaks(name, |facts| {
        later(facts, 1);
        write(facts, Kind::DeviceRevoked, None, |_, _| {});
        own(facts).0.devices[0].state = KeyState::Revoked;
        pay(facts, 10, (900, [1; 4]));
    });
}
