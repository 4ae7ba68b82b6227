"""Files beside a compose file, read within bounds: regular files of text, not too large, not too many."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from hardener.source.companions import Companion, NewFile, NewLine, with_lines

LARGEST = 256 * 1024
"""Bytes of the largest file that is read; configurations have a few thousand."""
MOST_FILES = 400
"""Files read for one project in all."""
MOST_IN_FOLDER = 100
DEEPEST = 4

_NO_CONFIGURATION = {
    ".git",
    "node_modules",
    "vendor",
    "__pycache__",
    ".venv",
    "venv",
    "dist",
    "target",
    "site-packages",
}


class Files:
    """Reads files, each once. Paths are relative to `folder`, and so are the names that are shown.

    What is going to be `beside` the document is read as if it was there.
    """

    def __init__(self, folder: Path, beside: Iterable[Companion] = ()) -> None:
        self.folder = folder
        self._coming: dict[str, list[Companion]] = {}
        for file in beside:
            self._coming.setdefault(file.path, []).append(file)
        self.notes: dict[str, None] = {}
        self._texts: dict[str, str | None] = {}

    def beside(self, path: str) -> bool:
        """Whether `path` belongs to the project: what is absolute is of a host that is not this one."""
        return bool(path) and not os.path.isabs(path) and not path.startswith(("~", "\\")) and "\0" not in path

    def read(self, path: str) -> str | None:
        """The text of a file, None if it cannot be read; a note says why."""
        if path not in self._texts:
            try:
                self._texts[path] = self._read(path)
            except (OSError, ValueError) as error:
                self._texts[path] = None
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                self.note(f"{path} cannot be read: {reason[:1].lower()}{reason[1:]}")
        return self._texts[path]

    def exists(self, path: str) -> bool:
        return os.path.normpath(path) in self._coming or os.path.lexists(self.folder / path)

    def lets_others_in(self, path: str) -> bool:
        """Whether a file or folder is there, and its mode lets others than its owner get at what is in it."""
        try:
            mode = (self.folder / path).stat().st_mode
            others = stat.S_IXGRP | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IRGRP | stat.S_IROTH
            return bool(mode & others)
        except OSError:
            return False

    def note(self, text: str) -> None:
        self.notes[text] = None

    def names(self, *ends: str) -> list[str]:
        """The files in the folder itself whose names end so, in order, up to a number."""
        try:
            return sorted(name for name in os.listdir(self.folder) if name.endswith(ends))[:MOST_IN_FOLDER]
        except OSError:
            return []

    def is_folder(self, path: str) -> bool:
        try:
            return (self.folder / path).is_dir()
        except (OSError, ValueError):
            return False

    def below(self, path: str) -> Iterator[str]:
        """The files below a folder that may be text, in order, up to a number and a depth."""
        count = 0
        top = self.folder / path
        for directory, folders, files in os.walk(top):
            depth = len(Path(directory).relative_to(top).parts)
            folders[:] = sorted(set(folders) - _NO_CONFIGURATION) if depth < DEEPEST else []
            for name in sorted(files):
                if count >= MOST_IN_FOLDER:
                    self.note(f"{path} has more files than are read")
                    return
                count += 1
                yield os.path.normpath(os.path.join(path, os.path.relpath(directory, top), name))

    def _read(self, path: str) -> str:
        coming = self._coming.get(os.path.normpath(path), [])
        there = not coming or os.path.lexists(self.folder / path)
        new = "".join(file.content for file in coming if isinstance(file, NewFile))
        text = self._read_now(path) if there else new
        lines = [file for file in coming if isinstance(file, NewLine)]
        return with_lines(text, lines) if lines else text

    def _read_now(self, path: str) -> str:
        if len(self._texts) >= MOST_FILES:
            raise ValueError("too many files")
        # Not to wait for the other end of a pipe, should the file become one after it was looked at.
        handle = os.open(self.folder / path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a regular file")
            if status.st_size > LARGEST:
                raise ValueError(f"larger than {LARGEST // 1024} KiB")
            content = stream.read(LARGEST)
        if b"\0" in content:
            raise ValueError("not text")
        return content.decode("utf-8-sig", errors="replace")
