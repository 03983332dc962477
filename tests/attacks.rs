//! The attack suite: real wallets, the real desk over SQLite, one file per row. Each row plays its attack as far as it
//! goes, says where it stopped and how many yen were lost at the most, and asserts both from the ledger's books.
//! `docs/threat-model.md` holds the same rows; a test keeps them equal. `cargo test --test attacks -- --nocapture` prints.
#![cfg(all(feature = "wallet", feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something is wrong"
)]
#![allow(unreachable_pub, reason = "modules of one program")]

#[path = "lib/by_hand.rs"]
mod by_hand;
#[path = "lib/world.rs"]
mod world;

#[path = "attacks/clones.rs"]
mod clones;
#[path = "attacks/forged_state.rs"]
mod forged_state;
#[path = "attacks/forgery.rs"]
mod forgery;
#[path = "attacks/leak.rs"]
mod leak;
#[path = "attacks/page.rs"]
mod page;
#[path = "attacks/row.rs"]
mod row;
#[path = "attacks/stage.rs"]
mod stage;
#[path = "attacks/stopping.rs"]
mod stopping;

use row::{Group, Row};
use std::sync::OnceLock;

macro_rules! rows {
    ($($group:ident { $($name:ident $file:literal)* })*) => {
        $($(#[path = $file] mod $name;)*)*

        $($(#[test]
        fn $name() {
            println!("{}", played(stringify!($name)));
        })*)*

        /// Every row's name, in the page's order.
        const NAMES: &[(Group, &str)] = &[$($((Group::$group, stringify!($name)),)*)*];

        /// Plays a row, once in this process.
        fn played(name: &str) -> &'static Row {
            $($(if name == stringify!($name) {
                static ROW: OnceLock<Row> = OnceLock::new();
                return ROW.get_or_init(|| row::run(stringify!($name), $name::play()));
            })*)*
            panic!("no row {name}")
        }
    };
}

rows! {
    Incident {
        sign_up "attacks/sign_up.rs"
        password_list "attacks/password_list.rs"
        side_doors "attacks/side_doors.rs"
        top_up_by_password "attacks/top_up_by_password.rs"
        top_up_again_and_again "attacks/top_up_again_and_again.rs"
        shops_within_the_hour "attacks/shops_within_the_hour.rs"
        eight_accounts "attacks/eight_accounts.rs"
        notice_afterwards "attacks/notice_afterwards.rs"
        re_registration "attacks/re_registration.rs"
    }
    Code {
        photographed_code "attacks/photographed_code.rs"
        old_photo "attacks/old_photo.rs"
        lifted_token "attacks/lifted_token.rs"
        parallel_replay "attacks/parallel_replay.rs"
        one_code_many_sales "attacks/one_code_many_sales.rs"
        moved_clock "attacks/moved_clock.rs"
        changed_amount "attacks/changed_amount.rs"
        malicious_till "attacks/malicious_till.rs"
    }
    Key {
        copied_key "attacks/copied_key.rs"
        renewed_key "attacks/renewed_key.rs"
        ended_key "attacks/ended_key.rs"
        presigned_stock "attacks/presigned_stock.rs"
        step_ups_used_up "attacks/step_ups_used_up.rs"
        changed_top_up "attacks/changed_top_up.rs"
        changed_source "attacks/changed_source.rs"
        replayed_call "attacks/replayed_call.rs"
    }
    Issuer {
        forged_receipt "attacks/forged_receipt.rs"
        withheld_receipt "attacks/withheld_receipt.rs"
        forked_receipts "attacks/forked_receipts.rs"
        leaked_database "attacks/leaked_database.rs"
        leaked_keys "attacks/leaked_keys.rs"
        exchanged_cards "attacks/exchanged_cards.rs"
        raised_floor "attacks/raised_floor.rs"
        changed_state "attacks/changed_state.rs"
    }
    Stopping {
        freeze_by_guess "attacks/freeze_by_guess.rs"
        freeze_by_another "attacks/freeze_by_another.rs"
        release_with_copied_key "attacks/release_with_copied_key.rs"
        release_after_takeover "attacks/release_after_takeover.rs"
        named_device "attacks/named_device.rs"
        takeover_by_messages "attacks/takeover_by_messages.rs"
        takeover_with_passkey "attacks/takeover_with_passkey.rs"
    }
    Guessing {
        password_guessing "attacks/password_guessing.rs"
        code_guessing "attacks/code_guessing.rs"
        till_code_guessing "attacks/till_code_guessing.rs"
        all_users_at_once "attacks/all_users_at_once.rs"
        every_shop_at_once "attacks/every_shop_at_once.rs"
        young_merchant "attacks/young_merchant.rs"
    }
}

#[test]
fn the_threat_model_says_what_the_attacks_printed() {
    page::check(&page::table(NAMES.iter().map(|(group, name)| (*group, played(name)))), "attacks");
}
