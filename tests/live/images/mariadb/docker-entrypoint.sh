#!/bin/bash
# Starts as root, hands the data over to mysql and goes on as mysql; fills an empty data directory with the help of a
# server that has no network. Keeps an account for healthcheck.sh, readable to mysql alone.
set -eo pipefail
shopt -s nullglob

from_file() {
    local file="$1_FILE"
    if [ -n "${!1}" ] && [ -n "${!file}" ]; then
        echo >&2 "error: both $1 and $file are set"
        exit 1
    fi
    local value="${!1:-$2}"
    [ -z "${!file}" ] || value="$(< "${!file}")"
    export "$1"="$value"
    unset "$file"
}

# literal TEXT: TEXT between the quotes of SQL.
literal() {
    local text="${1//\\/\\\\}"
    printf '%s' "${text//\'/\\\'}"
}

case "$1" in -*) set -- mariadbd "$@" ;; esac

if [ "$1" = mariadbd ] || [ "$1" = mysqld ]; then
    data=/var/lib/mysql
    # Still as root, as the official one does.
    for name in ROOT_PASSWORD USER PASSWORD DATABASE; do
        from_file "MYSQL_$name"
        former="MYSQL_$name"
        from_file "MARIADB_$name" "${!former}"
    done
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$data"
        find "$data" \! -user mysql -exec chown mysql: '{}' +
        find /run/mysqld \! -user mysql -exec chown mysql: '{}' \;
        exec gosu mysql "$BASH_SOURCE" "$@"
    fi
    if [ ! -d "$data/mysql" ]; then
        if [ -z "$MARIADB_ROOT_PASSWORD" ]; then
            echo >&2 "error: set MARIADB_ROOT_PASSWORD"
            exit 1
        fi
        mkdir -p "$data"
        mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db
        "$@" --skip-networking --socket=/run/mysqld/mysqld.sock &
        server=$!
        for _ in {1..60}; do
            mariadb-admin --socket=/run/mysqld/mysqld.sock ping --silent > /dev/null 2>&1 && break
            sleep 0.5
        done
        probe_password="$(head -c 24 /dev/urandom | base64 -w 0)"
        mariadb --socket=/run/mysqld/mysqld.sock -uroot <<- SQL
			CREATE USER 'root'@'%' IDENTIFIED BY '$(literal "$MARIADB_ROOT_PASSWORD")';
			GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
			CREATE USER 'healthcheck'@'127.0.0.1' IDENTIFIED BY '$probe_password';
			CREATE USER 'healthcheck'@'localhost' IDENTIFIED BY '$probe_password';
			ALTER USER 'root'@'localhost' IDENTIFIED BY '$(literal "$MARIADB_ROOT_PASSWORD")';
		SQL
        run() { MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb --socket=/run/mysqld/mysqld.sock -uroot "$@"; }
        if [ -n "$MARIADB_DATABASE" ]; then
            run -e "CREATE DATABASE \`$MARIADB_DATABASE\`"
        fi
        if [ -n "$MARIADB_USER" ]; then
            run -e "CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$(literal "$MARIADB_PASSWORD")'"
            run -e "GRANT ALL ON \`${MARIADB_DATABASE:-%}\`.* TO '$MARIADB_USER'@'%'"
        fi
        (umask 0077; printf '[mariadb-client]\nuser=healthcheck\npassword=%s\n' "$probe_password" > "$data/.my-healthcheck.cnf")
        for file in /docker-entrypoint-initdb.d/*; do
            case "$file" in
                *.sh) . "$file" ;;
                *.sql) run ${MARIADB_DATABASE:+"$MARIADB_DATABASE"} < "$file" ;;
            esac
        done
        kill "$server"
        wait "$server"
    fi
fi
exec "$@"
