//! What people type (protocol section 6, *Typed text*): one form of each login, password and code, whatever keyboard it came
//! from. Every comparison, hash and counter is made of that form.

use crate::wire::base::BASE32;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointSetData};
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use precis_profiles::{OpaqueString, UsernameCaseMapped};

/// Longest login, in bytes, as it is typed and as it is compared. The widest spelling of one of 254 bytes fits.
pub(super) const LONGEST_LOGIN: usize = 1024;
/// Longest password, in bytes.
pub(super) const LONGEST_PASSWORD: usize = 1024;
/// Longest text that is read as a code, in bytes.
const LONGEST_CODE: usize = 256;
/// Digits of a contact or card code.
pub(super) const SENT_DIGITS: usize = 8;
/// Characters of a till code, of 5 bits each.
pub(super) const TILL_CHARACTERS: usize = 16;

/// A login as it is compared: `UsernameCaseMapped` of RFC 8265. None for what nobody's login can be.
pub(super) fn login(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.len() > LONGEST_LOGIN {
        return None;
    }
    let once = UsernameCaseMapped::enforce(typed).ok()?;
    // RFC 8265, section 3.3.2: a second pass must change nothing.
    let login = UsernameCaseMapped::enforce(once.as_ref()).ok()?;
    (login == once && login.len() <= LONGEST_LOGIN).then(|| login.into_owned())
}

/// A password as it is hashed: `OpaqueString` of RFC 8265. None for what no new password can be.
pub(super) fn password(typed: &str) -> Option<String> {
    if typed.len() > LONGEST_PASSWORD {
        return None;
    }
    let password = OpaqueString::enforce(typed).ok()?;
    (password.len() <= LONGEST_PASSWORD).then(|| password.into_owned())
}

/// The digits of a contact or card code. None for what can't be one, which is no try.
pub(super) fn sent_code(typed: &str) -> Option<String> {
    let digits = ungrouped(typed)?.chars().map(digit).collect::<Option<String>>()?;
    (digits.len() == SENT_DIGITS).then_some(digits)
}

/// A till code in capitals. None for what can't be one.
pub(super) fn till_code(typed: &str) -> Option<String> {
    let code = ungrouped(typed)?.to_ascii_uppercase();
    let whole = code.len() == TILL_CHARACTERS && code.bytes().all(|sign| BASE32.has(sign));
    whole.then_some(code)
}

/// The text in NFKC, without the spaces and hyphens that group it.
fn ungrouped(typed: &str) -> Option<String> {
    if typed.len() > LONGEST_CODE {
        return None;
    }
    let groups = |sign: &char| {
        // Keyboards for Japanese write the long vowel mark where a hyphen is typed.
        matches!(sign, '\u{ad}' | '\u{2212}' | '\u{30fc}')
            || CodePointSetData::new::<WhiteSpace>().contains(*sign)
            || category(*sign) == GeneralCategory::DashPunctuation
    };
    Some(ComposingNormalizerBorrowed::new_nfkc().normalize(typed).chars().filter(|sign| !groups(sign)).collect())
}

fn category(sign: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(sign)
}

/// The value of a decimal digit of any script. Unicode keeps the ten digits of each script in a row, from zero on.
fn digit(sign: char) -> Option<char> {
    let is_digit = |sign: &char| category(*sign) == GeneralCategory::DecimalNumber;
    if !is_digit(&sign) {
        return None;
    }
    let before = ('\0'..sign).rev().take_while(is_digit).count();
    char::from_digit(u32::try_from(before % 10).ok()?, 10)
}

#[cfg(test)]
mod tests;
