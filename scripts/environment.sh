# shellcheck shell=bash
# Sourced: a place to write for tools that insist on a home directory.
if [ -z "${HOME:-}" ] || [ ! -d "${HOME:-}" ]; then
    mkdir -p var/home
    export HOME="$PWD/var/home"
fi
# Modules are compiled once and kept beside the rest of the state, also where the machine says
# that Python writes no bytecode: without it two thirds of every start is compiling.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-${HMS_VAR:-$PWD/var}/bytecode}"
