//! The same at a till whose merchant came a week ago: how a thief would open a shop for it.

use super::all_users_at_once::rob;
use super::row::Row;
use jitsuin::code::Code;

pub async fn play() -> Row {
    let robbed = rob(true).await;
    Row::new(
        "The same at the till of a merchant who registered a week ago",
        "circuit breaker of a young merchant: JPY 50,000 an hour",
        &robbed.0,
        robbed.1,
    )
    .expect(Code::PaymentsPaused, 50_000)
}
