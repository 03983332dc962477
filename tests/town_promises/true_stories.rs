//! What real people, tills and thieves do with the real product breaks no promise, at no moment.

use super::doctored::broken_now;
use super::facts::{ChargeFacts, Did, DidKind, Excuse, Facts, Loot, LootKind, OwnerFacts, Sale, WalletFacts};
use super::world::{Till, World, data, yen};
use jitsuin::code::Code;
use jitsuin::issuer::books::Book;
use jitsuin::issuer::ledger::{Kind as Rows, Ledger, Needs};
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::{Status, Wallet};
use jitsuin::wire::calls::Outcome;
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 86_400;

/// Hanako and whoever robs her.
pub struct Town {
    pub world: World,
    pub place: Place,
    pub wallet: Wallet<Place>,
    pub tills: [Till; 2],
    pub sales: Vec<Sale>,
    did: Vec<Did>,
    robbed: Vec<Loot>,
    copied: BTreeSet<String>,
    agreed: Vec<u64>,
    excused: Vec<Excuse>,
}

impl Town {
    pub async fn new() -> Self {
        let world = World::new().await;
        let (place, wallet) = world.hanako().await;
        let tills = [world.till("1001").await, world.till("2002").await];
        let (sales, robbed, agreed, excused) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (did, copied) = (Vec::new(), BTreeSet::new());
        let mut town = Self { world, place, wallet, tills, sales, did, robbed, copied, agreed, excused };
        town.did(DidKind::NewKey);
        town
    }

    fn now_ms(&self) -> u64 {
        u64::from(self.world.now()) * 1000
    }

    pub fn did(&mut self, what: DidKind) {
        self.did.push(Did { what, at_ms: self.now_ms() });
    }

    fn rob(&mut self, what: LootKind) {
        self.robbed.push(Loot { what, at_ms: self.now_ms() });
        if what == LootKind::Profile {
            self.copied.extend(self.wallet.state().device.map(|device| device.id));
        }
    }

    /// A code of this wallet at one of the tills.
    async fn sell(&mut self, wallet: &Wallet<Place>, till: usize, amount: u32) -> Outcome {
        let code = wallet.payment_code(None).await.unwrap().text;
        self.offer(&code, till, amount, false).await
    }

    pub async fn pay(&mut self, till: usize, amount: u32) -> Outcome {
        let code = self.wallet.payment_code(None).await.unwrap().text;
        self.offer(&code, till, amount, false).await
    }

    pub async fn offer(&mut self, code: &str, till: usize, amount: u32, by_thief: bool) -> Outcome {
        let step = self.sales.len();
        let (name, merchant) = [("t/1001", "m/1001"), ("t/2002", "m/2002")][till];
        let key = format!("sale-{step}");
        let answer = self.tills[till].charge(code, amount, &key).await;
        let told = vec![(answer.outcome, answer.payment)];
        self.sales.push(Sale {
            step,
            till: name.into(),
            merchant: merchant.into(),
            key,
            code: code.into(),
            amount: amount.into(),
            owner: 0,
            meant: !by_thief,
            by_thief,
            told,
        });
        answer.outcome
    }

    pub async fn back(&mut self, sale: usize) {
        let payment = self.sales[sale].told[0].1.clone().unwrap();
        let undone = self.tills[0].reverse(&payment, "undo").await.unwrap();
        self.sales[sale].told.push((undone.outcome, undone.payment));
    }

    pub async fn top_up(&mut self, amount: u32, card: &str) {
        self.agreed.push(amount.into());
        // Declined, or not known yet, is an answer too.
        let _ = self.world.top_up(&self.wallet, amount, card).await;
    }

