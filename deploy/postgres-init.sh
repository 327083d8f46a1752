#!/bin/bash
# First start of an empty cluster: the four roles and the database; nobody else may connect.
set -euo pipefail

secret() { cat "/run/secrets/database_$1_password"; }

HMS_OWNER=$(secret owner) HMS_APP=$(secret app) \
HMS_REPORTING=$(secret reporting) HMS_BACKUP=$(secret backup) \
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner HMS_OWNER
\getenv app HMS_APP
\getenv reporting HMS_REPORTING
\getenv backup HMS_BACKUP
CREATE ROLE hms_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner';
CREATE ROLE hms_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app';
CREATE ROLE hms_reporting LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'reporting';
ALTER ROLE hms_reporting SET statement_timeout = '120s';
ALTER ROLE hms_reporting SET default_transaction_read_only = on;
CREATE ROLE hms_backup LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'backup';
GRANT pg_read_all_data TO hms_backup;
CREATE DATABASE hms OWNER hms_owner;
REVOKE ALL ON DATABASE hms FROM PUBLIC;
GRANT CONNECT ON DATABASE hms TO hms_app, hms_reporting, hms_backup;
\connect hms
GRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_create_restore_point(text) TO hms_backup;
ALTER SCHEMA public OWNER TO hms_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SET ROLE hms_owner;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
SQL
# "all" does not mean replication: backups come in by a line of their own.
echo "host replication hms_backup all scram-sha-256" >> "$PGDATA/pg_hba.conf"
