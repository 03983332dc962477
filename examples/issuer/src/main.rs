//! The reference issuer: axum over `jitsuin::issuer::desk`.
fn main() {}