    pub async fn facts(&self, calm: bool) -> Facts {
        let ledger = self.world.issuer.ledger();
        let mut accounts = BTreeMap::new();
        for id in ledger.keys(Rows::Accounts).await.unwrap() {
            let of = Needs::new().and(Rows::Accounts, &id);
            let account = ledger.look(of, |records| records.accounts.get(&id).cloned()).await.unwrap().unwrap();
            let receipts = ledger.receipts(&account.id, 0, 10_000).await.unwrap();
            accounts.insert(id, (account, receipts));
        }
        let entries = ledger.entries().await.unwrap();
        let credits = entries.iter().filter(|entry| entry.book == Book::Accounts);
        let charge = |key: &str, amount| ChargeFacts { key: key.into(), amount, charged: true, settled: true };
        let charges = credits.filter_map(|entry| {
            Some(charge(entry.movement.strip_prefix("top-up/")?, u64::try_from(entry.amount).unwrap()))
        });
        let charges = charges.collect();
        let phone = WalletFacts {
            name: "owner-1's phone 1".into(),
            state: self.wallet.state(),
            excused: self.excused.clone(),
            clock_off_ms: 0,
            codes_until: 0,
            keys: vec![data(&self.place).device_key.thumbprint()],
        };
        let owner = OwnerFacts {
            name: "owner-1".into(),
            account: data(&self.place).account.unwrap().id,
            wallets: vec![phone],
            robbed: self.robbed.clone(),
            copied: self.copied.clone(),
            top_ups_agreed: self.agreed.clone(),
            did: self.did.clone(),
            disowned: vec![],
            settled: vec![],
        };
        Facts {
            now_ms: self.now_ms(),
            behind_ms: 0,
            accounts,
            entries,
            messages: ledger.messages(0).await.unwrap(),
            owners: vec![owner],
            sales: self.sales.clone(),
            young: vec![],
            charges,
            calm,
        }
    }

    /// Nothing is broken now.
    async fn holds(&self) {
        assert_eq!(broken_now(&self.facts(false).await), []);
    }

    /// Nothing is broken once all is quiet.
    pub async fn is_calm(&self) {
        self.holds().await;
        self.world.advance(200);
        self.wallet.sync().await.unwrap();
        assert_eq!(broken_now(&self.facts(true).await), []);
    }

    async fn renew(&mut self) {
        self.did(DidKind::NewKey);
        let ceremony = self.wallet.prepare_rotation(None).await.unwrap();
        self.wallet.confirm(ceremony.id).await.unwrap();
        self.excused.clear();
    }
}

#[test]
fn an_owner_pays_in_two_shops_and_both_were_hers() {
    run(async {
        let mut town = Town::new().await;
        assert_eq!(town.pay(0, 540).await, Outcome::Approved);
        town.world.advance(60);
        town.did(DidKind::TwoShops);
        assert_eq!(town.pay(1, 460).await, Outcome::Approved);
        town.is_calm().await;
        let told = town.wallet.state().alerts[0].receipt.clone().unwrap().sequence;
        town.wallet.both_mine(told).await.unwrap();
        town.is_calm().await;
        // One code at two tills: the second is refused, and a person gives the first one back.
        let code = town.wallet.payment_code(None).await.unwrap().text;
        assert_eq!(town.offer(&code, 0, 300, false).await, Outcome::Approved);
        town.did(DidKind::OneCodeTwoTills);
        assert_eq!(town.offer(&code, 1, 300, false).await, Outcome::TokenUsed);
        town.holds().await;
        let payment = town.sales[2].told[0].1.clone().unwrap();
        let account = data(&town.place).account.unwrap().id;
        town.world.issuer.settle_held(&account, &payment, true).await.unwrap();
        town.is_calm().await;
    });
}

#[test]
fn limits_refills_locks_and_refusals_break_nothing() {
    run(async {
        let mut town = Town::new().await;
        town.top_up(30_000, "card-1").await;
        town.is_calm().await;
        town.did(DidKind::SetLimit);
        let ceremony = town.wallet.prepare_limit(yen(9_000)).await.unwrap();
        town.wallet.confirm(ceremony.id).await.unwrap();
        town.is_calm().await;
        for amount in [4_000, 4_000, 4_000] {
            town.pay(0, amount).await;
            town.is_calm().await;
        }
        assert_eq!(town.sales[2].told[0].0, Outcome::Declined);
        town.back(1).await;
        town.is_calm().await;
        // A second scan at once.
        assert_eq!(town.pay(0, 100).await, Outcome::Approved);
        town.world.advance(1);
        assert_eq!(town.pay(0, 100).await, Outcome::Declined);
        town.wallet.lock();
        town.is_calm().await;
        assert_eq!(town.wallet.state().status, Status::Locked);
        town.wallet.unlock().await.unwrap();
        for _ in 0..8 {
            town.world.advance(DAY);
            town.wallet.sync().await.unwrap();
            town.wallet.refill().await.unwrap();
            assert_eq!(town.pay(1, 1_000).await, Outcome::Approved);
            town.is_calm().await;
        }
    });
}

