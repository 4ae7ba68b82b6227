"""A stack on the engine: brought up, asked, restarted and taken down, as its owner would do it."""

import json
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cases import yaml
from .engine import CommandError, Engine

Users = dict[str, set[str]]
"""The user ids that the processes of a name run under."""

STAYS_UP = 2.0
"""Seconds for which a new service must stay up once it works: time enough for one that dies of its first tick."""

POLL = 0.2

HANGS = 20.0
"""Seconds after which a command in a container counts as one that fails."""

# The engine's own helpers, and what a healthcheck leaves in passing.
HELPERS = {"docker-init", "tini", "ps"}


@dataclass
class Stack:
    """A compose project: its file is `text`, and lies in `folder`. `service` is the one in question; commands
    run in its container, as `user` or as the image's own."""

    engine: Engine
    folder: Path
    service: str
    text: str
    user: str = ""

    def __post_init__(self) -> None:
        self.name = f"live-{self.folder.name}".lower()
        self.files = [self.folder / "stack.yml", self.folder / "quick.yml"]
        self.become(self.text)

    def become(self, text: str) -> None:
        """Changes the file, for the next `up`. Healthchecks run every second, whatever interval it gives them."""
        self.text = text
        checked = [name for name, service in yaml.load(text)["services"].items() if "healthcheck" in service]
        quick = {"services": {name: {"healthcheck": {"interval": "1s"}} for name in checked}}
        for file, content in zip(self.files, (text, json.dumps(quick)), strict=True):
            file.write_text(content)

    def compose(self, *arguments: str, check: bool = True) -> str:
        files = [option for file in self.files for option in ("--file", str(file))]
        done = self.engine.compose(
            *("--project-name", self.name, "--project-directory", str(self.folder), *files, *arguments), check=check
        )
        return done.stdout + done.stderr

    def up(self) -> str:
        """Starts everything. Returns what went wrong, or nothing."""
        try:
            self.compose("up", "--detach", "--pull", "never")
        except CommandError as error:
            return str(error)
        return ""

    def starts(self, probe: str, within: float = 60) -> str:
        """Starts everything and waits for the service. Returns what went wrong, or nothing."""
        return self.up() or self.trouble(probe, within)

    def down(self, *, volumes: bool = False) -> None:
        self.compose("down", *(["--volumes", "--remove-orphans", "--timeout", "0"] if volumes else []))

    def inspect(self, service: str = "") -> dict[str, Any]:
        """What the engine says of a service's container; nothing where there is none."""
        done = self.engine.docker("container", "inspect", self.container(service), check=False)
        return json.loads(done.stdout)[0] if done.returncode == 0 else {}

    def container(self, service: str = "") -> str:
        """The name that compose gives to a service's container, by default that of the service in question."""
        return f"{self.name}-{service or self.service}-1"

    def sh(self, command: str) -> bool:
        """Runs a command in the service's container; whether it succeeded."""
        user = [f"--user={self.user}"] if self.user else []
        try:
            done = self.engine.docker(
                "exec", *user, self.container(), "bash", "-c", command, timeout=HANGS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def trouble(self, probe: str, within: float = 60, stays: float = STAYS_UP) -> str:
        """Waits until the service is healthy, answers the probe, and has stayed up. Returns why not, or nothing."""
        deadline = time.monotonic() + within
        while True:
            found = self.inspect()
            if failed := self._failure(found):
                return failed
            health = self._health(found)
            if health in ("", "healthy") and self.sh(probe):
                break
            time.sleep(POLL)
            if time.monotonic() > deadline:
                return f"not working within {within:g} s, {health or 'no healthcheck'}: {self._last_words(found)}"
        started = found["State"]["StartedAt"]
        time.sleep(stays)
        found = self.inspect()
        if found["State"]["StartedAt"] != started:
            return f"it did not stay up: {self._last_words(found)}"
        return self._failure(found) or ("" if self.sh(probe) else "it worked once, and not again")

    def users(self) -> Users:
        """Who the processes of the service run as. Looks twice, so that what only passes by is not counted."""
        looks = []
        for pause in (0.3, 0):
            listed = self.engine.docker("top", self.container(), "-eo", "pid,uid,comm").stdout.splitlines()[1:]
            looks.append({tuple(line.split(None, 2)) for line in listed})
            time.sleep(pause)
        users: Users = defaultdict(set)
        for _, user, command in looks[0] & looks[1]:
            if command not in HELPERS:
                users[command].add(user)
        return dict(users)

    def stop(self) -> tuple[int, float]:
        """Stops the service. Returns its exit status and the seconds it took."""
        begin = time.monotonic()
        self.compose("stop", self.service)
        return self.inspect()["State"]["ExitCode"], time.monotonic() - begin

    @staticmethod
    def _health(found: dict[str, Any]) -> str:
        return str(found["State"].get("Health", {}).get("Status", ""))

    def _failure(self, found: dict[str, Any]) -> str:
        if not found:
            return "it has no container"
        state = found["State"]
        if state["Status"] != "running" or found["RestartCount"]:
            return f"{state['Status']}, exit {state['ExitCode']}: {self._last_words(found)}"
        if self._health(found) == "unhealthy":
            return f"unhealthy: {state['Health']['Log'][-1:]}"
        return ""

    def _last_words(self, found: dict[str, Any]) -> str:
        done = self.engine.docker("logs", "--tail", "8", found["Id"], check=False)
        checks = found["State"].get("Health", {}).get("Log", [])[-1:]
        return f"{done.stdout}{done.stderr}{checks or ''}"
