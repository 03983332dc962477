#!/usr/bin/env bash
# Timings of what is done for every payment, natively with each backend and in the module; prints a table, asserts nothing.
. "$(dirname "$0")/setup.sh"

# program FEATURES: an optimised program for each backend, since a build has one of them. Its path goes to stdout.
program() {
  say "cargo build --release: $1"
  cargo build --locked --quiet --release --bench native --features "$1" --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}

need_crates
need_npm_tools
scripts/pkg.sh
p256=$(program js-testing)
fast=$(program js-testing,fast-verify)
node benches/report.mjs "$p256" "$fast"
