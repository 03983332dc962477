//! What tests of the rules share: a moment to decide in, and an account with a device.

pub(super) mod beside;
pub(super) mod client;
pub(super) mod passkey;
pub(super) mod passki;

use super::account::{Account, Credential, Device, HandleUse, Source, State};
use super::allowance::{self, Terms};
use super::entropy::{Chance, Seed, SystemEntropy};
use super::keys::Keys;
use super::ledger::{Clock, Ledger, MemoryLedger, Needs, Records};
use super::messages::Language;
use super::moment::Moment;
use super::replay::Window;
use super::settings::{PasswordCost, Settings};
use super::tier::Evidence;
use crate::rules::chain::Link;
use crate::rules::spending::Meter;
use crate::wire::allowance::Tier;
use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, Handle, Hash, Thumbprint, Veil};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::money::{Amount, Currency};
use crate::wire::sign1::Unsigned;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;

/// The time at which tests begin, seconds since 1970.
pub(super) const START: u32 = 1_790_000_000;
/// The device key's secret.
pub(super) const DEVICE: u8 = 21;
/// The handle of its allowance.
pub(super) const HANDLE: Handle = Handle([9; 8]);
/// The veil of its allowance.
pub(super) const VEIL: Veil = Veil([8; 16]);

/// Runs a future of the memory ledger, which never waits.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory ledger never waits"),
    }
}

/// Settings, keys, a seed and a time.
pub(super) struct Stage {
    pub(super) settings: Settings,
    pub(super) keys: Keys,
    pub(super) ledger: MemoryLedger,
}

impl Stage {
    pub(super) fn new() -> Self {
        let mut settings = Settings::new("https://issuer.example", &["https://wallet.example"]).unwrap();
        settings.password_cost = PasswordCost::least();
        let seed = Seed::draw(&SystemEntropy).unwrap();
        let stored = Keys::make(&Chance::new(&seed), &settings.issuer, START).unwrap();
        let keys = Keys::open(&stored, &settings.issuer).unwrap();
        Self { settings, keys, ledger: MemoryLedger::new(Clock::movable(u64::from(START) * 1000)) }
    }

    pub(super) fn advance(&self, seconds: u32) {
        self.ledger.clock().advance(u64::from(seconds) * 1000);
    }

    /// Runs a rule in one transaction.
    pub(super) fn decide<R: Send>(
        &self,
        needs: Needs,
        rule: impl Fn(&Moment<'_>, &mut Records) -> R + Send + Sync,
    ) -> R {
        let seed = Seed::draw(&SystemEntropy).unwrap();
        let now_ms = self.ledger.now_ms();
        now(self.ledger.transact(needs, |records| {
            let chance = Chance::new(&seed);
            rule(&Moment { settings: &self.settings, keys: &self.keys, now_ms, chance }, records)
        }))
        .unwrap()
    }
}

/// A key of one repeated byte.
pub(super) fn secret(byte: u8) -> SigningKey {
    SigningKey::from_slice(&[byte; 32]).unwrap()
}

/// Its public half.
pub(super) fn public(byte: u8) -> PublicKey {
    PublicKey::from_sec1(secret(byte).verifying_key().to_sec1_point(false).as_bytes()).unwrap()
}

/// Signs what is ready to be signed.
pub(super) fn sign(byte: u8, unsigned: &Unsigned) -> Signature {
    let signature: p256::ecdsa::Signature = secret(byte).sign(unsigned.message());
    Signature::from_signer(&signature.to_bytes()).unwrap()
}

/// The id of the device key.
pub(super) fn thumb() -> Thumbprint {
    public(DEVICE).thumbprint()
}

/// An account with a balance, one proved card and one device that has cooled off.
pub(super) fn account(stage: &Stage, balance: u32) -> Account {
    let id = "acc-1".parse().unwrap();
    let terms = Terms { handle: HANDLE, veil: VEIL, cooled_at: START, tier: Tier::Browser };
    let seed = Seed::draw(&SystemEntropy).unwrap();
    let chance = Chance::new(&seed);
    let moment = Moment { settings: &stage.settings, keys: &stage.keys, now_ms: stage.ledger.now_ms(), chance };
    let granted = allowance::grant(&moment, &id, Currency::JPY, thumb(), &terms);
    let device = Device {
        key: public(DEVICE),
        thumb: thumb(),
        channel_key: public(22),
        label: "phone".parse().unwrap(),
        custody: Custody::Software,
        state: State::Active,
        added_at: START,
        added_seq: 0,
        cooled_at: START,
        last_contact: START,
        last_debit: None,
        credential: Credential {
            id: Bytes(vec![1; 16]).try_into().unwrap(),
            key: Bytes(vec![2; 77]),
            counter: 0,
            counter_regressions: 0,
            backup_eligible: false,
            backed_up: false,
            backup_flips: 0,
        },
        enrolment: Hash::ZERO,
        allowance: granted,
        handles: vec![HandleUse {
            handle: HANDLE,
            veil: VEIL,
            until: u32::MAX,
            per_payment: Amount::MAX,
            retired: None,
        }],
        window: Window::default(),
        spent: Meter::default(),
        spent_offline: Meter::default(),
        topped_up: Meter::default(),
        intents_ended: 0,
        agreed_refill: None,
        signed_off_at: None,
        evidence: Evidence::default(),
        replaced_by: None,
    };
    Account {
        id,
        label: "Hanako".parse().unwrap(),
        language: Language::En,
        contact: "hanako@example.test".into(),
        contact_changed_at: None,
        user_handle: Bytes(vec![3; 32]),
        opened_with_wallet: true,
        had_device: true,
        balance: Amount::of(balance),
        currency: Currency::JPY,
        link: Link::START,
        frozen_at: None,
        frozen_seq: 0,
        spent: Meter::default(),
        topped_up: Meter::default(),
        devices: vec![device],
        sources: vec![Source {
            id: "card-1".parse().unwrap(),
            label: "VISA".parse().unwrap(),
            random: [7; 16],
            processor: "demo:normal".into(),
            proved: vec![(thumb(), START)],
        }],
        held: Vec::new(),
        reported_more: 0,
        tokens_from: 0,
        own_limit: None,
    }
}
