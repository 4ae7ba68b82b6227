#!/usr/bin/env bash
# Starts as root, hands the data over to postgres and goes on as postgres; fills an empty data directory with the help of
# a server that listens on its socket only.
set -Eeuo pipefail

# from_file NAME [DEFAULT]: NAME is what the file says that NAME_FILE names, where that is set.
from_file() {
    local file="$1_FILE"
    if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then
        echo >&2 "error: both $1 and $file are set"
        exit 1
    fi
    local value="${!1:-${2:-}}"
    [ -z "${!file:-}" ] || value="$(< "${!file}")"
    export "$1"="$value"
    unset "$file"
}

case "${1:-}" in -*) set -- postgres "$@" ;; esac

if [ "$1" = postgres ]; then
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    mkdir -p "$PGDATA"
    chmod 00700 "$PGDATA" || :
    mkdir -p /var/run/postgresql || :
    chmod 03775 /var/run/postgresql || :
    if [ "$(id -u)" = 0 ]; then
        find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
        find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
        exec gosu postgres "$BASH_SOURCE" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        if [ -z "$POSTGRES_PASSWORD" ]; then
            echo >&2 "error: set POSTGRES_PASSWORD"
            exit 1
        fi
        initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
        echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
        echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
        pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
        if [ "$POSTGRES_DB" != postgres ]; then
            createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
        fi
        for file in /docker-entrypoint-initdb.d/*; do
            case "$file" in
                *.sh) . "$file" ;;
                *.sql) psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -f "$file" ;;
            esac
        done
        pg_ctl -D "$PGDATA" -m fast -w stop
    fi
fi
exec "$@"
