//! A WebAuthn authenticator in memory, with attestation `none`, and the browser's part around it.

use super::keys::SoftSecret;
use super::seal::hmac;
use super::{MemoryClock, MemoryEntropy, SoftKey};
use crate::wallet::ports::{
    Answer, Authenticator, Clock, CreationOptions, Ended, Entropy, KeyError, RequestOptions, SigningKey,
};
use crate::wallet::queue::{First, Signal, Stop, first};
use crate::wire::cbor::Writer;
use crate::wire::id::{Bytes, CredentialId, Hash, RpId, to_base64};
use crate::wire::sha256;
use crate::wire::webauthn::{Assertion, AssertionResponse, NoExtensions, Registration};
use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::rc::Rc;

/// What the person and the platform do. Sticks until changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// The person agrees and is verified.
    #[default]
    Approve,
    /// The person closes the prompt.
    Refuse,
    /// The person is not recognised: the platform says no more than of a refusal.
    UvFail,
    /// Nobody does anything until the deadline or an abort.
    Hang,
    /// Nothing settles, not even at the deadline: a broken platform.
    Ignore,
}

/// What a broken or hostile authenticator, browser or extension changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// A bit of the signature.
    Signature,
    /// UV is not set.
    Uv,
    /// UP is not set.
    Up,
    /// Another challenge is signed.
    Challenge,
    /// Another origin is signed.
    Origin,
    /// The page was framed by another origin.
    CrossOrigin,
    /// The type of the other ceremony.
    Type,
    /// Another relying party.
    RpId,
    /// Another user.
    UserHandle,
}

/// What the authenticator derives from an input (WebAuthn's PRF extension). Sticks until changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Prf {
    /// Nothing, and it says so.
    #[default]
    None,
    /// A secret of the passkey's own, the same every time.
    Works,
    /// It promises one at creation and gives none.
    Promised,
    /// Another one every time, as over another road to the same passkey.
    Other,
    /// Too few bytes.
    Short,
    /// Zeros.
    Zero,
}

