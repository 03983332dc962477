#!/usr/bin/env bash
# Towns of many seeds (docs/simulation.md). SEEDS=100 DAYS=3 OWNERS=3 SEED=1 JOBS=(all cores) LEDGER=memory|sqlite, ONLY=1,2 and
# WITHOUT=1:0 leave parts of the plan out, WANT=Forget:Away:locked adds what is rare, FILL=20 does so in as many towns for each cell of the
# coverage that all seeds left empty, TELL=1 prints stories, CELLS=1 the coverage. Status 0: every promise held; 1: one
# was broken, and the command that tells it stands in the output; 2: not understood.
. "$(dirname "$0")/setup.sh"

arguments=()
for name in SEEDS DAYS OWNERS SEED JOBS LEDGER ONLY WITHOUT WANT FILL; do
  [ -z "${!name:-}" ] || arguments+=("--${name,,}" "${!name}")
done
for name in TELL CELLS; do
  [ -z "${!name:-}" ] || arguments+=("--${name,,}")
done

need_crates
say "cargo build --profile town: simulate"
cargo build --locked --quiet --profile town --features sqlite,fast-verify --example simulate || exit 2
# The name says in a list of processes what runs.
target/town/examples/simulate "${arguments[@]}"
