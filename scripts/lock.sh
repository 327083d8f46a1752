#!/usr/bin/env bash
# Resolves pyproject.toml into requirements/{dev,demo,production}.txt: exact versions with
# hashes, for every system, and never the address of a package index. Versions stay as they are
# unless the ranges ask for others; `make lock UPGRADE=1` takes newer ones, but none younger
# than COOLDOWN: a bad release is usually withdrawn within days.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

COOLDOWN="${COOLDOWN:-7 days}"

resolve() {
    local name="$1"
    shift
    echo "Resolving requirements/$name.txt …"
    .venv/bin/python -m uv pip compile pyproject.toml "$@" \
        --universal --python-version 3.12 --generate-hashes --quiet \
        --custom-compile-command "make lock" --output-file "requirements/$name.txt" >/dev/null
}

# The widest first; the others are the same versions of fewer packages.
if [ -n "${UPGRADE:-}" ]; then
    resolve dev --extra embedded --group dev --upgrade --exclude-newer "$COOLDOWN"
    resolve demo --extra embedded -c requirements/dev.txt --upgrade
    resolve production -c requirements/dev.txt --upgrade
else
    resolve dev --extra embedded --group dev
    resolve demo --extra embedded -c requirements/dev.txt
    resolve production -c requirements/dev.txt
fi
