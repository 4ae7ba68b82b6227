"""Services that are built here: what their Dockerfile says decides, and nothing else is guessed."""

from pathlib import Path
from typing import Any

import pytest

from hardener import Confidence, Plan, Profile, Selection, load, plan

PRODUCTION = Profile.read("production")


def hardened(folder: Path, dockerfile: str | None, service: str = "", level: Confidence | None = None) -> Plan:
    if dockerfile is not None:
        (folder / "Dockerfile").write_text(dockerfile)
    file = folder / "compose.yml"
    text = f"services:\n  app:\n    build: .\n{service}"
    rules = ("healthcheck", "non-root", "read-only", "capabilities")
    return plan(load(text, str(file)), PRODUCTION, Selection(only=rules, confidence=level))


def made(result: Plan) -> dict[str, Any]:
    return {change.path[2]: change.value for change in result.changes}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("dockerfile", "service"),
    [
        (None, ""),
        ("no Dockerfile at all", ""),
        ("FROM python:3.12\nCMD python app.py\n", ""),
        ("FROM python:3.12\nUSER root\n", "    ports: ['8000:8000', '9000:9000']\n"),
        ("FROM example.com/unknown\nEXPOSE 80\n", "    ports: ['80:80']\n"),
        ("FROM scratch\nEXPOSE 80\n", "    ports: ['80:80']\n"),
        ("FROM python:3.12\nUSER $WHO\n", ""),
        ("FROM python:3.12\nUSER app\n", "    user: root\n"),
        ("FROM python:3.12 AS build\nUSER app\nFROM python:3.12\n", ""),
        ("FROM python:3.12\nEXPOSE 8000\n", "    command: celery worker\n"),
    ],
)
def test_nothing_is_guessed(dockerfile: str | None, service: str, tmp_path: Path) -> None:
    assert not made(hardened(tmp_path, dockerfile, service))


@pytest.mark.parametrize("user", ["app", "1000", "1000:1000", "${APP_USER:-app}"])
def test_a_user_that_is_not_root_needs_no_capability(user: str, tmp_path: Path) -> None:
    result = hardened(tmp_path, f"FROM python:3.12\nUSER {user}\n")
    assert made(result) == {"cap_drop": "ALL"}
    (change,) = result.changes
    assert change.confidence is Confidence.KNOWN
    assert change.evidence[0].source.endswith("Dockerfile:2")


def test_what_a_program_carries_is_given_to_every_user(tmp_path: Path) -> None:
    assert made(hardened(tmp_path, "FROM caddy:2\nUSER 1000\n")) == {"cap_drop": "ALL", "cap_add": "NET_BIND_SERVICE"}


def test_a_dockerfile_that_can_set_capabilities_leaves_it_open(tmp_path: Path) -> None:
    text = (
        "FROM debian:12\nRUN apt-get update && apt-get install -y libcap2-bin && setcap cap_net_raw+ep /x\nUSER 1000\n"
    )
    result = hardened(tmp_path, text)
    assert not made(result)
    assert [change.confidence for change in result.held] == [Confidence.ASSUMED]


def test_a_healthcheck_of_the_dockerfile_is_the_one_to_use(tmp_path: Path) -> None:
    text = "FROM python:3.12\nUSER app\nEXPOSE 8000\nHEALTHCHECK CMD python check.py\n"
    assert "healthcheck" not in made(hardened(tmp_path, text, "    ports: ['8000:8000']\n"))


@pytest.mark.parametrize(
    ("base", "program"),
    [("python:3.12-slim", "python3"), ("node:22", "node"), ("ruby:3", "ruby"), ("debian:12", "bash")],
)
def test_a_published_port_is_asked_with_what_the_base_has(base: str, program: str, tmp_path: Path) -> None:
    check = made(hardened(tmp_path, f"FROM {base}\nCMD serve\n", "    ports: ['8080:8000']\n"))["healthcheck"]
    assert check["test"][:2] == ["CMD", program]
    assert "8000" in check["test"][-1]
    assert "8080" not in check["test"][-1]


def test_a_port_that_only_the_dockerfile_speaks_of_is_assumed(tmp_path: Path) -> None:
    assert "healthcheck" not in made(hardened(tmp_path, "FROM node:22\nEXPOSE 3000\nCMD npm start\n"))
    assert "healthcheck" in made(
        hardened(tmp_path, "FROM node:22\nEXPOSE 3000\nCMD npm start\n", level=Confidence.ASSUMED)
    )


def test_root_in_a_known_base_is_assumed_to_need_what_the_base_needs(tmp_path: Path) -> None:
    result = hardened(tmp_path, "FROM python:3.12\n", level=Confidence.ASSUMED)
    assert made(result) == {"cap_drop": "ALL"}
    assert {advice.rule for advice in result.advice} == {"non-root"}


