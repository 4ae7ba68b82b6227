"""Runs of the command: in this process, which is quick, or in one of its own, where streams and signals are real."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import hardener
from hardener.cli import run

SHOP = """\
# the shop
services:
  web:
    image: nginx:1.27   # pinned
    ports: ["8080:80"]

  db:
    image: postgres:16
"""
BARE = "services:\n  thing:\n    image: example.org/unknown:1\n"


@dataclass(frozen=True)
class Ran:
    """How a run ended: exit status, the bytes on standard output, the text on standard error."""

    status: int
    out: bytes
    err: str


Harden = Callable[..., Ran]


@pytest.fixture(autouse=True)
def no_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that want `docker compose` to judge bring their own; colours are the tests' own business too."""
    monkeypatch.setattr("hardener.engine.compose.find_compose", lambda: None)
    for name in ("NO_COLOR", "HARDENER_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def harden(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Harden:
    """Runs the command in this process."""

    def harden(*args: str | Path, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        status = run([str(arg) for arg in args])
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in out + err
        return Ran(status, out, err.decode())

    return harden


@pytest.fixture
def process() -> Harden:
    """Runs the command in a process of its own. Keyword arguments go to `subprocess.run`."""

    def process(*args: str | Path, env: dict[str, str] | None = None, **how: object) -> Ran:
        ended = subprocess.run(  # type: ignore[call-overload]
            [*command(), *map(str, args)],
            env={**environment(), **(env or {})},
            **{"capture_output": True, "timeout": 60, **how},
        )
        out, err = ended.stdout or b"", (ended.stderr or b"").decode(errors="replace")
        assert "Traceback" not in err
        return Ran(ended.returncode, out, err)

    return process


def command() -> list[str]:
    """The start of a command line that runs `harden`."""
    return [sys.executable, "-c", "from hardener.__main__ import main; main()"]


def environment() -> dict[str, str]:
    """This process's environment, in which the package that is tested here can be imported."""
    home = str(Path(hardener.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A file with something to harden."""
    path = tmp_path / "shop.yml"
    path.write_text(SHOP)
    return path
