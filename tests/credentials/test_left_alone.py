"""What is no credential, however much it looks like one."""

from collections.abc import Callable

import pytest

NONE = """
image: postgres:16
environment:
  POSTGRES_USER: me
  POSTGRES_PASSWORD_FILE: /run/secrets/password
  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}
  PGPASSWORD:
  DB_PASSWORD: ""
  BLANK_PASSWORD: "   "
  REQUIRED_PASSWORD: ${DB_PASSWORD:?must be set}
  EMPTY_DEFAULT_PASSWORD: ${DB_PASSWORD:-}
  NESTED_PASSWORD: ${DB_PASSWORD:-${OTHER_PASSWORD}}
  SET_PASSWORD: ${DB_PASSWORD:+set}
  PARTLY_PASSWORD: prefix-${DB_PASSWORD}
  ALLOW_EMPTY_PASSWORD: "yes"
  MYSQL_RANDOM_ROOT_PASSWORD: "1"
  USE_TOKEN: x
  REQUIRE_PASSWORD: strong
  PASSWORD_MIN_LENGTH: 12
  PASSWORD_POLICY: strict
  PASSWORD_RESET_URL: https://example.org/reset
  AUTH_TOKEN_TTL: 3600
  JWT_SECRET_LENGTH: 64
  SECRET_NAME: production
  TOKEN_ISSUER: accounts
  NUM_TOKENS: 256
  MAX_TOKENS: 4096
  BCRYPT_SALT: 10
  LIMITER_GET_PASSWORDS: 2
  LIMITER_DELETE_PASSWORD: 10
  SIGNUP_LIMIT_SECRET: -1
  QUOTA_PASSWORDS: 1.5
  LENGTH_OF_PASSWORD: 12
  ATTEMPTS_PASSCODE: 3
  SESSION_TOKEN: "false"
  COOKIE_SECRET: none
  MAIL_PASSWORD: "null"
  SECRET_KEY: /run/keys/secret
  PRIVATE_KEY: ./keys/private.pem
  JWT_SECRET_KEY: "%kernel.project_dir%/config/jwt/private.pem"
  API_TOKEN: https://example.org/token
  ACCESS_TOKEN: vault:secret/data/app#token
  SIGNING_KEY: "{{ .Env.SIGNING_KEY }}"
  FROM_SHELL_PASSWORD: $$(cat /run/secrets/password)
  WIREGUARD_PUBLIC_KEY: hx0vYbEq1Nn6FAl7aXkvuJ0WVqFvNuMXg1mXxZZ0Z1g=
  RECAPTCHA_SITE_KEY: 6LdyC2cUAAAAACGuDKpXeDorzUDWXmdqeg1y1111
  GPG_KEY: A035C8C19219BA821ECEA86B64E628F8D684696D
  SSH_KEY: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq3TmQ8vQ1kZs9TtVXj3xkq3v1x0o1Z9d8c7b6a5f4e me@host
  PRIVATE_KEY_OWNER: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ
  CERTIFICATE: |
    -----BEGIN CERTIFICATE-----
    MIIBszCCAVmgAwIBAgIUJ
    -----END CERTIFICATE-----
  NEXT_PUBLIC_MAP: eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl
  ETCD_INITIAL_CLUSTER_TOKEN: etcd-cluster-1
  CORS_ALLOW_CREDENTIALS: "true"
  KEYBOARD: de-de-qwertz
  MONKEY: banana
  AUTHOR: me
  BYPASS: x
  TOKENIZERS_PARALLELISM: "false"
  AUTH: md5
  BASIC_AUTH: nginx:80
  KEY: an-ordinary-value-of-some-length
  COMMIT: 3f786850e387550fdab836ed7e6dc881de23001b
  IMAGE: registry.example.org/me/app:tag@sha256:3f786850e387550fdab836ed7e6dc881de23001b
  PWD: /app
  PAGE: https://example.org:8080/path?mail=me@example.org
  DATABASE_URL: postgres://me@db/app
  OTHER_URL: postgres://me:${DB_PASSWORD}@db/app
  EMPTY_URL: redis://:@cache:6379/0
  JDBC: jdbc:postgresql://db/app?user=me&ssl=true
  KAFKA_SUPER_USERS: User:admin
  KAFKA_CFG_SUPER_USERS: User:admin;User:operator;User:${CLIENT}
  KAFKA_ALLOWED_USERS: User:CN=broker.example.org
  KAFKA_USER_OPTS: user_name="anna"
  HOSTS: "one:1234,two:5678"
command:
  - postgres
  - --password-file
  - /run/secrets/password
  - --auth
  - admin
  - --key=/certs/server.pem
  - -c
  - password_encryption=scram-sha-256
  - --requirepass
  - $$PASSWORD
  - --token
  - --verbose
healthcheck:
  test: mysqladmin ping -h db -p"$$(cat /run/secrets/db)" --password=$$MYSQL_PASSWORD -P 3306
labels:
  traefik.http.routers.web.rule: Host(`auth.example.org`)
  traefik.http.routers.web.middlewares: basic-auth@file
  traefik.http.middlewares.a.basicauth.users: admin:${HASHED_PASSWORD}
  traefik.http.middlewares.a.basicauth.realm: Login required
  traefik.http.middlewares.a.basicauth.usersfile: /etc/users
build:
  context: .
  args: [INSTALL_SSHPASS=true, PASSWORD_SCHEME=argon2]
"""


def test_nothing_of_this_is_a_credential(see: Callable[[str], list[object]]) -> None:
    assert see(NONE) == []


@pytest.mark.parametrize(
    "service",
    ["image: nginx", "environment: []", "environment: [PASSWORD]", "command: []", "command:", "build: .", "labels:"],
)
def test_what_is_not_there_is_none(service: str, see: Callable[[str], list[object]]) -> None:
    assert see(service) == []


SCRIPT = """
command:
  - sh
  - -c
  - |
    until mc alias set local http://minio:9000 "$$KEY" "$$SECRET" 2>/dev/null; do sleep 1; done
    mc mb --ignore-existing local/files >/dev/null < /dev/null
    mc alias set other \\
      http://minio:9000 $$(cat /run/secrets/key) $$(cat /run/secrets/secret) 2> /dev/null
    vault login - < /run/secrets/token
    mysql -u root
    mkdir -p data
"""


def test_words_of_other_commands_are_no_passwords(see: Callable[[str], list[object]]) -> None:
    assert see(SCRIPT) == []


def test_the_name_of_a_user_is_none(see: Callable[[str], list[object]]) -> None:
    assert (
        see("image: mongo:7\nenvironment: {MONGO_INITDB_ROOT_USERNAME: root, ME_CONFIG_MONGODB_ADMINUSERNAME: root}")
        == []
    )


PROGRAM = """
healthcheck:
  test: |
    mongosh --quiet --eval "
      const hPass = process.env.APP_PASSWORD;
      const options = { password: hPass };
      let secret = await ask();
      if (!db.getUser('me')) {
        db.createUser({ user: '$${NAME}', roles: [{ role: 'readWrite', db: 'app' }], pwd: secret });
        db.createUser({ user: 'me', pwd: passwordPrompt() });
        return { password: config.password };
      }
    "
command: [mongosh, --eval, "db.auth({ user: me, pwd: pass })"]
"""


def test_names_in_a_program_are_none(see: Callable[[str], list[object]]) -> None:
    assert see(PROGRAM) == []
