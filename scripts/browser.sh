#!/usr/bin/env bash
# A browser for the browser tests: the system's Chromium or Chrome, else Debian's package by
# apt when root, else Playwright's own download. `--find` only prints the path of one that is
# here (nothing for Playwright's own) and fails if there is none.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

works() {
    "$1" --version >/dev/null 2>&1
}

find_system() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null && works "$(command -v "$name")"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_playwright() {
    .venv/bin/python - <<'PYTHON' 2>/dev/null
import sys
from pathlib import Path
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    sys.exit(not Path(playwright.chromium.executable_path).exists())
PYTHON
}

if [ -n "${HMS_BROWSER:-}" ]; then
    if ! works "$HMS_BROWSER"; then
        echo "HMS_BROWSER names $HMS_BROWSER, which does not run." >&2
        exit 1
    fi
    if [ "${1:-}" = "--find" ]; then printf '%s\n' "$HMS_BROWSER"; fi
    exit 0
fi
if [ "${1:-}" = "--find" ]; then
    find_system
    exit
fi
if find_system >/dev/null || find_playwright; then
    exit 0
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
fail() {
    echo "No browser could be installed for the browser tests. The last words were:" >&2
    tail -n 5 "$log" | sed 's/^/    /' >&2
    echo "Install Chromium (Debian: apt-get install chromium), or set NO_BROWSER=1 to leave" >&2
    echo "the browser tests out." >&2
    exit 1
}

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests (a minute or two) …"
    apt-get update -qq >"$log" 2>&1 || true
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium >>"$log" 2>&1 && find_system >/dev/null; then
        exit 0
    fi
fi
echo "Fetching a browser with Playwright …"
.venv/bin/python -m playwright install chromium >>"$log" 2>&1 || fail
find_playwright || fail