#[test]
fn cards_that_answer_late_twice_and_never_break_nothing() {
    run(async {
        let mut town = Town::new().await;
        for number in 2..=7 {
            let card = format!("card-{number}");
            town.world.advance(DAY);
            town.world.prove_card(&town.wallet, &card).await;
            town.top_up(1_000, &card).await;
            town.holds().await;
            town.world.advance(2_000);
            town.world.issuer.sweep().await.unwrap();
            town.is_calm().await;
        }
    });
}

#[test]
fn a_renewed_key_and_a_replaced_one_break_nothing() {
    run(async {
        let mut town = Town::new().await;
        town.top_up(10_000, "card-1").await;
        assert_eq!(town.pay(0, 540).await, Outcome::Approved);
        town.renew().await;
        town.is_calm().await;
        assert_eq!(town.pay(0, 540).await, Outcome::Approved);
        town.is_calm().await;
        // The profile is lost, and the passkey leads back.
        town.did(DidKind::SignedOff);
        town.did(DidKind::NewKey);
        town.wallet.forget().await.unwrap();
        let wallet = town.world.wallet(&town.place).await;
        let ticket = town.world.ticket(&wallet, "hanako").await.unwrap();
        let ceremony = wallet.prepare_recovery(&ticket, "New key", None).await.unwrap();
        wallet.confirm(ceremony.id).await.unwrap();
        wallet.sync().await.unwrap();
        town.wallet = wallet;
        town.is_calm().await;
        // In its cool-off the new key pays three times in 24 hours, with what the old keys paid.
        assert_eq!(town.pay(0, 1_000).await, Outcome::Approved);
        town.is_calm().await;
        assert_eq!(town.wallet.payment_code(None).await.unwrap_err().code, Code::OverAllowance);
        town.world.advance(DAY);
        town.wallet.sync().await.unwrap();
        assert_eq!(town.pay(0, 3_000).await, Outcome::Approved);
        town.is_calm().await;
    });
}

#[test]
fn a_freeze_with_a_charge_under_way_breaks_nothing() {
    run(async {
        let mut town = Town::new().await;
        town.world.prove_card(&town.wallet, "card-3").await;
        town.top_up(1_000, "card-3").await;
        town.world.advance(1);
        town.did(DidKind::Froze);
        let code = town.wallet.payment_code(None).await.unwrap().text;
        town.wallet.freeze().await.unwrap();
        assert_eq!(town.offer(&code, 0, 100, false).await, Outcome::Declined);
        town.world.advance(600);
        town.world.issuer.sweep().await.unwrap();
        town.wallet.sync().await.unwrap();
        assert_eq!(super::world::balance(&town.wallet), 3_000);
        town.is_calm().await;
        town.did(DidKind::Released);
        town.world.release(&town.wallet).await;
        town.is_calm().await;
        assert_eq!(town.pay(0, 100).await, Outcome::Approved);
        town.is_calm().await;
    });
}

#[test]
fn a_thief_with_a_copied_profile_pays_and_is_noticed() {
    run(async {
        let mut town = Town::new().await;
        town.rob(LootKind::Profile);
        town.excused.push(Excuse::Cloned);
        let thief = town.world.wallet(&town.place.copied()).await;
        let code = thief.payment_code(None).await.unwrap().text;
        assert_eq!(town.offer(&code, 0, 500, true).await, Outcome::Approved);
        town.holds().await;
        town.world.advance(100);
        // Her own next code has the same counter.
        assert_eq!(town.pay(0, 400).await, Outcome::Declined);
        town.wallet.sync().await.unwrap();
        town.holds().await;
        town.renew().await;
        town.is_calm().await;
        assert_eq!(town.pay(0, 400).await, Outcome::Approved);
        town.is_calm().await;
    });
}

#[test]
fn a_thief_with_a_picture_of_the_screen_pays_once() {
    run(async {
        let mut town = Town::new().await;
        let code = town.wallet.payment_code(None).await.unwrap().text;
        town.rob(LootKind::Screen);
        assert_eq!(town.offer(&code, 1, 500, true).await, Outcome::Approved);
        town.holds().await;
        assert_eq!(town.offer(&code, 0, 400, false).await, Outcome::TokenUsed);
        town.is_calm().await;
        let wallet = town.world.wallet(&town.place).await;
        town.sell(&wallet, 0, 100).await;
        town.holds().await;
    });
}
