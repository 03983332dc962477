#!/usr/bin/env bash
# Every suite in order, with its time. Suites follow from the folders there are. Last line: N passed, N failed[, N skipped].
. "$(dirname "$0")/setup.sh"

passed=0 failed=0 skipped=0 bad=()
logs=target/test
mkdir -p "$logs"

# sum PATTERN FILE: adds the numbers that PATTERN's first group finds.
sum() { sed -nE "s/$1/\1/p" "$2" | awk '{ total += $1 } END { print total + 0 }'; }

# suite NAME COUNTER COMMAND...: COUNTER reads the log and sets p, f, s. A command that fails without a counted failure is one.
suite() {
  local name=$1 counter=$2 status=0 start=$SECONDS p=0 f=0 s=0 log=$logs/$1.log
  shift 2
  say "suite $name"
  "$@" </dev/null 2>&1 | tee "$log" || status=$?
  "$counter" "$log"
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  if [ "$counter" != count_check ] && [ "$((p + f))" = 0 ]; then
    say "suite $name ran no test"
    f=1
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  [ "$f" = 0 ] || bad+=("$name")
  say "suite $name: $p passed, $f failed, $s skipped in $((SECONDS - start)) s"
}

# Lints and builds are no tests: a failed one counts as one failure, a good one as nothing.
count_check() { :; }

count_cargo() {
  p=$(sum '^test result: .* ([0-9]+) passed;.*' "$1")
  f=$(sum '^test result: .* ([0-9]+) failed;.*' "$1")
  s=$(sum '^test result: .* ([0-9]+) ignored;.*' "$1")
}

# Node's own totals, from its TAP report. A file without a test passes under its own name: that is no test and counts as a failure.
count_node() {
  local tap=${1%.log}.tap empty
  [ -f "$tap" ] || return 0
  empty=$(grep -cE '^ok [0-9]+ - .*\.test\.mjs$' "$tap" || true)
  [ "$empty" = 0 ] || say "$empty test file(s) of this suite hold no test"
  p=$(($(sum '^# pass ([0-9]+)$' "$tap") - empty))
  f=$(($(sum '^# fail ([0-9]+)$' "$tap") + $(sum '^# cancelled ([0-9]+)$' "$tap") + empty))
  s=$(($(sum '^# skipped ([0-9]+)$' "$tap") + $(sum '^# todo ([0-9]+)$' "$tap")))
}

node_suite() {
  local name=$1
  rm -f "$logs/$name.tap"
  # The time limit ends a hung file, it judges no speed.
  suite "$name" count_node node --test --test-concurrency=1 --test-timeout=600000 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$logs/$name.tap" tests/"$name"/*.test.mjs
}

count_python() {
  f=$(sum '^FAILED .*failures=([0-9]+).*' "$1")
  f=$((f + $(sum '^FAILED .*errors=([0-9]+).*' "$1")))
  s=$(sum '.*skipped=([0-9]+).*' "$1")
  p=$(($(sum '^Ran ([0-9]+) tests? in .*' "$1") - f - s))
  [ "$p" -ge 0 ] || p=0 # one test can fail in many subtests
}

node_suites=()
for name in wasm third-party browser package; do
  if compgen -G "tests/$name/*.test.mjs" >/dev/null; then node_suites+=("$name"); fi
done

need_crates
need_npm_tools
need_postgres
need_qemu
if [ -d tests/browser ]; then
  need_chromium
  need_firefox
  need_webkit
  need_zbar
fi

suite check count_check scripts/check.sh
suite native count_cargo cargo test --locked --workspace --all-features --no-fail-fast
suite pkg count_check scripts/pkg.sh
if [ ${#node_suites[@]} -gt 0 ]; then
  suite issuer count_check cargo build --locked -p jitsuin-issuer
  for name in "${node_suites[@]}"; do node_suite "$name"; done
fi
for name in python python-webauthn python-evidence; do
  need_python "$name"
  suite "$name" count_python "$PYTHON" -m unittest discover --start-directory "tests/$name" --verbose
done

say "all suites took $SECONDS s; logs in $logs"
[ ${#bad[@]} = 0 ] || say "failed: ${bad[*]}"
line="$passed passed, $failed failed"
[ "$skipped" = 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" = 0 ]
