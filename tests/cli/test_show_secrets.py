"""`--show-secrets`: on a terminal and nowhere else, and what it shows is a diff that applies."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from hardener import harden
from hardener.views.diff import diff
from hardener.views.table import table

from .conftest import command, environment

SECRETIVE = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2
"""


def shown(path: Path, *args: str, out: bool = True, err: bool = True, env: dict[str, str] | None = None) -> str:
    """What a run shows on a terminal that has standard input, and output and error as asked; the rest is let go."""
    main, other = pty.openpty()
    nowhere = subprocess.DEVNULL
    running = subprocess.Popen(
        [*command(), path.name, "--show-secrets", "--color", "never", "--no-compose-check", *args],
        stdin=other,
        stdout=other if out else nowhere,
        stderr=other if err else nowhere,
        cwd=path.parent,
        env={**environment(), **(env or {})},
    )
    os.close(other)
    talk = b""
    while True:
        try:
            read = os.read(main, 65536)
        except OSError:
            break
        if not read:
            break
        talk += read
    os.close(main)
    status = running.wait(timeout=60)
    return f"{status} {talk.decode().replace(chr(13), '')}"


@pytest.fixture
def secretive(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yml"
    path.write_text(SECRETIVE)
    return path


def test_on_a_terminal_the_diff_applies(secretive: Path) -> None:
    talk = shown(secretive, "--dry-run")
    assert talk.startswith("0 ") and " POSTGRES_PASSWORD: hunter2\n" in talk and "****" not in talk
    patch = secretive.with_suffix(".patch")
    lines = talk[talk.index("--- a/") :].splitlines(keepends=True)
    patch.write_text("".join(line for line in lines if line.startswith((" ", "+", "-", "@", "\\"))))
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git on the PATH")
    subprocess.run([git, "apply", patch.name], cwd=secretive.parent, check=True)
    hardened = secretive.read_text()
    secretive.write_text(SECRETIVE)
    assert hardened == harden(secretive).after


@pytest.mark.parametrize(
    ("streams", "told"), [({"out": False}, "standard output is no terminal"), ({"err": False}, "")], ids=str
)
def test_elsewhere_it_is_an_error(secretive: Path, streams: dict[str, bool], told: str) -> None:
    talk = shown(secretive, "--yes", **streams)  # type: ignore[arg-type]
    assert talk.startswith("2 ") and told in talk and "hunter2" not in talk
    assert secretive.read_text() == SECRETIVE


def test_in_a_pipe_it_is_an_error(secretive: Path) -> None:
    args = [*command(), str(secretive), "--show-secrets"]
    ended = subprocess.run(args, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2 and ended.stdout == ""
    assert "error: --show-secrets is for your eyes only, and standard output is no terminal" in ended.stderr


def test_the_library_is_asked_for_them(secretive: Path) -> None:
    result = harden(secretive)
    assert "hunter2" in diff(result, secrets=True).text and not diff(result, secrets=True).masked
    assert "hunter2" not in diff(result).text and diff(result).masked
    assert table(result, secrets=True) == table(result), "nothing to mask in the plan"
