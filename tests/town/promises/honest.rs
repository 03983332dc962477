//! Nobody honest is accused, and nobody is told of what did not happen.

use super::super::facts::{DidKind, Excuse, LootKind, OwnerFacts};
use super::reading::{History, Reading};
use DidKind::{Froze, NewKey, OneCodeTwoTills, Released, SetLimit, SignedOff, TwoShops};
use Excuse::{OlderRecord, OlderTerms};
use LootKind::{Login, Profile, Road, Screen, Till};
use jitsuin::wallet::state::AlertKind;
use jitsuin::wire::id::to_base64;
use jitsuin::wire::receipt::Kind;

/// How far what the owner did may lie from what tells of it, in milliseconds: calls are late, and ceremonies take time.
const NEAR_MS: u64 = 3_600_000;

/// What makes an alert or a message right. With nothing in it, it never is.
struct Right {
    /// It tells of no theft and of nothing that could be one.
    plain: bool,
    /// The owner did one of these at about that time.
    did: &'static [DidKind],
    /// A thief had one of these before.
    loot: &'static [LootKind],
    /// A wallet of this owner has a copy: a thief's, or an older record of its own.
    copied: bool,
    /// A receipt of this kind was written in the same second.
    receipt: Option<Kind>,
}

const NEVER: Right = Right { plain: false, did: &[], loot: &[], copied: false, receipt: None };
const PLAIN: Right = Right { plain: true, ..NEVER };
const COPIED: Right = Right { loot: &[Profile], copied: true, ..NEVER };
const ELSEWHERE: Right = Right { did: &[OneCodeTwoTills, TwoShops], loot: &[Screen, Profile, Road, Till], ..NEVER };

/// What makes an alert of a wallet right; none for a kind that nobody has thought of.
fn of_alert(kind: AlertKind) -> Option<Right> {
    Some(match kind {
        AlertKind::UnknownUse => Right { loot: &[Profile, Road], ..COPIED },
        AlertKind::ReceiptForged => Right { loot: &[Road], ..NEVER },
        AlertKind::DeviceSuspended | AlertKind::RotateNeeded => COPIED,
        AlertKind::UsedElsewhere => ELSEWHERE,
        AlertKind::NewDevice => Right { did: &[NewKey], ..NEVER },
        AlertKind::Frozen => Right { did: &[Froze], loot: &[Profile], ..NEVER },
        AlertKind::Unfrozen => Right { did: &[Released], loot: &[Road], ..NEVER },
        AlertKind::LimitsChanged => Right { did: &[SetLimit], ..NEVER },
        AlertKind::RecoveryStarted | AlertKind::ContactChanged => NEVER,
        AlertKind::LowAllowance | AlertKind::ReceiptsLate | AlertKind::ClockSkew => PLAIN,
        _ => return None,
    })
}

/// What makes a message right, by its first line in both languages. A code that somebody asked for tells of nothing.
const MESSAGES: &[(&str, &str, Right)] = &[
    ("Code to register a device or to stop your account", "端末登録またはアカウント停止の確認コード", PLAIN),
    ("Code to release your account", "停止解除の確認コード", PLAIN),
    ("Your card company: code for your card", "カード会社からの確認コード", PLAIN),
    (
        "A device was registered",
        "端末が登録されました",
        Right { did: &[NewKey], receipt: Some(Kind::DeviceAdded), ..NEVER },
    ),
    (
        "A device was replaced",
        "端末が置き換えられました",
        Right { did: &[NewKey], receipt: Some(Kind::DeviceAdded), ..NEVER },
    ),
    (
        "A device's key was renewed",
        "端末の鍵が更新されました",
        Right { did: &[NewKey], receipt: Some(Kind::DeviceAdded), ..NEVER },
    ),
    (
        "A device was signed off",
        "端末の登録が解除されました",
        Right { did: &[SignedOff], loot: &[Profile], receipt: Some(Kind::DeviceRevoked), ..NEVER },
    ),
    ("A device was suspended", "端末を停止しました", Right { receipt: Some(Kind::DeviceSuspended), ..COPIED }),
    (
        "Your code was used at two places",
        "コードが2か所で使われました",
        Right { did: &[OneCodeTwoTills], receipt: Some(Kind::Held), ..ELSEWHERE },
    ),
    (
        "You paid at two places within minutes",
        "数分のうちに2か所で支払いがありました",
        Right { did: &[TwoShops], receipt: Some(Kind::Held), ..ELSEWHERE },
    ),
    (
        "Your account is frozen",
        "アカウントを停止しました",
        Right { did: &[Froze], loot: &[Profile], receipt: Some(Kind::Frozen), ..NEVER },
    ),
    (
        "Your account works again",
        "アカウントを再開しました",
        Right { did: &[Released], receipt: Some(Kind::Unfrozen), ..NEVER },
    ),
    (
        "Your limit was changed",
        "限度額が変更されました",
        Right { did: &[SetLimit], receipt: Some(Kind::LimitsChanged), ..NEVER },
    ),
    ("Top-up completed", "チャージが完了しました", Right { receipt: Some(Kind::TopUp), ..PLAIN }),
    ("Many tries to log in with your ID", "ログインが何度も試みられています", Right { loot: &[Login], ..NEVER }),
];

