//! What the wallet needs from the place it runs in, as traits. `memory.rs` has a real version of each for tests,
//! Node and docs; `browser` has the ones over web platform calls.
//!
//! No `Send` and never `dyn`: a wallet lives in one thread, and one generic parameter names the whole platform.

use crate::wire::enrolment::Custody;
use crate::wire::id::{Bytes, CredentialId, Hash, Nonce, RpId, Thumbprint};
use crate::wire::key::{PublicKey, Signature};
use crate::wire::webauthn::{Assertion, Registration};
use core::time::Duration;

/// All ports of one place.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Platform {
    /// Time.
    type Clock: Clock;
    /// Random bytes.
    type Entropy: Entropy;
    /// Keys.
    type Keys: Keys;
    /// The one stored record.
    type Store: Store<Handle = <Self::Keys as Keys>::Handle>;
    /// Mutual exclusion over all tabs.
    type Lock: Lock;
    /// WebAuthn.
    type Authenticator: Authenticator<Secret = <Self::Keys as Keys>::Secret>;
    /// The road to the issuer.
    type Transport: Transport;

    /// Time.
    fn clock(&self) -> &Self::Clock;
    /// Random bytes.
    fn entropy(&self) -> &Self::Entropy;
    /// Keys.
    fn keys(&self) -> &Self::Keys;
    /// The one stored record.
    fn store(&self) -> &Self::Store;
    /// Mutual exclusion over all tabs.
    fn lock(&self) -> &Self::Lock;
    /// WebAuthn.
    fn authenticator(&self) -> &Self::Authenticator;
    /// The road to the issuer.
    fn transport(&self) -> &Self::Transport;
    /// The origin of the page that holds the wallet, such as `https://wallet.example`.
    fn origin(&self) -> &str;
}

/// Time: the wall for dates, the monotonic clock for spans, since phones jump and sleep.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Clock {
    /// Milliseconds since 1970 by the device's clock, which may be wrong.
    fn now_ms(&self) -> u64;
    /// Time since some fixed start; never goes back.
    fn running(&self) -> Duration;
    /// Resolves after `time`.
    async fn sleep(&self, time: Duration);
}

/// Whole milliseconds of a span, as far as anybody waits. Those of the library have 128 bits, which is much code in the page's
/// module.
pub(crate) fn millis(time: Duration) -> u64 {
    time.as_secs().min(u64::MAX / 2000) * 1000 + u64::from(time.subsec_millis())
}

/// The platform gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEntropy;

/// Random bytes from the platform's cryptographic source.
pub trait Entropy {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`NoEntropy`].
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;

    /// An array of random bytes.
    ///
    /// # Errors
    /// [`NoEntropy`].
    fn draw<const N: usize>(&self) -> Result<[u8; N], NoEntropy> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// Why a key can't be made, opened or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The place lacks what this custody needs.
    Unsupported,
    /// What the store gave back is not a working key.
    Lost,
    /// The platform failed.
    Failed,
    /// The platform did not answer in time.
    NoAnswer,
    /// The key is sealed, and no secret was given to open it.
    Sealed,
    /// The passkey gave no secret.
    NoSecret,
    /// The passkey's secret is not 32 bytes, or is all zero.
    BadSecret,
    /// The passkey's secret is another one than the key was sealed under.
    OtherSecret,
    /// The seal does not open: it is damaged, or of another account.
    Broken,
    /// The user was asked, and said no.
    Cancelled,
    /// The host did not answer in time.
    Silent,
    /// The host refused.
    Refused,
    /// What the host signs does not hold.
    Untrusted,
}

/// What a sealed key is bound to (protocol section 7, *Seal v1*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Relying party.
    pub rp_id: RpId,
    /// The key.
    pub thumb: Thumbprint,
    /// Additional data of the cipher, by [`crate::wire::seal::SealedFor`].
    pub bound: Vec<u8>,
}

