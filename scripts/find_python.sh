#!/usr/bin/env bash
# Prints the path of a Python that can run the product (3.12 or later, able to make a
# virtual environment), or says what to install and fails.
#
# Every candidate is really run: a version manager's shim may exist and still refuse.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="${HMS_VENV:-$ROOT/.venv}"
PROBE='
import sys
if sys.version_info < (3, 12):
    sys.exit(3)
try:
    import ctypes, ensurepip, ssl, venv, zlib
except ImportError:
    sys.exit(4)
print(sys.executable)
'
INCOMPLETE=""

try() {
    local found
    if found="$("$1" -I -c "$PROBE" 2>/dev/null </dev/null)"; then
        [ -n "$found" ] || return 1
        printf '%s\n' "$found"
        exit 0
    elif [ $? -eq 4 ]; then
        INCOMPLETE="$1"
    fi
    return 1
}

# The interpreter the existing environment was made from, if it still works.
if [ -r "$VENV/pyvenv.cfg" ]; then
    while IFS='=' read -r key value; do
        if [ "${key// /}" = "executable" ]; then
            made_from="${value# }"
            if [ -x "$made_from" ]; then try "$made_from" || true; fi
        fi
    done <"$VENV/pyvenv.cfg"
fi

for name in python3.14 python3.13 python3.12; do
    if command -v "$name" >/dev/null 2>&1; then try "$name" || true; fi
done

# Interpreters that pyenv keeps but does not put forward, newest first.
pyenv_roots() {
    if [ -n "${PYENV_ROOT:-}" ]; then printf '%s\n' "$PYENV_ROOT"; fi
    if command -v pyenv >/dev/null 2>&1; then pyenv root 2>/dev/null || true; fi
    if [ -n "${HOME:-}" ]; then printf '%s\n' "$HOME/.pyenv"; fi
    # With another HOME, the shims on PATH still show where pyenv lives.
    local part
    local IFS=':'
    for part in $PATH; do
        case "$part" in
            */shims) printf '%s\n' "${part%/shims}" ;;
        esac
    done
}

newest_first() {
    # 3.13.0 sorts after 3.9.18 only when each part is compared as a number.
    sort -t. -k1,1nr -k2,2nr -k3,3nr
}

while IFS= read -r root; do
    [ -d "$root/versions" ] || continue
    while IFS= read -r version; do
        candidate="$root/versions/$version/bin/python3"
        if [ -x "$candidate" ]; then try "$candidate" || true; fi
    done < <(cd "$root/versions" && for d in 3.*; do [ -d "$d" ] && printf '%s\n' "$d"; done | newest_first)
done < <(pyenv_roots | awk 'NF && !seen[$0]++')

for candidate in python3 /usr/local/bin/python3 /opt/homebrew/bin/python3 /usr/bin/python3; do
    if command -v "$candidate" >/dev/null 2>&1; then try "$candidate" || true; fi
done

{
    if [ -n "$INCOMPLETE" ]; then
        echo "Python 3.12 or later is here ($INCOMPLETE), but it cannot make a virtual environment."
        echo "On Debian or Ubuntu install the package of the same version, for example:"
        echo "    apt-get install python3-venv"
    else
        echo "No Python 3.12 or later was found on this machine."
        echo "Install one, then run the same command again. For example:"
        echo "    Debian 13, Ubuntu 24.04 or later:  apt-get install python3 python3-venv"
        echo "    Fedora:                            dnf install python3.13"
        echo "    macOS with Homebrew:               brew install python@3.13"
        echo "    any system with pyenv:             pyenv install 3.13"
    fi
} >&2
exit 1
