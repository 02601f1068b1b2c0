#!/usr/bin/env bash
# Makes every lock anew (`make lock`): the newest versions that pyproject.toml and the *.in files allow, with hashes,
# for every platform. Set KEEP=1 to move only what must move.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v uv >/dev/null || { echo "uv is needed to make locks: pip install uv" >&2; exit 1; }
command -v npm >/dev/null || { echo "npm is needed to make locks: sudo apt install npm" >&2; exit 1; }
upgrade=(--upgrade)
[ -z "${KEEP:-}" ] || upgrade=()

lock() {  # lock OUTPUT INPUT [OPTION...]
    local output=$1
    shift
    uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url \
        "${upgrade[@]}" --output-file "$output" "$@"
}

here=deploy/requirements
lock $here/dev.txt pyproject.toml --extra dev
# The product runs with the versions that were tested.
lock $here/app.txt pyproject.toml --constraint $here/dev.txt
lock $here/samples.txt $here/samples.in --no-deps
lock $here/demo.txt $here/demo.in --no-deps --constraint $here/samples.txt
for input in tests/clients/*/requirements.in; do
    lock "${input%.in}.txt" "$input"
done
# A lock of npm names each package by its digest and not by an address, so that it serves with every registry.
for manifest in tests/clients/*/package.json; do
    [ -n "${KEEP:-}" ] || rm -f "${manifest%.json}-lock.json"
    npm install --prefix "${manifest%/*}" --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts \
        --no-audit --no-fund --loglevel=error
done
# What the benchmarks compare us with, and what draws their plots.
for input in benchmarks/requirements/*.in; do
    lock "${input%.in}.txt" "$input"
done
