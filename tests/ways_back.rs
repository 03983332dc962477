//! An owner always has a way back: the table of docs/account-safety.md, each cell of it walked by a real wallet at a real
//! desk, and each of its steps left out once.
#![cfg(all(feature = "wallet", feature = "issuer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "lib/world.rs"]
mod world;

use jitsuin::code::Code;
use jitsuin::issuer::account::{Account, State};
use jitsuin::issuer::ledger::{Kind as Kept, Ledger as _, Needs, Records};
use jitsuin::wallet::memory::{Place, run};
use jitsuin::wallet::ports::Platform as _;
use jitsuin::wallet::{Error, Status, Wallet};
use jitsuin::wire::calls::{Outcome, SignOff};
use world::{Caller, Till, World};

const DAY: u64 = 24 * 3600;
const DEVICES: [&str; 6] =
    ["works", "cools off", "suspended", "suspended, cools off", "signed off", "key gone, channel key or not"];
const ACCOUNTS: [&str; 4] =
    ["works", "frozen", "contact changed within 30 days", "frozen, contact changed within 30 days"];

/// An owner, in whatever state device and account are.
struct Owner {
    world: World,
    place: Place,
    wallet: Wallet<Place>,
    till: Till,
}

/// Changes hanako's account, as if it had always been so.
async fn change(world: &World, change: impl Fn(&mut Account) + Send + Sync) {
    for key in world.issuer.ledger().keys(Kept::Accounts).await.unwrap() {
        let rule = |records: &mut Records| {
            let mut account = records.accounts.get(&key).cloned().unwrap();
            if account.opened_with_wallet {
                change(&mut account);
                records.accounts.put(&key, account);
            }
        };
        world.issuer.ledger().transact(Needs::new().and(Kept::Accounts, &key), rule).await.unwrap();
    }
}

impl Owner {
    async fn new(device: &str, account: &str) -> Self {
        let world = World::new().await;
        let (place, mut wallet) = world.hanako().await;
        let till = world.till("1001").await;
        world.advance(1);
        if account.starts_with("frozen") {
            wallet.freeze().await.unwrap();
        }
        let now = world.now();
        if account.contains("contact changed") {
            change(&world, |account| account.contact_changed_at = Some(now)).await;
        }
        change(&world, |account| {
            for held in &mut account.devices {
                if device.contains("cools off") {
                    held.cooled_at = now + 24 * 3600;
                }
                if device.contains("suspended") {
                    held.state = State::Suspended;
                    held.end_intents();
                }
            }
        })
        .await;
        if device == "signed off" {
            // By whoever copied its key.
            Caller::thief_of(&world, &place).await.call(&SignOff {}).await.unwrap();
        }
        if device.contains("key gone") {
            place.store().evict();
            wallet = world.wallet(&place).await;
            assert_eq!(wallet.state().status, Status::KeyLost);
        }
        let synced = wallet.sync().await;
        assert_eq!(synced.is_err(), device == "signed off" || device.contains("key gone"));
        Self { world, place, wallet, till }
    }

    async fn step(&mut self, step: &str) -> Result<(), Error> {
        match step {
            "renew" => {
                let ceremony = self.wallet.prepare_rotation(None).await?;
                self.wallet.confirm(ceremony.id).await?;
            }
            "recover" => {
                self.wallet.forget().await?;
                self.wallet = self.world.wallet(&self.place).await;
                let ticket = self.world.ticket(&self.wallet, "hanako").await?;
                let ceremony = self.wallet.prepare_recovery(&ticket, "New key", None).await?;
                self.wallet.confirm(ceremony.id).await?;
                self.wallet.sync().await?;
            }
            "release" => {
                let ceremony = self.wallet.prepare_unfreeze().await?;
                let attempt = world::attempt(self.wallet.confirm(ceremony.id).await?);
                let code = self.world.code_for("hanako@example.test").await;
                self.wallet.unfreeze(&attempt, &code).await?;
            }
            "wait a day" => self.world.advance(DAY),
            "wait 30 days" => self.world.advance(30 * DAY),
            other => panic!("no such step: {other}"),
        }
        Ok(())
    }

    /// Whether these steps lead to a payment.
    async fn pays_after(&mut self, steps: &[&str]) -> Result<(), Error> {
        for step in steps {
            self.step(step).await?;
        }
        self.wallet.sync().await?;
        let code = self.wallet.payment_code(None).await?;
        assert_eq!(self.till.outcome(&code.text, 100, "sale").await, Outcome::Approved);
        Ok(())
    }
}

