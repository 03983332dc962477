//! Messages to people, in Japanese and English. Each says what its code does, since a person is asked to type it.

mod ending;
mod named;
mod operator;

use super::account::Account;
use super::freeze;
use super::moment::Moment;
use crate::wire::id::AccountId;
use crate::wire::money::Money;
use serde::{Deserialize, Serialize};

pub(super) use named::Named;

/// The language of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Language {
    /// The one that a call names; Japanese for any other.
    pub(super) fn named(name: &str) -> Self {
        if name == "en" { Self::En } else { Self::Ja }
    }
}

/// One message. Whoever sends it on forgets it then; the demo shows it in its inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whose, where it goes to an account's contact.
    pub account: Option<AccountId>,
    /// Where it goes.
    pub to: String,
    /// Seconds since 1970.
    pub at: u32,
    /// First line.
    pub subject: String,
    /// Text.
    pub text: String,
    /// The code in it, if one is.
    pub code: Option<String>,
}

/// What happened.
pub(super) enum Event<'a> {
    /// Somebody who knows login and password wants to register a device, or to freeze the account.
    ContactCode {
        /// The code.
        code: &'a str,
        /// The page where it freezes.
        stop_page: &'a str,
        /// Whether no more are sent for a day once this minute is over, unless one is entered.
        is_last: bool,
    },
    /// A device was registered.
    DeviceAdded(Named<'a>),
    /// A device key was suspended.
    DeviceSuspended(Named<'a>),
    /// The account was frozen.
    Frozen,
    /// A second till, here, offered a code that was paid with.
    OfferedTwice(Named<'a>),
    /// The next payment came from elsewhere within minutes: here.
    UsedElsewhere(Named<'a>),
    /// The account works again.
    Unfrozen,
    /// A device wants to release the account.
    UnfreezeCode(&'a str),
    /// The owner's own limit was set.
    LimitSet(Money),
    /// A device key was replaced.
    KeyReplaced {
        /// The device's.
        label: Named<'a>,
        /// From when the new key may release the account, if it is frozen and the key ever may.
        release: Option<u32>,
    },
    /// A device key was replaced by its own owner's wallet.
    KeyRotated {
        /// The device's.
        label: Named<'a>,
        /// As above.
        release: Option<u32>,
    },
    /// A device was signed off by its own wallet.
    SignedOff(Named<'a>),
    /// Money came in.
    ToppedUp(Money),
    /// Somebody tries the login again and again.
    ManyTries,
    /// A card's owner is asked to prove the card.
    CardCode {
        /// The code.
        code: &'a str,
        /// The card's label.
        card: Named<'a>,
    },
}

impl Message {
    /// To an account's contact, in its language.
    pub(super) fn to_owner(account: &Account, at: u32, event: &Event<'_>) -> Self {
        Self::in_language(account.language, account, at, event)
    }

    /// To an account's contact, in a language of its own.
    pub(super) fn in_language(language: Language, account: &Account, at: u32, event: &Event<'_>) -> Self {
        let ending = ending::of(language, account.frozen_at.is_some(), at, event);
        let (subject, text) = match language {
            Language::En => english(event, &ending),
            Language::Ja => japanese(event, &ending),
        };
        let code = match event {
            Event::ContactCode { code, .. } | Event::UnfreezeCode(code) | Event::CardCode { code, .. } => {
                Some(String::from(*code))
            }
            _ => None,
        };
        Self { account: Some(account.id.clone()), to: account.contact.clone(), at, subject, text, code }
    }

    /// The same for what its owner may have to stop: with a code that freezes the account, once and for some minutes.
    pub(super) fn alarm(moment: &Moment<'_>, account: &Account, event: &Event<'_>) -> Self {
        let mut message = Self::to_owner(account, moment.now(), event);
        if account.frozen_at.is_none() {
            let page = &moment.settings.stop_page;
            let minutes = moment.settings.policy.stop_seconds / 60;
            let code = freeze::stop_code(moment, &account.id);
            let stop = match account.language {
                Language::En => {
                    format!("\n\nTo stop everything, open {page} and enter this within {minutes} minutes:\n{code}")
                }
                Language::Ja => format!(
                    "\n\nすべて停止するには、{minutes}分以内に {page} を開いて次のコードを入力してください。\n{code}"
                ),
            };
            message.text.push_str(&stop);
        }
        message
    }

    /// To a merchant: the one-time code of a till.
    pub(super) fn till_code(to: String, till: &str, code: &str, at: u32) -> Self {
        Self {
            account: None,
            to,
            at,
            subject: format!("Till {till} / レジ {till}"),
            text: format!(
                "{code} registers one device as till {till}. It works once.\n{code} を入力した端末がレジ {till} として登録されます。一度だけ使えます。"
            ),
            code: Some(code.into()),
        }
    }
}

/// `ending` says what to do if it was not the owner.
fn english(event: &Event<'_>, ending: &str) -> (String, String) {
    match event {
        Event::ContactCode { code, stop_page, is_last } => (
            "Code to register a device or to stop your account".into(),
            format!(
                "{code} registers a device that can pay with your money or, typed on {stop_page} , stops your account. \
                 Type it only into your own wallet or on that page and read it out to nobody. It works for 10 minutes. \
                 If you are doing neither now, somebody knows your password: change it.{}",
                if *is_last {
                    " It was asked for three times today: once this minute is over, no more codes are sent for 24 hours \
                     unless you enter one, except to a device that you registered before."
                } else {
                    ""
                }
            ),
        ),
        Event::DeviceAdded(label) => (
            "A device was registered".into(),
            format!("{label} can now pay with your account. {ending}"),
        ),
        Event::DeviceSuspended(label) => (
            "A device was suspended".into(),
            format!("A code of {label} looks like it was made by a copy of its key. The device can't pay any more."),
        ),
        Event::OfferedTwice(place) => (
            "Your code was used at two places".into(),
            format!(
                "A code that was paid with was offered at {place} too. The money of that payment waits until a person \
                 has looked at it. If it was not you, say so in your wallet: it stops everything."
            ),
        ),
        Event::UsedElsewhere(place) => (
            "You paid at two places within minutes".into(),
            format!(
                "Within minutes a payment came from {place} too. The money of the first payment waits. If both were \
                 you, say so in your wallet, or do nothing: it is paid by itself. If one of them was not you, say that \
                 in your wallet: it stops everything."
            ),
        ),
        Event::Unfrozen => (
            "Your account works again".into(),
            format!("It was released on one of your devices. {ending}"),
        ),
        Event::UnfreezeCode(code) => (
            "Code to release your account".into(),
            format!(
                "{code} lets all your devices pay again. Type it only into your own wallet and read it out to nobody. \
                 It works for 5 minutes."
            ),
        ),
        Event::LimitSet(money) => (
            "Your limit was changed".into(),
            format!(
                "All devices together can pay {} in 24 hours. {ending}",
                ending::money(*money)
            ),
        ),
        Event::KeyReplaced { label, .. } => (
            "A device was replaced".into(),
            format!("{label} took the place of a device. The old key is dead. {ending}"),
        ),
        Event::KeyRotated { label, .. } => (
            "A device's key was renewed".into(),
            format!(
                "{label} has a new key, agreed to with its passkey. The old key and every copy of it are dead. {ending}"
            ),
        ),
        Event::SignedOff(label) => (
            "A device was signed off".into(),
            format!(
                "{label} was erased by whoever holds it and can't pay any more. Its passkey and a contact code put a \
                 new key in its place. {ending}"
            ),
        ),
        Event::Frozen => {
            ("Your account is frozen".into(), "No device can pay or top up until the account is released.".into())
        }
        Event::ToppedUp(money) => (
            "Top-up completed".into(),
            format!("{} was added. {ending}", ending::money(*money)),
        ),
        Event::ManyTries => (
            "Many tries to log in with your ID".into(),
            "Somebody tries to log in with your ID again and again. None of these tries got in: that takes your password and \
             a code that only you are sent. You can go on logging in. If you use the same password elsewhere, change it here. \
             You can stop everything at any time: in your wallet, or with your passkey."
                .into(),
        ),
        Event::CardCode { code, card } => (
            "Your card company: code for your card".into(),
            format!("{code} lets your wallet charge {card}. Type it only into your card company's page."),
        ),
    }
}

fn japanese(event: &Event<'_>, ending: &str) -> (String, String) {
    match event {
        Event::ContactCode { code, stop_page, is_last } => (
            "端末登録またはアカウント停止の確認コード".into(),
            format!(
                "{code} を入力すると、あなたのお金で支払える端末が登録されます。{stop_page} で入力した場合は、アカウントが停止します。\
                 ご自身のウォレットとこのページ以外には入力せず、誰にも教えないでください。有効期間は10分です。\
                 どちらの操作もしていない場合は、パスワードが他人に知られています。すぐに変更してください。{}",
                if *is_last {
                    "本日3回目の送信です。コードを入力しない場合、1分後からは、以前に登録した端末を除き、24時間は新しいコードを送りません。"
                } else {
                    ""
                }
            ),
        ),
        Event::DeviceAdded(label) => (
            "端末が登録されました".into(),
            format!("{label}で支払えるようになりました。{ending}"),
        ),
        Event::DeviceSuspended(label) => {
            ("端末を停止しました".into(), format!("{label}の鍵が複製された疑いがあるため、この端末では支払えません。"))
        }
        Event::OfferedTwice(place) => (
            "コードが2か所で使われました".into(),
            format!(
                "支払い済みのコードが {place} でも提示されました。その支払いの代金は、担当者が確認するまで保留します。\
                 心当たりがない場合は、ウォレットで「自分ではない」を選んでください。すべて停止します。"
            ),
        ),
        Event::UsedElsewhere(place) => (
            "数分のうちに2か所で支払いがありました".into(),
            format!(
                "数分のうちに {place} でも支払いがありました。先の支払いの代金は保留しています。どちらもご自身の支払いで\
                 あれば、ウォレットでそう選ぶか、そのままお待ちください（自動で支払われます）。心当たりがない場合は、\
                 ウォレットで「自分ではない」を選んでください。すべて停止します。"
            ),
        ),
        Event::Unfrozen => (
            "アカウントを再開しました".into(),
            format!("端末のひとつで停止が解除されました。{ending}"),
        ),
        Event::UnfreezeCode(code) => (
            "停止解除の確認コード".into(),
            format!(
                "{code} を入力すると、すべての端末で再び支払えるようになります。ご自身のウォレット以外には入力せず、\
                 誰にも教えないでください。有効期間は5分です。"
            ),
        ),
        Event::LimitSet(money) => (
            "限度額が変更されました".into(),
            format!(
                "24時間にすべての端末で支払えるのは合計 {} です。{ending}",
                ending::money(*money)
            ),
        ),
        Event::KeyReplaced { label, .. } => (
            "端末が置き換えられました".into(),
            format!("{label}が以前の端末に代わって登録されました。以前の鍵は使えません。{ending}"),
        ),
        Event::KeyRotated { label, .. } => (
            "端末の鍵が更新されました".into(),
            format!("{label}の鍵がパスキーで承認のうえ更新されました。以前の鍵とその複製は使えません。{ending}"),
        ),
        Event::SignedOff(label) => (
            "端末の登録が解除されました".into(),
            format!(
                "{label}のウォレットが消去され、この端末では支払えなくなりました。パスキーと確認コードで新しい鍵に置き換えられます。\
                 {ending}"
            ),
        ),
        Event::Frozen => {
            ("アカウントを停止しました".into(), "解除されるまで、どの端末でも支払いとチャージはできません。".into())
        }
        Event::ToppedUp(money) => (
            "チャージが完了しました".into(),
            format!("{} をチャージしました。{ending}", ending::money(*money)),
        ),
        Event::ManyTries => (
            "ログインが何度も試みられています".into(),
            "何者かがあなたのIDで何度もログインを試みています。ログインにはパスワードと、あなただけに届く確認コードの両方が必要なため、\
             成功したものはありません。あなたはこれまでどおりログインできます。同じパスワードを他でも使っている場合は、\
             変更してください。ウォレットまたはパスキーで、いつでもすべてを停止できます。"
                .into(),
        ),
        Event::CardCode { code, card } => (
            "カード会社からの確認コード".into(),
            format!(
                "{code} を入力すると、ウォレットが {card} に請求できるようになります。カード会社のページ以外には入力しないでください。"
            ),
        ),
    }
}

#[cfg(test)]
mod tests;
