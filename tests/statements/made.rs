//! Every value that can be made is read again, and is then the same.

use crate::parts::*;
use crate::{decode, encode};
use jitsuin::code::Code;
use jitsuin::wire::allowance::{Allowance, Offline, Tier};
use jitsuin::wire::approval::Approval;
use jitsuin::wire::co_signature::CoSignature;
use jitsuin::wire::enrolment::Enrolment;
use jitsuin::wire::freeze::Freeze;
use jitsuin::wire::head::Head;
use jitsuin::wire::id::*;
use jitsuin::wire::intent::{Action, Intent};
use jitsuin::wire::key_set::{IssuerKey, KeySet, MOST_KEYS, Use};
use jitsuin::wire::list::List;
use jitsuin::wire::number::Whole;
use jitsuin::wire::quote::Quote;
use jitsuin::wire::receipt::{Body, Kind, Receipt};
use jitsuin::wire::sign1::{self, Statement};
use jitsuin::wire::time::Time;
use jitsuin::wire::token::{Limit, Token, UnverifiedToken};
use jitsuin::wire::{MAX_BYTES, open};
use proptest::prelude::*;
use proptest::strategy::Union;

/// Written, signed, opened, and the same; never longer than a reader takes.
fn is_read<S: Statement + PartialEq + core::fmt::Debug>(statement: &S) -> Result<(), TestCaseError> {
    let unsigned = sign1::prepare(statement, &public(7));
    let bytes = unsigned.finish(&sign(unsigned.message()));
    prop_assert!(bytes.len() <= MAX_BYTES);
    let opened = open::<S>(&bytes, &public(7));
    prop_assert_eq!(opened.as_deref(), Ok(statement));
    Ok(())
}

fn body() -> impl Strategy<Value = Body> {
    let reason = prop::option::of(one_of(Code::ALL).prop_map(CodeName::from));
    let texts = (prop::option::of(shown()), prop::option::of(shown()), prop::option::of(shown()));
    let money = (prop::option::of(amount()), prop::option::of(currency()));
    (bytes(), money, texts, prop::option::of(source()), prop::option::of(whole()), reason).prop_map(
        |(salt, (amount, currency), (shop, place, device_label), source, undoes, reason)| Body {
            salt,
            amount,
            currency,
            shop,
            place,
            source,
            device_label,
            undoes,
            reason,
        },
    )
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let token = (prop::option::of(thumb()), prop::option::of(small()), prop::option::of(bytes()));
    (issuer(), account(), whole(), (hash(), hash()), small(), one_of(&Kind::ALL), token, amount()).prop_map(
        |(issuer, account, seq, (prev, body_hash), time, kind, (thumb, atc, random), balance)| Receipt {
            issuer,
            account,
            seq,
            prev,
            time,
            kind,
            thumb,
            atc,
            random,
            body_hash,
            balance,
        },
    )
}

fn allowance() -> impl Strategy<Value = Allowance> {
    let ids = (issuer(), account(), thumb(), bytes(), bytes());
    let terms = || (amount(), small(), amount());
    (ids, terms(), terms(), currency(), (small(), small()), one_of(&Tier::ALL)).prop_map(
        |((issuer, account, thumb, handle, veil), terms, offline, currency, (until, cooled_at), tier)| Allowance {
            issuer,
            account,
            thumb,
            handle: Handle(handle),
            veil: Veil(veil),
            per_payment: terms.0,
            count: terms.1,
            total: terms.2,
            offline: Offline { per_payment: offline.0, count: offline.1, total: offline.2 },
            currency,
            until,
            cooled_at,
            tier,
        },
    )
}

fn key_set() -> impl Strategy<Value = KeySet> {
    let entry = (key(), one_of(&Use::ALL), small(), small()).prop_map(|(key, usage, not_before, not_after)| {
        IssuerKey { kid: key.kid(), key, usage, not_before, not_after }
    });
    let keys = prop::collection::vec(entry, 0..=MOST_KEYS).prop_map(|keys| keys.try_into().unwrap());
    (issuer(), whole(), keys, hash()).prop_map(|(issuer, seq, keys, prev)| KeySet { issuer, seq, keys, prev })
}

