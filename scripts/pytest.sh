#!/usr/bin/env bash
# The test suite beside its own PostgreSQL and Valkey (or those that DATABASE_URL and REDIS_URL
# name). Arguments go to pytest.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

export HMS_ENV=test
HMS_BROWSER="${HMS_BROWSER:-$(bash scripts/browser.sh --find || true)}"
export HMS_BROWSER
exec .venv/bin/python -m scripts.devservers run -- \
    .venv/bin/python -m pytest -n "${HMS_TEST_WORKERS:-2}" "$@"
