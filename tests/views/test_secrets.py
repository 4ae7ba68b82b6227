"""What is masked, and what is not: first the lines that must stay readable."""

import time

import pytest

from hardener.views.secrets import mask, mask_text

READABLE = """\
secrets:
  db_password:
    file: ./db_password.txt
services:
  secret-service:
    image: hashicorp/vault-secrets:1.2
    secrets:
      - db_password
      - source: api_token
        target: token
    credential_spec:
      file: spec.json
    security_opt: [no-new-privileges:true]
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/db_password
      DB_PASSWORD: ${DB_PASSWORD}
      API_TOKEN: ${API_TOKEN:?must be set}
      SECRET_KEY: $SECRET_KEY
      EMPTY_PASSWORD:
      ALLOW_EMPTY_PASSWORD: "yes"
      DISABLE_AUTH: true # it is off
      KEYBOARD: qwerty
      MONKEY: banana
      AUTHOR: me
    env:
      - DISABLE_AUTH=true
    volumes:
      - ./secrets:/run/secrets
      - tokens:/var/lib/tokens
    healthcheck:
      test: mysqladmin ping --password=$$MYSQL_PASSWORD
    x-url: https://example.org:8080/path
    x-empty-url: postgres://${USER}:${PASSWORD}@db/x
"""


def test_what_is_no_secret_stays() -> None:
    lines = READABLE.splitlines(keepends=True)
    assert mask(lines) == lines


@pytest.mark.parametrize(
    "line",
    [
        "      POSTGRES_PASSWORD: hunter2",
        "      POSTGRES_PASSWORD: hunter2 # hunter2",
        "      POSTGRES_PASSWORD: hunter2, hunter2} 'hunter2'",
        "      - POSTGRES_PASSWORD=hunter2 hunter2",
        '      - "POSTGRES_PASSWORD=hunter2"',
        "      'DB_PASSWD': 'hunter2''hunter2'",
        '      "api-key": "hunter2"',
        "      DB_PASS: hunter2",
        "      MYSQL_PWD: hunter2",
        "      APP_KEY: base64:hunter2",
        "      aws_secret_access_key = hunter2".replace(" = ", "="),
        "      NEO4J_AUTH: neo4j/hunter2",
        "      GITHUB_TOKEN: hunter2",
        "      PRIVATE_KEY: hunter2",
        "      TOKEN_V2: hunter2",
        "      GOOGLE_CREDENTIALS: hunter2",
        "      RABBITMQ_ERLANG_COOKIE: hunter2",
        "      DB_PASSWORD: ${DB_PASSWORD:-hunter2}",
        "      DB_PASSWORD: &anchor hunter2",
        "      DB_PASSWORD: !!str hunter2",
        "      # DB_PASSWORD: hunter2",
        "    environment: {A: b, DB_PASSWORD: hunter2, C: d}",
        '    environment: {DB_PASSWORD: \'hunter2, hunter2\', API_TOKEN: "hunter2 \\" hunter2"}',
        "    environment: [DB_PASSWORD=hunter2, 'API_TOKEN=hunter2']",
        "    command: redis-server --requirepass hunter2",
        "    command: redis-server --requirepass=hunter2 --appendonly yes",
        "    command: [redis-server, --requirepass, hunter2]",
        '    command: ["redis-server", "--requirepass", "hunter2"]',
        "    command: sh -c 'PGPASSWORD=hunter2 psql'",
        "      URL: postgres://user:hunter2@db/x",
        "      URL: postgres://user:hunter2@hunter2@db/x",
        "      URL: redis://:hunter2@cache",
        "      URL: amqp://guest:hunter2@mq,amqp://guest:hunter2@mq2",
        "      - traefik.http.middlewares.x.basicauth.users=me:hunter2",
    ],
)
def test_what_is_masked(line: str) -> None:
    shown = mask_text(line)
    assert "hunter2" not in shown and "****" in shown
    assert shown.startswith(line[: line.index("h") if line.lstrip().startswith("x") else 6])


@pytest.mark.parametrize(
    "text",
    [
        "a:\n  PRIVATE_KEY: |\n    hunter2\n\n    hunter2: x\n  b: seen\n",
        "a:\n  PRIVATE_KEY: >-\n    hunter2\n  b: seen\n",
        'a:\n  PASSWORD: "hunter2\n    hunter2"\n  b: seen\n',
        "a:\n  PASSWORD:\n    hunter2\n    hunter2\n  b: seen\n",
        "a:\n  PASSWORD: # why\n    hunter2\n  b: seen\n",
        "a:\n  - PASSWORD=hunter2\n    hunter2\n  - b: seen\n",
        "a:\n  - PASSWORD: hunter2\n    b: seen\n",
        "a:\n  - name: x\n    PASSWORD: |\n     hunter2\n    b: seen\n",
        "command:\n  - --requirepass\n  - hunter2\n  - seen\n",
        "command:\n  - '--requirepass'\n  - 'hunter2'\n  - seen\n",
        "a: {\n  PASSWORD: hunter2,\n  b: seen }\n",
    ],
)
def test_values_of_several_lines(text: str) -> None:
    for ending in ("\n", "\r\n"):
        shown = mask(text.replace("\n", ending).splitlines(keepends=True))
        assert "hunter2" not in "".join(shown) and "seen" in "".join(shown)
        assert len(shown) == text.count("\n") and all(line.endswith(ending) for line in shown)


@pytest.mark.parametrize(
    "line",
    ["token" * 100_000, "a" * 500_000 + "token: x", "://a:" * 100_000, "- " * 200_000 + "token=", " token:" * 50_000],
)
def test_long_lines_take_no_time(line: str) -> None:
    start = time.process_time()
    mask([line])
    assert time.process_time() - start < 2
