#!/usr/bin/env bash
# `make test`: static checks, then the whole suite on real servers. Arguments go to pytest.
# NO_BROWSER=1 skips the browser tests; nothing else does.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh

bash scripts/python.sh dev
.venv/bin/python -m scripts.messages compile
if [ "${NO_BROWSER:-}" = "1" ]; then
    echo "NO_BROWSER=1: the browser tests are skipped."
else
    bash scripts/browser.sh
fi
.venv/bin/python -m scripts.check
bash scripts/pytest.sh "$@"
