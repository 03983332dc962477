//! The owner before the prompt: agrees after a moment, refuses, is not recognised, walks away.

use super::{PhoneClock, Serving};
use crate::town::chance::Chance;
use crate::town::trouble::{Fault, Port};
use jitsuin::wallet::memory::{MemoryClock, MemoryEntropy, Prf, SoftAuthenticator, SoftSecret};
use jitsuin::wallet::ports::{Answer, Authenticator, Clock as _, CreationOptions, Ended, RequestOptions};
use jitsuin::wire::webauthn::Registration;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// One tab's way to the phone's passkeys.
#[derive(Clone)]
pub struct Passkey {
    serving: Serving,
    soft: SoftAuthenticator,
    chance: Rc<Chance>,
    clock: PhoneClock,
    aborted: Rc<Notify>,
    /// Another ceremony is to begin while the prompt is open.
    meanwhile: Rc<Notify>,
    /// A key was sealed under a secret that never comes again.
    sealed_wrong: Rc<Cell<bool>>,
    /// How often the owner agreed.
    agreed: Rc<Cell<u32>>,
}

impl Passkey {
    /// New ones, or those that are synchronised to this phone.
    pub fn new(
        synced: Option<SoftAuthenticator>,
        entropy: MemoryEntropy,
        serving: Serving,
        chance: Rc<Chance>,
        clock: PhoneClock,
    ) -> Self {
        let new = || {
            let soft = SoftAuthenticator::new(super::ORIGIN, MemoryClock::new(0), entropy);
            soft.set_prf(Prf::Works);
            soft
        };
        let soft = synced.unwrap_or_else(new);
        Self {
            serving,
            soft,
            chance,
            clock,
            aborted: Rc::default(),
            meanwhile: Rc::default(),
            sealed_wrong: Rc::default(),
            agreed: Rc::default(),
        }
    }

    /// For another tab.
    pub fn tab(&self, serving: Serving) -> Self {
        Self { serving, aborted: Rc::default(), meanwhile: Rc::default(), agreed: Rc::default(), ..self.clone() }
    }

    /// The passkeys, as another phone of the owner gets them.
    pub fn synced(&self) -> SoftAuthenticator {
        self.soft.clone()
    }

    /// How often the owner has agreed to anything.
    pub fn agreed(&self) -> u32 {
        self.agreed.get()
    }

    /// Whether a key was sealed under a secret that never comes again.
    pub fn sealed_wrong(&self) -> bool {
        self.sealed_wrong.get()
    }

    /// A new wallet begins on this phone, or what was sealed came to nothing.
    pub fn set_sealed_wrong(&self, wrong: bool) {
        self.sealed_wrong.set(wrong);
    }

    /// Resolves when another ceremony is to begin.
    pub async fn meanwhile(&self) {
        self.meanwhile.notified().await;
    }

    fn ended(&self, since: Duration, name: &str, by_us: bool, late: bool) -> Ended {
        Ended {
            name: name.into(),
            elapsed: self.clock.running().saturating_sub(since),
            deadline_passed: late,
            aborted_by_us: by_us,
            focused: true,
            tapped: true,
        }
    }

    /// The person's part: whether this time another secret is derived.
    async fn prompt(&self, deadline: Duration, derives: bool) -> Result<bool, Ended> {
        let act = Rc::clone(&self.serving).borrow().clone();
        let since = self.clock.running();
        let fault = act.meets(Port::Prompt);
        let think = Duration::from_millis(self.chance.from_to(1_000, 6_000));
        let wait = match fault {
            Some(Fault::Hung | Fault::Superseded) => deadline,
            _ => think,
        };
        if let Some(fault @ (Fault::Refused | Fault::UvFailed | Fault::Hung | Fault::Superseded)) = fault {
            act.felt(fault);
            if fault == Fault::Superseded {
                self.meanwhile.notify_one();
            }
        }
        tokio::select! {
            biased;
            () = self.aborted.notified() => return Err(self.ended(since, "AbortError", true, false)),
            () = sleep(wait) => {}
        }
        match fault {
            Some(Fault::Refused | Fault::UvFailed) => Err(self.ended(since, "NotAllowedError", false, false)),
            Some(Fault::Hung | Fault::Superseded) => Err(self.ended(since, "NotAllowedError", false, true)),
            Some(Fault::OtherSecret) if derives => {
                act.felt(Fault::OtherSecret);
                if act.seals() {
                    self.sealed_wrong.set(true);
                }
                Ok(true)
            }
            Some(other) => {
                act.later(other);
                Ok(false)
            }
            None => Ok(false),
        }
    }
}

impl Authenticator for Passkey {
    type Secret = SoftSecret;

    async fn create(&self, options: &CreationOptions<'_>) -> Result<(Box<Registration>, bool), Ended> {
        self.prompt(options.deadline, false).await?;
        self.soft.create(options).await
    }

    async fn get(&self, options: &RequestOptions<'_>) -> Result<Answer<SoftSecret>, Ended> {
        let other = self.prompt(options.deadline, options.prf.is_some()).await?;
        self.agreed.set(self.agreed.get() + 1);
        self.soft.set_prf(if other { Prf::Other } else { Prf::Works });
        let answer = self.soft.get(options).await;
        self.soft.set_prf(Prf::Works);
        answer
    }

    fn abort(&self) {
        // Only a call that is open is ended.
        self.aborted.notify_waiters();
    }
}
