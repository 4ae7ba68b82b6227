#!/bin/sh
# Starts as root, hands the working directory over to valkey, and goes on as valkey.
set -e
case "$1" in
    -* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "$1" = valkey-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . \! -user valkey -exec chown valkey '{}' +
        exec setpriv --reuid valkey --regid valkey --clear-groups -- "$0" "$@"
    fi
    set -- "$@" --protected-mode no
fi
if [ "$(umask)" = 0022 ]; then
    umask 0077
fi
exec "$@"
