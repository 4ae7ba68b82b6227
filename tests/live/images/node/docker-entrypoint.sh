#!/bin/sh
set -e
# What is no program is an argument to node.
if [ "${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ]; then
    set -- node "$@"
fi
exec "$@"
