"""`--inspect` and `--lock`: digests from a docker command that is played by a script, and from a file."""

import json
import os
import sys
from pathlib import Path

import pytest

from hardener.knowledge.lock import read_lock

from .conftest import Harden

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "fedcba9876543210" * 4
STACK = """\
services:
  web:
    image: nginx:1.27   # pinned
  db:
    image: postgres:16
"""
PIN = ("--yes", "--profile", "strict", "--only", "image-digest")
LOCK = f"images:\n  postgres:16: {{digest: {OTHER}}}\n"


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yml"
    path.write_text(STACK)
    return path


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker, alone on the PATH, that has nginx:1.27 only; the folder it is in."""
    known = [{"RepoTags": ["nginx:1.27"], "RepoDigests": [f"nginx@{DIGEST}"], "Os": "linux", "Config": {}}]
    script = tmp_path / "bin" / "docker"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(known)!r})\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    return script.parent


def test_without_lock_and_inspection_nothing_is_pinned(harden: Harden, stack: Path) -> None:
    ran = harden(stack, *PIN)
    assert ran.status == 0 and stack.read_text() == STACK
    assert "docker" not in ran.err


def test_inspect_pins_and_records_nothing(harden: Harden, stack: Path) -> None:
    ran = harden(stack, *PIN, "--inspect")
    assert ran.status == 0
    assert stack.read_text() == STACK.replace("nginx:1.27", f"nginx:1.27@{DIGEST}")
    assert f"warning: {stack}: postgres:16 was not inspected: the engine does not have it" in ran.err
    assert sorted(os.listdir(stack.parent)) == ["bin", "compose.yml"]
    again = harden(stack, *PIN, "--inspect", "--check")
    assert again.status == 0


@pytest.mark.parametrize("gone", [True, False])
def test_no_docker_or_no_engine_is_a_note(harden: Harden, stack: Path, docker: Path, gone: bool) -> None:
    if gone:
        (docker / "docker").unlink()
    else:
        (docker / "docker").write_text("#!/bin/sh\necho '[]'\necho Cannot connect to the Docker daemon >&2\nexit 1\n")
    ran = harden(stack, *PIN, "--inspect")
    assert ran.status == 0 and stack.read_text() == STACK
    assert ("no docker on the PATH" if gone else "Cannot connect to the Docker daemon") in ran.err


def test_the_lock_beside_the_file_is_found(harden: Harden, stack: Path) -> None:
    (stack.parent / "harden.lock").write_text(LOCK)
    ran = harden(stack, *PIN)
    assert stack.read_text() == STACK.replace("postgres:16", f"postgres:16@{OTHER}")
    assert "1 decision left to you" in ran.err and "docker pull" in ran.err, "nginx is not in it"
    assert (stack.parent / "harden.lock").read_text() == LOCK


def test_a_lock_that_is_named_goes_before_the_one_beside(harden: Harden, stack: Path, tmp_path: Path) -> None:
    (stack.parent / "harden.lock").write_text(LOCK)
    other = tmp_path / "other.lock"
    other.write_text(LOCK.replace(OTHER, DIGEST))
    harden(stack, *PIN, "--lock", other)
    assert stack.read_text() == STACK.replace("postgres:16", f"postgres:16@{DIGEST}")


def test_inspect_and_lock_record_what_is_there(harden: Harden, stack: Path, tmp_path: Path) -> None:
    lock = tmp_path / "harden.lock"
    ran = harden(stack, *PIN, "--inspect", "--lock", lock)
    assert ran.status == 0 and f"recorded in {lock}: nginx:1.27" in ran.err
    assert {name: digest.value for name, digest in read_lock(str(lock)).digests.items()} == {
        "docker.io/library/nginx:1.27": DIGEST
    }
    assert f"nginx:1.27@{DIGEST}" in stack.read_text()


def test_what_is_recorded_is_pinned_elsewhere(harden: Harden, stack: Path, docker: Path, tmp_path: Path) -> None:
    lock = tmp_path / "harden.lock"
    harden(stack, "--inspect", "--lock", lock, "--only", "logging")
    assert "sha256" not in stack.read_text()
    (docker / "docker").unlink()
    harden(stack, *PIN)
    assert f"nginx:1.27@{DIGEST}" in stack.read_text()


@pytest.mark.parametrize("flag", ["--dry-run", "--check"])
def test_what_shows_only_records_nothing(harden: Harden, stack: Path, flag: str) -> None:
    ran = harden(stack, *PIN, "--inspect", "--lock", "new.lock", flag)
    assert f"+    image: nginx:1.27@{DIGEST}   # pinned".encode() in ran.out
    assert not Path("new.lock").exists() and stack.read_text() == STACK


def test_a_lock_that_is_missing_is_an_error(harden: Harden, stack: Path) -> None:
    ran = harden(stack, "--lock", "missing.lock")
    assert ran.status == 2 and "missing.lock: cannot read" in ran.err
    assert stack.read_text() == STACK


def test_a_broken_lock_is_an_error_where_it_is_needed(harden: Harden, stack: Path) -> None:
    lock = stack.parent / "harden.lock"
    lock.write_text("images:\n  postgres: x\n")
    ran = harden(stack, *PIN)
    assert ran.status == 2 and f"error: {lock}:2:3: " in ran.err
    assert stack.read_text() == STACK
    assert harden(stack, "--yes").status == 0, "nobody asked for digests"


def test_a_broken_lock_is_not_overwritten(harden: Harden, stack: Path, tmp_path: Path) -> None:
    lock = tmp_path / "mine.txt"
    lock.write_text("my notes\n")
    ran = harden(stack, *PIN, "--inspect", "--lock", lock)
    assert ran.status == 2 and lock.read_text() == "my notes\n" and stack.read_text() == STACK


def test_a_lock_that_can_be_no_file(harden: Harden, stack: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    ran = harden(stack, *PIN, "--inspect", "--lock", loop)
    assert ran.status == 2 and f"error: {loop}: cannot write: Too many levels of symbolic links" in ran.err


def test_what_is_built_here_is_not_asked_for(harden: Harden, stack: Path) -> None:
    stack.write_text("services:\n  a:\n    build: .\n    image: acme/a\n  b:\n    image: acme/a\n")
    ran = harden(stack, *PIN, "--inspect")
    assert "acme/a" not in ran.err
