"""What git has under version control, as its index says: gitformat-index(5). Git itself need not be there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# An entry up to its path: times, device, inode, mode, owner, size, a SHA-1 and flags.
_HEADER, _FIXED = 12, 62
_EXTENDED = 0x40


def tracked(path: Path) -> bool:
    """Whether git has a file, or the one that a link leads to, under version control."""
    return any(_in_index(Path(file)) for file in {os.path.abspath(path), os.path.realpath(path)})


def _in_index(file: Path) -> bool:
    for top in file.parents:
        if (index := _index(top)) is not None:
            name = os.fsencode(file.relative_to(top).as_posix())
            if index[4:8] == b"\0\0\0\x04":
                try:
                    return name in _compressed(index)
                except (IndexError, ValueError):  # it is damaged, or of a repository with SHA-256
                    return True
            return _listed(index, name)
    return False


def _index(top: Path) -> bytes | None:
    """The index of the working tree whose top is a folder; None where it is none, empty where nothing is added yet."""
    git = top / ".git"
    if not os.path.lexists(git):
        return None
    with suppress(OSError, ValueError):
        if git.is_file():  # of a worktree or a submodule, which have theirs elsewhere
            git = top / git.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()
        return (git / "index").read_bytes()
    return b""


def _listed(index: bytes, name: bytes) -> bool:
    """Whether an index of another version than 4 has a path.

    Before it stand flags, twelve bits of which are its length, and two more bytes in some entries; behind it a zero.
    """
    position = index.find(name + b"\0")
    while position >= 0:
        flags = (int.from_bytes(index[position - back : position - back + 2], "big") for back in (2, 4))
        if any(each & 0xFFF == min(len(name), 0xFFF) for each in flags):
            return True
        position = index.find(name + b"\0", position + 1)
    return False


def _compressed(index: bytes) -> Iterator[bytes]:
    """The paths in an index of version 4, where each says how much of the end of the one before it goes away."""
    position, path = _HEADER, b""
    for _ in range(int.from_bytes(index[8:12], "big")):
        extended = index[position + _FIXED - 2] & _EXTENDED
        position += _FIXED + (2 if extended else 0)
        byte = index[position]
        less = byte & 0x7F
        while byte & 0x80:
            position += 1
            byte = index[position]
            less = ((less + 1) << 7) | (byte & 0x7F)
        end = index.index(b"\0", position + 1)
        path = path[: len(path) - less] + index[position + 1 : end]
        position = end + 1
        yield path
