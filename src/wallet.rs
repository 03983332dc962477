//! What the owner's side decides, over ports.

pub mod ports;
