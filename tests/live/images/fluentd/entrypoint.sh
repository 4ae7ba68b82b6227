#!/bin/sh
set -e
if [ "$1" = fluentd ]; then
    set -- "$@" -c "/fluentd/etc/$FLUENTD_CONF"
fi
exec "$@"
