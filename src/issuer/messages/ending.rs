//! How messages end, and how they write money and times.

use super::{Event, Language};
use crate::rules::spending::WINDOW as DAY;
use crate::wire::money::Money;

/// Seconds by which Japan's time is ahead.
const JAPAN: u32 = 9 * 3600;

/// What a message says at last of what its owner may not have done: what to do then. A frozen account stays frozen, and
/// whoever holds a new key there is told from when it can be released with it.
pub(super) fn of(language: Language, is_frozen: bool, now: u32, event: &Event<'_>) -> String {
    let new_key = match event {
        Event::KeyReplaced { release, .. } | Event::KeyRotated { release, .. } => Some(*release),
        _ => None,
    };
    let cools_off = matches!(event, Event::KeyReplaced { .. });
    match (language, is_frozen) {
        (Language::En, false) => {
            let small = if cools_off { "The new one pays small amounts for a day. " } else { "" };
            format!("{small}If that was not you, freeze the account at once.")
        }
        (Language::Ja, false) => {
            let small = if cools_off { "新しい鍵では1日の間、少額だけ支払えます。" } else { "" };
            format!("{small}心当たりがない場合は、すぐにアカウントを停止してください。")
        }
        (Language::En, true) => {
            let release = match new_key {
                None => String::new(),
                Some(None) => " This device can't release it.".into(),
                Some(Some(from)) if from <= now => " This device can release it now.".into(),
                Some(Some(from)) => format!(" This device can release it from {}.", time(language, from)),
            };
            format!("The account stays frozen.{release} If that was not you, call support.")
        }
        (Language::Ja, true) => {
            let release = match new_key {
                None => String::new(),
                Some(None) => "この端末では停止を解除できません。".into(),
                Some(Some(from)) if from <= now => "この端末で停止を解除できます。".into(),
                Some(Some(from)) => format!("{}から、この端末で停止を解除できます。", time(language, from)),
            };
            format!("アカウントは停止したままです。{release}心当たりがない場合は、サポートにご連絡ください。")
        }
    }
}

/// A time, to the next whole minute: in Japanese that of Japan, else UTC.
fn time(language: Language, at: u32) -> String {
    let ahead = if language == Language::Ja { JAPAN } else { 0 };
    let minutes = at.saturating_add(ahead).div_ceil(60);
    let (hour, minute) = (minutes / 60 % 24, minutes % 60);
    let (year, month, day) = date(minutes / (DAY / 60));
    match language {
        Language::En => format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"),
        Language::Ja => format!("{year}年{month}月{day}日 {hour}:{minute:02}（日本時間）"),
    }
}

/// Year, month and day of so many days since 1970.
fn date(days: u32) -> (u32, u32, u32) {
    let is_leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut left, mut year, mut month) = (days, 1970_u32, 1_u32);
    while let Some(rest) = left.checked_sub(if is_leap(year) { 366 } else { 365 }) {
        (left, year) = (rest, year.saturating_add(1));
    }
    for length in [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        let Some(rest) = left.checked_sub(length) else { break };
        (left, month) = (rest, month.saturating_add(1));
    }
    (year, month, left.saturating_add(1))
}

/// `JPY 5000`, `EUR 12.50`.
pub(super) fn money(money: Money) -> String {
    let letters = money.currency.letters();
    let decimals = usize::from(money.currency.exponent());
    let digits = format!("{:0>1$}", money.amount, decimals.saturating_add(1));
    match digits.split_at_checked(digits.len().saturating_sub(decimals)) {
        Some((whole, "")) => format!("{letters} {whole}"),
        Some((whole, rest)) => format!("{letters} {whole}.{rest}"),
        None => format!("{letters} {digits}"),
    }
}

#[cfg(test)]
mod tests;
