//! Thieves who need no owner: one who knows login and password, and one who has copied the profile.

use super::{Owner, TownWallet};
use crate::town::act::Act;
use crate::town::caller::Caller;
use crate::town::chance::Chance;
use crate::town::facts::LootKind;
use crate::town::ledger::Kept;
use crate::town::phone::{Phone, TownKey};
use crate::town::plan::Step;
use crate::town::verb::Verb;
use jitsuin::code::Code;
use jitsuin::wallet::memory::SoftKey;
use jitsuin::wallet::ports::{Kept as Stored, Keys as _, Platform as _, SigningKey as _, Store as _};
use jitsuin::wallet::record::Data;
use jitsuin::wallet::{Ceremony, Error, Status, Wallet};
use jitsuin::wire::calls::{
    EnterCode, FreezeByTicket, LogIn, NameCounters, PrepareEnrolment, PrepareTopUp, Sync as SyncCall,
};
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::{Hash, Nonce, Thumbprint, to_base64};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::receipt::Kind;
use jitsuin::wire::token::{Limit, Token};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Thieves rest at a quarter to eleven, for the night is quiet.
const REST: u64 = 22 * 3600 + 45 * 60;

/// Somewhere in the network: few places, or many.
pub(super) fn somewhere(chance: &Chance) -> String {
    if chance.percent(50) { "203.0.113.9".into() } else { format!("203.{}.{}.1", chance.below(200), chance.below(250)) }
}

/// What a copied profile is worth: record, and keys unless they are sealed.
pub(super) struct Copy {
    phone: Phone,
    wallet: Rc<TownWallet>,
    /// The device key past any wallet, where it is not sealed.
    key: Option<Caller>,
    /// The channel key, which nothing seals.
    pub(super) channel: Option<Caller>,
    pub(super) thumb: Thumbprint,
}

impl<K: Kept> Owner<K> {
    /// What a thief does for some hours.
    pub async fn robbed_apart(self: Rc<Self>, step: Step) {
        let town = self.town();
        let chance = Chance::new(town.seed(), &format!("thief {}", step.number));
        let who = format!("a thief of {}", self.name);
        let status = self.status().name();
        let act = Act::new(step.number, &who, (step.verb, status), &step.troubles, town.story());
        let words = if step.verb == Verb::KnowsLogin { "knows the login" } else { "copies the profile" };
        let troubles: Vec<_> = step.troubles.iter().map(ToString::to_string).collect();
        act.say(&format!("#{} {words} ({status}) {}", step.number, troubles.join(" ")));
        town.office().stir();
        let of_day = town.story().passed_ms() / 1000 % 86_400;
        let hours = Duration::from_secs(chance.from_to(600, 6 * 3600).min(REST.saturating_sub(of_day)));
        let does = async {
            match step.verb {
                Verb::KnowsLogin => self.knows_login(&act, &chance).await,
                _ => self.has_profile(&act, step.number, &chance).await,
            }
        };
        let _ = timeout(hours, does).await;
        act.say("rests");
        town.story().acted();
    }

    /// Login and password alone are worth nothing: no contact code, no key. Each try may send the owner a code.
    async fn knows_login(&self, act: &Arc<Act>, chance: &Chance) {
        self.loses(LootKind::Login);
        for round in 0.. {
            for nth in 0..chance.weighted(&[(1, 4), (4, 3), (12, 2), (40, 1)]) {
                self.tries_login(act, chance, nth).await;
                sleep(Duration::from_secs(chance.below(20))).await;
            }
            act.say(&format!("has tried to log in, round {}", round + 1));
            sleep(Duration::from_secs(chance.from_to(300, 7_200))).await;
        }
    }

