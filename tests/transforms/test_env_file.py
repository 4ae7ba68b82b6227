"""What leaves the compose file for an env file reaches the container as before: the real compose judges."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardener import EnvFile, HardenError, Profile, Result, Selection, harden
from hardener.model import dotenv

Environments = dict[str, dict[str, str | None]]
EVERY = int(os.environ.get("HARDENER_ENV_FILE_EVERY", "10"))
"""Of the files of the corpus that change, one in so many is shown to compose, which takes its time."""


@pytest.fixture
def environments(compose: Path, tmp_path: Path) -> Callable[[], Environments | None]:
    """The variables of each service of `compose.yml`, None if compose refuses it."""

    def read() -> Environments | None:
        done = subprocess.run(
            [compose, "--project-directory", tmp_path, "--profile", "*", "config", "--format", "json"],
            env={"HOME": str(tmp_path), "HOST": "of the shell"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            return None
        services = json.loads(done.stdout).get("services") or {}
        return {name: service.get("environment") or {} for name, service in services.items()}

    return read


def moved(folder: Path, **fields: Any) -> Result:
    result = harden(str(folder / "compose.yml"), Profile.of([EnvFile(**fields)]))
    result.write()
    return result


NAMES = st.sampled_from(["A", "LOG_LEVEL", "a.b", "X-Y", "HOST", "TWO WORDS", "$HOST", "MODE", "export", "COLOUR", "1"])
TEXTS = st.one_of(
    st.lists(
        st.sampled_from(
            [*"'\"\\# \t\n=:a1", "$$", "${HOST}", "$HOST", "${X:-y}", "é", " #", "true", "\r", "\u2028", "$1", "{", "*"]
        ),
        max_size=6,
    ).map("".join),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
)
VALUES = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(-(10**18), 10**18), st.floats(allow_nan=False, width=32)
)
MAPS = st.dictionaries(NAMES, VALUES, max_size=6)
LISTS = st.lists(st.one_of(st.tuples(NAMES, TEXTS).map("=".join), NAMES), max_size=6, unique=True)
ENV_FILES = st.sampled_from(
    [
        None,
        "one.env",
        ["one.env"],
        ["two.env", "one.env"],
        [{"path": "one.env"}],
        [{"path": "no.env", "required": False}],
    ]
)
SERVICES = st.dictionaries(
    st.sampled_from(["web", "api", "db.1"]),
    st.fixed_dictionaries(
        {"image": st.just("example/app"), "environment": st.one_of(MAPS, LISTS)}, optional={"env_file": ENV_FILES}
    ),
    min_size=1,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(services=SERVICES)
def test_every_container_gets_what_it_got(
    tmp_path: Path, environments: Callable[[], Environments | None], services: dict[str, Any]
) -> None:
    for file in tmp_path.glob("*.env"):
        file.unlink()
    (tmp_path / "one.env").write_text("COLOUR=blue\nA=1\nLINK=${MODE:-none}\n")
    (tmp_path / "two.env").write_text("HOST='x'\nCOLOUR=red\n")
    services = {
        name: {key: value for key, value in body.items() if value is not None} for name, body in services.items()
    }
    (tmp_path / "compose.yml").write_text(json.dumps({"services": services}, ensure_ascii=False, indent=1))
    before = environments()
    if before is None:
        return
    result = moved(tmp_path)
    assert environments() == before
    assert not moved(tmp_path).changed
    for file in result.files:
        assert dotenv.read((tmp_path / file.path).read_text())


def test_files_are_read_as_they_are_there(tmp_path: Path, environments: Callable[[], Environments | None]) -> None:
    """A second run after the first was cut short, and one after somebody wrote a variable into the compose file."""
    file = tmp_path / "compose.yml"
    file.write_text(
        "services:\n  web:\n    image: x\n    environment:\n      A: 1\n      B: two words\n      H: ${HOST}\n"
    )
    written = file.read_text()
    moved(tmp_path)
    file.write_text(written)  # as if it had ended before the compose file
    moved(tmp_path)
    assert (tmp_path / "web.env").read_text() == "A=1\nB='two words'\n"
    text = file.read_text().replace("      H:", "      C: '3'\n      B: another\n      H:")
    file.write_text(text)
    before = environments()
    assert before == {"web": {"A": "1", "B": "another", "C": "3", "H": "of the shell"}}
    moved(tmp_path)
    # What the file says otherwise is overridden on purpose, and stays.
    assert file.read_text() == text.replace("      C: '3'\n", "")
    assert (tmp_path / "web.env").read_text() == "A=1\nB='two words'\nC=3\n"
    assert environments() == before


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "web.env").write_text("A=2\n")
    (tmp_path / "compose.yml").write_text("services: {web: {image: x, environment: {A: '1'}}}\n")
    result = moved(tmp_path)
    assert not result.changed
    assert [verdict.reason for verdict in result.verdicts] == ["web.env is there already, and holds something else"]
    assert (tmp_path / "web.env").read_text() == "A=2\n"


def test_the_setting_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {web: {image: x, environment: {A: '1'}}, db: {image: y}}\n")
    assert moved(tmp_path, file="config/.env.production").files[0].path == "config/.env.production"
    assert (tmp_path / "config/.env.production").read_text() == "A=1\n"
    (tmp_path / "compose.yml").write_text(
        "services: {web: {image: x, environment: {A: '1'}}, db: {image: y, environment: {A: '1'}}}\n"
    )
    assert not moved(tmp_path, file=".env.production").changed
    assert [file.path for file in moved(tmp_path, file="{service}/plain.env").files] == [
        "web/plain.env",
        "db/plain.env",
    ]


@pytest.mark.parametrize(
    "file", ["", "/etc/app.env", "../app.env", "a//b", "{x}.env", "{service.env", ".env", "a b", "~/x"]
)
def test_a_setting_that_is_no_place_for_it_is_refused(file: str) -> None:
    with pytest.raises((HardenError, ValueError)):
        EnvFile(file=file)


@pytest.mark.parametrize(
    ("name", "file"),
    [("../evil", "{service}.env"), ("", "{service}.env"), ("..", "{service}/x.env"), ("a b", "{service}")],
)
def test_the_name_of_a_service_leads_nowhere_else(tmp_path: Path, name: str, file: str) -> None:
    """Compose refuses most of these names; it need not be there."""
    (tmp_path / "compose.yml").write_text(json.dumps({"services": {name: {"image": "x", "environment": {"A": "1"}}}}))
    result = moved(tmp_path, file=file)
    assert not result.changed
    assert "below the folder" in result.verdicts[0].reason or "from .env" in result.verdicts[0].reason


def test_a_line_that_says_the_same_is_enough(tmp_path: Path) -> None:
    (tmp_path / "web.env").write_text("export A='1' # one\n")
    (tmp_path / "compose.yml").write_text(
        "services: {web: {image: x, env_file: web.env, environment: {A: '1', B: '2'}}}\n"
    )
    assert moved(tmp_path).changed
    assert (tmp_path / "web.env").read_text() == "export A='1' # one\nB=2\n"


def test_nothing_is_moved_where_no_file_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {web: {image: x, environment: {A: '1'}}}\n")
    result = harden(str(tmp_path / "compose.yml"), Profile.of([EnvFile()]), Selection(companions=False))
    assert not result.changed


def test_no_shipped_profile_moves_anything() -> None:
    for name in ("development", "staging", "production", "strict"):
        assert not any(isinstance(rule, EnvFile) for rule in Profile.read(name).transforms)


def test_the_corpus_keeps_its_variables(
    corpus: Path, tmp_path: Path, environments: Callable[[], Environments | None], summary: list[str]
) -> None:
    changed = judged = 0
    files = sorted(corpus.rglob("*.y*ml"))
    for source in files:
        for old in tmp_path.rglob("*"):
            if old.is_file():
                old.unlink()
        (tmp_path / "compose.yml").write_bytes(source.read_bytes())
        try:
            result = harden(str(tmp_path / "compose.yml"), Profile.of([EnvFile()]))
        except HardenError:
            continue
        if not result.changed:
            continue
        changed += 1
        if changed % EVERY:
            continue
        before = environments()
        if before is None:
            continue
        result.write()
        assert environments() == before, source
        judged += 1
    assert judged >= 5
    summary.append(f"env-file: {changed} of {len(files)} files have something plain to move; compose judged {judged}")
