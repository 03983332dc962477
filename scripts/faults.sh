#!/usr/bin/env bash
# Strangers and broken machines against the built issuer, over HTTP. With JITSUIN_WRITE_DOCS=1 it writes docs/faults.md.
. "$(dirname "$0")/setup.sh"

[ "$(uname)" = Linux ] || stop "make faults needs Linux: its strangers call from many addresses of 127.0.0.0/8, and limits are prlimit's"
need_crates
need_node
need_postgres
has python3 || apt python3 || stop "no Python (its sqlite3 is the second connection to a ledger): install version 3.10 or newer"
# Each of these is for one scenario or a few, which are else skipped with a word.
has faketime || apt faketime || say "no faketime: two servers whose clocks differ are not tried (Debian: faketime)"
if declare -F need_qemu >/dev/null; then need_qemu; fi
say "cargo build: the reference issuer"
cargo build --locked --quiet -p jitsuin-issuer
write=()
[ -z "${JITSUIN_WRITE_DOCS:-}" ] || write=(--write)
# The time limit ends a hung run, it judges no speed.
bounded 1200 node tests/faults/run.mjs "${write[@]}" "$@"
