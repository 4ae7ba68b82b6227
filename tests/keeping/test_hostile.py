"""Odd files beside a compose file, odd values in it: nothing is lost, and what is in the way is told before a write."""

import json
import os
from pathlib import Path

import pytest

from hardener import EnvFile, Secrets, harden
from hardener.cli import run
from hardener.model.dotenv import read as read_env_file
from tests.keeping.test_secrets import environment, held

APP = """\
services:
  app:
    image: example.org/app:1
    environment:
      API_TOKEN: T0ken-x9y8
"""
DATABASE = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: T0ken-x9y8
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hardener.engine.compose.find_compose", lambda: None)
    for name in ("API_TOKEN", "POSTGRES_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def secrets(text: str, *arguments: str) -> int:
    Path("compose.yml").write_text(text)
    return run(["compose.yml", "--only", "secrets", "--yes", *arguments])


@pytest.mark.parametrize(
    "line",
    [
        "API_TOKEN=T0ken-x9y8",
        'export API_TOKEN="T0ken-x9y8"  # told',
        "API_TOKEN: T0ken-x9y8\n",
        "API_TOKEN=another\nAPI_TOKEN=T0ken-x9y8\n",
        "OTHER=T0ken-x9y8\nAPI_TOKEN=${OTHER}\n",
    ],
)
def test_a_variable_that_has_the_value_in_other_words_is_there(folder: Path, line: str) -> None:
    Path(".env").write_text(line)
    assert secrets(APP) == 0
    assert "API_TOKEN: ${API_TOKEN}" in Path("compose.yml").read_text()
    assert Path(".env").read_text() == line


@pytest.mark.parametrize("line", ["API_TOKEN='T0ken-x9y8'", "API_TOKEN=another"])
def test_a_line_inside_a_value_is_no_variable(folder: Path, compose: Path, line: str) -> None:
    Path(".env").write_text(f'NOTE="first\n{line}\n"\n')
    Path("compose.yml").write_text(APP)
    before = environment(compose)
    assert secrets(APP) == 0
    assert environment(compose) == before
    assert read_env_file(Path(".env").read_text())["API_TOKEN"] == "T0ken-x9y8"


@pytest.mark.parametrize("name", [".env.example", "secrets", "secrets/postgres_password"])
def test_a_link_that_leads_nowhere_is_told_before_anything_is_written(folder: Path, name: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    os.symlink("nowhere", name)
    assert secrets(DATABASE if name.startswith("secrets") else APP) == 2
    assert held(folder) == {"compose.yml": DATABASE if name.startswith("secrets") else APP}


def test_a_file_in_the_place_of_the_folder_is_told_before_anything_is_written(folder: Path) -> None:
    Path("secrets").write_text("mine")
    assert secrets(DATABASE) == 2
    assert held(folder) == {"compose.yml": DATABASE, "secrets": "mine"}


def test_what_is_read_only_stays_and_can_be_looked_at(folder: Path) -> None:
    Path(".env").write_text("A=1\n")
    os.chmod(".env", 0o400)
    assert secrets(APP, "--check") == 1
    assert secrets(APP) == 2
    assert held(folder) == {"compose.yml": APP, ".env": "A=1\n"}


@pytest.mark.parametrize("target", ["postgres_password", "/run/secrets/postgres_password"])
def test_a_secret_is_not_mounted_over_another(folder: Path, target: str) -> None:
    Path("a").write_text("another")
    grant = f"    secrets:\n      - source: a\n        target: {target}\nsecrets:\n  a:\n    file: ./a\n"
    assert secrets(DATABASE + grant) == 0
    assert "POSTGRES_PASSWORD_FILE: /run/secrets/db_postgres_password" in Path("compose.yml").read_text()


@pytest.mark.parametrize("target", ["/run/secrets", "/run/secrets/other", "/run/"])
def test_a_mount_in_the_way_of_secrets_leaves_a_variable(folder: Path, target: str) -> None:
    assert secrets(DATABASE + f"    volumes:\n      - ./mine:{target}:ro\n") == 0
    assert "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}" in Path("compose.yml").read_text()


@pytest.mark.parametrize("value", ["2024-01-02", "2024-1-2 3:04:05"])
def test_what_compose_takes_for_a_time_stays(folder: Path, compose: Path, value: str) -> None:
    Path("compose.yml").write_text(APP.replace("T0ken-x9y8", value))
    before = environment(compose)
    harden("compose.yml", [Secrets(), EnvFile()]).write()
    assert environment(compose) == before
    assert secrets(APP.replace("T0ken-x9y8", f'"{value}"')) == 0
    assert read_env_file(Path(".env").read_text()) == {"API_TOKEN": value}


OTHER = "  other:\n    image: example.org/other:1\n"


@pytest.mark.parametrize(
    ("rest", "beside"),
    [
        (OTHER + "    environment: [API_TOKEN]\n", {}),
        (OTHER + "    environment:\n      API_TOKEN:\n", {}),
        (OTHER + "    build: {context: ., args: [API_TOKEN]}\n", {}),
        (OTHER + "    env_file: other.env\n", {"other.env": "API_TOKEN\n"}),
        (OTHER + "    env_file: other.env\n", {"other.env": "X=${API_TOKEN:-none}\n"}),
        (
            OTHER + "    extends: {file: base.yml, service: base}\n",
            {"base.yml": "services: {base: {environment: {X: '${API_TOKEN:-none}'}}}"},
        ),
        ("include: [in.yml]\n", {"in.yml": "services: {in: {image: x, environment: [API_TOKEN]}}"}),
        ("include: [in.yml]\n", {"in.yml": "services: {in: {image: x, environment: {X: '${API_TOKEN:-none}'}}}"}),
    ],
)
@pytest.mark.parametrize("value", ["T0ken-x9y8", "${API_TOKEN:-T0ken-x9y8}"])
def test_no_other_service_gets_a_value_by_its_name(
    folder: Path, compose: Path, rest: str, beside: dict[str, str], value: str
) -> None:
    for name, text in beside.items():
        Path(name).write_text(text)
    text = APP.replace("T0ken-x9y8", value) + rest
    Path("compose.yml").write_text(text)
    before = environment(compose)
    assert secrets(text) == 0
    assert environment(compose) == before
    if value == "T0ken-x9y8":
        assert "T0ken-x9y8" not in Path("compose.yml").read_text()


def test_a_link_to_the_env_file_is_the_env_file(folder: Path) -> None:
    Path(".env").write_text("A=1\n")
    os.symlink(".env", "app.env")
    assert secrets(APP + OTHER + "    env_file: app.env\n") == 0
    # The other service would get what goes there.
    assert set(read_env_file(Path(".env").read_text())) == {"A"}


@pytest.mark.parametrize("value", ["T0ken-x9y8-${MORE:-1}", "${API_TOKEN:-T0ken-x9y8-${MORE:-1}}"])
def test_a_value_that_a_variable_is_a_part_of_stays(
    folder: Path, value: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(".env").write_text("MORE=2\n")
    text = APP.replace("T0ken-x9y8", value)
    assert secrets(text) == 0
    assert Path("compose.yml").read_text() == text
    assert "variables are a part of it" in capfd.readouterr().err


def test_a_command_line_with_backslashes_stays_one(folder: Path, compose: Path) -> None:
    text = APP + '    command: app --password "T0ken\\"x9y8" --other\n'
    assert secrets(text) == 0
    assert '--password "T0ken\\"x9y8"' in Path("compose.yml").read_text()
    assert environment(compose)["app"] == {"API_TOKEN": "T0ken-x9y8"}


def test_a_list_over_a_map_that_it_extends_stays(folder: Path, compose: Path) -> None:
    text = DATABASE + "  old:\n    extends: db\n    environment:\n      - POSTGRES_PASSWORD=0ther-x9y8\n"
    Path("compose.yml").write_text(text)
    before = environment(compose)
    assert secrets(text) == 0
    assert environment(compose)["old"] == before["old"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_in_json(folder: Path, compose: Path, indent: int | None) -> None:
    service = {"image": "postgres:16", "environment": {"POSTGRES_PASSWORD": "T0ken-x9y8"}}
    assert secrets(json.dumps({"services": {"db": service}}, indent=indent)) == 0
    assert Path("secrets/postgres_password").read_text() == "T0ken-x9y8"
    assert environment(compose)["db"] == {"POSTGRES_PASSWORD_FILE": "/run/secrets/postgres_password"}


@pytest.mark.parametrize("place", ["environment: {NOTE: 'is T0ken-x9y8;'}", "command: [app, 'T0ken-x9y8 or so']"])
def test_a_value_that_stays_somewhere_is_not_rotated(folder: Path, place: str) -> None:
    assert secrets(DATABASE + OTHER + f"    {place}\n", "--rotate") == 0
    assert Path("secrets/postgres_password").read_text() == "T0ken-x9y8"
