#!/usr/bin/env bash
# The package as its users have it: packed by npm, unpacked in projects of their own, with their bundlers, test runners and runtimes, pinned in
# tests/consumers. Last line: N passed, N failed.
. "$(dirname "$0")/setup.sh"

readonly made=target/consumers

need_npm_tools
need_chromium
need_zbar
scripts/pkg.sh
key="$(node_major) $(sha256 tests/consumers/package-lock.json)"
if ! [ -d tests/consumers/node_modules ] || ! fresh consumers "$key"; then
  say "npm ci in tests/consumers/ (once, about 760 MB)"
  (cd tests/consumers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2) ||
    stop "the consumers' tools could not be installed: 'cd tests/consumers && npm ci' says why"
  stamp consumers "$key"
fi

rm -rf "$made/package" "$made/projects" "$made"/jitsuin-*.tgz
mkdir -p "$made"
(cd pkg && npm pack --silent --ignore-scripts --pack-destination "../$made" >/dev/null)
tar -xzf "$made"/jitsuin-*.tgz -C "$made"

status=0 tap=$made/consumers.tap
# The time limit ends a hung file, it judges no speed.
node --test --test-concurrency=1 --test-timeout=300000 --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$tap" tests/consumers/*.test.mjs || status=$?
say "consumers took $SECONDS s"
echo "$(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$tap") passed, $(sed -nE 's/^# fail ([0-9]+)$/\1/p' "$tap") failed"
exit "$status"
