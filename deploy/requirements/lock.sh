#!/usr/bin/env bash
# Makes every lock anew (`make lock`): the newest versions that pyproject.toml and the *.in files allow, with hashes,
# for every platform. Set KEEP=1 to move only what must move.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v uv >/dev/null || { echo "uv is needed to make locks: pip install uv" >&2; exit 1; }
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
for folder in tests/clients/*/; do
    lock "${folder}requirements.txt" "${folder}requirements.in"
done
# What the benchmarks compare us with, and what draws their plots.
for input in benchmarks/requirements/*.in; do
    lock "${input%.in}.txt" "$input"
done