    /// One try, and guesses of what comes after it.
    pub(super) async fn tries_login(&self, act: &Arc<Act>, chance: &Chance, nth: u64) {
        let town = self.town();
        let caller = Caller::stranger(chance.number(), self.deliver()).from(somewhere(chance));
        let name = || caller.random();
        let right = chance.percent(80);
        let password = if right { format!("{}-password", self.name) } else { format!("guess-{nth}") };
        let call = LogIn { login: self.name.clone(), password, language: "en".into() };
        let Some(Ok(started)) = caller.call(act, town.now_ms(), (&call, name())).await else { return };
        for _ in 0..chance.below(5) {
            let code = format!("{:08}", chance.below(100_000_000));
            let call = EnterCode { attempt: started.attempt.clone(), code };
            let answer = caller.call(act, town.now_ms(), (&call, name())).await;
            self.never(matches!(answer, Some(Ok(_))), "entered a contact code that he guessed");
        }
        let ticket = started.attempt;
        let called = match chance.below(3) {
            0 => {
                let channel_key = *caller.key().public();
                let call = PrepareEnrolment { ticket, channel_key, label: "Phone".into() };
                caller.call(act, town.now_ms(), (&call, name())).await.is_some_and(|answer| answer.is_ok())
            }
            1 => {
                let answer = caller.call(act, town.now_ms(), (&FreezeByTicket { ticket }, name())).await;
                answer.is_some_and(|answer| answer.is_ok())
            }
            _ => {
                let caller = caller.of(self.account.clone());
                let source = "card-1".parse().unwrap();
                let (amount, currency) = (Amount::of(30_000), Currency::JPY);
                let call = PrepareTopUp { amount, currency, source, head: Hash::ZERO };
                let answer = caller.call(act, town.now_ms(), (&call, caller.random())).await;
                answer.is_some_and(|answer| answer.is_ok())
            }
        };
        self.never(called, "did with login and password alone what takes a ticket or a key");
    }

    /// A copied profile is worth what its key may pay in 24 hours, where the key is not sealed, until the key is suspended or
    /// replaced or the account is frozen. It can stop things: freeze, sign off, object to a payment. It has no passkey.
    async fn has_profile(&self, act: &Arc<Act>, step: usize, chance: &Chance) {
        let Some(copy) = self.copied_profile(act, step).await else {
            act.say("finds nothing");
            return;
        };
        loop {
            sleep(Duration::from_secs(chance.weighted(&[(5, 2), (61, 4), (170, 2), (900, 3), (3_600, 2)]))).await;
            if chance.percent(45) {
                self.pays_with_copy(act, &copy, chance).await;
            } else {
                self.uses_copy(act, &copy, chance).await;
            }
            if copy.wallet.state().status == Status::Revoked {
                act.say("has a copy of a key that is dead");
                return;
            }
        }
    }

    pub(super) async fn copied_profile(&self, act: &Arc<Act>, step: usize) -> Option<Copy> {
        let town = self.town();
        let name = format!("{}/copy-{step}", self.name);
        let phone = self.phone().copied((town.seed(), &name), Arc::clone(act), self.deliver());
        phone.maker().offer(self.custody);
        let Ok(Stored::Record(record)) = phone.store().load().await else { return None };
        let data = Data::from_bytes(&record.data).ok()?;
        let next = data.rotating.as_ref().map(|next| next.device_key.thumbprint());
        let keys = [Some(data.device_key.thumbprint()), next];
        self.copied.borrow_mut().extend(keys.into_iter().flatten().map(|thumb| to_base64(thumb.as_bytes())));
        self.loses(LootKind::Profile);
        let opened = phone.maker().open(&record.device, &data.device_key, None).await.ok().map(TownKey::into_soft);
        if data.custody == Custody::Passkey && data.account.is_some() {
            self.never(opened.is_some(), "opened a key that is sealed under the passkey");
        }
        let caller = |key: SoftKey| {
            let account = data.account.as_ref().map(|account| account.id.clone());
            Caller::with(key, account, town.seed().wrapping_add(step as u64), self.deliver())
                .from("203.0.113.80".into())
        };
        let key = opened.map(caller);
        let channel =
            phone.maker().open(&record.channel, &data.channel_key, None).await.ok().map(TownKey::into_soft).map(caller);
        let wallet = Rc::new(Wallet::open(phone.clone(), self.settings()).await.ok()?);
        act.say(&format!(
            "has a copy that is {}, its key {}",
            wallet.state().status.name(),
            if key.is_some() { "open" } else { "sealed" }
        ));
        Some(Copy { phone, wallet, key, channel, thumb: data.device_key.thumbprint() })
    }

