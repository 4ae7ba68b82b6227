"""The container engine of the live tests: one that answers already, or one that they start and stop themselves."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

START = 30
"""Seconds that dockerd may take until it answers; it needs three."""


class NoEngineError(Exception):
    """There is no engine, and none can be started; the message says why."""


class CommandError(Exception):
    """A command failed; the message has what it said."""


@dataclass(frozen=True)
class Engine:
    """Runs docker and docker compose against one engine. `own`: it ends with the tests, and so do its images."""

    host: str | None
    own: bool
    compose_binary: Path

    def docker(self, *arguments: str, timeout: float = 60, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("docker", *arguments, timeout=timeout, check=check)

    def compose(self, *arguments: str, timeout: float = 180, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(str(self.compose_binary), *arguments, timeout=timeout, check=check)

    def run(self, *command: str, timeout: float, check: bool) -> subprocess.CompletedProcess[str]:
        # The classic builder: it needs no plugin, and every engine has it.
        environment = {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain"}
        if self.host:
            environment["DOCKER_HOST"] = self.host
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
        if check and done.returncode:
            raise CommandError(
                f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
            )
        return done

    @property
    def answers(self) -> bool:
        try:
            return self.docker("version", "--format", "{{.Server.Version}}", timeout=10).stdout.strip() != ""
        except (CommandError, subprocess.TimeoutExpired, OSError):
            return False


@contextmanager
def running_engine(compose: Path) -> Iterator[Engine]:
    """An engine, for as long as it is needed. Raises NoEngineError where there is none."""
    if shutil.which("docker") is None:
        raise NoEngineError("no container engine: docker is not on the PATH")
    engine = Engine(None, False, compose)
    if engine.answers:
        yield engine
    elif "DOCKER_HOST" in os.environ:
        raise NoEngineError("no container engine: the one that DOCKER_HOST names does not answer")
    elif os.geteuid() != 0 or (dockerd := shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")) is None:
        raise NoEngineError("no container engine answers, and starting one needs root and dockerd")
    else:
        with _started(dockerd, compose) as engine:
            yield engine


@contextmanager
def shared_engine(compose: Path, folder: Path) -> Iterator[Engine]:
    """One engine for all processes that run tests at the same time and share `folder`: the first of them starts it, and
    stops it when all are done. Raises NoEngineError where there is none.
    """
    note = folder / "engine"
    with locked(folder / "engine.users", fcntl.LOCK_SH) as users, ExitStack() as end:
        with locked(folder / "engine.start"):
            if note.exists():
                engine = Engine(note.read_text(), True, compose)
            else:
                engine = end.enter_context(running_engine(compose))
                if engine.own:
                    note.write_text(engine.host or "")
                    end.callback(note.unlink)
                    end.callback(fcntl.flock, users, fcntl.LOCK_EX)
        yield engine


@contextmanager
def locked(file: Path, kind: int = fcntl.LOCK_EX) -> Iterator[IO[str]]:
    """Holds a lock that processes share."""
    with file.open("a") as handle:
        fcntl.flock(handle, kind)
        yield handle


@contextmanager
def _started(dockerd: str, compose: Path) -> Iterator[Engine]:
    # A short path: what dockerd puts below it are sockets, whose paths may have a hundred characters.
    home = Path(tempfile.mkdtemp(prefix="live-"))
    host = f"unix://{home}/docker.sock"
    # Where tests are interrupted, several processes of them end without a word; it ends with the one that started it.
    command = [
        *(
            "setpriv",
            "--pdeathsig",
            "TERM",
            dockerd,
            "--host",
            host,
            "--data-root",
            f"{home}/data",
            "--exec-root",
            f"{home}/exec",
        ),
        *("--pidfile", f"{home}/pid", "--bridge", "none", "--default-ulimit", "nofile=1024:1024"),
    ]
    engine = Engine(host, True, compose)
    try:
        with (home / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
            try:
                deadline = time.monotonic() + START
                while not engine.answers:
                    if daemon.poll() is not None or time.monotonic() > deadline:
                        raise NoEngineError(f"dockerd does not start: {_last_words(home / 'log')}")
                    time.sleep(0.2)
                yield engine
            finally:
                daemon.terminate()
                with suppress(subprocess.TimeoutExpired):
                    daemon.wait(30)
                daemon.kill()
    finally:
        # dockerd leaves this mounted.
        subprocess.run(["umount", f"{home}/exec/netns/default"], capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return next((line for line in reversed(lines) if "failed" in line.lower()), lines[-1] if lines else "no output")