/// Makes and opens signing keys. Every call settles in time.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Keys {
    /// What the store may keep of a key: a CryptoKey, sealed bytes, a name in the OS key store.
    type Handle: Clone;
    /// A key that can sign.
    type Key: SigningKey;
    /// What a passkey derived (WebAuthn's PRF). The wallet hands it on, once, and can't look into it.
    type Secret;

    /// The custody that a key made now will have, strongest first proven to work.
    async fn custody(&self) -> Result<Custody, KeyError>;
    /// Makes a key for this custody, once a key was written, read back and used here. For [`Custody::Passkey`] the handle
    /// lives in memory until [`Keys::keep`] gives the one to store.
    async fn make(&self, custody: Custody) -> Result<(Self::Key, Self::Handle), KeyError>;
    /// The platform's word for a key that was made now, in this one registration, where custody is [`Custody::Native`] and
    /// the host has one to give.
    async fn attest(&self, _handle: &Self::Handle, _nonce: Nonce) -> Option<Bytes> {
        None
    }
    /// The 32 bytes that a passkey must be asked about to seal or open this key; none: it needs no passkey.
    fn prf_input(&self, handle: &Self::Handle) -> Option<[u8; 32]>;
    /// The handle to store for a key that [`Keys::make`] made for [`Custody::Passkey`]: sealed under the secret, or as custody
    /// [`Custody::Browser`] keeps it if none is given.
    async fn keep(&self, handle: &Self::Handle, seal: Option<(&Self::Secret, &Seal)>)
    -> Result<Self::Handle, KeyError>;
    /// A sealed key as one that [`Keys::make`] made now, to be kept again under another secret.
    async fn again(&self, handle: &Self::Handle, seal: (&Self::Secret, &Seal)) -> Result<Self::Handle, KeyError>;
    /// Opens what the store kept; `public` is what the record says the key is, and a key that is another one is
    /// [`KeyError::Lost`]. A sealed one is [`KeyError::Sealed`] without its secret.
    async fn open(
        &self,
        handle: &Self::Handle,
        public: &PublicKey,
        seal: Option<(&Self::Secret, &Seal)>,
    ) -> Result<Self::Key, KeyError>;
}

/// A key that can sign.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait SigningKey {
    /// Its public half.
    fn public(&self) -> &PublicKey;
    /// Signs with ES256; low-S.
    async fn sign(&self, message: &[u8]) -> Result<Signature, KeyError>;
}

/// What the store holds.
#[derive(Debug)]
pub enum Kept<H> {
    /// Nothing was ever stored here, as far as can be told.
    Nothing,
    /// There was a record, and the platform removed it.
    Gone,
    /// The record.
    Record(Record<H>),
}

/// The one stored record: key handles beside opaque bytes, written together or not at all.
#[derive(Clone)]
pub struct Record<H> {
    /// Handle of the device key.
    pub device: H,
    /// Handle of the channel key.
    pub channel: H,
    /// Handles of the keys that are to take the place of these, device and channel, while a rotation is under way.
    pub next: Option<(H, H)>,
    /// `wallet::record::Data` in its stored form.
    pub data: Vec<u8>,
}

/// The data holds the veil, so it is not shown.
impl<H> core::fmt::Debug for Record<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Record(secret)")
    }
}

/// Why the store did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// The record has vanished since it was loaded.
    Gone,
    /// There is something, and it is not a record.
    Corrupt,
    /// No room.
    Full,
    /// A later version of this wallet has changed the storage's form.
    Newer,
    /// A tab with an older version keeps the storage from being brought up.
    Blocked,
    /// The platform can't store keys, or can't store at all.
    Unsupported,
    /// The platform failed.
    Failed,
    /// The platform did not answer in time. What was asked may still be done, before anything that is asked later.
    NoAnswer,
}

/// Keeps the one record. Every write has reached the disk when it resolves, and every call settles in time.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Store {
    /// What is kept of a key.
    type Handle;

    /// Reads the record.
    async fn load(&self) -> Result<Kept<Self::Handle>, StoreError>;
    /// Reads, changes and writes the record, handles and data, in one transaction, alone among all tabs. `change` is given what
    /// is stored, is called once at the most, and returns the new record, or nothing, which leaves everything as it was. It is
    /// not async: a transaction dies at the first foreign await.
    async fn write(
        &self,
        change: &mut dyn FnMut(Kept<Self::Handle>) -> Option<Record<Self::Handle>>,
    ) -> Result<(), StoreError>;
    /// Removes the record, so that the next load finds [`Kept::Nothing`].
    async fn erase(&self) -> Result<(), StoreError>;
}