    /// A code of the copy: as the wallet makes it, or forged with a counter, a date and a random part of his choice.
    async fn pays_with_copy(&self, act: &Arc<Act>, copy: &Copy, chance: &Chance) {
        let town = self.town();
        if chance.percent(30) {
            // The highest counter, and a fresh allowance.
            let _ = copy.wallet.sync().await;
        }
        let code = match &copy.key {
            Some(key) if chance.percent(60) => self.forged(copy, key, chance).await,
            _ => {
                let made = copy.wallet.payment_code(None).await;
                if copy.key.is_none() {
                    self.never(made.is_ok(), "made a code with a key that is sealed under the passkey");
                }
                made.map(|code| code.text)
                    .map_err(|error| act.say(&format!("makes no code: {}", error.code.name())))
                    .ok()
            }
        };
        let Some(code) = code else { return };
        let till = town.till(usize::try_from(chance.below(3)).unwrap());
        let amount = chance.one_of(&[300_u32, 1_000, 1_000, 3_000, 3_000, 5_000, 10_000, 10_001, 30_001]);
        let outcome = till.charge(act, self.index, &code, amount, (false, true)).await;
        act.say(&format!("takes {amount} yen at {} with a copied key: {outcome:?}", till.name()));
    }

    async fn forged(&self, copy: &Copy, key: &Caller, chance: &Chance) -> Option<String> {
        let Ok(Stored::Record(record)) = copy.phone.store().load().await else { return None };
        let data = Data::from_bytes(&record.data).ok()?;
        let terms = data.allowance?;
        let now = u32::try_from(self.town().now_ms() / 1000).unwrap();
        let issued_at = now.saturating_add_signed(chance.one_of(&[0, 0, 0, -30, -61, 20, 60, 170]));
        let ahead = chance.weighted(&[(1, 6), (0, 2), (2, 3), (7, 2), (40, 1), (1_000_000, 1)]);
        let atc = data.atc.saturating_add(u32::try_from(ahead).unwrap());
        let limit = if chance.percent(80) {
            Limit::Allowance
        } else {
            let amount = Amount::of(chance.one_of(&[3_000_u32, 10_000, 30_000]));
            Limit::UpTo { amount, currency: Currency::JPY }
        };
        let life = chance.one_of(&[60, 60, 60, 61, 600, 0]);
        let [a, b, c, d, ..] = chance.number().to_be_bytes();
        let token = Token { limit, issued_at, expires_at: issued_at + life, atc, random: [a, b, c, d] };
        let unsigned = token.prepare(terms.handle, &terms.veil).ok()?;
        Some(Token::text(&unsigned, &key.key().sign_now(unsigned.message()).unwrap()))
    }

