#!/usr/bin/env bash
# Everything that needs no test run: format, lints, docs, licences, types. Web code is linted on the host too, since its
# dependencies hang on the feature `js` and not on the target. Runs every step, then names those that failed.
. "$(dirname "$0")/setup.sh"

failed=()
step() {
  local name=$1
  shift
  say "check: $name"
  "$@" || failed+=("$name")
}

# Each room must also stand without the others: a page is built from `js` alone.
alone() {
  local features
  for features in "" wallet issuer postgres fast-verify js js-codes js-verifier; do
    cargo clippy --locked --quiet --package jitsuin --lib --no-default-features --features "$features" -- -D warnings || return 1
  done
}

docs() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --workspace --all-features --no-deps --document-private-items; }

# Advisories need a database from the network, so they are looked at once a day and where it can be reached; the rest is offline.
advisories() {
  local today key log=$STAMPS/advisories.log
  today=$(date +%F)
  key="$today $(sha256 Cargo.lock) $(sha256 deny.toml)"
  if fresh advisories "$key checked"; then say "advisories: checked today"; return; fi
  if fresh advisories "$key unreachable"; then say "advisories: NOT checked, the database could not be reached today"; return; fi
  if bounded 60 "$CARGO_DENY_PATH" fetch db </dev/null >"$log" 2>&1; then
    "$CARGO_DENY_PATH" --workspace --all-features check advisories || return 1
    say "advisories: checked against the database fetched just now"
    stamp advisories "$key checked"
  else
    say "advisories: NOT checked, the database can't be reached (see $log)"
    stamp advisories "$key unreachable"
  fi
}

# The package's own types, and every script that says @ts-check.
types() {
  if compgen -G 'pkg/*.d.ts' >/dev/null; then node tests/node_modules/typescript/bin/tsc --project tsconfig.json; fi
}

need_crates
need_rust_checkers
need_cargo_deny
need_npm_tools

step "cargo fmt" cargo fmt --all --check
step "clippy, all rooms" cargo clippy --locked --quiet --workspace --all-targets --all-features -- -D warnings
step "clippy, each room alone" alone
step "rustdoc" docs
step "licences, bans, sources" "$CARGO_DENY_PATH" --offline --workspace --all-features --log-level warn check licenses bans sources
step "advisories" advisories
step "types" types
step "mutations" scripts/mutations.sh --check
if has shellcheck; then
  step "shellcheck" shellcheck --external-sources --source-path=SCRIPTDIR scripts/*.sh .ci/run
else
  say "check: shellcheck is not installed, scripts not linted"
fi

[ ${#failed[@]} = 0 ] || stop "make check failed: $(IFS=, && echo "${failed[*]}")"
say "check: all good"
