#!/usr/bin/env bash
# mutants.sh [rules] [wallet] [issuer]: changes the product one expression at a time and asks whether a test notices. `rules` is
# every change of src/rules. `wallet` and `issuer` share a sample of SAMPLE changes (150) that SEED draws; a smaller sample is
# the beginning of a larger one. Only quick unit tests are asked: what they miss, those of tests/ and of the issuer may see.
#
# It works in a copy of the tree, target/mutants/tree, whose build folder stays. In target/mutants/SET/mutants.out, missed.txt
# is what to look at and diff/ holds each change: `patch -p0 <FILE`, then the test that should see it.
. "$(dirname "$0")/setup.sh"

readonly sample=${SAMPLE:-150} seed=${SEED:-jitsuin}
readonly out=$PWD/target/mutants tree=target/mutants/tree
[ $# -gt 0 ] || set -- rules wallet issuer

need_crates
need_cargo_mutants

mkdir -p "$tree"
find "$tree" -mindepth 1 -maxdepth 1 ! -name target -exec rm -rf {} +
# Every file with a new time: else cargo would take the last mutant's build for this tree's.
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  if [ -f "$file" ]; then printf '%s\0' "$file"; fi
done | tar -c --null --files-from=- | tar -x -m -C "$tree"
cd "$tree"

mutants() { "$CARGO_MUTANTS_PATH" mutants --package jitsuin --features sqlite,postgres "$@"; }

# What stands in for the outside world is no product: the ports in memory, the scripted issuer, the tests.
readonly product=(--file src/wallet.rs --file 'src/wallet/**' --file src/issuer.rs --file 'src/issuer/**' --exclude '**/memory.rs'
  --exclude '**/memory/**' --exclude '**/scripted.rs' --exclude '**/scripted/**' --exclude '**/tests.rs' --exclude '**/tests/**')

# left_out SET: every change of wallet and issuer but the set's part of the sample.
left_out() {
  local set=$1 number=0 name
  mutants --list "${product[@]}" | while IFS= read -r name; do
    printf '%s %s\n' "$(printf '%s %s' "$seed" "$name" | sha256)" "$name"
  done | LC_ALL=C sort | cut -d' ' -f2- | while IFS= read -r name; do
    number=$((number + 1))
    if [ "$number" -le "$sample" ]; then
      case $name in "src/$set.rs:"* | "src/$set/"*) continue ;; esac
    fi
    printf '%s\n' "$name"
  done
}

# The first failed test is enough; libtest's switch for it is not stable yet, hence the variable, which only the tests get.
readonly first=(-C "--config=target.'cfg(all())'.runner=['env','RUSTC_BOOTSTRAP=1']") failed=(-Z unstable-options --fail-fast)

# Tests of a second or more.
readonly slow=(--skip strangers_in_two_hundred --skip one_wide_network --skip a_call_for_registered_keys_alone
  --skip a_claim_alone_gains_nothing --skip they_agree_on --skip a_co_signature_covers_this_intent --skip what_can_t_be_guessed)

for set in "$@"; do
  results=$out/$set/mutants.out
  rm -rf "${out:?}/$set"
  mkdir -p "$results"
  case $set in
    rules) chosen=(--file 'src/rules/**') ;;
    wallet | issuer)
      # By name: --re does not hold for every kind of change (sourcefrog/cargo-mutants#632), this list does.
      left_out "$set" >"$results/previously_caught.txt"
      chosen=("${product[@]}")
      ;;
    *) stop "mutants.sh: no such set: $set" ;;
  esac
  say "mutants: $set"
  status=0
  mutants "${chosen[@]}" --iterate --output "$out/$set" --in-place --profile mutants --minimum-test-timeout 120 --caught --unviable \
    --colors never -C --locked -C --lib "${first[@]}" -- "$set::" -- "${slow[@]}" "${failed[@]}" </dev/null || status=$?
  # 2: some were missed; 3: some ran out of time.
  case $status in 0 | 2 | 3) ;; *) stop "cargo-mutants ended with $status: $results says why" ;; esac
done
