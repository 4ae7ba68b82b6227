#!/bin/bash
# Options of the official script, as far as they matter here: --su-mysql asks as mysql; --connect is true once the server
# takes connections; --innodb_initialized, once its storage is there.
set -eo pipefail
client() {
    mariadb --defaults-extra-file=/var/lib/mysql/.my-healthcheck.cnf -h 127.0.0.1 --protocol tcp -sN "$@"
}
for option in "$@"; do
    case "$option" in
        --su-mysql)
            shift
            exec gosu mysql "$0" "$@"
            ;;
        --connect)
            # Refused by name or password is connected, too.
            said="$(client -e 'SELECT 1' 2>&1)" || grep -qE 'ERROR 1[0-9]{3} \(28000\)' <<< "$said"
            ;;
        --innodb_initialized)
            [ "$(client -e "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT')")" = 1 ]
            ;;
    esac
    shift
done
