#!/bin/bash
# Draws every secret of docker-compose.yml into secrets/; files that are there are left alone.
# Run it once, on the machine that will run the hospital, from the project's folder.
set -euo pipefail
umask 077

here=${1:-secrets}
mkdir -p "$here"
chmod 700 "$here"

# The folder lets nobody in but its owner; the containers' own users must read the files in it.
keep() { if [ ! -s "$here/$1" ]; then cat > "$here/$1"; chmod 444 "$here/$1"; else cat > /dev/null; fi; }
draw() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

keep secret_key < <(printf '%s%s' "$(draw)" "$(draw)")
# Empty until there is something to fill in (docs/keys.md).
for name in secret_key_fallbacks audit_keys mail_password; do
    [ -e "$here/$name" ] || keep "$name" < /dev/null
done
keep postgres_password < <(draw)
for role in owner app reporting backup; do
    keep "database_${role}_password" < <(draw)
done
keep valkey_conf < <(printf 'requirepass %s' "$(draw)")

password=$(cat "$here/database_app_password")
keep database_url < <(printf 'postgres://hms_app:%s@postgres:5432/hms' "$password")  # pragma: allowlist secret
password=$(cat "$here/database_owner_password")
keep database_owner_url < <(printf 'postgres://hms_owner:%s@postgres:5432/hms' "$password")  # pragma: allowlist secret
password=$(cat "$here/database_backup_password")
keep database_backup_url < <(printf 'postgres://hms_backup:%s@postgres:5432/hms' "$password")  # pragma: allowlist secret
password=$(cut -d' ' -f2 "$here/valkey_conf")
keep redis_url < <(printf 'redis://:%s@valkey:6379/0' "$password")

if [ ! -s "$here/tls_key" ]; then
    host=${HMS_HOST:-localhost}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 90 \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
        -keyout "$here/tls_key" -out "$here/tls_certificate" 2> /dev/null
    chmod 444 "$here/tls_key" "$here/tls_certificate"
    echo "A certificate for $host was made that no browser trusts: replace secrets/tls_certificate"
    echo "and secrets/tls_key with your own before people use the system."
fi
echo "All secrets are in $here/. Keep a copy of it in a safe place, never with the backups."
