#!/usr/bin/env bash
# Makes .venv complete for one set of locked packages (demo or dev) and says nothing when it
# already is. Usage: scripts/python.sh demo|dev
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

python="$(bash scripts/find_python.sh)"
exec "$python" -m scripts.bootstrap "$@"