    /// Anything else that a wallet can be asked for, and calls past the wallet.
    async fn uses_copy(&self, act: &Arc<Act>, copy: &Copy, chance: &Chance) {
        let wallet = &copy.wallet;
        let amount = Amount::of(chance.one_of(&[1_000_u32, 30_000, 50_000]));
        let what = chance.weighted(&[
            ("syncs", 8),
            ("unlocks", 3),
            ("refills", 4),
            ("tops up", 3),
            ("sets the limit", 2),
            ("agrees to a refill", 2),
            ("renews the key", 2),
            ("releases", 2),
            ("opens ceremonies", 2),
            ("acknowledges alerts", 2),
            ("calls by hand", 6),
            ("objects to a payment", 1),
            ("says that both were his", 1),
            ("freezes", 1),
            ("signs off", 1),
        ]);
        let ended = match what {
            "syncs" => wallet.sync().await,
            "unlocks" => {
                let ended = wallet.unlock().await;
                self.never(ended.is_ok() && copy.key.is_none(), "unlocked a sealed key without the passkey");
                ended
            }
            "refills" => wallet.refill().await,
            "tops up" => {
                let ceremony = wallet.prepare_top_up(amount, Currency::JPY, "card-1".parse().unwrap()).await;
                self.agrees(wallet, ceremony, "topped up without the passkey").await
            }
            "sets the limit" => {
                self.agrees(wallet, wallet.prepare_limit(amount).await, "set the limit without the passkey").await
            }
            "agrees to a refill" => {
                self.agrees(wallet, wallet.prepare_refill().await, "agreed to a refill without the passkey").await
            }
            "renews the key" => {
                self.agrees(wallet, wallet.prepare_rotation(None).await, "renewed the key without the passkey").await
            }
            "releases" => {
                self.agrees(wallet, wallet.prepare_unfreeze().await, "released the account without the passkey").await
            }
            "opens ceremonies" => {
                for _ in 0..12 {
                    if let Ok(ceremony) = wallet.prepare_limit(amount).await {
                        wallet.cancel(ceremony.id).await;
                    }
                }
                Ok(())
            }
            "acknowledges alerts" => self.read_alerts(wallet).await,
            "calls by hand" => {
                self.calls_by_hand(act, copy, chance).await;
                Ok(())
            }
            "objects to a payment" => {
                let paid = wallet.receipts(None, 20).into_iter().find(|receipt| receipt.kind == Kind::Payment);
                match paid {
                    Some(paid) => wallet.not_mine(paid.sequence).await,
                    None => Ok(()),
                }
            }
            "says that both were his" => {
                let held = wallet.receipts(None, 20).into_iter().find(|receipt| receipt.kind == Kind::Held);
                match held {
                    Some(held) => wallet.both_mine(held.sequence).await,
                    None => Ok(()),
                }
            }
            "freezes" => wallet.freeze().await,
            _ => wallet.forget().await,
        };
        let ended = ended.map_err(|error| error.code.name());
        act.say(&format!("{what}: {ended:?} ({})", wallet.state().status.name()));
    }

    async fn agrees(&self, wallet: &TownWallet, ceremony: Result<Ceremony, Error>, what: &str) -> Result<(), Error> {
        let ceremony = ceremony?;
        let confirmed = wallet.confirm(ceremony.id).await;
        self.never(confirmed.is_ok(), what);
        if confirmed.as_ref().is_err_and(|error| error.code != Code::Cancelled) {
            wallet.cancel(ceremony.id).await;
        }
        confirmed.map(drop)
    }

    /// The keys past any wallet: names counters as if they were the wallet's own, and says that receipts were shown.
    async fn calls_by_hand(&self, act: &Arc<Act>, copy: &Copy, chance: &Chance) {
        let now_ms = self.town().now_ms();
        let answer = match (&copy.key, &copy.channel) {
            (Some(key), _) if chance.percent(50) => {
                let counter = u32::try_from(chance.one_of(&[0_u64, 1, 5, 40, 1_000_000, 0xffff_ffff])).unwrap();
                let call = NameCounters { nonce: Nonce(key.random()), counter };
                key.call(act, now_ms, (&call, key.random())).await.map(|answer| answer.err().map(|it| it.code))
            }
            (_, Some(key)) => {
                let (nonce, shown) = (Nonce(key.random()), chance.from_to(0, 60));
                let call = SyncCall { nonce, after: 0, shown, thumb: copy.thumb };
                key.call(act, now_ms, (&call, [0; 16])).await.map(|answer| answer.err().map(|it| it.code))
            }
            _ => None,
        };
        let refused = answer.map_or("no answer".into(), |refused| refused.unwrap_or("done".into()));
        act.say(&format!("calls by hand: {refused}"));
    }
}
