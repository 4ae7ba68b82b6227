"""Which images take the value of a variable from a file, and who reads that file."""

from typing import Any

import pytest

from hardener.knowledge import SecretFiles, facts_for, facts_of, file_variable
from hardener.knowledge.catalog import IMAGES, load
from hardener.knowledge.facts import ImageFacts
from hardener.model import Service

FAMILIES = [load(file) for file in sorted(IMAGES.glob("*.toml"))]


@pytest.mark.parametrize(
    ("image", "name", "variable"),
    [
        ("redis", "REDIS_PASSWORD", None),
        ("rabbitmq", "RABBITMQ_DEFAULT_PASS", None),
        ("postgres", "PGPASSWORD", None),
        ("joomla", "JOOMLA_ADMIN_PASSWORD", None),
        ("n8nio/n8n", "N8N_ENCRYPTION_KEY", None),
        ("gitea/gitea:1.17.3", "GITEA__database__PASSWD", None),
        ("grafana/grafana", "MY_PASSWORD", None),
        ("grafana/grafana:5.1.0", "GF_SMTP_PASSWORD", None),
        ("nextcloud", "MYSQL_PASSWORD", None),
        ("neo4j:5.23.0", "NEO4J_AUTH", None),
        ("neo4j:4.4.37", "NEO4J_AUTH", None),
        ("dpage/pgadmin4:8.12", "PGADMIN_CONFIG_CONFIG_DATABASE_URI", None),
        ("dpage/pgadmin4:6.10", "PGADMIN_DEFAULT_PASSWORD", None),
        ("influxdb:2.1", "DOCKER_INFLUXDB_INIT_PASSWORD", None),
        ("matomo:4.5.0", "MATOMO_DATABASE_PASSWORD", None),
        ("phpmyadmin:5.0.4", "PMA_CONTROLPASS", None),
        ("postgres", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"),
        ("mariadb:10.6", "MYSQL_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE"),
        ("grafana/grafana", "GF_SMTP_PASSWORD", "GF_SMTP_PASSWORD__FILE"),
        ("gitea/gitea:1.22", "GITEA__database__PASSWD", "GITEA__database__PASSWD__FILE"),
        ("jc21/nginx-proxy-manager", "DB_MYSQL_PASSWORD", "DB_MYSQL_PASSWORD__FILE"),
        ("lscr.io/linuxserver/code-server", "SUDO_PASSWORD", "FILE__SUDO_PASSWORD"),
        ("qmcgaw/gluetun", "OPENVPN_PASSWORD", "OPENVPN_PASSWORD_SECRETFILE"),
        ("authelia/authelia", "AUTHELIA_STORAGE_MYSQL_PASSWORD", "AUTHELIA_STORAGE_MYSQL_PASSWORD_FILE"),
        ("neo4j:5", "NEO4J_AUTH", "NEO4J_AUTH_FILE"),
        ("neo4j:5.24.0", "NEO4J_AUTH", "NEO4J_AUTH_FILE"),
        ("neo4j:4.4.38", "NEO4J_AUTH", "NEO4J_AUTH_FILE"),
        ("dpage/pgadmin4:8.12", "PGADMIN_DEFAULT_PASSWORD", "PGADMIN_DEFAULT_PASSWORD_FILE"),
        ("dpage/pgadmin4:8.13", "PGADMIN_CONFIG_CONFIG_DATABASE_URI", "PGADMIN_CONFIG_CONFIG_DATABASE_URI_FILE"),
        ("influxdb:2.7", "DOCKER_INFLUXDB_INIT_PASSWORD", "DOCKER_INFLUXDB_INIT_PASSWORD_FILE"),
    ],
)
def test_the_variable_that_names_a_file(image: str, name: str, variable: str | None) -> None:
    facts = facts_for(image)
    assert facts is not None
    assert file_variable(facts, name) == variable


@pytest.mark.parametrize(
    ("trims", "kept", "lost"),
    [
        ("nothing", ["a", " a ", "a\n", "a\nb", ""], []),
        ("newlines", ["a", " a ", "a\nb", "\na", ""], ["a\n", "a\r\n", "a\r", "\n"]),
        ("blanks", ["a", "a b", "a\nb"], [" a", "a\t", "a\n", "\u00a0a"]),
        ("lines", ["a", " a "], ["a\nb", "a\n", "a\r"]),
    ],
)
def test_what_survives_the_reading(trims: Any, kept: list[str], lost: list[str]) -> None:
    files = SecretFiles(reader="root", trims=trims)
    assert all(files.keeps(value) for value in kept)
    assert not any(files.keeps(value) for value in lost)


@pytest.mark.parametrize(
    ("image", "reader"),
    [
        *(("postgres:17", "root"), ("mongo", "999:999"), ("grafana/grafana", "472:0"), ("neo4j:5", "7474:7474")),
        *(("wordpress", "33:33"), ("wordpress:6-fpm-alpine", "82:82"), ("redmine:6-alpine", "999:1000")),
        *(("gitea/gitea", "root"), ("gitea/gitea:1.22-rootless", "1000:1000")),
        # A 0600 file of its own user is all that it takes, and no file here belongs to that.
        ("elasticsearch:8.19.0", None),
        # What a file may say is not what arrives.
        ("jc21/nginx-proxy-manager", None),
        # The user that it steps down to read it once.
        *(("mysql:5.7.27", None), ("mysql:5.7.30", "root"), ("mysql:8.0.17", None), ("mysql:8.0.18", "root")),
        ("guacamole/guacamole:1.3.0", None),
        # Who it is depends on the tag.
        *(("wordpress:${TAG}", None), ("wordpress:cli", None), ("grafana/grafana:4.6.3", None), ("neo4j:3.5", None)),
    ],
)
def test_the_reader(image: str, reader: str | None) -> None:
    facts = facts_for(image)
    assert facts is not None
    assert (facts.secret_files.value.reader if facts.secret_files else None) == reader


def known(**fields: Any) -> ImageFacts:
    facts = facts_of(Service.model_validate({"image": "mongo", **fields}))
    assert facts is not None
    assert facts.secret_files is not None
    return facts


def test_a_start_of_its_own_may_not_read_them_and_a_user_of_its_own_does() -> None:
    for fields in ({"command": "sh -c mongod"}, {"entrypoint": "/start"}):
        claim = known(**fields).secret_files
        assert claim is not None
        assert claim.confidence == "assumed"
    for fields in ({"command": "--replSet rs0"}, {"user": "1000"}, {}):
        claim = known(**fields).secret_files
        assert claim is not None
        assert claim.confidence == "derived"


def test_what_is_known_of_files_fits_what_is_known_of_variables_and_users() -> None:
    seen = 0
    for family in FAMILIES:
        for part in (family, *family.variants):
            if part.secret_files is None:
                continue
            files, secrets = part.secret_files.value, family.secret_env
            assert secrets is not None, family.family
            assert set(files.first_start) <= set(secrets.value), family.family
            facts = family if part is family else family.for_tag(part.tags[0].replace("*", "1"))
            assert any(file_variable(facts, name) for name in secrets.value), family.family
            assert all(file_variable(facts, name) for name in files.first_start), family.family
            user = facts.user.value if facts.user else "root"
            if user != "root":
                assert files.reader.partition(":")[0] == user.partition(":")[0], family.family
            seen += 1
    assert seen >= 30
