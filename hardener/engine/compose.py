"""`docker compose config` as the judge of a rewritten file: accepted as before, and different only as planned."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from hardener.errors import HardenError, VerificationError
from hardener.source import Path as DataPath
from hardener.source import bare, differences, dotted, load
from hardener.source.tree import Scalar, descendants

TIMEOUT = 60
"""Seconds that compose may take for one file; it needs a tenth of one."""

_NO_ANSWER = f"docker compose gave no answer in {TIMEOUT} seconds"

# Tried in turn until compose accepts the file as it was. A variable that must be set but is not, or an env file that is
# not here, says nothing about the file; older releases know fewer options.
_ATTEMPTS = (
    ("--no-env-resolution", "--no-path-resolution"),
    ("--no-env-resolution", "--no-path-resolution", "--no-interpolate"),
    ("--no-interpolate",),
)


@cache
def find_compose() -> tuple[str, ...] | None:
    """The command that runs compose: `docker-compose` on the PATH or in this environment, or docker's plugin; or None.

    The plugin is called directly, which saves the time that docker takes to find it.
    """
    for folder in (None, os.path.dirname(sys.executable)):
        if found := shutil.which("docker-compose", path=folder):
            return (found,)
    homes = (
        os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker",
        "/usr/local/lib/docker",
        "/usr/local/libexec/docker",
        "/usr/lib/docker",
        "/usr/libexec/docker",
        "/Applications/Docker.app/Contents/Resources",
    )
    plugins = (Path(home) / "cli-plugins" / "docker-compose" for home in homes)
    return next(((str(plugin),) for plugin in plugins if os.access(plugin, os.X_OK)), None)


class ComposeCheck:
    """Asks compose about a file before and after.

    The first question is asked at once, in the background, while the plan is made: compose takes as long as we do.
    """

    def __init__(self, compose: tuple[str, ...], folder: str, before: str) -> None:
        self.compose = compose
        self.folder = folder
        self.before = before
        self.first = self._ask(before, _ATTEMPTS[0])

    def verify(self, after: str, planned: Iterable[DataPath]) -> str | None:
        """Why compose could not judge, None if it did and all is well.

        Raises VerificationError if compose accepts the file before and not after, or reads a difference that is not
        planned. `planned` are the paths of changes.
        """
        for options in _ATTEMPTS:
            process = self.first if options == _ATTEMPTS[0] else self._ask(self.before, options)
            accepted, answer = self._answer(process)
            if answer == _NO_ANSWER:
                return answer
            if accepted:
                self._compare(json.loads(answer), after, options, planned)
                return None
        return f"docker compose does not accept the file as it was: {answer}"

    def close(self) -> None:
        """Ends the first question if nobody wants its answer."""
        if self.first.poll() is None:
            self.first.kill()
        if self.first.stdout is not None and not self.first.stdout.closed:
            self.first.communicate()

    def _compare(self, before: Any, after: str, options: tuple[str, ...], planned: Iterable[DataPath]) -> None:
        accepted, answer = self._answer(self._ask(after, options))
        if not accepted and "node visit limit" in answer:
            raise HardenError(f"docker compose cannot read so large a file: {answer}", hint="split the file")
        if not accepted:
            raise VerificationError(f"docker compose accepts the file before and not after: {answer}")
        planned = list(planned)
        allowed, begun = {path[:3] for path in planned}, {path[:1] for path in planned}
        for path in differences(before, json.loads(answer)):
            # A `pre_start` container inherits the settings of its service.
            owner = (*path[:2], *path[4:5]) if path[2:3] == ("pre_start",) else path[:3]
            # What stands under `x-` means nothing to compose; anchors often stand there.
            known = owner in allowed or path[:1] in allowed or path in begun  # what is new is seen as a whole
            if not known and not str(path[0]).startswith("x-"):
                raise VerificationError(f"docker compose reads a change at {dotted(path)} that was not planned")

    def _ask(self, text: str, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
        command = [*self.compose, "--file", "-", "--project-directory", self.folder, "--profile", "*"]
        # A file, not a pipe: compose can read it at once, while we go on. It has no name, and nobody else can open it.
        with tempfile.TemporaryFile() as stdin:
            stdin.write(text.encode())
            stdin.seek(0)
            return subprocess.Popen(
                [*command, "config", "--format", "json", *options],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

    def _answer(self, process: subprocess.Popen[bytes]) -> tuple[bool, str]:
        """Whether compose accepted, and its model; else the last line of its complaint, without values of the file."""
        try:
            output, complaint = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False, _NO_ANSWER
        if process.returncode == 0:
            return True, output.decode()
        lines = complaint.decode(errors="replace").strip().splitlines() or ["no reason given"]
        return False, without_values(lines[-1], self.before)


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?|`[^`]*`?')
_WORD = re.compile(r"\w[^\s\"'`:=,;/@(){}\[\]$?]{3,}")
_PLAIN_WORD = re.compile(r"[a-z]+")


def without_values(complaint: str, text: str) -> str:
    """What compose says of the file `text`, with `…` for what it quotes and for the values of the file in it.

    Left out are whole values, their lines, and their words, but for those that any sentence could have.
    """
    values, words = set[str](), set[str]()
    try:
        scalars = [node for node in descendants(load(text).root) if isinstance(node, Scalar)]
    except HardenError:
        return "it is not shown what it says, since that may hold a value of the file"
    for scalar in scalars:
        value = str(bare(scalar.data))
        values |= {line.strip() for line in (value, *value.splitlines())}
        words |= {word for word in _WORD.findall(value) if not _PLAIN_WORD.fullmatch(word)}
    complaint = _QUOTED.sub('"…"', complaint)
    for value in sorted(values, key=len, reverse=True):
        if len(value) > 3 and value in complaint:
            complaint = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", complaint)
    return _WORD.sub(lambda word: "…" if word[0] in words else word[0], complaint)