fn quote() -> impl Strategy<Value = Quote> {
    let names = (shown(), prop::option::of(shown()));
    (issuer(), names, audience(), currency(), prop::option::of(amount()), hash(), small()).prop_map(
        |(issuer, (merchant, place), audience, currency, amount, code_hash, until)| Quote {
            issuer,
            merchant,
            place,
            audience,
            currency,
            amount,
            code_hash,
            until,
        },
    )
}

fn enrolment() -> impl Strategy<Value = Enrolment> {
    let ids = (issuer(), rp_id(), account(), key(), key(), credential());
    (ids, hash(), any::<(bool, bool)>(), custody(), nonce(), small()).prop_map(
        |(
            (issuer, rp_id, account, device_key, channel_key, credential),
            key_hash,
            flags,
            custody,
            nonce,
            issued_at,
        )| {
            Enrolment {
                issuer,
                rp_id,
                account,
                device_key,
                channel_key,
                credential,
                credential_key_hash: key_hash,
                backup_eligible: flags.0,
                backed_up: flags.1,
                custody,
                nonce,
                issued_at,
            }
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let money = || (amount(), currency());
    let top_up = (money(), source(), hash()).prop_map(|((amount, currency), source, source_fingerprint)| {
        Action::TopUp { amount, currency, source, source_fingerprint }
    });
    let refill = (amount(), small(), amount(), small()).prop_map(|(per_payment, count, total, until)| Action::Refill {
        per_payment,
        count,
        total,
        until,
    });
    let pay = (audience(), money(), hash()).prop_map(|(audience, (amount, currency), quote_hash)| Action::Pay {
        audience,
        amount,
        currency,
        quote_hash,
    });
    let approve = (thumb(), credential(), custody()).prop_map(|(new_thumb, new_credential, custody)| Action::Approve {
        new_thumb,
        new_credential,
        custody,
    });
    Union::new([
        top_up.boxed(),
        refill.boxed(),
        pay.boxed(),
        approve.boxed(),
        thumb().prop_map(|target_thumb| Action::Revoke { target_thumb }).boxed(),
        (thumb(), custody()).prop_map(|(new_thumb, custody)| Action::Rotate { new_thumb, custody }).boxed(),
        (amount(), amount()).prop_map(|(old, new)| Action::Limit { old, new }).boxed(),
        (hash(), small()).prop_map(|(hash, wait_until)| Action::Contact { hash, wait_until }).boxed(),
        source().prop_map(|source| Action::Card { source }).boxed(),
        Just(Action::Codes).boxed(),
        Just(Action::Unfreeze).boxed(),
    ])
}

fn intent() -> impl Strategy<Value = Intent> {
    (issuer(), account(), thumb(), credential(), hash(), nonce(), small(), action()).prop_map(
        |(issuer, account, thumb, credential, head, nonce, expires_at, action)| Intent {
            issuer,
            account,
            thumb,
            credential,
            head,
            nonce,
            expires_at,
            action,
        },
    )
}

/// Tokens that may be made and tokens that may not.
fn token() -> impl Strategy<Value = Token> {
    let limit = Union::new([
        Just(Limit::Allowance).boxed(),
        (amount(), currency()).prop_map(|(amount, currency)| Limit::UpTo { amount, currency }).boxed(),
        (amount(), currency(), audience())
            .prop_map(|(amount, currency, audience)| Limit::Exact { amount, currency, audience })
            .boxed(),
    ]);
    let life = prop_oneof![prop::sample::select(&[0_u32, 29, 30, 31, 119, 120, 121][..]), small()];
    (limit, small(), life, small(), bytes()).prop_map(|(limit, issued_at, life, atc, random)| Token {
        limit,
        issued_at,
        expires_at: issued_at.saturating_add(life),
        atc,
        random,
    })
}

proptest! {
    #[test]
    fn every_body_is_read(body in body()) {
        prop_assert_eq!(Body::from_bytes(&body.to_bytes()).map(|read| *read), Ok(body));
    }

    #[test]
    fn every_receipt_is_read(receipt in receipt()) {
        is_read(&receipt)?;
    }

    #[test]
    fn every_head_is_read(account in account(), seq in whole(), hash in hash(), time in small(), balance in amount()) {
        is_read(&Head { account, seq, hash, time, balance })?;
    }

    #[test]
    fn every_time_is_read(issuer in issuer(), nonce in nonce(), now_ms in whole()) {
        is_read(&Time { issuer, nonce, now_ms })?;
    }

    #[test]
    fn every_allowance_is_read(allowance in allowance()) {
        is_read(&allowance)?;
    }

    #[test]
    fn every_key_set_is_read(set in key_set()) {
        is_read(&set)?;
    }

    #[test]
    fn every_quote_is_read(quote in quote()) {
        is_read(&quote)?;
    }

    #[test]
    fn every_enrolment_is_read(enrolment in enrolment()) {
        is_read(&enrolment)?;
    }

    #[test]
    fn every_approval_is_read(
        (issuer, account, thumb, new_key) in (issuer(), account(), thumb(), key()),
        (custody, nonce, issued_at) in (custody(), nonce(), small()),
    ) {
        is_read(&Approval { issuer, account, thumb, new_key, custody, nonce, issued_at })?;
    }

    #[test]
    fn every_freeze_is_read(
        (issuer, account, thumb) in (issuer(), account(), thumb()), nonce in nonce(), issued_at in small(),
    ) {
        is_read(&Freeze { issuer, account, thumb, nonce, issued_at })?;
    }

    #[test]
    fn every_co_signature_is_read(intent in any::<Vec<u8>>(), parts in any::<[Vec<u8>; 3]>(), credential in credential()) {
        is_read(&CoSignature::over(&intent, &parts[0], &parts[1], &parts[2], &credential))?;
    }

    #[test]
    fn every_intent_is_read(intent in intent()) {
        let bytes = intent.to_bytes();
        prop_assert!(bytes.len() <= MAX_BYTES);
        prop_assert_eq!(Intent::from_bytes(&bytes), Ok(intent));
    }

    /// A token that can't be read is refused when it is made, and for the same reason.
    #[test]
    fn a_token_is_made_exactly_if_it_is_read(token in token()) {
        let read = decode::<Token>(&encode(&token));
        match token.prepare(Handle([9; 8]), &Veil([5; 16])) {
            Err(refusal) => prop_assert_eq!(read, Err(refusal)),
            Ok(unsigned) => {
                prop_assert_eq!(read.as_ref(), Ok(&token));
                let text = Token::text(&unsigned, &sign(unsigned.message()));
                let held = UnverifiedToken::from_text(&text).and_then(|held| held.verify(&public(7), &Veil([5; 16])));
                prop_assert_eq!(held.as_deref(), Ok(&token));
            }
        }
    }

    #[test]
    fn a_list_is_made_exactly_if_it_is_read(length in 0_usize..40) {
        let made = List::<Whole, 16>::try_from(vec![Whole::from(1); length]);
        let mut raw = jitsuin::wire::cbor::Writer::new();
        raw.array(length as u64);
        for _ in 0..length {
            raw.uint(1);
        }
        prop_assert_eq!(decode::<List<Whole, 16>>(&raw.into_bytes()), made);
    }
}

/// Every code can be the reason of a refusal.
#[test]
fn every_code_has_a_name_that_is_read() {
    for code in Code::ALL {
        assert_eq!(decode(&encode(&CodeName::from(*code))), Ok(CodeName::from(*code)));
    }
}
