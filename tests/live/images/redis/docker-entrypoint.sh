#!/bin/sh
# Starts as root, hands the working directory over to redis, and goes on as redis.
set -e
case "$1" in
    -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        exec gosu redis "$0" "$@"
    fi
    # As the official image is built: without a password, others may still connect.
    set -- "$@" --protected-mode no
fi
if [ "$(umask)" = 0022 ]; then
    umask 0077
fi
exec "$@"