/// The table: device, account, and the steps of the way back.
fn table(page: &str) -> Vec<(String, String, Vec<String>)> {
    let section = page.split("\n### ").find(|part| part.starts_with("Ways back")).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let is_row = |line: &&str| line.starts_with('|');
    let mut lines = section.lines().skip_while(|line| !is_row(line)).take_while(is_row);
    let head = cells(lines.next().unwrap());
    assert_eq!(head.get(1..).unwrap(), ACCOUNTS.map(|account| format!("account {account}")));
    let rows: Vec<_> = lines.skip(1).map(cells).collect();
    let devices: Vec<_> = rows.iter().map(|row| row.first().unwrap().as_str()).collect();
    assert_eq!(devices, DEVICES);
    let steps = |cell: &str| match cell {
        "pays" => Vec::new(),
        way => way.split(", then ").map(str::to_owned).collect(),
    };
    let of_row = |row: &Vec<String>| {
        let device = row.first().unwrap().clone();
        let ways = row.iter().skip(1).zip(ACCOUNTS);
        ways.map(|(way, account)| (device.clone(), account.to_owned(), steps(way))).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}

#[test]
fn from_every_state_of_device_and_account_the_table_s_way_leads_back_and_no_shorter_one() {
    let table = table(&std::fs::read_to_string("docs/account-safety.md").unwrap());
    assert_eq!(table.len(), DEVICES.len() * ACCOUNTS.len());
    run(async {
        for (device, account, way) in &table {
            let way: Vec<_> = way.iter().map(String::as_str).collect();
            let mut owner = Owner::new(device, account).await;
            let walked = owner.pays_after(&way).await;
            assert!(walked.is_ok(), "device {device}, account {account}: {way:?}: {walked:?}");
            owner.world.audit().await;
            for left_out in 0..way.len() {
                let mut shorter = way.clone();
                let step = shorter.remove(left_out);
                let refused = Owner::new(device, account).await.pays_after(&shorter).await;
                assert!(refused.is_err(), "device {device}, account {account}: {way:?} without {step}");
            }
        }
    });
}

#[test]
fn whoever_has_password_messages_and_a_copied_profile_has_no_way_without_the_passkey() {
    run(async {
        let Owner { world, place, wallet, till } = Owner::new("works", "frozen").await;
        let copy = place.copied();
        copy.authenticator().forget();
        let thief = world.wallet(&copy).await;
        let nothing = |error: Error| matches!(error.code, Code::NoCredential | Code::Cancelled);
        let rotation = thief.prepare_rotation(None).await.unwrap();
        assert!(nothing(thief.confirm(rotation.id).await.unwrap_err()));
        let release = thief.prepare_unfreeze().await.unwrap();
        assert!(nothing(thief.confirm(release.id).await.unwrap_err()));
        let his = world.place();
        let fresh = world.wallet(&his).await;
        let ticket = world.ticket(&fresh, "hanako").await.unwrap();
        let ceremony = fresh.prepare_recovery(&ticket, "Thief", None).await.unwrap();
        assert!(nothing(fresh.confirm(ceremony.id).await.unwrap_err()));
        wallet.sync().await.unwrap();
        assert_eq!((wallet.state().status, wallet.state().devices.len()), (Status::Frozen, 1));
        world.release(&wallet).await;
        let code = wallet.payment_code(None).await.unwrap();
        assert_eq!(till.outcome(&code.text, 100, "sale").await, Outcome::Approved);
    });
}

#[test]
fn a_channel_key_whose_freezes_a_thief_used_up_leaves_the_device_key_s_to_the_owner() {
    run(async {
        let Owner { world, place, wallet, .. } = Owner::new("works", "works").await;
        let thief = world.wallet(&place.copied()).await;
        // A copy that he can't open has the channel key alone.
        thief.lock();
        for _ in 0..3 {
            thief.freeze().await.unwrap();
            wallet.sync().await.unwrap();
            world.release(&wallet).await;
            thief.sync().await.unwrap();
        }
        assert_eq!(thief.freeze().await.unwrap_err().code, Code::TooManyAttempts);
        wallet.lock();
        let refused = wallet.freeze().await.unwrap_err();
        assert_eq!(refused.code, Code::TooManyAttempts);
        assert_eq!(wallet.state().status, Status::Locked, "what was refused is not shown as done");
        wallet.unlock().await.unwrap();
        wallet.freeze().await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen);
        wallet.sync().await.unwrap();
        assert_eq!(wallet.state().status, Status::Frozen, "the issuer says so");
        // A new key, and the copy is heard no more.
        let ceremony = wallet.prepare_rotation(None).await.unwrap();
        wallet.confirm(ceremony.id).await.unwrap();
        world.release(&wallet).await;
        assert_eq!(thief.freeze().await.unwrap_err().code, Code::Revoked);
        assert_eq!(wallet.state().status, Status::Ready);
    });
}
