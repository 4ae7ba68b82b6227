"""Files beside a document: what they must hold before the document may say so.

They are written before the document, each on its own and in any order: what the document says now needs none of them.
A file that is there is never overwritten. So a run that was cut short leaves what worked, and the next one goes on.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from hardener.errors import HardenError, Where
from hardener.source.files import create_new, refuse_read_only, replace_content

FOLDER_MODE = 0o700
"""The mode of a folder that is made for companions: what lies in it may be readable to a container, not to the host."""

_HINT = (
    "if that is the one that counts, take the other out of the compose file; else take this {} away, or --skip secrets"
)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that holds `content` and nothing else. `path` is seen from the folder of the document, `mode` is its own.

    `reason` says why it has that mode.
    """

    path: str
    content: str = field(repr=False)
    mode: int
    reason: str

    def missing(self, folder: Path) -> bool:
        """Whether it is to be made. Raises HardenError where something else is in its place."""
        target = folder / self.path
        try:
            if not os.path.lexists(target):
                return True
            if not stat.S_ISREG(target.stat().st_mode):
                raise HardenError("not a regular file", Where(str(target)), "take it away, or rename it")
            if target.read_bytes() != self.content.encode():
                raise HardenError(
                    "this file is there already and holds another value, which is kept",
                    Where(str(target)),
                    _HINT.format("file"),
                )
        except OSError as error:
            raise HardenError(
                f"cannot read: {error.strerror}", Where(str(target)), "check its owner and mode"
            ) from None
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

    A line that is there and starts with `key`, if that is given, and goes on otherwise is an error: it is somebody's.
    """

    path: str
    line: str = field(repr=False)
    mode: int
    reason: str
    key: str = ""

    def missing(self, folder: Path) -> bool:
        """Whether the line is to be added. Raises HardenError where another one is in its place, or none can be."""
        target = folder / self.path
        text = self._text(target)
        if text is None:
            return True
        if re.search(rf"^{re.escape(self.line)}\r?$", text, re.MULTILINE):
            return False
        if self.key and (found := re.search(rf"^[ \t]*(?:export\s+)?{re.escape(self.key)}\s*[=:]", text, re.MULTILINE)):
            raise HardenError(
                f"{self.key} has another value already, which is kept",
                Where(str(target), text.count("\n", 0, found.start()) + 1, 1),
                _HINT.format("line"),
            )
        refuse_read_only(target, str(target), "make it writable")
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
                end = "\r\n" if "\r\n" in text else "\n"
                gap = "" if not text or text.endswith("\n") else end
                replace_content(target, f"{text}{gap}{self.line}{end}".encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise HardenError(f"cannot write: {error.strerror}", Where(str(target)), "check the folder") from None
        return True

    @staticmethod
    def _text(target: Path) -> str | None:
        """What the file holds; None where there is none."""
        try:
            if not target.exists():
                return None
            if not stat.S_ISREG(target.stat().st_mode):
                raise HardenError("not a regular file", Where(str(target)), "take it away, or rename it")
            return target.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise HardenError(
                f"cannot read: {error.strerror}", Where(str(target)), "check its owner and mode"
            ) from None


Companion = NewFile | NewLine
