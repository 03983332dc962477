//! What statements are made of, at both ends of every range.

use crate::{number, text};
use jitsuin::wire::Refusal;
use jitsuin::wire::enrolment::Custody;
use jitsuin::wire::id::*;
use jitsuin::wire::key::{PublicKey, Signature};
use jitsuin::wire::money::{Amount, Currency};
use jitsuin::wire::number::Whole;
use jitsuin::wire::text::Shown;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use proptest::prelude::*;

fn secret(byte: u8) -> SigningKey {
    SigningKey::from_slice(&[byte; 32]).unwrap()
}

pub(crate) fn public(byte: u8) -> PublicKey {
    PublicKey::from_sec1(secret(byte).verifying_key().to_sec1_point(false).as_bytes()).unwrap()
}

pub(crate) fn sign(message: &[u8]) -> Signature {
    let signature: p256::ecdsa::Signature = secret(7).sign(message);
    Signature::from_signer(&signature.to_bytes()).unwrap()
}

pub(crate) fn one_of<T: Clone + core::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(all.to_vec())
}

pub(crate) fn small() -> impl Strategy<Value = u32> {
    number().prop_filter_map("32 bits", |number| u32::try_from(number).ok())
}

pub(crate) fn whole() -> impl Strategy<Value = Whole> {
    number().prop_filter_map("53 bits", |number| Whole::new(number).ok())
}

pub(crate) fn amount() -> impl Strategy<Value = Amount> {
    number().prop_filter_map("53 bits", |number| Amount::new(number).ok())
}

pub(crate) fn shown() -> impl Strategy<Value = Shown> {
    text().prop_filter_map("shown", |text| text.parse().ok())
}

pub(crate) fn currency() -> impl Strategy<Value = Currency> {
    let all: Vec<_> = (0..1000).filter_map(|number| Currency::from_number(number).ok()).collect();
    prop::sample::select(all)
}

/// Lengths at both ends of a range, and anything between.
fn length(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), Just(most - 1), Just(most), 1..=most]
}

pub(crate) fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    any::<u8>().prop_map(|byte| [byte; N])
}

pub(crate) fn hash() -> impl Strategy<Value = Hash> {
    bytes().prop_map(Hash)
}

pub(crate) fn thumb() -> impl Strategy<Value = Thumbprint> {
    bytes().prop_map(Thumbprint)
}

pub(crate) fn nonce() -> impl Strategy<Value = Nonce> {
    bytes().prop_map(Nonce)
}

pub(crate) fn credential() -> impl Strategy<Value = CredentialId> {
    length(CredentialId::MOST_BYTES).prop_map(|length| Bytes(vec![7; length]).try_into().unwrap())
}

/// An id of every length: a beginning, and then letters of an alphabet.
fn id<T>(begin: &'static str, alphabet: &'static str, most: usize) -> impl Strategy<Value = T>
where
    T: core::str::FromStr<Err = Refusal> + core::fmt::Debug,
{
    let pattern = move |length| prop::string::string_regex(&format!("{begin}{alphabet}{{{length}}}")).unwrap();
    length(most).prop_flat_map(pattern).prop_map(|id| id.parse().unwrap())
}

const PLAIN: &str = "[A-Za-z0-9._-]";

/// One to three labels of up to 36 characters.
fn host() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-z0-9]([a-z0-9-]{0,34}[a-z0-9])?", 1..=3).prop_map(|labels| labels.join("."))
}

pub(crate) fn account() -> impl Strategy<Value = AccountId> {
    id("", PLAIN, 64)
}

pub(crate) fn source() -> impl Strategy<Value = SourceId> {
    id("", PLAIN, 64)
}

pub(crate) fn issuer() -> impl Strategy<Value = IssuerId> {
    let port = prop_oneof![(1..80_u16), (81..=u16::MAX)].prop_map(|port| format!("http://localhost:{port}"));
    let named = host().prop_map(|host| format!("https://{host}"));
    prop_oneof![named, port].prop_map(|issuer| issuer.parse().unwrap())
}

pub(crate) fn rp_id() -> impl Strategy<Value = RpId> {
    prop::collection::vec("[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", 0..=4)
        .prop_map(|labels| format!("{}wallet", labels.iter().map(|label| format!("{label}.")).collect::<String>()))
        .prop_map(|id| id.parse().unwrap())
}

pub(crate) fn audience() -> impl Strategy<Value = Audience> {
    id("[mt]/", PLAIN, 22)
}

pub(crate) fn key() -> impl Strategy<Value = PublicKey> {
    (1_u8..9).prop_map(public)
}

pub(crate) fn custody() -> impl Strategy<Value = Custody> {
    one_of(&Custody::ALL)
}
