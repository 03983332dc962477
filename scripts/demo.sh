#!/usr/bin/env bash
# The reference issuer with its pages, on loopback only. Browsers open it as localhost: WebAuthn takes no IP address.
. "$(dirname "$0")/setup.sh"

need_crates
need_node
scripts/pkg.sh page
say "cargo build: the reference issuer"
cargo build --locked --quiet -p jitsuin-issuer
mkdir -p target/demo
exec target/debug/jitsuin-issuer --demo --listen 127.0.0.1:8787 --listen '[::1]:8787' --ledger sqlite:target/demo/issuer.sqlite \
  --public-url http://localhost:8787 --origins http://localhost:8787
