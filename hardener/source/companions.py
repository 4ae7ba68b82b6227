"""Files beside a document: what they must hold before the document may say so.

They are written before the document, each on its own and in any order: what the document says now needs none of them.
A file that is there is never overwritten. So a run that was cut short leaves what worked, and the next one goes on.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hardener.errors import HardenError, Where
from hardener.source.files import create_new, replace_content

FOLDER_MODE = 0o700
"""The mode of a folder that is made for companions: what lies in it may be readable to a container, not to the host."""

Read = Callable[[str], Mapping[str, str | None]]
"""Tells the variables that a text sets. Raises HardenError where it is not of that kind."""

_HINT = (
    "if that is the one that counts, take the other out of the compose file; else take this {} away, or --skip secrets"
)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that holds `content` and nothing else. `path` is seen from the folder of the document, `mode` is its own.

    `reason` says why it has that mode. `fresh`: what it holds is new, and stood nowhere before.
    """

    path: str
    content: str = field(repr=False)
    mode: int
    reason: str
    fresh: bool = False

    def missing(self, folder: Path) -> bool:
        """Whether it is to be made. Raises HardenError where something else is in its place."""
        target = folder / self.path
        found = _content(target)
        if found is None:
            return True
        if found != self.content.encode():
            raise HardenError(
                "this file is there already and holds another value, which is kept",
                Where(str(target)),
                _HINT.format("file"),
            )
        return False

    def write(self, folder: Path) -> bool:
        """Makes it if it is missing, and tells whether it was. Raises HardenError where it cannot."""
        if not self.missing(folder):
            return False
        target = folder / self.path
        try:
            target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            create_new(target, self.content.encode(), self.mode)
        except OSError as error:
            raise HardenError(f"cannot write: {error.strerror}", Where(str(target)), "check the folder") from None
        return True


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line that a file has, added at its end where it has not; the file gets `mode` if it is made for that.

    With a `key`, the line sets a variable, and `read` tells those of the file: one that is set to the same value in
    other words is there; one that is set to another value is an error, for it is somebody's.
    """

    path: str
    line: str = field(repr=False)
    mode: int
    reason: str
    key: str = ""
    read: Read | None = field(default=None, repr=False)
    fresh: bool = False

    def missing(self, folder: Path) -> bool:
        """Whether the line is to be added. Raises HardenError where another one is in its place, or none can be."""
        target = folder / self.path
        text = self._text(target)
        if text is None:
            return True
        if self._said(text, target):
            return False
        if not self._said(_with(text, self.line), target):
            raise HardenError("what is added at its end is not read", Where(str(target)), "look at its last lines")
        return True

    def write(self, folder: Path) -> bool:
        """Adds the line if it is missing, and tells whether it was. Raises HardenError where it cannot."""
        if not self.missing(folder):
            return False
        target = folder / self.path
        text = self._text(target)
        try:
            if text is None:
                create_new(target, f"{self.line}\n".encode(), self.mode)
            else:
                replace_content(target, _with(text, self.line).encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise HardenError(f"cannot write: {error.strerror}", Where(str(target)), "check the folder") from None
        return True

    def _said(self, text: str, target: Path) -> bool:
        """Whether a text has the line, or sets its variable to the same. Raises HardenError if it sets another."""
        if self.read is None:
            return re.search(rf"^{re.escape(self.line)}\r?$", text, re.MULTILINE) is not None
        try:
            found = self.read(text)
        except HardenError as error:
            raise HardenError(error.message, Where(str(target)), "compose does not read it, either") from None
        if self.key not in found:
            return False
        if found[self.key] != self.read(self.line)[self.key]:
            named = re.search(rf"^[ \t]*(?:export\s+)?{re.escape(self.key)}\s*[=:]", text, re.MULTILINE)
            line = text.count("\n", 0, named.start()) + 1 if named else 1
            raise HardenError(
                f"{self.key} has another value already, which is kept",
                Where(str(target), line, 1),
                _HINT.format("line"),
            )
        return True

    @staticmethod
    def _text(target: Path) -> str | None:
        """What the file holds; None where there is none."""
        content = _content(target)
        return None if content is None else content.decode("utf-8", "surrogateescape")


def check(file: Companion, folder: Path) -> None:
    """Raises HardenError where a file that is missing something cannot have it."""
    if not file.missing(folder):
        return
    target = folder / file.path
    above = next(one for one in target.parents if os.path.lexists(one))
    if not os.access(above, os.W_OK | os.X_OK):
        raise HardenError("the folder is read-only", Where(str(above)), "make it writable")
    if target.exists() and not (os.access(target, os.W_OK) and target.stat().st_mode & stat.S_IWUSR):
        raise HardenError("the file is read-only", Where(str(target)), "make it writable")


def _with(text: str, line: str) -> str:
    """A text with one more line at its end."""
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{text}{'' if not text or text.endswith(chr(10)) else end}{line}{end}"


def _content(target: Path) -> bytes | None:
    """What a file holds; None where there is none. Raises HardenError where there can be none, or cannot be read."""
    try:
        if not os.path.lexists(target):
            above = next(folder for folder in target.parents if os.path.lexists(folder))
            if not above.is_dir():
                raise HardenError("not a folder", Where(str(above)), "take it away, or rename it")
            return None
        if target.is_symlink() and not target.exists():
            raise HardenError("a link that leads nowhere", Where(str(target)), "take it away, or make what it names")
        if not stat.S_ISREG(target.stat().st_mode):
            raise HardenError("not a regular file", Where(str(target)), "take it away, or rename it")
        return target.read_bytes()
    except OSError as error:
        raise HardenError(f"cannot read: {error.strerror}", Where(str(target)), "check its owner and mode") from None


Companion = NewFile | NewLine
