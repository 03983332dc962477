//! The closed list of codes: one table that Rust, the HTTP answers, the JavaScript errors and the docs all read.
//!
//! A code says what was refused, never why in a way that helps an attacker: no amount of another person, no secret,
//! no input is repeated. The texts a user reads live in the package (`jitsuin/messages`), one per code.

mod words;

pub(crate) use words::Words;

/// Who is told a code in full. Everybody else hears a shorter one (protocol section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audience {
    /// The wallet's owner.
    User,
    /// The developer of the page that holds the wallet.
    Page,
    /// The shop's till, which hears only a short list.
    Till,
    /// Whoever runs the issuer.
    Operator,
}

/// Who can mend the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fix {
    /// The person in front of the screen.
    User,
    /// The page's developer.
    Page,
    /// The app around the page, or its platform settings.
    Host,
    /// The issuer.
    Issuer,
}

impl Fix {
    /// The word used in JavaScript.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Page => "page",
            Self::Host => "host",
            Self::Issuer => "issuer",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $audience:ident $fix:ident $retry:literal $status:literal $text:literal;)*) => {
        /// One refusal, stable across versions: a code is never renamed and never gets a second meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            const NAMES: Words<'static> = Words(concat!($($name, " ",)*));

            /// The code with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                let place = Self::NAMES.place(name)?;
                // The compiler makes a cast of it, where a list would be a table in the page's module.
                $(if place == Self::$variant as usize {
                    return Some(Self::$variant);
                })*
                None
            }

            /// Who is told it in full.
            #[must_use]
            pub const fn audience(self) -> Audience {
                match self { $(Self::$variant => Audience::$audience,)* }
            }

            /// Who can mend the cause.
            #[must_use]
            pub const fn fix(self) -> Fix {
                match self { $(Self::$variant => Fix::$fix,)* }
            }

            /// Whether doing the same again, later or after another tap, can help.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retry,)* }
            }

            /// The HTTP status of the issuer's answer.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// One English sentence for logs and developers.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    // Ceremonies.
    Cancelled "cancelled" User User true 400 "The user closed the prompt.";
    TimedOut "timed-out" User User true 408 "The ceremony ran out of time.";
    TapAgain "tap-again" Page User true 400 "The platform wants a fresh tap: call confirm again from one.";
    Superseded "superseded" Page Page true 409 "A newer ceremony took the place of this one.";
    NoCredential "no-credential" User User false 400 "This device has no passkey for the account.";
    UvFailed "uv-failed" User User true 400 "The passkey did not verify the user.";
    PrfUnavailable "prf-unavailable" User User false 400 "The passkey gives no secret to seal the device key under.";
    PrfUnusable "prf-unusable" User Host false 400 "The passkey's secret has the wrong length, or is all zero.";
    SealMismatch "seal-mismatch" User User true 409 "The passkey gave another secret than the device key was sealed under.";
    SealBroken "seal-broken" User User false 409 "The sealed device key does not open: it is damaged, or of another account.";
    Unsupported "unsupported" User Host false 400 "This place lacks something that the call needs.";
    NotFocused "not-focused" Page User true 400 "The page was not in front when the prompt was asked for.";
    WebviewNotLinked "webview-not-linked" Page Host false 403 "The app around this page is not linked to the site's passkeys.";
    HostSilent "host-silent" Page Host true 504 "The app around this page did not answer in time.";
    HostRefused "host-refused" Page Host true 403 "The app around this page refused to sign.";
    HostUntrusted "host-untrusted" Page Host false 502 "What the app around this page signs does not hold.";
    WrongOrigin "wrong-origin" Page Page false 403 "The page's origin is not one that the issuer accepts.";
    InsecurePage "insecure-page" Page Page false 400 "The page did not come over https.";
    PasskeysBlocked "passkeys-blocked" Page Page false 403 "The page's Permissions-Policy forbids passkeys.";

    // The wallet's own state.
    NotEnrolled "not-enrolled" User User false 409 "No device is enrolled in this wallet.";
    AlreadyEnrolled "already-enrolled" User User false 409 "A device is already enrolled in this wallet.";
    Locked "locked" User User true 409 "The wallet is locked.";
    Frozen "frozen" User User false 403 "The account is frozen.";
    Suspended "suspended" User User false 403 "The device key is suspended.";
    Revoked "revoked" User User false 403 "The device key was revoked.";
    KeyLost "key-lost" User User false 409 "The browser lost the device key: enrol again.";
    RotateNeeded "rotate-needed" User User false 409 "The device key's counter does not go on from here: renew the key.";
    Closed "closed" Page Page false 409 "The wallet was closed.";
    Busy "busy" Page Page true 409 "Another call of this wallet is still running.";
    StorageCorrupt "storage-corrupt" User User false 409 "What the wallet stored can't be read.";
    StorageFailed "storage-failed" User Host true 500 "The browser did not store the wallet's record.";
    StorageFull "storage-full" User User true 507 "The browser has no room for the wallet's record.";
    StorageBlocked "storage-blocked" User User true 409 "Another tab with an older version holds the wallet's storage: close it.";
    OverAllowance "over-allowance" User User true 403 "The payment is above what the allowance leaves.";
    OverLimit "over-limit" User User true 403 "The amount is above what the limits leave.";
    CoolingOff "cooling-off" User User true 403 "The device key is in its cool-off.";
    CardProofNeeded "card-proof-needed" User User false 403 "The card was not proved on this device.";
    BadAmount "bad-amount" Page Page false 422 "The amount is not one the currency can write.";
    BadArgument "bad-argument" Page Page false 422 "An argument has the wrong shape.";
    TooFast "too-fast" Page User true 429 "A code, or a second payment, comes too soon after the one before.";
    PlatformSilent "platform-silent" User User true 504 "The browser did not answer in time: whether it did what was asked is not known.";
    NoEntropy "no-entropy" Operator Host true 500 "The platform gave no random bytes.";

    // The road to the issuer.
    Offline "offline" User User true 503 "The issuer can't be reached.";
    IssuerUnreachable "issuer-unreachable" User User true 503 "No answer came from the issuer, though the device is online.";
    ForeignAnswer "foreign-answer" User User true 502 "What answered at the issuer's address is not the issuer.";
    ConnectBlocked "connect-blocked" Page Page false 400 "The page's content policy blocks calls to the issuer.";
    WrongIssuer "wrong-issuer" Page Page false 502 "Who answers at the issuer's address calls itself another issuer.";
    IssuerUnavailable "issuer-unavailable" User Issuer true 503 "The issuer can't answer now.";
    IssuerBusy "issuer-busy" User Issuer true 503 "The issuer has more to do than it can answer in time.";
    IssuerUntrusted "issuer-untrusted" User Issuer false 502 "An answer was not signed by the issuer's keys.";
    IssuerRefused "issuer-refused" User Issuer false 400 "The issuer refused, without a code this version knows.";
    ClockSkew "clock-skew" User User true 400 "The clocks of this device and the issuer differ, and one sync did not put it right.";
    SyncNeeded "sync-needed" User User true 409 "A wrong clock dated a code far ahead: the wallet has to sync once.";
    UpgradeNeeded "upgrade-needed" Page Page false 426 "The issuer no longer speaks this version.";
    UseDpopNonce "use-dpop-nonce" Page Page true 401 "The proof lacks a current nonce.";
    ProofRefused "proof-refused" Page Page false 401 "The proof of possession does not fit the call.";
    ProofReplayed "proof-replayed" Page Page true 401 "The proof of possession was used before.";
    TooLarge "too-large" Page Page false 413 "The call's body is too large.";
    NotFound "not-found" Page Page false 404 "There is no such call or thing.";
    TooManyAttempts "too-many-attempts" User User true 429 "Too many attempts: wait.";

    // Enrolment.
    CodeRefused "code-refused" User User true 403 "The login or the contact code was not right, or is too old.";
    TicketExpired "ticket-expired" User User false 403 "The ticket is too old, used, or not for this key.";
    NotFirstDevice "not-first-device" User User false 403 "The account has had a device: another way leads back.";
    CredentialTaken "credential-taken" User User false 409 "The passkey is registered already.";
    WrongAccount "wrong-account" Page User false 409 "A ticket or statement names another account or device than the one expected.";

    // Names.
    BadLabel "bad-label" User User false 422 "The name can't be registered: it is empty or too long, or has characters that can't be seen.";

    LoginTaken "login-taken" Operator Issuer false 409 "The login is compared like one that another account has: no account is opened.";

    // Signed statements.
    Malformed "malformed" Page Page false 422 "The bytes are not in the one form the specification allows.";
    WrongStatement "wrong-statement" Page Page false 422 "The statement is of another type than expected.";
    WrongKey "wrong-key" Page Page false 422 "The statement names another key.";
    BadSignature "bad-signature" Page Page false 422 "The signature does not hold.";

    // Payment tokens.
    TokenExpired "token-expired" Till User true 422 "The code is past its time: show a new one.";
    TokenAhead "token-ahead" User User true 422 "The code is dated ahead: the phone's clock is off.";
    TokenUsed "token-used" Till User true 409 "The code was used before: show a new one.";
    UsedHere "used-here" Till User false 409 "The code was already charged at this till: no sale, don't hand over goods.";
    TokenUnknown "token-unknown" Operator User true 422 "No live allowance has the code's handle.";
    WrongTill "wrong-till" Operator User true 403 "The code was made for another shop or till.";
    AmountMismatch "amount-mismatch" Operator User true 422 "The code was made for another amount.";
    AmountOver "amount-over" Till User true 422 "The amount is above what the code allows.";
    CurrencyMismatch "currency-mismatch" Operator Page false 422 "The code was made for another currency.";
    BalanceLow "balance-low" User User true 402 "The balance does not cover the payment.";
    PaymentsPaused "payments-paused" User Issuer true 403 "Too much is paid here at once: payments pause for a while.";
    UsedElsewhere "used-elsewhere" User User false 409 "The code, or this device, was used at another place within minutes.";
    CloneSuspected "clone-suspected" Operator User false 403 "The code fits a copied key: the device key is suspended.";
    Approved "approved" Till User false 200 "The payment was made.";
    Declined "declined" Till User true 403 "The payment was not made.";
    TryAgain "try-again" Till User true 422 "The code could not be read: try again.";
    TillBlocked "till-blocked" Till Issuer false 403 "The till may not take payments.";
    IdempotencyMismatch "idempotency-mismatch" Till Page false 422 "The idempotency key, or the name of the call, was used with another request.";
    ReversalTooLate "reversal-too-late" Till User false 409 "The payment can no longer be reversed by the till.";

    // Step-up.
    IntentMismatch "intent-mismatch" User Issuer false 409 "What would be signed differs from what was asked for.";
    IntentExpired "intent-expired" User User true 410 "The intent is past its time, used, or unknown.";
    CoSignatureMissing "co-signature-missing" Page Page false 422 "The device key's co-signature is missing.";
    CoSignatureRefused "co-signature-refused" Page Page false 403 "The co-signature does not cover this assertion and intent.";
    AssertionRefused "assertion-refused" User User true 403 "The passkey's signature or data does not hold.";
    UserNotVerified "user-not-verified" User User true 403 "The passkey did not verify the user.";
    CredentialUnknown "credential-unknown" User User false 403 "The passkey is not registered for this account and device.";
    WrongRp "wrong-rp" Page Page false 403 "The assertion is for another relying party.";
    PrfLeaked "prf-leaked" Page Page false 422 "The request carries extension results that must stay in the page.";

    // Top-up.
    SourceUnknown "source-unknown" User User false 404 "The account has no such source.";
    CardDeclined "card-declined" User User true 402 "The card's issuer declined.";

    // Receipts.
    ChainGap "chain-gap" User Issuer true 502 "A receipt is missing.";
    ChainFork "chain-fork" User Issuer false 502 "The issuer shows two histories.";
    ReceiptForged "receipt-forged" User Issuer false 502 "A receipt does not hold.";

    // A shop's code.
    ShopCodeMalformed "shop-code-malformed" User User false 422 "The text is not a merchant-presented code of EMVCo.";
    ShopCodeBadCrc "shop-code-bad-crc" User User true 422 "The scanned code is damaged: its check value is that of another text.";

    // Loading, said by the package.
    NotInitialised "not-initialised" Page Page false 400 "The module is not loaded: await init() or Wallet.open() first.";
    WasmLoadFailed "wasm-load-failed" Page Page true 400 "The module could not be loaded.";
    WasmBlocked "wasm-blocked" Page Page false 400 "The page's content policy blocks WebAssembly.";
    WasmDigest "wasm-digest" Page Page false 400 "The module and the scripts are of two releases, or one was changed: reload.";
    NoWebassembly "no-webassembly" User Host false 400 "This browser has no WebAssembly.";
    ModuleCrashed "module-crashed" Page Page false 500 "The module stopped: reload the page.";
}

impl Code {
    /// The stable name, as it stands in problems, errors and vectors.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.at(self as usize)
    }

    /// What a till hears of this refusal (protocol section 9): the reason itself goes to the wallet, by receipt.
    #[must_use]
    pub const fn for_till(self) -> Self {
        match self {
            Self::Approved
            | Self::TokenExpired
            | Self::TokenUsed
            | Self::AmountOver
            | Self::TryAgain
            | Self::TillBlocked
            | Self::IdempotencyMismatch
            | Self::ReversalTooLate => self,
            Self::TokenAhead => Self::TokenExpired,
            // On the wire the outcome is the same; the payment that the till made stands beside it.
            Self::UsedHere => Self::TokenUsed,
            Self::Malformed | Self::WrongStatement | Self::BadSignature | Self::TokenUnknown => Self::TryAgain,
            _ => Self::Declined,
        }
    }
}

impl core::fmt::Display for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
