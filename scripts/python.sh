#!/usr/bin/env bash
# Makes .venv complete for one set of locked packages (demo or dev) and says nothing when it
# already is. Usage: scripts/python.sh demo|dev
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Installers write caches under HOME; without one they would write into the checkout.
if [ -z "${HOME:-}" ] || [ ! -d "${HOME:-}" ]; then
    mkdir -p var/home
    export HOME="$PWD/var/home"
fi

python="$(bash scripts/find_python.sh)"
exec "$python" -m scripts.bootstrap "$@"
