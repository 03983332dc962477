//! What must always hold.

use super::facts::{Broken, Facts};
use jitsuin::rules::policy::Policy;

pub fn broken(_facts: &Facts, _policy: &Policy) -> Vec<Broken> {
    Vec::new()
}
