#!/usr/bin/env bash
# Many wallets pay at once, over each ledger on the disk; prints a table and whether the books hold. Asserts no time.
. "$(dirname "$0")/setup.sh"

need_crates
need_postgres
say "cargo build --release: load"
cargo bench --locked --quiet --bench load --features sqlite,postgres,fast-verify
