//! What takes a prompt: registering, topping up, renewing keys, limits and allowances, another phone.

use super::again::{CARD_CODE, LOG_IN_CODE, TRIES, may_try_again};
use super::{Ended, Owner, TownWallet};
use crate::town::act::{Act, SERVED};
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use crate::town::trouble::Port;
use jitsuin::code::Code;
use jitsuin::issuer::account::Device;
use jitsuin::wallet::{Confidence, Confirmed, Error, Status};
use jitsuin::wire::id::{SourceId, to_base64};
use jitsuin::wire::money::{Amount, Currency};
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::sleep_until;

impl<K: Kept> Owner<K> {
    /// Confirms, and tries again as pages offer it; another ceremony may begin meanwhile.
    pub(super) async fn confirm(&self, wallet: &TownWallet, id: u64) -> Result<Confirmed, Error> {
        let phone = self.phone();
        let confirm = async { self.tries(async || wallet.confirm(id).await).await.0 };
        tokio::select! {
            biased;
            ended = confirm => ended,
            never = async {
                phone.passkey().meanwhile().await;
                let _ = wallet.prepare_rotation(None).await;
                std::future::pending().await
            } => never,
        }
    }

    /// Logs in and registers this phone, in the place of another one or as the first.
    pub(super) async fn register(&self, act: &Arc<Act>, wallet: &TownWallet, again: bool) -> Ended {
        let mut last = Ended::Nothing("did not try");
        let mut again = again;
        for _ in 0..TRIES {
            match self.register_once(act, wallet, again).await {
                // The page says that there is no device to replace, and offers to register this one.
                Err(error) if error.code == Code::NoCredential => again = false,
                Ok(()) => return Ended::Done,
                Err(error) if error.code == Code::AlreadyEnrolled => {
                    self.registered();
                    return Ended::Done;
                }
                Err(error) => {
                    act.say(&format!("is not registered: {}", error.code.name()));
                    last = Ended::Refused(error);
                }
            }
            // A registration whose answer was lost goes on by itself.
            self.breath().await;
            if wallet.sync().await.is_ok() && wallet.state().device.is_some() {
                self.registered();
                return Ended::Done;
            }
        }
        last
    }

    fn registered(&self) {
        self.enrolled.set(true);
        self.given_up.set(false);
    }

    /// Logs in, with the right password: one code comes for it, and no stranger's tries are in its way.
    async fn logs_in(&self, act: &Act, wallet: &TownWallet) -> Result<String, Error> {
        let (town, password) = (self.town(), format!("{}-password", self.name));
        let before = town.codes_to(&self.name, LOG_IN_CODE);
        let log_in = async || {
            self.log_ins.borrow_mut().push(self.town().now_ms());
            wallet.log_in(&self.name, &password, "en").await
        };
        let (attempt, in_time) = self.tries(log_in).await;
        match &attempt {
            Ok(_) => self.one_code(act, (LOG_IN_CODE, before), in_time),
            Err(error) => {
                self.unheard.set(true);
                self.kept_waiting(error.code);
            }
        }
        attempt
    }

    async fn register_once(&self, act: &Act, wallet: &TownWallet, again: bool) -> Result<(), Error> {
        let attempt = self.logs_in(act, wallet).await?;
        let (code, began) = (self.town().code_for(&self.name), self.town().codes_to(&self.name, LOG_IN_CODE));
        let (ticket, in_time) = self.tries(async || wallet.enter_code(&attempt, &code).await).await;
        // The newest code, of a log-in that was answered: it is right once and stays so.
        let is_newest = began > 0 && !self.unheard.get() && self.town().codes_to(&self.name, LOG_IN_CODE) == began;
        self.done_is_done(act, &ticket, (is_newest, in_time));
        let ticket = ticket?;
        let ceremony = if again {
            wallet.prepare_recovery(&ticket, "New phone", None).await?
        } else {
            wallet.prepare_enrolment(&ticket, "Phone", None).await?
        };
        self.note(DidKind::NewKey);
        // Whatever is heard of it, it may have come through.
        self.enrolled.set(true);
        self.confirm(wallet, ceremony.id).await?;
        self.registered();
        wallet.sync().await
    }