/// The key pair of a passkey. [`SoftKey`] is one of ES256; a test of an issuer brings those of other algorithms.
pub trait CredentialKeyPair {
    /// The public key as a COSE_Key with its algorithm (WebAuthn section 5.8.5).
    fn cose_key(&self) -> Vec<u8>;
    /// Signs in the form that WebAuthn has for the algorithm (section 6.5.5).
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    fn sign_assertion(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

struct Credential {
    id: CredentialId,
    rp_id: RpId,
    user_handle: Bytes,
    key: Rc<dyn CredentialKeyPair>,
    /// Of its PRF.
    secret: [u8; 32],
}

struct Inner {
    origin: String,
    clock: MemoryClock,
    entropy: MemoryEntropy,
    credentials: RefCell<Vec<Credential>>,
    key: RefCell<Option<Rc<dyn CredentialKeyPair>>>,
    mode: Cell<Mode>,
    tamper: Cell<Option<Tamper>>,
    backup: Cell<(bool, bool)>,
    prf: Cell<Prf>,
    focused: Cell<bool>,
    prompts: RefCell<Vec<&'static str>>,
    open: RefCell<Option<Rc<Signal>>>,
}

/// The authenticator of one place.
#[derive(Clone)]
pub struct SoftAuthenticator {
    inner: Rc<Inner>,
}

impl SoftAuthenticator {
    /// For pages of `origin`.
    #[must_use]
    pub fn new(origin: &str, clock: MemoryClock, entropy: MemoryEntropy) -> Self {
        Self {
            inner: Rc::new(Inner {
                origin: origin.into(),
                clock,
                entropy,
                credentials: RefCell::default(),
                key: RefCell::default(),
                mode: Cell::default(),
                tamper: Cell::default(),
                backup: Cell::default(),
                prf: Cell::default(),
                focused: Cell::new(true),
                prompts: RefCell::default(),
                open: RefCell::default(),
            }),
        }
    }

    /// What happens at the next prompts.
    pub fn set_mode(&self, mode: Mode) {
        self.inner.mode.set(mode);
    }

    /// What is changed in the next answers.
    pub fn tamper(&self, what: Option<Tamper>) {
        self.inner.tamper.set(what);
    }

    /// BE and BS of the next answers.
    pub fn set_backup(&self, eligible: bool, backed_up: bool) {
        self.inner.backup.set((eligible, backed_up));
    }

    /// The key pair of every passkey that is made from now on, in the place of a new one of ES256 for each.
    pub fn set_key(&self, key: Rc<dyn CredentialKeyPair>) {
        self.inner.key.replace(Some(key));
    }

    fn new_key(&self) -> Result<Rc<dyn CredentialKeyPair>, Ended> {
        if let Some(key) = self.inner.key.borrow().as_ref() {
            return Ok(Rc::clone(key));
        }
        let (key, _) = SoftKey::make(&self.inner.entropy).map_err(|_| self.broken())?;
        Ok(Rc::new(key))
    }

    /// What the next answers derive.
    pub fn set_prf(&self, prf: Prf) {
        self.inner.prf.set(prf);
    }

    /// What a passkey derives from an input: the whole of WebAuthn's PRF, with its own prefix.
    fn derive(&self, held: &Credential, input: &[u8; 32]) -> Result<Option<SoftSecret>, Ended> {
        let input = sha256(&[b"WebAuthn PRF\0".as_slice(), input].concat());
        Ok(match self.inner.prf.get() {
            Prf::None | Prf::Promised => None,
            Prf::Works => Some(hmac(&held.secret, &[&input]).to_vec()),
            Prf::Other => Some(self.inner.entropy.draw::<32>().map_err(|_| self.broken())?.to_vec()),
            Prf::Short => Some(vec![1; 16]),
            Prf::Zero => Some(vec![0; 32]),
        }
        .map(|bytes| SoftSecret(bytes.into())))
    }

    /// Whether the page is in front.
    pub fn set_focused(&self, focused: bool) {
        self.inner.focused.set(focused);
    }

    /// Removes every passkey.
    pub fn forget(&self) {
        self.inner.credentials.borrow_mut().clear();
    }

    /// The prompts so far: `create` or `get`.
    #[must_use]
    pub fn prompts(&self) -> Vec<&'static str> {
        self.inner.prompts.borrow().clone()
    }

    /// The person's part: resolves when the prompt is over.
    async fn prompt(&self, operation: &'static str, deadline: Duration) -> Result<(), Ended> {
        let inner = &self.inner;
        inner.prompts.borrow_mut().push(operation);
        let started = inner.clock.running();
        let ended = |name: &str, by_us: bool, late: bool| Ended {
            name: name.into(),
            elapsed: inner.clock.running().saturating_sub(started),
            deadline_passed: late,
            aborted_by_us: by_us,
            focused: inner.focused.get(),
            tapped: true,
        };
        let signal = Rc::new(Signal::default());
        inner.open.replace(Some(Rc::clone(&signal)));
        let mode = inner.mode.get();
        let result = match mode {
            Mode::Approve => Ok(()),
            Mode::Refuse | Mode::UvFail => {
                inner.clock.advance(Duration::from_secs(2));
                Err(ended("NotAllowedError", false, false))
            }
            Mode::Hang => match first(signal.stopped(), inner.clock.sleep(deadline)).await {
                First::Left(_) => Err(ended("AbortError", true, false)),
                First::Right(()) => Err(ended("NotAllowedError", false, true)),
            },
            Mode::Ignore => {
                core::future::pending::<()>().await;
                Ok(())
            }
        };
        inner.open.replace(None);
        result
    }

    /// A platform's own failure, which names no cause.
    fn broken(&self) -> Ended {
        Ended {
            name: "UnknownError".into(),
            elapsed: Duration::ZERO,
            deadline_passed: false,
            aborted_by_us: false,
            focused: self.inner.focused.get(),
            tapped: true,
        }
    }

    fn client_data(&self, kind: &str, other_kind: &str, challenge: &Hash) -> Vec<u8> {
        let tamper = self.inner.tamper.get();
        let kind = if tamper == Some(Tamper::Type) { other_kind } else { kind };
        let challenge = if tamper == Some(Tamper::Challenge) { &Hash([7; 32]) } else { challenge };
        let origin = if tamper == Some(Tamper::Origin) { "https://other.example" } else { self.inner.origin.as_str() };
        let cross = if tamper == Some(Tamper::CrossOrigin) { "true" } else { "false" };
        [
            "{\"type\":\"",
            kind,
            "\",\"challenge\":\"",
            &to_base64(challenge.as_bytes()),
            "\",\"origin\":\"",
            origin,
            "\",\"crossOrigin\":",
            cross,
            "}",
        ]
        .concat()
        .into_bytes()
    }

    /// authenticatorData without and with attested credential data.
    fn authenticator_data(&self, rp_id: &RpId, attested: Option<&[u8]>) -> Vec<u8> {
        let tamper = self.inner.tamper.get();
        let rp_id = if tamper == Some(Tamper::RpId) { "other.example" } else { rp_id.as_str() };
        let (eligible, backed_up) = self.inner.backup.get();
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = bit(tamper != Some(Tamper::Up), 0x01)
            | bit(tamper != Some(Tamper::Uv), 0x04)
            | bit(eligible, 0x08)
            | bit(backed_up, 0x10)
            | bit(attested.is_some(), 0x40);
        let mut data = sha256(rp_id.as_bytes()).to_vec();
        data.push(flags);
        data.extend([0; 4]);
        data.extend(attested.unwrap_or_default());
        data
    }
}

impl Authenticator for SoftAuthenticator {
    type Secret = SoftSecret;

