#!/usr/bin/env bash
# Stops what runs from var/ and removes everything that can be made again: .venv, caches and
# all demo data.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

if [ -d var ]; then
    python="$(bash scripts/find_python.sh)" || python=""
    if [ -n "$python" ]; then
        "$python" -m scripts.clean
    else
        echo "Without Python 3.12 running servers cannot be found; var/ is left as it is." >&2
        exit 1
    fi
fi
rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov \
    test-results .coverage .coverage.*
find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
find locale -name '*.mo' -delete 2>/dev/null || true
echo "Clean."
