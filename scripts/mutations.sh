#!/usr/bin/env bash
# mutations.sh [NAME...]: breaks the product with each patch of tests/mutations alone and lets the simulator find it, all or
# those whose name begins so (`04`). mutations.sh --check [FOLDER]: only whether each patch has its head and applies.
#
# The head stands before the diff. Needed: `What:` is changed, whom it `Hurts:`, how it was `Written:`. Settings of the
# simulator: `Seeds:` (200), `Days:` (3), `Seed:` (1). `Unseen:` says why the simulator can't find it.
. "$(dirname "$0")/setup.sh"

readonly PATCHES=tests/mutations HOME_OF=target/mutations
readonly TREE=$HOME_OF/tree BUILD=$PWD/$HOME_OF/build

# head_of PATCH KEY [DEFAULT]: what its head says under KEY.
head_of() {
  local said
  said=$(sed -n "/^diff --git /q; s/^$2: *//p" "$1")
  printf '%s' "${said:-${3:-}}"
}

# bad_head PATCH: what is wrong with its head, if anything.
bad_head() {
  local key
  for key in What Hurts Written; do
    [ "$(head_of "$1" "$key")" ] || { printf 'no line %s:' "$key" && return; }
  done
  for key in Seeds Days Seed; do
    [[ $(head_of "$1" "$key" 1) =~ ^[0-9]+$ ]] || { printf 'the line %s: is not one number' "$key" && return; }
  done
}

# check FOLDER
check() {
  local patch wrong bad=() count=0
  for patch in "$1"/*.patch; do
    wrong=$(bad_head "$patch")
    [ "$wrong" ] || git apply --check "$patch" || wrong="does not apply"
    count=$((count + 1))
    [ -z "$wrong" ] || bad+=("${patch##*/}: $wrong")
  done
  [ ${#bad[@]} = 0 ] || stop "mutations: $(IFS=, && echo "${bad[*]}")"
  say "mutations: $count patches have their heads and apply"
}

build() {
  (cd "$TREE" && CARGO_TARGET_DIR=$BUILD cargo build --locked --quiet --profile mutants --features fast-verify --example simulate) >&2
}

# simulate LOG SEEDS DAYS SEED: 0, every promise held; 1, one was broken; 2, the simulator itself failed.
simulate() {
  local status=0
  # The time limit ends a hung run, it judges no speed.
  bounded 1800 "$BUILD/mutants/examples/simulate" --seeds "$2" --days "$3" --seed "$4" --first \
    >"$1" 2>"$1.err" </dev/null || status=$?
  case $status in
    0) return 0 ;;
    1) if grep -q '^broken: ' "$1"; then return 1; fi ;;
  esac
  tail -n 20 "$1.err" >&2
  say "the simulator ended with status $status: see $1 and $1.err"
  return 2
}

# settings PATCH: its seeds, days and first seed.
settings() { printf '%s %s %s\n' "$(head_of "$1" Seeds 200)" "$(head_of "$1" Days 3)" "$(head_of "$1" Seed 1)"; }

# Whatever a patch is tried with must find nothing in the product itself: else it would prove nothing.
try_unbroken() {
  local seeds days seed
  build || stop "mutations: the simulator does not build without a patch"
  while read -r seeds days seed; do
    say "without a patch: $seeds seeds from $seed, $days days"
    simulate "$HOME_OF/none.log" "$seeds" "$days" "$seed" ||
      stop "mutations: the product itself is not good: $(grep -m 1 '^broken: ' "$HOME_OF/none.log" || echo "the simulator failed")"
  done < <(for patch in "$@"; do settings "$patch"; done | sort -k2,2n -k3,3n -k1,1nr | awk '!seen[$2, $3]++')
}

# judge PATCH: one line of how it was found, into JUDGED. Whether that is good.
judge() {
  local patch=$PWD/$1 name seeds days seed log first unseen status=0
  name=$(basename "$1" .patch)
  log=$HOME_OF/$name.log
  read -r seeds days seed < <(settings "$1")
  unseen=$(head_of "$1" Unseen)
  git -C "$TREE" apply "$patch" || { JUDGED="FAILED     it does not apply to HEAD" && return 1; }
  if build; then simulate "$log" "$seeds" "$days" "$seed" || status=$?; else status=3; fi
  git -C "$TREE" reset --hard --quiet || stop "mutations: $name could not be taken out of $TREE"
  case $status in
    0)
      JUDGED="NOT FOUND  in $seeds seeds from $seed, $days days"
      [ "$unseen" ] || return 1
      JUDGED="unseen     $unseen"
      ;;
    1)
      found=$((found + 1))
      first=$(grep -m 1 '^broken: ' "$log")
      JUDGED="found      ${first#broken: }"
      [ -z "$unseen" ] || JUDGED="$JUDGED (its head says Unseen)"
      ;;
    2) JUDGED="FAILED     the simulator ended without a word of a promise" && return 1 ;;
    *) JUDGED="FAILED     it does not build" && return 1 ;;
  esac
}

if [ "${1:-}" = --check ]; then
  check "${2:-$PATCHES}"
  exit
fi

chosen=()
if [ $# = 0 ]; then set -- ""; fi
for name in "$@"; do
  compgen -G "$PATCHES/$name*.patch" >/dev/null || stop "mutations: no patch of that name: $name"
  chosen+=("$PATCHES/$name"*.patch)
done
check "$PATCHES"
need_crates
[ -z "$(git status --porcelain -- src tests examples Cargo.toml Cargo.lock)" ] || say "what is not committed is not tried, but for the patches"
rm -rf "$TREE"
mkdir -p "$HOME_OF"
git clone --shared --quiet . "$TREE"
try_unbroken "${chosen[@]}"

lines=() bad=() found=0
for patch in "${chosen[@]}"; do
  name=$(basename "$patch" .patch)
  say "$name: $(head_of "$patch" What)"
  judge "$patch" || bad+=("$name")
  line=$(printf '%-34s %s' "$name" "$JUDGED")
  say "$line"
  lines+=("$line")
done
printf '%s\n' "${lines[@]}"
echo "found $found of ${#chosen[@]}"
[ ${#bad[@]} = 0 ] || stop "mutations: not as they should be: ${bad[*]}"
