"""The files that documents live in: bytes to text and back, and a write that either happens whole or not at all."""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hardener.errors import HardenError, Where
from hardener.shown import shows

MAX_BYTES = 8 * 1024 * 1024
"""Size of the largest file that is read, in bytes: 200 times the largest real compose file, about ten seconds' work."""

_PREFIX, _SUFFIX = ".harden-", ".tmp"
_FRESH = 1.0
"""Seconds within which a temporary file is left alone."""

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@shows("name", "encoding")
class SourceFile(NamedTuple):
    """A file as it was read: its name as given, its bytes, and the encoding that turns `text` back into them."""

    name: str
    content: bytes
    encoding: str

    @property
    def text(self) -> str:
        """The decoded text, with its BOM and its line breaks."""
        return self.content.decode(self.encoding)

    def write(self, text: str) -> None:
        """Replaces the file by `text`, atomically: a reader sees the old file or the new one, never a part.

        A symlink stays and its target is replaced; mode and owner are kept. Raises HardenError, with nothing changed,
        if the file is read-only or no longer holds what was read.
        """
        target = _target(self.name)
        try:
            self.check()
            _replace(target, text.encode(self.encoding), target.stat())
        except OSError as error:
            raise HardenError(f"cannot write: {error.strerror}", Where(self.name), "nothing was changed") from error

    def check(self) -> None:
        """Raises HardenError if the file is read-only or no longer holds what was read."""
        target = _target(self.name)
        try:
            refuse_read_only(target, self.name)
            if target.read_bytes() != self.content:
                raise HardenError("the file changed while it was read", Where(self.name), "run again")
        except OSError as error:
            raise HardenError(f"cannot write: {error.strerror}", Where(self.name), "nothing was changed") from error


def read(name: str) -> SourceFile:
    """Reads the file called `name`. Raises HardenError if it is missing, not a regular file, too large or not text."""
    if not name:
        raise HardenError("the name of a file is empty", hint="give a path, or - for standard input")
    try:
        # Asked before opening: opening a pipe would wait for its other end.
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise HardenError("not a regular file", Where(name), "use - to read standard input")
        with Path(name).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise HardenError(f"cannot read: {error.strerror}", Where(name), "check the path") from error
    return decode(content, name)


def decode(content: bytes, name: str) -> SourceFile:
    """Finds the encoding of `content`. Raises HardenError if it is too large, or neither UTF-8 nor marked UTF-16."""
    if len(content) > MAX_BYTES:
        raise HardenError(f"larger than {MAX_BYTES // 1024 // 1024} MiB", Where(name), "this is no compose file")
    encoding = _UTF16.get(content[:2], "utf-8")
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        line = before.count("\n") + 1
        where = Where(name, line, len(before) - before.rfind("\n"))
        raise HardenError(
            f"byte 0x{content[error.start]:02x} is not {encoding.upper()}", where, "save it as UTF-8"
        ) from None  # the error holds all of the content
    return SourceFile(name, content, encoding)


def create(name: str, text: str, like: SourceFile) -> None:
    """Writes `text` to the file `name`, in the encoding of `like`; atomic as `write` is.

    An existing file keeps its mode and owner, a new one gets the mode of `like`, which may hold secrets.
    """
    target = _target(name)
    try:
        # A link in a circle is there, although `exists` says no: asked for its status it says what is wrong.
        status = target.stat() if os.path.lexists(target) else None
        if status is not None:
            refuse_read_only(target, name)
        _replace(target, text.encode(like.encoding), status, _mode(like.name))
    except OSError as error:
        raise HardenError(f"cannot write: {error.strerror}", Where(name), "check the folder") from error


def create_new(target: Path, content: bytes, mode: int) -> None:
    """Writes a file that is not there yet, whole or not at all. Raises OSError, FileExistsError if it is there."""
    with _temporary(target, content) as temporary:
        os.chmod(temporary, mode)
        try:
            os.link(temporary, target)  # a rename would overwrite what came in between
        except OSError:
            if os.path.lexists(target):
                raise
            os.rename(temporary, target)  # some file systems have no links
    _sync(target.parent)


def replace_content(target: Path, content: bytes) -> None:
    """Replaces what a file holds, atomically; a link stays, mode and owner are kept. Raises OSError."""
    target = _target(str(target))
    _replace(target, content, target.stat())


def _target(name: str) -> Path:
    """The file that `name` leads to. Not by `Path.resolve`, which before Python 3.13 fails on links in a circle."""
    return Path(os.path.realpath(name))


def refuse_read_only(target: Path, name: str, hint: str = "make it writable, or use --output") -> None:
    """Raises HardenError, about the file `name`, if `target` is read-only, and OSError if it is not there."""
    # Root may write to any.
    if not target.stat().st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise HardenError("the file is read-only", Where(name), hint)


def _mode(name: str) -> int:
    """The mode of a file; where there is none, that of a new one."""
    if os.path.exists(name):
        return stat.S_IMODE(os.stat(name).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _replace(target: Path, content: bytes, status: os.stat_result | None, mode: int = 0o600) -> None:
    """Puts a file in the place of `target`, with its mode and owner; `mode` is for one that is new."""
    with _temporary(target, content) as temporary:
        if status is None:
            os.chmod(temporary, mode)
        else:
            with contextlib.suppress(PermissionError):  # only root may give a file away
                os.chown(temporary, status.st_uid, status.st_gid)
            os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """Makes the names in a folder safe on the disk, in the order in which they came; some systems cannot."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _temporary(target: Path, content: bytes) -> Iterator[str]:
    """A file beside `target` that holds `content`, safe on the disk and closed to others; gone afterwards.

    What a run that was killed left there, which may hold secrets, goes too.
    """
    import tempfile  # brings random and hashlib along, and most runs only look

    sweep(target.parent)
    handle, temporary = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            locked = _lock(handle)
            stream.write(content)
            stream.flush()
            os.fsync(handle)
            if not locked:
                stream.close()
            yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def sweep(folder: Path) -> None:
    """Removes the temporary files of runs that are gone, and with them their locks."""
    for left in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            status = left.lstat()
            # One that was just made may not be locked yet.
            if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime < _FRESH:
                continue
            with left.open("rb") as stream:
                if _lock(stream.fileno()):
                    left.unlink()


def _lock(handle: int) -> bool:
    """Locks an open file for as long as this process has it open. False where another has, or where no locks are."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
