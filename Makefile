# Each target calls one script, which does its own set-up.
.PHONY: help demo test consumers faults mutants mutations simulate check pkg bench load
help:  ## this list
	@sed -n 's/^\([a-z]*\): .*## /make \1	/p' Makefile
demo:  ## the reference issuer and its pages on http://localhost:8787/
	@scripts/demo.sh
test:  ## every suite, browsers included; what CI runs
	@scripts/test.sh
consumers:  ## the packed package in projects of its users: Vite, Next, Vitest, Jest, webpack, esbuild, Workers, TypeScript
	@scripts/consumers.sh
faults:  ## strangers and broken machines against the built issuer: docs/faults.md
	@scripts/faults.sh
mutants:  ## which small changes of the product no test notices: all of src/rules, a sample of wallet and issuer (an hour or two)
	@scripts/mutants.sh
check:  ## format, lints, docs, licences, types
	@scripts/check.sh
pkg:  ## the npm package's wasm modules in pkg/wasm
	@scripts/pkg.sh
bench:  ## timings of signing, checking and drawing, natively and in the module
	@scripts/bench.sh
load:  ## many wallets paying at once, over SQLite and PostgreSQL
	@scripts/load.sh
mutations:  ## the product, broken on purpose in each known way, in front of the simulator: does it see
	@scripts/mutations.sh
simulate:  ## simulated towns, for as long as one likes: SEEDS=N DAYS=M SEED=S, docs/simulation.md
	@scripts/simulate.sh
