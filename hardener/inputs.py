"""What the arguments of the command name: a file, the compose file in a folder, or standard input."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from hardener.errors import HardenError, Where

if TYPE_CHECKING:
    from hardener.source.files import SourceFile

STDIN = "-"
STDIN_NAME = "<stdin>"
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The names compose looks for, in its order."""

LOOKED_FOR = ", ".join(COMPOSE_FILES)


def find_compose_file(folder: str, *, parents: bool = False) -> str | None:
    """The file that compose would take in `folder`, or, with `parents`, in the nearest folder above that has one."""
    top = os.path.realpath(folder)
    current = folder
    while True:
        for name in COMPOSE_FILES:
            if os.path.isfile(path := os.path.normpath(os.path.join(current, name))):
                return path
        if not parents or top == os.path.dirname(top):
            return None
        top, current = os.path.dirname(top), os.path.join(current, os.pardir)


def read_input(name: str) -> SourceFile:
    """The file `name`, the compose file in the folder `name`, or standard input."""
    from hardener.source.files import MAX_BYTES, decode, read

    if name == STDIN:
        if sys.stdin is None:
            raise HardenError("standard input is closed", hint="give a file")
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1), STDIN_NAME)
    if os.path.isdir(name):
        found = find_compose_file(name)
        if found is None:
            raise HardenError("no compose file in this folder", Where(name), f"compose looks for {LOOKED_FOR}")
        name = found
    return read(name)
