#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: runs libFuzzer on each decoder for that long, one after the other. What `cargo fuzz run` does,
# without its own installation: coverage instrumentation, no address sanitizer (the crate has no unsafe code of its own).
. "$(dirname "$0")/setup.sh"

readonly seconds=${1:?"fuzz.sh SECONDS [TARGET...]"}
shift
if [ $# = 0 ]; then
  for target in fuzz/targets/*.rs; do
    target=${target##*/}
    set -- "$@" "${target%.rs}"
  done
fi

need_crates
has c++ || apt g++ || stop "no C++ compiler (libFuzzer is built from source): install one"
JITSUIN_WRITE_SEEDS=1 cargo test --locked --quiet --test corpus >&2
passes="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
passes="$passes -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
# A target triple of its own, so that build scripts are not instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="$passes" cargo build --release --quiet --locked --manifest-path fuzz/Cargo.toml --target "$host"

failed=()
for target in "$@"; do
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  log=fuzz/artifacts/$target.log
  say "fuzz: $target for $seconds s"
  "fuzz/target/$host/release/$target" -max_total_time="$seconds" -max_len=8192 -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" \
    "fuzz/corpus/$target" >"$log" 2>&1 || failed+=("$target")
  say "fuzz: $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, $(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
done
[ ${#failed[@]} = 0 ] || stop "inputs that crash stand in fuzz/artifacts: ${failed[*]}"
