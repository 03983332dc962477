//! What people do. To add one: name it here, say which ports it uses and in which states it can begin, and do it in `people`.

use super::trouble::{Fault, Port};

macro_rules! verbs {
    ($($verb:ident $weight:literal [$($status:literal)*] [$($port:ident)*] $words:literal)*) => {
        /// What somebody does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb { $(#[doc = $words] $verb,)* }

        impl Verb {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$verb,)*];

            /// How often it is done, beside the others.
            pub const fn weight(self) -> u64 {
                match self { $(Self::$verb => $weight,)* }
            }

            /// In words of a story.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$verb => $words,)* }
            }

            /// The wallet's status at its beginning, wherever it can do anything.
            pub const fn statuses(self) -> &'static [&'static str] {
                match self { $(Self::$verb => &[$($status,)*],)* }
            }

            /// What it uses.
            pub const fn ports(self) -> &'static [Port] {
                match self { $(Self::$verb => &[$(Port::$port,)*],)* }
            }
        }
    };
}

verbs! {
    Enrol 0 ["new"] [Road Disk Keys Hands Prompt Office] "registers the phone"
    Show 6 ["ready"] [Disk Hands] "shows a code and is not charged"
    Pay 30 ["ready"] [TillRoad Disk Hands Office] "pays"
    PayTwice 4 ["ready"] [TillRoad Disk Hands Office] "has one code read twice"
    PayElsewhere 6 ["ready"] [TillRoad Disk Hands Office] "pays at two shops within minutes"
    TwoTills 3 ["ready"] [TillRoad Disk Hands Office] "pays at two tills of one shop with a code for each"
    SetsClock 4 ["ready"] [TillRoad Disk Hands Office] "sets the phone's clock by hand between two payments"
    YoungShop 4 ["ready"] [TillRoad Disk Hands Office] "buys several things at a shop that has just opened"
    Reverse 3 ["ready"] [TillRoad Office] "gives back what was just bought"
    TopUp 16 ["ready"] [Road Disk Hands Prompt Office Card] "tops up"
    ProveCard 3 ["ready"] [Road Disk Hands Office] "proves a card"
    Lock 6 ["ready"] [] "locks the wallet"
    Unlock 6 ["locked"] [Disk Keys Prompt] "unlocks the wallet"
    Reseal 2 ["ready" "locked"] [Disk Keys Prompt] "seals the key anew"
    Sync 14 ["ready" "locked" "frozen"] [Road Disk Keys Hands Office] "looks at the wallet"
    ReadAlerts 5 ["ready" "locked" "frozen"] [Road Disk Office] "reads alerts and receipts"
    Freeze 3 ["ready" "locked"] [Road Disk Keys Hands Office] "freezes the account"
    FreezeByMessage 2 ["ready" "locked"] [Office] "freezes the account with the code in a message"
    Release 8 ["frozen"] [Road Disk Hands Prompt Office] "releases the account"
    Rotate 4 ["ready" "frozen"] [Road Disk Keys Hands Prompt Office] "puts a new key in the place of the old"
    Refill 3 ["ready"] [Road Disk Hands Prompt Office] "agrees to a fresh allowance"
    Limit 3 ["ready"] [Road Disk Hands Prompt Office] "changes the limit"
    BothMine 4 ["ready"] [Road TillRoad Disk Hands Office] "says that both payments were theirs"
    NotMine 3 ["ready"] [Road TillRoad Disk Keys Hands Office] "says that a payment was not theirs"
    Reload 8 ["ready" "locked" "frozen"] [Road Disk Keys Hands Office] "opens the page anew"
    Forget 2 ["ready" "locked"] [Road Disk Office] "signs the phone off"
    Replace 2 ["ready" "locked" "frozen"] [Road Disk Keys Hands Prompt Office] "loses the phone and puts another in its place"
    Sweep 4 ["ready"] [Office] "the sweeper works"
    Settle 5 ["ready" "locked" "frozen"] [Office] "has held payments settled by a person of the issuer"
    KnowsLogin 3 ["ready" "locked" "frozen"] [Office] "is tried by a thief who knows login and password"
    CopiesProfile 4 ["ready" "locked" "frozen"] [Office] "has the profile copied by a thief"
    SeesScreen 4 ["ready"] [TillRoad Disk Hands Office] "shows a code that a thief photographs"
    LyingTill 4 ["ready"] [TillRoad Disk Hands Office] "pays at a till that lies"
    BackendBetween 6 ["ready" "locked" "frozen"] [Road Disk Hands Prompt Office] "works through a backend in between"
    Harassed 3 ["ready"] [] "is frozen again and again by a thief who copied the profile"
    Night 0 ["ready" "locked" "frozen"] [Road Disk Office] "is looked after at night"
}

impl Verb {
    /// Whether a thief has a hand in it: done in robbed towns alone.
    pub const fn is_robbery(self) -> bool {
        use Verb::{BackendBetween, CopiesProfile, Harassed, KnowsLogin, LyingTill, SeesScreen};
        matches!(self, KnowsLogin | CopiesProfile | SeesScreen | LyingTill | BackendBetween | Harassed)
    }

    /// Whether a thief does it without the owner, for hours, while the owner goes on.
    pub const fn is_apart(self) -> bool {
        matches!(self, Self::KnowsLogin | Self::CopiesProfile)
    }

    /// Whether the key store may fail at a signature in it too.
    pub const fn can_fail_signing(self) -> bool {
        matches!(self, Self::Freeze | Self::NotMine | Self::Sync)
    }

    /// Whether this fault can do anything to it, where it uses the port at all.
    pub const fn can_meet(self, fault: Fault) -> bool {
        !matches!(
            (self, fault),
            // No passkey is asked to derive anything there.
            (Self::TopUp | Self::Refill | Self::Limit | Self::Release, Fault::OtherSecret)
                // An erasure needs no room, and it is done by when it is asked whether it is.
                | (Self::Forget, Fault::Full | Fault::SilentLater)
        )
    }
}
