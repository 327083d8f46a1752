#!/usr/bin/env bash
# The test suite on PostgreSQL 15: Debian's package, or the programs in PG15_BIN.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

programs="${PG15_BIN:-/usr/lib/postgresql/15/bin}"
if [ ! -x "$programs/initdb" ]; then
    if [ -n "${PG15_BIN:-}" ]; then
        echo "PG15_BIN names $programs, but there is no initdb in it." >&2
        exit 1
    fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "PostgreSQL 15 is not here. Install it (Debian: apt-get install postgresql-15)" >&2
        echo "or name the directory of its programs: make test-pg15 PG15_BIN=/path/to/bin" >&2
        exit 1
    fi
    echo "Installing PostgreSQL 15 …"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        postgresql-15 >/dev/null
fi

bash scripts/python.sh dev
.venv/bin/python -m scripts.messages compile
export HMS_PG_BIN="$programs" HMS_VAR="${HMS_VAR:-var/test-pg15}"
unset DATABASE_URL DATABASE_OWNER_URL DATABASE_REPORTING_URL
echo "The tests run on $("$programs/postgres" --version)."
exec bash scripts/pytest.sh "$@"
