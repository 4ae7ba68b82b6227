#!/bin/sh
# Hands its folders over, as far as it may; mosquitto itself steps down.
set -e
if [ "$(id -u)" = 0 ] && [ -d /mosquitto ]; then
    chown -R mosquitto:mosquitto /mosquitto || true
fi
exec "$@"
