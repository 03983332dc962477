# One line per target; each calls one script, which does its own set-up.
.PHONY: demo test check pkg
demo: ; @scripts/demo.sh
test: ; @scripts/test.sh
check: ; @scripts/check.sh
pkg: ; @scripts/pkg.sh