    /// The phone is lost, or its record is; another one, to which the passkeys are synchronised, takes its place.
    /// A phone that is sold is signed off first.
    pub(super) async fn replace_phone(&self, act: &Arc<Act>, chance: &Chance) -> Ended {
        if self.status() == Status::Ready
            && chance.percent(30)
            && let Some(wallet) = self.wallet()
        {
            act.say(&format!("signs the old phone off: {:?}", self.forget(&wallet).await));
        }
        if self.phone().disk().was_older() {
            self.note(DidKind::PutBack);
        }
        let lives = matches!(self.status(), Status::Ready | Status::Locked | Status::Frozen);
        if lives && !self.phone().passkey().sealed_wrong() {
            let number = self.phones.get() + 1;
            self.phones.set(number);
            let (name, died) = (format!("{}/phone-{number}", self.name), Rc::clone(&self.died));
            let synced = Some(self.phone().passkey().synced());
            self.phone.replace(self.town().phone(&name, self.custody, Arc::clone(act), synced, died));
        } else if let Some(wallet) = self.wallet() {
            self.note(DidKind::SignedOff);
            if let Err(error) = wallet.forget().await {
                return Ended::Refused(error);
            }
        }
        self.given_up.set(true);
        self.wallet.replace(None);
        if let Err(error) = self.open().await {
            return Ended::Refused(error);
        }
        self.phone().disk().begins();
        self.phone().passkey().set_sealed_wrong(false);
        match self.wallet() {
            Some(wallet) => self.register(act, &wallet, true).await,
            None => Ended::Nothing("the page does not open"),
        }
    }

    pub(super) async fn top_up(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let amount = chance.one_of(&[1_000_u32, 5_000, 10_000, 30_000, 30_001]);
        let source: SourceId = chance.one_of(&["card-1", "card-2"]).parse().unwrap();
        let prepare = || wallet.prepare_top_up(Amount::of(amount), Currency::JPY, source.clone());
        let mut prepared = prepare().await;
        if prepared.as_ref().is_err_and(|error| error.code == Code::CardProofNeeded) {
            self.prove_card(act, wallet).await;
            prepared = prepare().await;
        }
        let ceremony = match prepared {
            Ok(ceremony) => ceremony,
            Err(error) => return Ended::Refused(error),
        };
        // Whatever is heard of it: it was agreed to once.
        self.agreed.borrow_mut().push(amount.into());
        let confirmed = self.agrees_once(act, wallet, ceremony.id).await;
        if let Err(error) = &confirmed
            && error.confidence == Confidence::Certain
            && !may_try_again(error.code)
            // A storage that fails says nothing of what was sent before.
            && !matches!(error.code, Code::StorageFull | Code::StorageFailed | Code::PlatformSilent | Code::KeyLost)
        {
            self.refused_top_ups.borrow_mut().push(amount.into());
        }
        if let Ok(confirmed) = &confirmed {
            let how = if matches!(confirmed, Confirmed::Receipt { .. }) { "receipt" } else { "pending" };
            act.say(&format!("{amount} yen from the card: {how}"));
        }
        if matches!(confirmed, Ok(Confirmed::Pending { .. })) {
            self.waits_for_the_card_company(act).await;
        }
        confirmed.map(drop).into()
    }

    /// The sweeper asks what became of a charge, or hears it in the moment when its notice comes.
    async fn waits_for_the_card_company(&self, act: &Arc<Act>) {
        let town = self.town();
        self.breath().await;
        if let Some(comes) = town.office().cards().next_notice() {
            sleep_until(comes).await;
        }
        act.bring_forward(Port::Office);
        SERVED.scope(Arc::clone(act), town.office().sweep_once()).await;
    }

    pub(super) async fn prove_card(&self, act: &Arc<Act>, wallet: &TownWallet) -> Ended {
        let sources = wallet.state().sources;
        let Some(source) = sources.iter().find(|source| source.usable_from.is_none()) else {
            return Ended::Nothing("every card is proved");
        };
        let (town, card) = (self.town(), source.id.clone());
        let before = town.codes_to(&self.name, CARD_CODE);
        let (proof, in_time) = self.tries(async || wallet.prove_card(card.clone()).await).await;
        let proof = match proof {
            Ok(proof) => proof,
            Err(error) => return Ended::Refused(error),
        };
        self.one_code(act, (CARD_CODE, before), in_time);
        let code = town.code_for(&self.name);
        if let Some((issuer, life)) = town.office().living() {
            tokio::select! {
                biased;
                () = life.over() => act.say("the card company: the process died"),
                finished = SERVED.scope(Arc::clone(act), issuer.finish_card_proof(&proof.proof, &code)) => {
                    act.say(&format!("the card company: {finished:?}"));
                }
            }
        }
        wallet.sync().await.into()
    }

    /// Renews the key. Whoever does it while the account is frozen mostly releases it next.
    pub(super) async fn rotate(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let was_frozen = self.status() == Status::Frozen;
        let ended = self.renews(act, wallet).await;
        if matches!(ended, Ended::Done) && was_frozen && chance.percent(60) {
            return self.release(act, wallet).await;
        }
        ended
    }

