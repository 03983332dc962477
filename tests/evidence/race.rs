//! One process gives a top-up up while another learns that the card company took the money.

use super::world::{START_MS, Timed, World, data};
use super::{exported, kinds, over_a_file};
use jitsuin::issuer::Issuer;
use jitsuin::issuer::books::Entry;
use jitsuin::issuer::demo::Plan;
use jitsuin::issuer::evidence::StoredEvidence;
use jitsuin::issuer::funding::DemoProcessor;
use jitsuin::issuer::ledger::{Clock, Kind, Ledger, LedgerError, Needs, Opening, Records, SqliteLedger};
use jitsuin::issuer::messages::Message;
use jitsuin::issuer::receipts::StoredReceipt;
use jitsuin::wallet::Confirmed;
use jitsuin::wire::id::{AccountId, Hash};
use std::sync::{Arc, Mutex};

type Other = Arc<Issuer<SqliteLedger, DemoProcessor>>;

/// A ledger that lets another process sweep before one of its next transactions.
struct Between {
    inner: SqliteLedger,
    /// After so many transactions.
    meanwhile: Mutex<Option<(usize, Other)>>,
}

impl Timed for Between {
    fn clock(&self) -> &Clock {
        self.inner.clock()
    }
}

impl Ledger for Between {
    fn now_ms(&self) -> u64 {
        self.inner.now_ms()
    }

    fn may_make_keys(&self) -> bool {
        self.inner.may_make_keys()
    }

    async fn transact<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&mut Records) -> R + Send + Sync,
    ) -> Result<R, LedgerError> {
        let due = self.meanwhile.lock().unwrap().take_if(|(left, _)| *left == 0);
        if let Some((left, _)) = &mut *self.meanwhile.lock().unwrap() {
            *left -= 1;
        }
        if let Some((_, other)) = due {
            other.sweep().await.unwrap();
        }
        self.inner.transact(needs, rule).await
    }

    async fn look<R: Send>(&self, needs: Needs, rule: impl Fn(&Records) -> R + Send + Sync) -> Result<R, LedgerError> {
        self.inner.look(needs, rule).await
    }

    async fn receipts(&self, account: &AccountId, after: u64, most: usize) -> Result<Vec<StoredReceipt>, LedgerError> {
        self.inner.receipts(account, after, most).await
    }

    async fn is_link(&self, account: &AccountId, hash: Hash) -> Result<bool, LedgerError> {
        self.inner.is_link(account, hash).await
    }

    async fn evidence(&self, account: &AccountId) -> Result<Vec<StoredEvidence>, LedgerError> {
        self.inner.evidence(account).await
    }

    async fn ended_evidence(&self, now: u32) -> Result<Vec<AccountId>, LedgerError> {
        self.inner.ended_evidence(now).await
    }

    async fn keys(&self, kind: Kind) -> Result<Vec<String>, LedgerError> {
        self.inner.keys(kind).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        self.inner.entries().await
    }

    async fn messages(&self, after: u64) -> Result<Vec<(u64, Message)>, LedgerError> {
        self.inner.messages(after).await
    }

    async fn tidy(&self, now: u32) -> Result<(), LedgerError> {
        self.inner.tidy(now).await
    }
}

#[test]
fn a_top_up_that_was_taken_while_it_was_given_up_keeps_its_evidence_under_both_receipts() {
    over_a_file("race", async |file| {
        let clock = || Clock::movable(START_MS);
        let inner = SqliteLedger::open_with(file, Opening::Either, clock()).await.unwrap();
        let world = World::over(Between { inner, meanwhile: Mutex::default() }, Plan::default(), |_| {}).await;
        let (place, wallet) = world.hanako().await;
        let account = data(&place).account.unwrap().id;
        world.prove_card(&wallet, "card-3").await;
        world.advance(600);
        assert!(matches!(world.top_up(&wallet, 1_000, "card-3").await.unwrap(), Confirmed::Pending { .. }));
        world.advance(600);
        // The other process's card company has never seen the charge.
        let inner = SqliteLedger::open_with(file, Opening::Either, clock()).await.unwrap();
        inner.clock().set(world.issuer.ledger().now_ms());
        let settings = world.issuer.settings().clone();
        let other = Arc::new(Issuer::open(inner, DemoProcessor::new(), settings).await.unwrap());
        // Between the look at the top-up and its end.
        *world.issuer.ledger().meanwhile.lock().unwrap() = Some((1, other));
        world.issuer.sweep().await.unwrap();
        let export = exported(&world, &account).await;
        let last = export["receipts"].as_array().unwrap().len() - 2;
        let ends: Vec<_> = export["receipts"].as_array().unwrap()[last..]
            .iter()
            .map(|receipt| receipt["evidence"]["kind"].as_str().unwrap_or("none").to_owned())
            .collect();
        assert_eq!(ends, ["step-up", "step-up"], "given up, then taken after all: {:?}", kinds(&export));
        world.audit().await;
    });
}
