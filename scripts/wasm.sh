#!/usr/bin/env bash
# wasm.sh FEATURES OUT: builds the crate for wasm32 and copies the raw module to OUT.
#
# The only file that knows of a second toolchain. The standard library is built with the crate, from the source that the
# compiler came with: rustup's rust-src, or Debian's own cargo where rustup has none. Where neither can be had, a ready-made
# standard library does, but the module is larger then. A target folder of its own keeps two compilers from rebuilding each
# other's work.
. "$(dirname "$0")/setup.sh"

readonly features=$1 out=$2
readonly target=wasm32-unknown-unknown
# As a library for other crates too, the linker would have to keep what only they could call: a fifteenth of the module.
build=(rustc --quiet --locked --lib --crate-type cdylib --profile wasm --target "$target" --no-default-features --features "$features")

# The stack lies below all else, so one that overflows is a trap. The page's is smaller than the usual mebibyte, which makes every address
# shorter; how much of it is used: tests/browser/memory.test.mjs.
linked=()
[ "$features" != js ] || linked=(-Clink-arg=-zstack-size=131072)

# Together a tenth of the page's module, gzip. The standard library for size; a panic is a trap without a text, which pkg/trap.js
# turns into the code module-crashed; no source positions and no Debug texts, which nobody would read; SHA-256 as a loop.
readonly std=('-Zbuild-std=std,panic_abort' -Zbuild-std-features=optimize_for_size)
readonly small='-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none --cfg sha2_backend_soft="compact"'

sysroot_has() { compgen -G "$(rustc --print sysroot)/lib/rustlib/$1" >/dev/null; }

# A file that PACKAGE installed whose path ends so; Debian may move it between versions.
of_package() { dpkg -L "$1" 2>/dev/null | grep -E "$2" | head -n 1; }

has_debian_rust() { has wasm-ld-22 && [ -n "$(of_package cargo-web '/bin/cargo$')" ] && [ -n "$(of_package rust-web-src '^/usr/src/rustc-')" ]; }
need_debian_rust() { has_debian_rust || apt rustc-web cargo-web rust-web-src lld-22; }

# rustup_add WHAT NAME: remembered per compiler, so that a mirror without it is asked once and not at each build.
rustup_add() {
  local key
  key=$(rustc --version)
  has rustup && ! fresh "no-$2" "$key" || return 1
  say "rustup $1 add $2"
  bounded 120 rustup "$1" add "$2" </dev/null >"$STAMPS/rustup.log" 2>&1 && return
  say "rustup has no $2 here"
  stamp "no-$2" "$key"
  return 1
}
need_source() { sysroot_has src/rust/library/Cargo.lock || rustup_add component rust-src; }
need_ready_made() { sysroot_has "$target/lib/libstd-*.rlib" || rustup_add target "$target"; }

need_crates
export CARGO_TARGET_DIR=target/wasm
# Without it, a budget can't be kept (scripts/pkg.sh).
rm -f "$CARGO_TARGET_DIR/ready-made"
say "cargo build for wasm32: $features"
if need_source; then
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="$small" cargo "${build[@]}" "${std[@]}" -- "${linked[@]}"
elif need_debian_rust; then
  rustc_path=$(of_package rustc-web '/bin/rustc$')
  cargo_path=$(of_package cargo-web '/bin/cargo$')
  env -u RUSTUP_TOOLCHAIN PATH="$(dirname "$rustc_path"):$PATH" RUSTC="$rustc_path" RUSTC_BOOTSTRAP=1 RUSTFLAGS="$small" \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22 \
    "$cargo_path" "${build[@]}" "${std[@]}" -- "${linked[@]}"
elif need_ready_made; then
  say "NOTE: without the standard library's source ('rustup component add rust-src') the module is a tenth larger than it need be"
  cargo "${build[@]}" -- "${linked[@]}"
  touch "$CARGO_TARGET_DIR/ready-made"
else
  stop "no Rust for wasm32: 'rustup component add rust-src' (or Debian's rustc-web cargo-web rust-web-src lld-22)"
fi
mkdir -p "$(dirname "$out")"
cp "$CARGO_TARGET_DIR/$target/wasm/jitsuin.wasm" "$out"
