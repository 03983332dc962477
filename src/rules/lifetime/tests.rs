use super::*;
use crate::wire::token::Limit;

const TOKEN: Token = Token { limit: Limit::Allowance, issued_at: 1000, expires_at: 1060, atc: 1, random: [0; 4] };

#[test]
fn a_token_lives_from_30_s_before_its_date_to_10_s_after_its_end() {
    assert_eq!(check(&TOKEN, 969_999), Err(NotAlive::Ahead));
    assert_eq!(check(&TOKEN, 970_000), Ok(()));
    assert_eq!(check(&TOKEN, 1_069_999), Ok(()));
    assert_eq!(check(&TOKEN, 1_070_000), Err(NotAlive::Expired));
    assert_eq!(check(&TOKEN, u64::MAX), Err(NotAlive::Expired));
}

#[test]
fn a_token_is_offline_15_minutes_after_the_last_contact() {
    assert!(!is_offline(&TOKEN, 100));
    assert!(is_offline(&TOKEN, 99));
    assert!(!is_offline(&TOKEN, u32::MAX));
}
