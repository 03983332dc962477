#!/usr/bin/env bash
# pkg.sh [MODULE...]: builds the npm package's generated part, all of it or the named modules: one folder of pkg/wasm per module,
# each with the module, its glue, and the digest that pkg's loader checks. A module is rebuilt when something it is made of has changed.
# pkg/digests.json names the SHA-256 of each file of the package that is there. What people read is copied from the repository.
. "$(dirname "$0")/setup.sh"

readonly PAGE_GZIP_LIMIT=196608 # 192 KiB: plain code on the stable toolchain, about half of the smallest peer that holds keys
# Named one by one: --all-features lets wasm-opt write a module that Node 20 refuses.
readonly wasm_features=(--enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int --enable-sign-ext
  --enable-mutable-globals --enable-reference-types --enable-multivalue)

# Inlining makes functions alike different, which gzip pays for: a tenth of the module, measured. Nothing lies below 1 KiB but the far end of
# the stack (scripts/wasm.sh), so an address may be folded into the offset of what is read there.
readonly wasm_size=(-Oz --converge --low-memory-unused --one-caller-inline-max-function-size=20 --always-inline-max-function-size=5)
# Nobody downloads the test kit's, and minutes are saved.
readonly wasm_quick=(-O1)

# What makes a package of a raw module.
readonly shaping=(scripts/pkg.sh scripts/glue.mjs scripts/short.mjs tests/package-lock.json)
sources=$({ digest src Cargo.toml Cargo.lock scripts/wasm.sh "${shaping[@]}" && rustc --version; } | sha256)

binaryen() {
  local tool=$1
  shift
  node "tests/node_modules/binaryen/bin/$tool" "${wasm_features[@]}" "$@"
}

# short_names FOLDER: what the folder's module borrows of its glue, by short names (scripts/short.mjs).
short_names() {
  local module=$1/jitsuin_bg.wasm text=target/wasm/text.wat
  binaryen wasm-dis "$module" -o "$text"
  node scripts/short.mjs "$text" "$1/jitsuin.js"
  binaryen wasm-as "$text" -o "$module"
}

# module NAME FEATURES
module() {
  local name=$1 features=$2 to=pkg/wasm/$1 raw=target/wasm/$1.raw.wasm new=target/wasm/$1.new made
  if [ -f "$to/digest.js" ] && fresh "pkg-$name" "$sources"; then return; fi
  # A server checks far more than it downloads: a token in a fifth of the time, for a third more bytes.
  local level=z
  [ "$name" != verifier ] || level=3
  CARGO_PROFILE_WASM_OPT_LEVEL=$level scripts/wasm.sh "$features" "$raw"
  # A change in one room often leaves the other module as it was.
  made="$(sha256 "$raw") $(digest src/browser "${shaping[@]}")"
  if ! [ -f "$to/digest.js" ] || ! fresh "wasm-$name" "$made"; then
    need_wasm_bindgen
    need_npm_tools
    say "wasm-bindgen and wasm-opt: $name"
    rm -rf "$new"
    "$WASM_BINDGEN_PATH" --target web --omit-default-module-path --out-name jitsuin --out-dir "$new" "$raw"
    node scripts/glue.mjs "$name" "$new/jitsuin.js"
    cp "$new/jitsuin_bg.wasm" "target/wasm/$name.named.wasm"
    # The JavaScript halves of the room `browser`, where the glue imports them.
    if grep -q '"./browser/' "$new/jitsuin.js"; then
      mkdir "$new/browser"
      cp src/browser/*.js "$new/browser/"
    fi
    local how=("${wasm_size[@]}")
    [ "$name" != testing ] || how=("${wasm_quick[@]}")
    [ "$name" != verifier ] || how=(-O3)
    # The others' names can be read, and are by a test.
    [ "$name" != page ] || short_names "$new"
    binaryen wasm-opt "${how[@]}" "$new/jitsuin_bg.wasm" -o "$new/jitsuin_bg.wasm"
    printf 'export const digest = "%s";\n' "$(sha256 "$new/jitsuin_bg.wasm")" >"$new/digest.js"
    mkdir -p pkg/wasm
    rm -rf "$to"
    mv "$new" "$to"
    stamp "wasm-$name" "$made"
  fi
  stamp "pkg-$name" "$sources"
}

size() { wc -c <"$1" | tr -d ' '; }
gzip_size() { gzip -9 -c "$1" | wc -c | tr -d ' '; }

[ $# -gt 0 ] || set -- page codes verifier testing
for name in "$@"; do
  case $name in
    page) module page js ;;
    codes) module codes js-codes ;;
    verifier) module verifier js-verifier ;;
    testing) module testing js-testing ;;
    *) stop "no module is called $name: page, codes, verifier, testing" ;;
  esac
  file=pkg/wasm/$name/jitsuin_bg.wasm
  say "$name module: $(size "$file") bytes, $(gzip_size "$file") bytes gzip"
done
node scripts/papers.mjs
node scripts/digests.mjs
[ -f pkg/wasm/page/jitsuin_bg.wasm ] || exit 0
page=$(gzip_size pkg/wasm/page/jitsuin_bg.wasm)
[ "$page" -gt "$PAGE_GZIP_LIMIT" ] || exit 0
if [ -f target/wasm/ready-made ]; then
  say "NOTE: the page module is $page bytes gzip, over its limit of $PAGE_GZIP_LIMIT: the standard library came ready-made"
else
  [ ! -f target/wasm/page.named.wasm ] || node scripts/sizes.mjs target/wasm/page.named.wasm >&2
  stop "the page module is $page bytes gzip, over its limit of $PAGE_GZIP_LIMIT"
fi