impl Right {
    /// Whether it is right at this time, milliseconds since 1970, or as much earlier as the ledger's clock was ever behind.
    fn holds(&self, owner: &OwnerFacts, (at_ms, behind_ms): (u64, u64)) -> bool {
        let is_near = |did_ms: u64| did_ms.abs_diff(at_ms) <= NEAR_MS + behind_ms;
        let did = |did: &super::super::facts::Did| self.did.contains(&did.what) && is_near(did.at_ms);
        self.plain
            || owner.did.iter().any(did)
            || self.loot.iter().any(|loot| is_robbed(owner, *loot, at_ms))
            || (self.copied && has_copy(owner, OlderRecord))
    }
}

/// Whether a thief had this by then, to the second.
pub fn is_robbed(owner: &OwnerFacts, what: LootKind, at_ms: u64) -> bool {
    owner.robbed.iter().any(|loot| loot.what == what && loot.at_ms / 1000 <= at_ms / 1000)
}

/// Whether a copy of a wallet exists: a thief's, or an older record of its own of this kind.
fn has_copy(owner: &OwnerFacts, older: Excuse) -> bool {
    let excuses = owner.wallets.iter().flat_map(|wallet| &wallet.excused);
    let was_put_back = owner.did.iter().any(|did| did.what == DidKind::PutBack);
    was_put_back || excuses.into_iter().any(|excuse| *excuse == Excuse::Cloned || *excuse == older)
}

/// A key is suspended only if somebody copied this key, or an older record with another allowance was put back and went on.
pub fn suspended(reading: &Reading<'_>) -> Option<String> {
    reading.owners().find_map(|(owner, history)| {
        let mut suspensions = history.readable().map(|said| &said.receipt);
        let wrong = suspensions.find(|receipt| {
            let is_copy = receipt.thumb.is_some_and(|thumb| owner.copied.contains(&to_base64(thumb.as_bytes())));
            let was_copied = is_copy && is_robbed(owner, Profile, reading.latest_ms(receipt.time));
            receipt.kind == Kind::DeviceSuspended && !was_copied && !has_copy(owner, OlderTerms)
        });
        let wrong = wrong?;
        Some(format!("receipt {} suspends a device of {}, whose key nobody copied", wrong.seq.get(), owner.name))
    })
}

/// Every alert that a wallet shows and every message to an owner is right.
pub fn told_of_a_theft(reading: &Reading<'_>) -> Option<String> {
    let of_wallets = reading.facts.owners.iter().find_map(|owner| {
        owner.wallets.iter().find_map(|wallet| {
            let wrong = wallet.state.alerts.iter().find(|alert| {
                let right = of_alert(alert.kind);
                // Its time is the receipt's: one of long before can be changed on the way today.
                let is_forged = alert.kind == AlertKind::ReceiptForged;
                let at_ms = if is_forged { reading.facts.now_ms } else { alert.at + reading.facts.behind_ms };
                !right.is_some_and(|right| right.holds(owner, (at_ms, reading.facts.behind_ms)))
            });
            wrong.map(|alert| format!("{} shows {} ({})", wallet.name, alert.kind.name(), alert.id))
        })
    });
    of_wallets.or_else(|| reading.owners().find_map(|(owner, history)| in_messages(reading, owner, history)))
}

fn in_messages(reading: &Reading<'_>, owner: &OwnerFacts, history: &History<'_>) -> Option<String> {
    let own = reading.facts.messages.iter().filter(|(_, message)| message.account.as_ref() == Some(&owner.account));
    for (number, message) in own {
        let subject = message.subject.as_str();
        let found = MESSAGES.iter().find(|(english, japanese, _)| [*english, *japanese].contains(&subject));
        let Some((english, _, right)) = found else {
            return Some(format!("message {number} to {} says {subject:?}, which nobody has thought of", owner.name));
        };
        if !right.holds(owner, (reading.latest_ms(message.at), reading.facts.behind_ms)) {
            return Some(format!("message {number} to {} says {english:?}", owner.name));
        }
        let is_of = |kind: Kind| history.stored.iter().rev().any(|held| (held.kind, held.at) == (kind, message.at));
        if right.receipt.is_some_and(|kind| !is_of(kind)) {
            return Some(format!("message {number} to {} says {english:?}, and no receipt does", owner.name));
        }
        if message.to != history.account.contact {
            return Some(format!("message {number} for {} goes to {}", owner.name, message.to));
        }
    }
    None
}