@pytest.mark.parametrize(
    ("dockerfile", "init"),
    [
        ("FROM example.com/unknown\n", False),
        ("FROM python:3.12\nRUN apt-get update && apt-get install -y tini\n", False),
        ('FROM python:3.12\nENTRYPOINT ["/usr/bin/dumb-init", "--"]\n', False),
        ('FROM python:3.12\nCMD ["/init"]\n', False),
        ("FROM lscr.io/linuxserver/baseimage-alpine:3.20\n", False),
        ("FROM python:3.12\nCMD python app.py\n", True),
        ("FROM node:22 AS build\nFROM node:22-slim\nUSER node\n", True),
    ],
)
def test_what_is_built_on_an_image_without_init_gets_one(dockerfile: str, init: bool, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    document = load("services:\n  app:\n    build: .\n", str(tmp_path / "compose.yml"))
    assert ("init: true" in plan(document, PRODUCTION, Selection(only=("init",))).text) is init


def rules(folder: Path, dockerfile: str, service: str = "") -> dict[str, Any]:
    """What `restart-policy` and `resource-limits` set."""
    (folder / "Dockerfile").write_text(dockerfile)
    text = f"services:\n  shop:\n    build: .\n{service}"
    selection = Selection(only=("restart-policy", "resource-limits"))
    made = plan(load(text, str(folder / "compose.yml")), PRODUCTION, selection)
    return {str(change.path[2]): change.value for change in made.changes}


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM quay.io/debezium/connect:3.0\n",  # a JVM of 2 GB
        "FROM ibmcom/db2:11.5\n",
        "FROM metabase/metabase:v0.52\n",  # known, but not as what people build on
        "ARG BASE\nFROM ${BASE}\n",
        "FROM python:3.12 AS build\nFROM example.com/inference:1\nCOPY --from=build /a /a\n",
    ],
)
def test_how_much_memory_an_unknown_base_takes_is_not_guessed(dockerfile: str, tmp_path: Path) -> None:
    assert rules(tmp_path, dockerfile).keys() == {"restart"}


@pytest.mark.parametrize(
    "place",
    ["https://example.com/tts.git#v1", "git@example.com:acme/tts.git", "https://example.com/a.git#${TAG}", "${WHERE}"],
)
def test_nor_how_much_a_source_takes_that_is_elsewhere(place: str) -> None:
    text = f"services:\n  tts:\n    build:\n      context: {place}\n"
    made = plan(load(text), PRODUCTION, Selection(only=("resource-limits",)))
    assert not made.changes


@pytest.mark.parametrize(
    "base", ["eclipse-temurin:21-jre", "mcr.microsoft.com/dotnet/aspnet:9.0", "debian:12", "nginx:1.27", "scratch"]
)
def test_what_is_built_on_a_runtime_is_an_app(base: str, tmp_path: Path) -> None:
    set_by = rules(tmp_path, f'FROM {base}\nCMD ["/app"]\n')
    assert set_by["deploy"]["resources"]["limits"]["memory"] == "512M"


def test_what_is_built_on_a_server_has_its_role_and_needs_what_it_needs(tmp_path: Path) -> None:
    limits = rules(tmp_path, "FROM postgres:16\nCOPY init.sql /docker-entrypoint-initdb.d/\n")["deploy"]["resources"][
        "limits"
    ]
    assert limits == {"cpus": "1.0", "memory": "1G", "pids": 1024}
    limits = rules(tmp_path, "FROM clickhouse/clickhouse-server:24.8\n")["deploy"]["resources"]["limits"]
    assert limits["memory"] == "4G"


@pytest.mark.parametrize("base", ["python:3.12-slim", "node:22", "php:8.3-cli", "debian:12", "alpine:3"])
def test_an_interpreter_that_nobody_tells_what_to_run_ends_at_once(base: str, tmp_path: Path) -> None:
    assert "restart" not in rules(tmp_path, f"FROM {base}\nRUN true\n")


@pytest.mark.parametrize(
    ("dockerfile", "service"),
    [
        ("FROM python:3.12\nCMD python app.py\n", ""),
        ("FROM python:3.12\nENTRYPOINT python app.py\n", ""),
        ("FROM python:3.12\n", "    command: python app.py\n"),
        ("FROM python:3.12\n", "    tty: true\n"),
        ("FROM python:3.12\n", "    stdin_open: true\n"),
        ("FROM php:8.3-fpm\n", ""),
        ("FROM php:8.3-apache\n", ""),
    ],
)
def test_what_has_something_to_run_is_restarted(dockerfile: str, service: str, tmp_path: Path) -> None:
    assert "restart" in rules(tmp_path, dockerfile, service)
