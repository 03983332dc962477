//! What goes wrong, port by port. A trouble belongs to an act and happens at one use of a port in it, so that a story can be
//! told again without it.

use std::fmt;

macro_rules! faults {
    ($($port:ident $port_words:literal { $($fault:ident $words:literal)* })*) => {
        /// Where something goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Port { $(#[doc = $port_words] $port,)* }

        /// What goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($(#[doc = $words] $fault,)*)* }

        impl Port {
            /// All ports.
            pub const ALL: &[Self] = &[$(Self::$port,)*];

            /// Its faults.
            pub const fn faults(self) -> &'static [Fault] {
                match self { $(Self::$port => &[$(Fault::$fault,)*],)* }
            }

            /// In words.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$port => $port_words,)* }
            }
        }

        impl Fault {
            /// Where it happens.
            pub const fn port(self) -> Port {
                match self { $($(Self::$fault => Port::$port,)*)* }
            }

            /// In words of a story.
            pub const fn words(self) -> &'static str {
                match self { $($(Self::$fault => $words,)*)* }
            }
        }
    };
}

faults! {
    Road "the phone's network" {
        Unsent "the call never leaves the phone"
        Lost "the answer is lost"
        LateAnswer "the answer comes after the phone has given up"
        LateCall "the call reaches the issuer after the phone has given up"
        Twice "the call is delivered twice, and the second answer is heard"
        TwiceLate "the call is delivered again, minutes later"
        Slow "the call is slow and is overtaken"
        Cut "the answer is cut off in the middle"
        ForeignPage "a login page of the network answers"
        ForeignError "a proxy on the way answers 502"
        StaleNonce "the answer carries an old nonce"
        OneWay "calls arrive and no answer does, for minutes"
        Tampered "the body is changed on the way"
    }
    TillRoad "the till's network" {
        TillUnsent "the till's call never leaves it"
        TillLost "the answer to the till is lost"
        TillLate "the till's call arrives after the till has given up"
        TillTwice "the till's call is delivered twice"
        TillSlow "the till's call is slow"
    }
    Disk "the phone's storage" {
        Fails "the storage fails"
        Full "the disk is full"
        Evicted "the platform takes the record"
        SilentDone "the storage writes and does not answer"
        SilentUndone "the storage neither writes nor answers"
        SilentLater "the storage does not answer and writes later"
        Older "an older record is put back"
        CrashBefore "the app dies before the write"
        CrashAfter "the app dies after the write"
        OtherTab "another tab works on the same record"
    }
    Keys "the phone's key store" {
        KeysSilent "the key store does not answer"
        KeysFail "the key store fails"
    }
    Hands "the phone's clock" {
        Ahead "the clock is ahead"
        Behind "the clock is behind"
        Drifts "the clock drifts"
        Stands "the clock stands"
        JumpsAhead "the clock jumps ahead in the middle"
        JumpsBack "the clock jumps back in the middle"
        Sleeps "the phone sleeps: its monotonic clock stands"
    }
    Prompt "the authenticator" {
        Refused "the owner refuses"
        Hung "the owner walks away"
        UvFailed "the owner is not recognised"
        OtherSecret "the passkey derives another secret"
        Superseded "another ceremony begins meanwhile"
    }
    Office "the issuer" {
        KilledBefore "the issuer's process is killed before it writes"
        KilledAfter "the issuer's process is killed after it has written"
        AllKilled "all of the issuer's processes are killed and come back"
        Conflict "the ledger runs the rule again"
        Away "the ledger is away"
        Busy "the ledger is busy for too long"
        RollsBack "the ledger rolls back by itself"
        CommitUnheard "the ledger commits and the answer is lost"
        KeysTurn "the issuer's keys are replaced"
        ClockBack "the ledger's clock is put back"
    }
    Card "the card company" {
        Declines "it declines"
        AnswersLate "it charges and answers later"
        AnswersTwice "it charges and says so twice"
        Never "it never charges nor knows the charge"
        LostNotice "it charges, and its answer and its notice are lost"
        Queued "it charges after minutes of not knowing the charge"
        AfterAll "it charges long after it has said that it never will"
    }
}

/// One fault at one use of its port within an act: 0 is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What.
    pub fault: Fault,
    /// At which use.
    pub at: u8,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{}", self.fault, self.at)
    }
}
