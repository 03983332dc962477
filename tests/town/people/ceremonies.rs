//! What takes a prompt: registering, topping up, renewing keys, limits and allowances, another phone.

use super::{Ended, Owner, TownWallet};
use crate::town::act::{Act, SERVED};
use crate::town::chance::Chance;
use crate::town::facts::DidKind;
use crate::town::ledger::Kept;
use jitsuin::code::Code;
use jitsuin::wallet::{Confidence, Confirmed, Error, Status};
use jitsuin::wire::money::{Amount, Currency};
use std::rc::Rc;
use std::sync::Arc;

/// How often an owner tries again what may be tried again.
const TRIES: usize = 4;

impl<K: Kept> Owner<K> {
    /// Confirms, and tries again as pages offer it; another ceremony may begin meanwhile.
    async fn confirm(&self, wallet: &TownWallet, id: u64) -> Result<Confirmed, Error> {
        let phone = self.phone();
        let confirm = async {
            let mut tried = 0;
            loop {
                let ended = wallet.confirm(id).await;
                tried += 1;
                match ended {
                    Err(error) if tried < TRIES && may_try_again(error.code) => self.breath().await,
                    ended => return ended,
                }
            }
        };
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
            match self.register_once(wallet, again).await {
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

    async fn register_once(&self, wallet: &TownWallet, again: bool) -> Result<(), Error> {
        let attempt = wallet.log_in(&self.name, &format!("{}-password", self.name), "en").await?;
        let code = self.town().code_for(&self.name);
        let ticket = wallet.enter_code(&attempt, &code).await?;
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
    pub(super) async fn replace_phone(&self, act: &Arc<Act>) -> Ended {
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
        let source = chance.one_of(&["card-1", "card-2"]).parse().unwrap();
        let ceremony = match wallet.prepare_top_up(Amount::of(amount), Currency::JPY, source).await {
            Ok(ceremony) => ceremony,
            Err(error) if error.code == Code::CardProofNeeded => return self.prove_card(act, wallet).await,
            Err(error) => return Ended::Refused(error),
        };
        // Whatever is heard of it: it was agreed to once.
        self.agreed.borrow_mut().push(amount.into());
        let before = self.phone().passkey().agreed();
        let confirmed = self.confirm(wallet, ceremony.id).await;
        let agreed = self.phone().passkey().agreed() - before;
        if agreed > 1 {
            let seen = format!("step {}: {} is asked {agreed} times about one top-up", act.step, self.name);
            self.town().broke("one-agreement-one-prompt", seen);
        }
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
        confirmed.map(drop).into()
    }

    pub(super) async fn prove_card(&self, act: &Arc<Act>, wallet: &TownWallet) -> Ended {
        let sources = wallet.state().sources;
        let Some(source) = sources.iter().find(|source| source.usable_from.is_none()) else {
            return Ended::Nothing("every card is proved");
        };
        let proof = match wallet.prove_card(source.id.clone()).await {
            Ok(proof) => proof,
            Err(error) => return Ended::Refused(error),
        };
        let town = self.town();
        let code = town.code_for(&self.name);
        if let Some((issuer, _)) = town.office().living() {
            let finished = SERVED.scope(Arc::clone(act), issuer.finish_card_proof(&proof.proof, &code)).await;
            act.say(&format!("the card company: {finished:?}"));
        }
        wallet.sync().await.into()
    }

    pub(super) async fn rotate(&self, wallet: &TownWallet) -> Ended {
        let ceremony = match wallet.prepare_rotation(None).await {
            Ok(ceremony) => ceremony,
            Err(error) => return Ended::Refused(error),
        };
        self.note(DidKind::NewKey);
        let ended = self.confirm(wallet, ceremony.id).await.map(drop);
        if ended.is_ok() {
            self.wary.set(false);
        }
        ended.into()
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

    pub(super) async fn refill(&self, wallet: &TownWallet) -> Ended {
        match wallet.prepare_refill().await {
            Ok(ceremony) => self.confirm(wallet, ceremony.id).await.map(drop).into(),
            Err(error) => Ended::Refused(error),
        }
    }

    pub(super) async fn limit(&self, wallet: &TownWallet, chance: &Chance) -> Ended {
        let amount = Amount::of(chance.one_of(&[3_000_u32, 10_000, 20_000, 50_000]));
        match wallet.prepare_limit(amount).await {
            Ok(ceremony) => {
                self.note(DidKind::SetLimit);
                self.confirm(wallet, ceremony.id).await.map(drop).into()
            }
            Err(error) => Ended::Refused(error),
        }
    }

    pub(super) async fn release(&self, act: &Arc<Act>, wallet: &TownWallet) -> Ended {
        if let Err(error) = wallet.unlock().await {
            return Ended::Refused(error);
        }
        let ceremony = match wallet.prepare_unfreeze().await {
            Ok(ceremony) => ceremony,
            Err(error) => return Ended::Refused(error),
        };
        self.note(DidKind::Released);
        let attempt = match self.confirm(wallet, ceremony.id).await {
            Ok(Confirmed::CodeSent { attempt }) => attempt,
            Ok(other) => {
                act.say(&format!("the release ended otherwise: {other:?}"));
                return Ended::Done;
            }
            Err(error) => return Ended::Refused(error),
        };
        let code = self.town().code_for(&self.name);
        let mut tried = 0;
        loop {
            tried += 1;
            match wallet.unfreeze(&attempt, &code).await {
                Err(error) if tried < TRIES && may_try_again(error.code) => self.breath().await,
                ended => return ended.map(drop).into(),
            }
        }
    }
}

/// What a page offers to try again.
fn may_try_again(code: Code) -> bool {
    matches!(
        code,
        Code::Cancelled
            | Code::TimedOut
            | Code::TapAgain
            | Code::UvFailed
            | Code::Offline
            | Code::IssuerUnreachable
            | Code::IssuerUnavailable
            | Code::IssuerBusy
            | Code::ForeignAnswer
    )
}
