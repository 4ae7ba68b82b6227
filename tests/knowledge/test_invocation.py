"""What of an image's facts holds for a service, by the way the service starts it."""

from pathlib import Path
from typing import Any

import pytest

from hardener.knowledge import ImageFacts, facts_for, facts_of
from hardener.model import Service

OF_THE_START = ("healthcheck", "capabilities")


def facts(**settings: Any) -> ImageFacts:
    found = facts_of(Service.model_validate(settings))
    assert found is not None
    return found


def doubts(**settings: Any) -> set[str]:
    """The names of the claims that are in doubt."""
    return {name for name, claim in facts(**settings).known().items() if claim.confidence == "assumed"}


@pytest.mark.parametrize(
    "settings",
    [
        {"image": "postgres:16"},
        {"image": "postgres:16", "command": "postgres -c max_connections=200"},
        {"image": "postgres:16", "command": ["-c", "max_connections=200"]},
        {"image": "postgres:16", "command": ["/usr/lib/postgresql/16/bin/postgres"]},
        {"image": "postgres:16", "command": "${COMMAND:-postgres}"},
        {"image": "postgres:16", "user": "root"},
        {"image": "postgres:16", "user": "999:999"},
        {"image": "postgres:16", "user": "${DB_USER:-999:999}"},
        {"image": "postgres:16", "volumes": ["data:/var/lib/postgresql/data", "./init:/docker-entrypoint-initdb.d:ro"]},
        {"image": "prom/prometheus:v3.1.0", "command": ["--config.file=/etc/prometheus/prometheus.yml"]},
    ],
)
def test_what_the_image_is_made_for_leaves_no_doubt(settings: dict[str, Any]) -> None:
    assert not doubts(**settings) & {"capabilities"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"entrypoint": ["/start.sh"]}, "it has an entrypoint of its own"),
        ({"entrypoint": []}, "it has an entrypoint of its own"),
        ({"command": "sh -c 'exec postgres'"}, "it has a command of its own"),
        ({"command": ["bash"]}, "it has a command of its own"),
        ({"command": "$COMMAND"}, "it has a command of its own"),
        ({"command": []}, "it has a command of its own"),
        ({"user": "1000:1000"}, "it runs as a user of its own"),
        ({"user": "${UID}:${GID}"}, "it runs as a user of its own"),
        ({"volumes_from": ["other"]}, "it takes over the volumes of others"),
        (
            {"volumes": ["./x:/usr/local/bin/docker-entrypoint.sh"]},
            "it mounts over /usr/local/bin/docker-entrypoint.sh",
        ),
        ({"volumes": ["./passwd:/etc/passwd:ro"]}, "it mounts over /etc/passwd"),
        ({"volumes": ["root:/"]}, "it mounts over /"),
        ({"volumes": ["./x:${WHERE}"]}, "a variable says where it mounts something"),
    ],
)
def test_another_way_to_start_puts_what_is_known_of_the_start_in_doubt(settings: dict[str, Any], reason: str) -> None:
    found = facts(image="postgres:16", **settings)
    for name in OF_THE_START:
        claim = getattr(found, name)
        assert claim.confidence == "assumed"
        assert claim.doubt == reason


def test_what_lies_in_the_image_stays_known() -> None:
    for settings in ({"entrypoint": "/x"}, {"command": "bash"}, {"user": "5:5"}, {"volumes": ["x:/usr"]}):
        assert not doubts(image="postgres:16", **settings) & {"user", "volumes", "stop_signal"}
    assert not doubts(image="postgres:16", command="bash") & {"role", "init", "memory"}
    assert doubts(image="postgres:16", entrypoint="/x") >= {"role", "init", "memory"}


@pytest.mark.parametrize("image", ["lscr.io/linuxserver/sonarr", "ghcr.io/paperless-ngx/paperless-ngx:2"])
@pytest.mark.parametrize("settings", [{"user": "1000:1000"}, {"user": "${UID}"}, {"user": "1000", "command": "bash"}])
def test_s6_without_root_is_another_start(image: str, settings: dict[str, Any]) -> None:
    for user in ({}, {"user": "root"}, {"user": "0:0"}):
        assert not doubts(image=image, **user) & {"no_new_privileges", "init"}
    assert doubts(image=image, **settings) >= {"no_new_privileges", "capabilities", "init"}
    assert not doubts(image=image, **settings) & {"user", "volumes", "builtin_healthcheck"}


def test_a_user_of_its_own_leaves_privileges_known_without_s6() -> None:
    assert "no_new_privileges" not in doubts(image="postgres:16", user="1000:1000")


def test_a_setting_can_put_one_claim_in_doubt() -> None:
    assert "healthcheck" not in doubts(image="redis:7", command="redis-server --requirepass x")
    assert "healthcheck" in doubts(image="redis:7", command="redis-server --port 6380")
    assert "capabilities" not in doubts(image="redis:7", command="redis-server --port 6380")
    assert "read_only" not in doubts(image="nginx:1.27", volumes=["./html:/usr/share/nginx/html:ro"])
    for target in ("/etc/nginx", "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/default.conf"):
        assert "read_only" in doubts(image="nginx:1.27", volumes=[f"./conf:{target}:ro"])
    assert "read_only" in doubts(image="nginx:1.27", configs=[{"source": "c", "target": "/etc/nginx/nginx.conf"}])


def test_a_service_that_is_built_runs_an_image_of_its_own() -> None:
    assert facts_of(Service.model_validate({"image": "postgres:16", "build": "."})) is None
    assert facts_of(Service.model_validate({})) is None


OWN = """
names = ["example.com/team/app"]
[role]
value = "app"
confidence = "documented"
source = "our handbook"
"""


def test_facts_of_ones_own_go_before_ours(tmp_path: Path) -> None:
    (tmp_path / "app.toml").write_text(OWN)
    (tmp_path / "db.toml").write_text(OWN.replace("example.com/team/app", "postgres"))
    assert facts_for("example.com/team/app:3") is None
    own = facts_for("example.com/team/app:3", (tmp_path,))
    assert own is not None
    assert own.role is not None
    assert own.role.source == "our handbook"
    both, ours = facts_for("postgres:16", (tmp_path,)), facts_for("postgres:16")
    assert both is not None
    assert ours is not None
    assert both.role is not None
    assert both.role.value == "app"
    assert both.capabilities == ours.capabilities
