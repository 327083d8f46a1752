# shellcheck shell=bash
# Sourced: a place to write for tools that insist on a home directory.
if [ -z "${HOME:-}" ] || [ ! -d "${HOME:-}" ]; then
    mkdir -p var/home
    export HOME="$PWD/var/home"
fi
