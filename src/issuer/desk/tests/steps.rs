//! Steps that several of these stories take.
#![allow(clippy::unwrap_used)]
use super::*;

pub(super) fn at(issuer: &World) -> u32 {
    u32::try_from(issuer.ledger().now_ms() / 1000).unwrap()
}

pub(super) fn advance(issuer: &World, seconds: u32) {
    issuer.ledger().clock().advance(u64::from(seconds) * 1000);
}

pub(super) fn pay(issuer: &World, shop: &Client, token: &str, amount: u32, key: &str) -> PaymentAnswer {
    let call = TakePayment {
        token: token.into(),
        amount: Amount::of(amount),
        currency: Currency::JPY,
        key: format!("idempotency-{key:0>8}"),
    };
    shop.call(issuer, &call).unwrap()
}

pub(super) fn confirm(issuer: &World, device: &Client, prepared: &IntentPrepared) -> Result<IntentConfirmed, Code> {
    let intent = Intent::from_bytes(&prepared.intent.0).unwrap();
    device.call(issuer, &agree(device, &intent, &Passkey::new(PASSKEY)))
}
