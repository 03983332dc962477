#!/usr/bin/env bash
# wasm.sh FEATURES OUT: builds the crate for wasm32 and copies the raw module to OUT.
#
# The only file that knows of a second toolchain. A Rust with the wasm32 standard library is used as it is; rustup is asked for
# that library where it is missing; where it can't be had (rustup mirrors that carry none), Debian's own cargo builds it from
# source. A target folder of its own keeps two compilers from rebuilding each other's work.
. "$(dirname "$0")/setup.sh"

readonly features=$1 out=$2
readonly target=wasm32-unknown-unknown
build=(build --quiet --locked --lib --profile wasm --target "$target" --no-default-features --features "$features")

has_wasm_std() { ls "$(rustc --print sysroot)/lib/rustlib/$target/lib"/libstd-*.rlib >/dev/null 2>&1; }

# A file that PACKAGE installed whose path ends so; Debian may move it between versions.
of_package() { dpkg -L "$1" 2>/dev/null | grep -E "$2" | head -n 1; }

need_debian_rust() {
  has wasm-ld-22 && [ -n "$(of_package cargo-web '/bin/cargo$')" ] && [ -n "$(of_package rust-web-src '^/usr/src/rustc-')" ] && return
  apt rustc-web cargo-web rust-web-src lld-22 ||
    stop "no wasm32 standard library: 'rustup target add $target' (or Debian's rustc-web cargo-web rust-web-src lld-22)"
}

add_target() {
  # Remembered per compiler, so that a mirror without the library is asked once and not at each build.
  local key
  key=$(rustc --version)
  has rustup && ! fresh no-wasm-target "$key" || return 1
  say "rustup target add $target"
  bounded 120 rustup target add "$target" </dev/null >"$STAMPS/rustup.log" 2>&1 && return
  say "rustup has no $target here; Debian's Rust will build its standard library"
  stamp no-wasm-target "$key"
  return 1
}

need_crates
export CARGO_TARGET_DIR=target/wasm
say "cargo build for wasm32: $features"
if has_wasm_std || add_target; then
  cargo "${build[@]}"
else
  need_debian_rust
  rustc_path=$(of_package rustc-web '/bin/rustc$')
  cargo_path=$(of_package cargo-web '/bin/cargo$')
  env -u RUSTUP_TOOLCHAIN PATH="$(dirname "$rustc_path"):$PATH" RUSTC="$rustc_path" RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22 \
    "$cargo_path" "${build[@]}" -Zbuild-std=std,panic_abort
fi
mkdir -p "$(dirname "$out")"
cp "$CARGO_TARGET_DIR/$target/wasm/jitsuin.wasm" "$out"
