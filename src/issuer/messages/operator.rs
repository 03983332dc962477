//! What whoever runs the issuer is told, in both languages.

use super::Message;

impl Message {
    /// To whoever runs the issuer: a circuit breaker tripped.
    pub(in crate::issuer) fn tripped(to: String, place: &str, at: u32) -> Self {
        Self {
            account: None,
            to,
            at,
            subject: format!("Ceiling reached: {place} / 上限に到達: {place}"),
            text: format!(
                "The ceiling of {place} is reached. Calls there are declined until the window moves on.\n\
                 {place} の上限に達しました。時間が経つまで受け付けません。"
            ),
            code: None,
        }
    }

    /// To whoever runs the issuer: so many strangers try that those who try much have to wait.
    pub(in crate::issuer) fn crowded(to: String, what: &str, at: u32) -> Self {
        Self {
            account: None,
            to,
            at,
            subject: format!("Ceiling reached: {what} / 上限に到達: {what}"),
            text: format!(
                "The tries of all networks in an hour have reached the ceiling of {what}. Networks with many of them wait until the \
                 hour moves on; the others and known devices go on.\n\
                 {what} の1時間の試行が全体の上限に達しました。試行の多いネットワークは時間が経つまで受け付けません。ほかのネットワークと、\
                 以前にログインを終えた端末は引き続き使えます。"
            ),
            code: None,
        }
    }

    /// To whoever runs the issuer: a till offers many tokens of nobody.
    pub(in crate::issuer) fn guesses(to: String, till: &str, at: u32) -> Self {
        Self {
            account: None,
            to,
            at,
            subject: format!("Many codes of nobody: {till} / 該当者のないコードが多数: {till}"),
            text: format!(
                "Till {till} offers many payment codes that no wallet made. Nothing is blocked: look at what is scanned \
                 there, and block the till or revoke its key if it is not the shop's.\n\
                 レジ {till} が、どのウォレットのものでもない支払いコードを多数送っています。何も停止していません。読み取られているものを確認し、\
                 店舗のものでなければレジを停止するか、その鍵を失効させてください。"
            ),
            code: None,
        }
    }

    /// To whoever runs the issuer: the processor took money for a charge that nobody knows.
    pub(in crate::issuer) fn unknown_charge(to: String, key: &str, at: u32) -> Self {
        Self {
            account: None,
            to,
            at,
            subject: format!("Charge that nobody knows: {key} / 記録のない請求: {key}"),
            text: format!(
                "The card processor says that it took money for {key}, which is no top-up of this ledger. Give it back there.\n\
                 カード会社は {key} の請求が成立したと伝えていますが、この台帳にその入金はありません。カード会社側で返金してください。"
            ),
            code: None,
        }
    }

    /// To whoever runs the issuer: the processor says of a top-up the opposite of what it said before; `taken` is the newer word.
    pub(in crate::issuer) fn contradiction(to: String, key: &str, taken: bool, at: u32) -> Self {
        let text = match taken {
            true => format!(
                "The card processor says that it took money for {key}, which it had declined before. Nothing was credited: give it \
                 back there.\n\
                 カード会社は、先に拒否した {key} の請求が成立したと伝えています。残高には加算していません。カード会社側で返金してください。"
            ),
            false => format!(
                "The card processor says that it did not take the money for {key}, which it had said it took. The amount was \
                 credited and stays so: look at the charge there, and settle it with the owner of the account.\n\
                 カード会社は、先に成立したと伝えた {key} の請求が成立していないと伝えています。残高には加算済みで、そのままにしています。\
                 カード会社側の請求を確認し、口座の持ち主と精算してください。"
            ),
        };
        let subject = format!("Processor contradicts itself: {key} / カード会社の回答が矛盾: {key}");
        Self { account: None, to, at, subject, text, code: None }
    }
}