    async fn renews(&self, act: &Act, wallet: &TownWallet) -> Ended {
        let prepared = wallet.prepare_rotation(None).await;
        let ceremony = match prepared {
            Ok(ceremony) => ceremony,
            Err(error) => {
                self.can_be_renewed(act, error.code);
                return Ended::Refused(error);
            }
        };
        self.note(DidKind::NewKey);
        let ended = self.confirm(wallet, ceremony.id).await.map(drop);
        match &ended {
            Ok(()) => self.wary.set(false),
            Err(error) => self.can_be_renewed(act, error.code),
        }
        ended.into()
    }

    /// A renewal cures, also where the account is frozen.
    fn can_be_renewed(&self, act: &Act, refused: Code) {
        if refused == Code::Frozen && !self.hears_anything() {
            let seen = format!("step {}: the renewal of {}'s key is refused as frozen", act.step, self.name);
            self.town().broke("a-frozen-key-can-be-renewed", seen);
        }
    }

    /// A renewed key stands where the first of its line stood: before the freeze, if that one did.
    fn can_release(&self, act: &Act, refused: Code) {
        if self.hears_anything() {
            return;
        }
        let account = self.town().account(&self.account);
        let own = self.state().and_then(|state| state.device).map(|device| device.id);
        let is_own = |device: &&Device| own.as_ref() == Some(&to_base64(device.thumb.as_bytes()));
        let Some(mut device) = account.devices.iter().find(is_own) else { return };
        while let Some(before) = account.devices.iter().find(|before| before.replaced_by == Some(device.thumb)) {
            device = before;
        }
        if refused == Code::NotFirstDevice && account.frozen_at.is_some() && device.added_seq < account.frozen_seq {
            let seen = format!("step {}: {}'s renewed key may not release the account", act.step, self.name);
            self.town().broke("a-frozen-key-can-be-renewed", seen);
        }
    }

    /// The old seal counts if the new one comes to nothing.
    pub(super) async fn reseal(&self, wallet: &TownWallet) -> Result<(), Error> {
        let before = self.phone().passkey().sealed_wrong();
        let resealed = wallet.reseal().await;
        if resealed.is_err() {
            self.phone().passkey().set_sealed_wrong(before);
        }
        resealed
    }

    /// Agrees to a fresh allowance. Mostly the owner tries first whether one is left of the day's own.
    pub(super) async fn refill(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        if chance.percent(60) {
            let handle = || {
                let (account, own) = (self.town().account(&self.account), wallet.state().device?.id);
                let mut devices = account.devices.into_iter();
                let device = devices.find(|device| to_base64(device.thumb.as_bytes()) == own)?;
                Some(device.handles.last()?.handle)
            };
            let before = handle();
            let (refilled, in_time) = self.tries(async || wallet.refill().await).await;
            act.say(&format!("asks for what is left of the day: {:?}", refilled.as_ref().map_err(|it| it.code.name())));
            self.done_is_done(act, &refilled, (handle() != before, in_time));
            if refilled.is_ok() {
                return Ended::Done;
            }
        }
        match wallet.prepare_refill().await {
            Ok(ceremony) => self.agrees_once(act, wallet, ceremony.id).await.map(drop).into(),
            Err(error) => Ended::Refused(error),
        }
    }

    pub(super) async fn limit(&self, act: &Arc<Act>, wallet: &TownWallet, chance: &Chance) -> Ended {
        let amount = Amount::of(chance.one_of(&[3_000_u32, 10_000, 20_000, 50_000]));
        match wallet.prepare_limit(amount).await {
            Ok(ceremony) => {
                self.note(DidKind::SetLimit);
                self.agrees_once(act, wallet, ceremony.id).await.map(drop).into()
            }
            Err(error) => Ended::Refused(error),
        }
    }

    pub(super) async fn release(&self, act: &Arc<Act>, wallet: &TownWallet) -> Ended {
        if let Err(error) = wallet.unlock().await {
            return Ended::Refused(error);
        }
        let attempt = match self.begins_release(act, wallet).await {
            Ok(attempt) => attempt,
            Err(error) => {
                self.can_release(act, error.code);
                return Ended::Refused(error);
            }
        };
        let code = self.town().code_for(&self.name);
        let is_frozen = || self.town().account(&self.account).frozen_at.is_some();
        let was_frozen = is_frozen();
        let (ended, in_time) = self.tries(async || wallet.unfreeze(&attempt, &code).await).await;
        self.done_is_done(act, &ended, (was_frozen && !is_frozen(), in_time));
        ended.map(drop).into()
    }

    /// The passkey's part of a release; its confirmation sends the contact code.
    pub(super) async fn begins_release(&self, act: &Act, wallet: &TownWallet) -> Result<String, Error> {
        let ceremony = wallet.prepare_unfreeze().await?;
        self.note(DidKind::Released);
        match self.agrees_once(act, wallet, ceremony.id).await? {
            Confirmed::CodeSent { attempt } => Ok(attempt),
            // No other answer to a release is one.
            _ => Err(Code::IssuerRefused.into()),
        }
    }
}