    async fn create(&self, options: &CreationOptions<'_>) -> Result<(Box<Registration>, bool), Ended> {
        self.prompt("create", options.deadline).await?;
        let known = self.inner.credentials.borrow().iter().any(|held| options.exclude.contains(&held.id));
        if known {
            return Err(Ended { name: "InvalidStateError".into(), ..self.broken() });
        }
        let key = self.new_key()?;
        let id = Bytes(self.inner.entropy.draw::<16>().map_err(|_| self.broken())?.to_vec());
        let id = CredentialId::try_from(id).map_err(|_| self.broken())?;
        let mut attested = vec![0; 16];
        attested.extend([0, 16]);
        attested.extend(id.as_bytes());
        attested.extend(key.cose_key());
        let authenticator_data = self.authenticator_data(options.rp_id, Some(&attested));
        let client_data = self.client_data("webauthn.create", "webauthn.get", options.challenge);
        let object = Bytes(attestation_object(&authenticator_data));
        let registration = Registration::from_parts(Bytes(client_data), object).map_err(|_| self.broken())?;
        let (rp_id, user_handle) = (options.rp_id.clone(), options.user_handle.clone());
        let secret = self.inner.entropy.draw().map_err(|_| self.broken())?;
        self.inner.credentials.borrow_mut().push(Credential { id, rp_id, user_handle, key, secret });
        Ok((Box::new(registration), options.prf.is_some() && self.inner.prf.get() != Prf::None))
    }

    async fn get(&self, options: &RequestOptions<'_>) -> Result<Answer<SoftSecret>, Ended> {
        self.prompt("get", options.deadline).await?;
        let credentials = self.inner.credentials.borrow();
        let held =
            credentials.iter().find(|held| options.credentials.contains(&held.id) && held.rp_id == *options.rp_id);
        let not_allowed = || Ended { name: "NotAllowedError".into(), elapsed: Duration::from_secs(5), ..self.broken() };
        let held = held.ok_or_else(not_allowed)?;
        let client_data = self.client_data("webauthn.get", "webauthn.create", options.challenge);
        let authenticator_data = self.authenticator_data(options.rp_id, None);
        let message = [authenticator_data.as_slice(), &sha256(&client_data)].concat();
        let mut signature = held.key.sign_assertion(&message).map_err(|_| self.broken())?;
        let tamper = self.inner.tamper.get();
        if let (Some(Tamper::Signature), Some(last)) = (tamper, signature.last_mut()) {
            *last ^= 1;
        }
        let user_handle =
            if tamper == Some(Tamper::UserHandle) { Bytes(vec![9; 16]) } else { held.user_handle.clone() };
        let secret = options.prf.map_or(Ok(None), |input| self.derive(held, input))?;
        let assertion = Assertion {
            id: to_base64(&held.id.0),
            raw_id: held.id.clone(),
            kind: "public-key".into(),
            response: AssertionResponse {
                client_data: Bytes(client_data),
                authenticator_data: Bytes(authenticator_data),
                signature: Bytes(signature),
                user_handle: Some(user_handle),
            },
            client_extension_results: NoExtensions {},
        };
        Ok(Box::new((assertion, secret)))
    }

    fn abort(&self) {
        if let Some(signal) = self.inner.open.borrow().as_ref() {
            signal.stop(Stop::Cancelled);
        }
    }
}

impl CredentialKeyPair for SoftKey {
    fn cose_key(&self) -> Vec<u8> {
        let sec1 = self.public().to_sec1();
        let (x, y) = (sec1.get(1..33).unwrap_or_default(), sec1.get(33..).unwrap_or_default());
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01];
        [head.as_slice(), &[0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
    }

    fn sign_assertion(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign_der(message)
    }
}

/// `{"fmt": "none", "attStmt": {}, "authData": bytes}`
fn attestation_object(authenticator_data: &[u8]) -> Vec<u8> {
    let mut to = Writer::new();
    to.map(3);
    to.text("fmt");
    to.text("none");
    to.text("attStmt");
    to.map(0);
    to.text("authData");
    to.bytes(authenticator_data);
    to.into_bytes()
}
