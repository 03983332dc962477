# shellcheck shell=bash
# What a build needs and how to get it. Sourced by the other scripts: each `need_*` is quiet when the thing is there, shows
# what it does when it fetches it, and stops with one line of advice when it can't. Nothing reaches the network while a stamp
# in target/setup is fresh and the tool it stands for is still there.
#
# Compiled tools live in ${XDG_CACHE_HOME:-~/.cache}/jitsuin/tools, outside the work tree, one folder per version: a fresh
# clone and `git clean` keep them, and nothing of the user's own ~/.cargo/bin is replaced.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

unset CARGO_TARGET_DIR CARGO_BUILD_TARGET # the paths below are this repository's own

readonly STAMPS=target/setup
readonly TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/jitsuin/tools"
readonly RUST_MINOR=94         # Cargo.toml's rust-version
readonly NODE_MAJOR=20
readonly WASM_BINDGEN=0.2.130  # the version Cargo.toml pins: crate and tool speak a private format
readonly CARGO_DENY=0.20.2
readonly CARGO_MUTANTS=27.0.0
mkdir -p "$STAMPS"

say() { printf '==> %s\n' "$*" >&2; }
stop() {
  printf 'STOP: %s\n' "$*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# fresh NAME KEY, stamp NAME KEY: is the step NAME done for exactly this KEY?
fresh() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$STAMPS/$1"; }

sha256() { if has sha256sum; then sha256sum "$@"; else shasum -a 256 "$@"; fi | cut -d' ' -f1; }

# digest PATH...: one SHA-256 over names and bytes of every file below the given paths.
digest() {
  find "$@" -type f ! -path '*/node_modules/*' 2>/dev/null | LC_ALL=C sort | while IFS= read -r file; do
    printf '%s %s\n' "$(sha256 "$file")" "$file"
  done | sha256
}

# bounded SECONDS COMMAND...: macOS has no timeout(1).
bounded() { if has timeout; then timeout "$@"; else shift && "$@"; fi; }

# apt PACKAGE...: installs, or fails quietly enough for the caller to give its own advice.
apt() {
  has apt-get || return 1
  local root=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    root=(sudo -n)
  fi
  say "apt-get install $*"
  if [ -z "${APT_UPDATED:-}" ]; then
    "${root[@]}" apt-get update -qq </dev/null >&2 || return 1
    APT_UPDATED=yes
  fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
    </dev/null >"$STAMPS/apt.log" 2>&1 || {
    tail -n 5 "$STAMPS/apt.log" >&2
    return 1
  }
}

# cargo_tool PROGRAM PACKAGE VERSION: leaves PROGRAM's path in FOUND. Built for a quick build, not for quick running. A mirror
# may lag behind the versions the tool locked; then its own requirements decide.
cargo_tool() {
  FOUND="$TOOLS/$2-$3/bin/$1"
  if [ -x "$FOUND" ]; then return; fi
  say "cargo install $2 $3 (once, a few minutes)"
  cargo_install "$2" "$3" --locked 2>"$STAMPS/$2.log" || cargo_install "$2" "$3" ||
    stop "$2 $3 could not be built: 'cargo install $2 --version $3' says why"
}
cargo_install() {
  local package=$1 version=$2
  shift 2
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --quiet --root "$TOOLS/$package-$version" "$package" --version "$version" "$@" </dev/null
}

need_cc() {
  has cc || apt gcc libc6-dev || stop "no C compiler (SQLite is built from source): install one (macOS: xcode-select --install; Debian: gcc)"
}

rust_minor() { rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p'; }

need_rust() {
  need_cc
  if ! has cargo; then
    { apt rustup && rustup default stable >&2; } || apt rustc-web cargo-web || true
  fi
  [ "$(rust_minor || true)" ] || stop "no Rust: install rustup, then 'rustup default stable' (1.$RUST_MINOR or newer)"
  [ "$(rust_minor)" -ge "$RUST_MINOR" ] || stop "Rust 1.$(rust_minor) is too old: 'rustup update stable' (1.$RUST_MINOR or newer)"
}

need_crates() {
  need_rust
  local key
  key=$(sha256 Cargo.lock)
  fresh crates "$key" && return
  say "cargo fetch"
  cargo fetch --locked --quiet </dev/null >&2 || stop "crates could not be fetched: 'cargo fetch --locked' says why"
  stamp crates "$key"
}

need_rust_checkers() {
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
  { has rustup && bounded 120 rustup component add rustfmt clippy >&2; } || stop "no rustfmt or clippy: 'rustup component add rustfmt clippy'"
}

need_cargo_deny() {
  cargo_tool cargo-deny cargo-deny "$CARGO_DENY"
  export CARGO_DENY_PATH=$FOUND
}

need_cargo_mutants() {
  cargo_tool cargo-mutants cargo-mutants "$CARGO_MUTANTS"
  export CARGO_MUTANTS_PATH=$FOUND
}

need_wasm_bindgen() {
  WASM_BINDGEN_PATH=$(command -v wasm-bindgen || true)
  [ "$WASM_BINDGEN_PATH" ] && [ "$(wasm-bindgen --version)" = "wasm-bindgen $WASM_BINDGEN" ] && return
  cargo_tool wasm-bindgen wasm-bindgen-cli "$WASM_BINDGEN"
  export WASM_BINDGEN_PATH=$FOUND
}

node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }

need_node() {
  has node && has npm || apt nodejs npm || true
  { [ "$(node_major || true)" ] && has npm; } || stop "no Node.js: install version $NODE_MAJOR or newer, with npm"
  [ "$(node_major)" -ge "$NODE_MAJOR" ] || stop "Node.js $(node --version) is too old: install version $NODE_MAJOR or newer"
}

# The dev tools pinned in tests/package-lock.json: wasm-opt, TypeScript, the browser driver, independent readers.
need_npm_tools() {
  need_node
  local key
  key="$(node_major) $(sha256 tests/package-lock.json)"
  [ -d tests/node_modules ] && fresh npm "$key" && return
  say "npm ci in tests/"
  (cd tests && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2) ||
    stop "dev tools could not be installed: 'cd tests && npm ci' says why"
  stamp npm "$key"
}

# Sets and exports CHROMIUM, which tests/lib takes.
need_chromium() {
  local mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" name
  if [ -z "${CHROMIUM:-}" ]; then
    has chromium || has google-chrome || [ -x "$mac" ] || apt chromium || true
    for name in chromium chromium-browser google-chrome "$mac"; do
      if has "$name"; then CHROMIUM=$(command -v "$name") && break; fi
    done
  fi
  [ -x "${CHROMIUM:-}" ] || stop "no Chromium: install Chromium or Chrome and set CHROMIUM to its program"
  export CHROMIUM
}

# The other two engines are tested where they can be had: without one its tests say that they were skipped.
need_firefox() {
  has firefox-esr || has firefox || [ -x "/Applications/Firefox.app/Contents/MacOS/firefox" ] || [ -x "${FIREFOX:-}" ] || apt firefox-esr ||
    say "no Firefox: its tests are skipped (install Firefox, or set FIREFOX to its program)"
}
need_webkit() {
  { has WebKitWebDriver && has xvfb-run; } || [ "$(uname)" != Linux ] || apt webkit2gtk-driver xvfb xauth || true
  { has WebKitWebDriver && has xvfb-run; } || say "no WebKitGTK driver or no xvfb-run: its tests are skipped (Debian: webkit2gtk-driver xvfb xauth)"
}

need_zbar() {
  has zbarimg || apt zbar-tools || stop "no zbarimg (an independent QR reader): install zbar-tools (macOS: brew install zbar)"
}

# A server for the tests of its ledger, in folders of their own; where there is none and none can be had, those are skipped.
# Debian's package also starts a server of its own, so only a machine that installs things by itself (CI) gets it.
need_postgres() {
  has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
  if [ -z "${CI:-}" ] || ! apt postgresql; then
    say "no PostgreSQL (initdb): the tests of its ledger will be skipped (Debian: postgresql; macOS: brew install postgresql)"
  fi
}

# Plays an old processor for one test of the built server, which is skipped elsewhere.
need_qemu() {
  { has qemu-x86_64-static || has qemu-x86_64; } || [ "$(uname)-$(uname -m)" != Linux-x86_64 ] || apt qemu-user-static ||
    say "no QEMU: the test on an old processor will be skipped (Debian: qemu-user-static)"
}

# need_python FOLDER: readers written by others, pinned in tests/FOLDER, in an environment of their own. Sets PYTHON.
need_python() {
  local key folder=$1
  has python3 || apt python3 python3-venv || stop "no Python: install version 3.10 or newer"
  key="$(python3 --version) $(sha256 "tests/$folder/requirements.txt")"
  export PYTHON=target/$folder/bin/python
  [ -x "$PYTHON" ] && fresh "$folder" "$key" && return
  say "pip install: tests/$folder/requirements.txt"
  python3 -m venv --clear "target/$folder" || stop "no Python venv: install it (Debian: python3-venv)"
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --require-hashes -r "tests/$folder/requirements.txt" </dev/null >&2 ||
    stop "Python packages could not be installed: 'pip install -r tests/$folder/requirements.txt' says why"
  stamp "$folder" "$key"
}
