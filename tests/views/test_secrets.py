"""What is masked, and what is not: first the lines that must stay readable."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hardener.knowledge import password_options
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
      - EMPTY_TOKEN=
      - OTHER=x
    volumes:
      - ./secrets:/run/secrets
      - tokens:/var/lib/tokens
    healthcheck:
      test: mysqladmin ping --password=$$MYSQL_PASSWORD
    x-url: https://example.org:8080/path
    x-empty-url: postgres://${USER}:${PASSWORD}@db/x
  commands:
    image: mongo
    command: mkdir -p /x -a y
    entrypoint: ["docker", "run", "-p", "8080:80", "-u", "me:us", "mongo"]
    ports: ["27017:27017"]
    healthcheck:
      test: ["CMD-SHELL", "psql -p 5432 -U me && redis-cli -p 6380 ping | grep PONG"]
    post_start:
      - command: redis-cli -a $$REDIS_PASSWORD -p 6380
      - command: mysqladmin ping -p"$$(cat /run/secrets/db)" -P 3306 --user root -h mysql
      - command: curl -u "$USER:${PASSWORD}" -H "Authorization: Bearer $TOKEN" http://x/basic -p y
      - command: mc alias set m http://minio:9000 $USER "${PASSWORD}" ; mkdir -p /x
      - command: echo "$TOKEN" | docker login -u me --password-stdin registry.example.org
      - command: echo hello | grep -p x
      - mongosh --eval x
      - mkdir -p /x
    x-arguments: ["-p", "8080:80", "-p", "127.0.0.1:5432:5432", "-p", "/x", -p, $PASSWORD]
    x-argument: -p 5432 -a me
    x-database: ["sh", "-c", "mysql -p", "shop"]
    x-databases:
      - mysql
      - -p
      - shop
    x-script: |
      mongosh --port 27017
      mkdir -p /x
      psql -p 5432; mongosh && cp -p a b
      cat x | sqlcmd -Q -P
    x-authorization: enabled
    x-pair: sqlcmd && curl -P 80 -u me http://localhost:80
    x-secrets: &secrets
      - db_password
    tokens:
      # a map
      one: two
    auth:
    - name: web
      ports: [80]
  auth:
    # the service, not a secret
    image: quay.io/keycloak/keycloak
    depends_on:
      - token-db
    environment: [A=b]
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
        "      TS_AUTHKEY: hunter2",
        '    test: ["CMD","redis-cli","-a","hunter2","ping"]',
        '    test: ["CMD", "redis-cli", "-a", "hunter2, hunter2", "ping"]',
        "    test: [CMD, redis-cli, -a, hunter2]",
        "    test: redis-cli -p 6380 -a hunter2 ping",
        "    test: 'redis-cli -a ''hunter2'' ping'",
        '    test: "redis-cli -a \\"hunter2 hunter2\\" ping"',
        "    test: /usr/bin/mysqladmin -uroot -phunter2 ping",
        "    test: mariadb-admin -p'hunter2' ping",
        '    test: mysql -p"hunter2"',
        "    command: mongosh -u root -p hunter2",
        '    command: ["mongosh", "-u", "root", "-p", "hunter2"]',
        "    command: psql -p 5432 && mongosh -p hunter2",
        '    command: ["-p","hunter2"]',
        "    command: -u root -p hunter2",
        '    command: ["-c", "mongosh -p /hunter2"]',
        "    command: sshpass -p hunter2 ssh x",
        "    command: sshpass -phunter2 ssh x",
        "    command: docker login -u me -p hunter2 registry.example.org",
        "    command: [docker, login, -u, me, -p, hunter2]",
        "    command: mosquitto_sub -p 1883 -u me -P hunter2 -t x",
        "    test: curl -fs -u elastic:hunter2 http://localhost:9200",
        "    test: ['CMD', 'curl', '-u', 'elastic:hunter2', 'http://localhost:9200']",
        "    test: curl --user=elastic:hunter2 http://localhost",
        "    test: curl --user ${U:-elastic}:hunter2 http://localhost",
        "    command: mc alias set m http://minio:9000 hunter2 hunter2",
        "    command: mc config host add m http://minio:9000 ${USER} 'hunter2'",
        "    command: rabbitmqctl add_user me hunter2 && x",
        '    command: echo "hunter2" | docker login --password-stdin',
        "    command: printf '%s' hunter2 | docker login -u me --password-stdin x.example.org",
        "    command: echo 'root:hunter2' | chpasswd",
        "    command: 'curl -H \"Authorization: Basic hunter2QWxhZGRpbg==\" http://x'",
        '    command: ["curl", "-H", "Authorization: Basic hunter2=="]',
        "      AUTHORIZATION: hunter2 hunter2",
        '    command: wget --header "authorization: hunter2"',
        "      URL: https://hooks.slack.com/services/T0/B0/hunter2",
        "      URL: https://discord.com/api/webhooks/1/hunter2",
        "      URL: https://api.telegram.org/bothunter2/sendMessage",
        "    tokens: [hunter2]",
        "    secret: [hunter2, 'hunter2, [hunter2', [hunter2, hunter2]]",
        "    x: {tokens: [hunter2, hunter2], y: z}",
        "    x: {? password : hunter2}",
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
        "a:\n  PRIVATE_KEY: |\n    # hunter2\n  # seen\n  b: |\n    seen\n",
        "a:\n  PRIVATE_KEY: |\n    hunter2\n    'hunter2\n  b: seen\n",
        "a:\n# token: hunter2\n  b: seen\n",
        "a:\n# token: 'hunter2\n  b: seen\n",
        "# -----BEGIN PRIVATE KEY-----\n# hunter2\n# -----END PRIVATE KEY-----\nb: seen\n",
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
        "test:\n  - CMD\n  - redis-cli\n  - -a\n  - hunter2\n  - seen\n",
        "test:\n- CMD\n- redis-cli\n- -a\n- hunter2\n- seen\n",
        'test: [\n  "redis-cli",\n  "-a",\n  "hunter2", "seen"\n]\n',
        "entrypoint: mongosh\ncommand: [-p, hunter2]\nb: seen\n",
        "command: >\n  redis-cli\n  -a\n  hunter2 seen\n",
        "command: |\n  redis-cli \\\n    -a hunter2 seen\n  mkdir -p /seen\n",
        "command:\n  - mongosh\n  - --eval\n  - db.x({ y: 1 })\n  - -p\n  - hunter2\n  - seen\n",
        "command:\n  - mysqladmin\n  - -phunter2\n  - seen\n",
        "command:\n  - --pass\n  # why\n\n  - hunter2\n  - seen\n",
        "command:\n  - --pass\n  - |\n    hunter2\n  - seen\n",
        "command: x --pass \\\n  hunter2 seen\n",
        "tokens:\n  - hunter2\n  - hunter2 hunter2\nb: seen\n",
        "tokens:\n- hunter2\n# why\n- |\n  hunter2\n- 'hunter2\n  hunter2'\nb: seen\n",
        "tokens:\n- hunter2\nb:\n- seen\n",
        "a: |\n  x\nb: >\n  redis-cli\n  -a hunter2 seen\n",
        "x: {password: 'hunter2'\n  , b: seen}\n",
        "tokens:\n  # why\n  -\n    hunter2\n  - name: seen\n  - [hunter2]\n",
        "tokens: [\n  hunter2,\n  hunter2 ]\nb: seen\n",
        "tokens:\n  [hunter2,\n  hunter2]\nb: seen\n",
        "- tokens:\n    - hunter2\n  seen: x\n",
        "PASSWORD:\n  # why\n  hunter2\nb: seen\n",
        "? password\n: hunter2\nb: seen\n",
        "  ? 'password'\n  # why\n  : |\n    hunter2\n  b: seen\n",
        "? password\n:\n  - hunter2\nb: seen\n",
        'password: "a\\\nhunter2\\\n  hunter2"\nb: seen\n',
        "password: 'a''\nhunter2'' hunter2\nhunter2'\nb: seen\n",
        '- "PASSWORD=a\\\nhunter2"\n- seen\n',
        'x: {password: "a\\\nhunter2", b: 1}\nb: seen\n',
        "x: {password:\n  hunter2 hunter2}\nb: seen\n",
        "x: {password: a\n  hunter2}\nb: seen\n",
    ],
)
def test_values_of_several_lines(text: str) -> None:
    for ending in ("\n", "\r\n"):
        shown = mask(text.replace("\n", ending).splitlines(keepends=True))
        assert "hunter2" not in "".join(shown) and "seen" in "".join(shown)
        assert len(shown) == text.count("\n") and all(line.endswith(ending) for line in shown)


ENTRIES = tomllib.loads((Path(password_options.__file__).with_suffix(".toml")).read_text(encoding="utf-8"))["clients"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["programs"][0])
def test_every_client_of_the_data_file(entry: dict[str, Any]) -> None:
    assert re.match(r"https://|[\w-]+\(\d\)", entry["source"]) and ("skip" in entry) == ("options" not in entry)
    for program in entry["programs"]:
        name, takes = program.replace("*", "admin"), entry["takes"]
        assert mask_text(f"x: {name} -Z hunter2") == f"x: {name} -Z hunter2" or takes == "words"
        for option in entry.get("options", ()):
            lines = {
                "next": [f"{option} hunter2"],
                "attached": [f"{option}hunter2"],
                "either": [f"{option} hunter2", f"{option}hunter2"],
                "pair": [f"{option} me:hunter2", f"{option}me:hunter2" if len(option) == 2 else f"{option}=me:hunter2"],
            }
            for line in lines[takes]:
                shown = mask_text(f"x: {name} {line} more")
                assert shown == f"x: {name} {line} more".replace("hunter2", "****")
        if takes == "words":
            skipped = " x" * entry["skip"]
            assert mask_text(f"x: {name}{skipped} hunter2") == f"x: {name}{skipped} ****"
            passwords = " hunter2" * entry["most"]
            hidden = " ****" * entry["most"]
            assert mask_text(f"x: {name}{skipped}{passwords} more") == f"x: {name}{skipped}{hidden} more"


def test_users_of_a_login_module() -> None:
    text = [
        "      X: |",
        "        org.apache.kafka.common.security.plain.PlainLoginModule required",
        '          user_anna="hunter2"',
        '      Y: "PlainLoginModule required user_anna=\\"hunter2\\" user_name=\'${NAME}\';"',
    ]
    shown = "".join(mask(text))
    assert "hunter2" not in shown and "PlainLoginModule required" in shown and "'${NAME}'" in shown


@pytest.mark.parametrize("value", ["hun'ter2", "hun\\ter2", 'hun\\"ter2'])
def test_a_password_of_a_login_module_with_another_quote_in_it(value: str) -> None:
    (shown,) = mask([f'# PlainLoginModule required user_anna="{value}" user_bob="x-ter2";'])
    assert "ter2" not in shown and shown.startswith("# PlainLoginModule required user_anna=")


@pytest.mark.parametrize(
    ("command", "secret"),
    [
        ("mc alias set s3 http://s3 key {} 2>/dev/null", "hunter2"),
        ("mc alias set --api S3v4 s3 http://s3 key {}", "hunter2"),
        ("mc alias set --insecure s3 http://s3 key {};", "hunter2"),
        ('mc alias set s3 http://s3 "my key" "{}"', "hunter 2"),
        ("mc alias set s3 http://s3 'my key' '{}'", "hunter 2"),
        ('mc alias set s3 http://s3 key hunter"{}"', "2,x"),
        ("mc alias set s3 http://s3 key {}", "hun,ter2"),
        ("mc alias set s3 http://s3 ${{K:-my key}} ${{S:-{}}}", "hunter2"),
        ('["mc", "alias", "set", "s3", "http://s3", "key", "{}"]', "hun,ter 2"),
        ("[mc,alias,set,s3,http://s3,key,{}]", "hunter2"),
        ("vault login - <<< {}", "hunter2"),
        ("vault login -no-print {}", "hunter2"),
    ],
)
def test_passwords_among_words_of_all_kinds(command: str, secret: str) -> None:
    shown = mask_text(f"x: {command.format(secret)}")
    assert secret not in shown and "hunter" not in shown
    assert "s3" in shown or "vault" in shown


@pytest.mark.parametrize(
    "line",
    [
        *("token" * 100_000, "a" * 500_000 + "token: x", "://a:" * 100_000, " token:" * 50_000),
        *("- " * 200_000 + "token=", 'password: "' + "\\" * 500_000, "tokens: [" * 50_000, "authorization: " * 40_000),
        *("mysql -p" * 50_000, "mongosh -p " * 50_000, "mysql-" * 80_000, "mc alias set " * 40_000),
        *("curl -u a" * 50_000, "curl -u '" * 50_000, "curl -u " + "${" * 200_000, "curl" + " -u" * 200_000),
        *("mc alias set '" * 40_000, "mc alias set a b " + "-x > " * 100_000, 'user_a="' * 80_000),
        *("echo a" * 80_000, "echo " * 50_000 + "|" * 50_000),
    ],
)
@pytest.mark.usefixtures("ends")
def test_long_lines_take_no_time(line: str) -> None:
    mask([line])
