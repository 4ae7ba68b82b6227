"""Files beside a document: what they must hold before the document may say so.

They are written before the document, each on its own and in any order: what the document says now needs none of them.
A file that is there is never overwritten. So a run that was cut short leaves what worked, and the next one goes on.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardener.errors import HardenError, Where
from hardener.source.files import create_new, replace_content, sweep

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


Companion = NewFile | NewLine


def missing(files: Iterable[Companion], folder: Path) -> list[Companion]:
    """Those of `files` that are not there yet. Raises HardenError where something else is, or where none can be."""
    return [file for path, group in _by_path(files).items() for file in _missing(group, folder / path)]


def write(files: Sequence[Companion], folder: Path) -> None:
    """Makes those that are missing. Raises HardenError where one cannot be made, if possible before any is.

    Lines of one file are added at once.
    """
    needed = _by_path(files)
    grouped = _by_path(missing(files, folder))
    for path in grouped:
        _check_writable(folder / path)
    for path in needed:
        sweep((folder / path).parent)  # what a run that was killed left there may be a secret
    for path, group in grouped.items():
        target = folder / path
        try:
            _make(_missing(group, target), target)  # it may have come meanwhile
        except OSError as error:
            raise HardenError(f"cannot write: {error.strerror}", Where(str(target)), "check the folder") from None


def _by_path(files: Iterable[Companion]) -> dict[str, list[Companion]]:
    found: dict[str, list[Companion]] = {}
    for file in files:
        found.setdefault(file.path, []).append(file)
    return found


def _missing(group: list[Companion], target: Path) -> list[Companion]:
    """As `missing`, of what goes into one file."""
    content = _content(target)
    if content is None:
        return group
    for file in group:
        if isinstance(file, NewFile) and content != file.content.encode():
            raise HardenError(
                "this file is there already and holds another value, which is kept",
                Where(str(target)),
                _HINT.format("file"),
            )
    text = content.decode("utf-8", "surrogateescape")
    lines = [file for file in group if isinstance(file, NewLine)]
    left = [line for line, is_there in zip(lines, _said(lines, text, target), strict=True) if not is_there]
    if not all(_said(left, with_lines(text, left), target)):
        raise HardenError("what is added at its end is not read", Where(str(target)), "look at its last lines")
    return [*left]


def _make(group: list[Companion], target: Path) -> None:
    """Makes a file, or adds lines to it. Raises OSError."""
    files = [file for file in group if isinstance(file, NewFile)]
    lines = [file for file in group if isinstance(file, NewLine)]
    for file in files:
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        create_new(target, file.content.encode(), file.mode)
    if not lines:
        return
    content = _content(target)
    if content is None:
        create_new(target, with_lines("", lines).encode(), lines[0].mode)
    else:
        text = with_lines(content.decode("utf-8", "surrogateescape"), lines)
        replace_content(target, text.encode("utf-8", "surrogateescape"))


def _said(lines: list[NewLine], text: str, target: Path) -> list[bool]:
    """Whether a text has each line, or sets its variable to the same. Raises HardenError where it sets another."""
    there = set(re.split(r"\r?\n", text))
    try:
        reads = {line.read for line in lines if line.read is not None}
        variables = {read: read(text) for read in reads}
    except HardenError as error:
        raise HardenError(error.message, Where(str(target)), "compose does not read it, either") from None
    for line in lines:
        found = variables[line.read] if line.read else {}
        if line.read and line.key in found and found[line.key] != line.read(line.line)[line.key]:
            named = re.search(rf"^[ \t]*(?:export\s+)?{re.escape(line.key)}\s*[=:]", text, re.MULTILINE)
            number = text.count("\n", 0, named.start()) + 1 if named else 1
            raise HardenError(
                f"{line.key} has another value already, which is kept",
                Where(str(target), number, 1),
                _HINT.format("line"),
            )
    return [line.key in variables[line.read] if line.read else line.line in there for line in lines]


def with_lines(text: str, lines: list[NewLine]) -> str:
    """A text with more lines at its end, each variable once."""
    end = "\r\n" if "\r\n" in text else "\n"
    added: dict[str, str] = {}
    for line in lines:
        added.setdefault(line.key or line.line, line.line)
    start = "" if not text or text.endswith("\n") else end
    return text + start + "".join(f"{line}{end}" for line in added.values())


def _check_writable(target: Path) -> None:
    """Raises HardenError where a file cannot be made or added to."""
    above = next(one for one in target.parents if os.path.lexists(one))
    if not os.access(above, os.W_OK | os.X_OK):
        raise HardenError("the folder is read-only", Where(str(above)), "make it writable")
    if target.exists() and not (os.access(target, os.W_OK) and target.stat().st_mode & stat.S_IWUSR):
        raise HardenError("the file is read-only", Where(str(target)), "make it writable")


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