/// Why the lock is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLocked {
    /// There are no locks here.
    Unsupported,
    /// The platform did not grant it though nobody holds it, or did not say who does.
    NoAnswer,
}

/// Mutual exclusion over all tabs of this origin and profile.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Lock {
    /// Released when dropped.
    type Guard;
    /// Waits for the lock of this name, for as long as another tab holds it.
    async fn acquire(&self, name: &str) -> Result<Self::Guard, NotLocked>;
}

/// How a WebAuthn call ended without a result: facts only, judged by `classify.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The DOMException's name, or another short word of the platform.
    pub name: String,
    /// How long the call ran.
    pub elapsed: Duration,
    /// Whether the call's own deadline had passed.
    pub deadline_passed: bool,
    /// Whether our own abort ended it.
    pub aborted_by_us: bool,
    /// Whether the page was in front when the call began.
    pub focused: bool,
    /// Whether a tap still counted when the call began; true where the platform does not say.
    pub tapped: bool,
}

/// What to ask `navigator.credentials.create` for. Always: ES256, RS256 or EdDSA (-7, -257, -8), user verification and resident key required.
#[derive(Clone, Copy, Debug)]
pub struct CreationOptions<'a> {
    /// Relying party id.
    pub rp_id: &'a RpId,
    /// Relying party name.
    pub rp_name: &'a str,
    /// `user.id`.
    pub user_handle: &'a Bytes,
    /// `user.name` and `user.displayName`.
    pub account_label: &'a str,
    /// Challenge.
    pub challenge: &'a Hash,
    /// Credentials that must not be made twice.
    pub exclude: &'a [CredentialId],
    /// What the new passkey derives a secret from, to learn whether it can; none: it is not asked.
    pub prf: Option<&'a [u8; 32]>,
    /// Own deadline.
    pub deadline: Duration,
}

/// What to ask `navigator.credentials.get` for. Always: user verification required.
#[derive(Clone, Copy, Debug)]
pub struct RequestOptions<'a> {
    /// Relying party id.
    pub rp_id: &'a RpId,
    /// Challenge.
    pub challenge: &'a Hash,
    /// The credentials, one of which is to answer.
    pub credentials: &'a [CredentialId],
    /// What the passkey is asked to derive a secret from.
    pub prf: Option<&'a [u8; 32]>,
    /// Own deadline.
    pub deadline: Duration,
}

/// An assertion, and the secret that the passkey derived. It is handed through several hands, so it is one pointer.
pub type Answer<S> = Box<(Assertion, Option<S>)>;

/// WebAuthn. Every call settles by its deadline, whatever the platform does.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Authenticator {
    /// What a passkey derived.
    type Secret;

    /// Creates a passkey, and tells whether it says that it can derive secrets. A platform that fails because it was asked is
    /// asked once more without that, inside the same deadline.
    async fn create(&self, options: &CreationOptions<'_>) -> Result<(Box<Registration>, bool), Ended>;
    /// Asks for an assertion, and for a secret if the options name an input; likewise.
    async fn get(&self, options: &RequestOptions<'_>) -> Result<Answer<Self::Secret>, Ended>;
    /// Ends the call that is open, if one is; that call then settles with `aborted_by_us`.
    fn abort(&self);
}

/// One HTTP call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute URL at the endpoint.
    pub url: String,
    /// JSON, for POST.
    pub body: Vec<u8>,
    /// The `DPoP` header.
    pub proof: Option<String>,
}

/// One HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
    /// The `DPoP-Nonce` header.
    pub nonce: Option<String>,
    /// The `Retry-After` header in seconds.
    pub retry_after: Option<u32>,
}

/// Why no answer came, as far as the platform can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The device has no network, or does not say.
    Offline,
    /// The device has network.
    Silent,
    /// The page's own policy forbids the call.
    Forbidden,
    /// The issuer answers, and lets no page of this origin read it.
    Unlisted,
}

/// The road to the issuer.
#[allow(async_fn_in_trait, reason = "a wallet lives in one thread")]
pub trait Transport {
    /// Sends one call and waits for its answer, at most 20 seconds.
    async fn send(&self, request: &Request) -> Result<Response, Unreachable>;
}
