"""Service volumes and tmpfs: `[SOURCE:]TARGET[:MODE]` and the long syntax, both read as `Mount`.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md#volumes
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

from hardener.model.base import LEFT_TO_RIGHT, Lazy, Part, Text, imported_on_use
from hardener.model.interpolation import readable, split_outside_braces
from hardener.model.units import boolean
from hardener.shown import shows

if TYPE_CHECKING:
    from hardener.model.long import LongMount
else:
    LongMount = imported_on_use("hardener.model.long", "LongMount")

_HOST_PATH = re.compile(r"[./~]|\\\\|[^\W\d_]:")
_DRIVE = re.compile(r"[^\W\d_]")


@shows("position", "type")
class Mount(NamedTuple):
    """One entry of `volumes` or `tmpfs`.

    `type` is bind, volume, tmpfs, npipe, cluster or image; None when a variable without default decides it. `source` is
    a path on the host, or the name of a volume or image; None for an anonymous volume and for tmpfs. `options` are the
    words after the target in short syntax, such as `ro` and `z`; of the long syntax, the propagation of a bind.
    `position` is the entry's index in its list.
    """

    position: int
    type: str | None
    source: str | None
    target: str | None
    read_only: bool = False
    options: tuple[str, ...] = ()

    @property
    def anonymous(self) -> bool:
        """Whether this is a volume without a name."""
        return self.type == "volume" and self.source is None


def mount_type(source: str | None) -> str | None:
    """`bind` for a path on the host (`./x`, `/x`, `~/x`, `C:\\x`), else `volume`; None when a variable decides."""
    if source is None:
        return "volume"
    if _HOST_PATH.match(source) or ("$" in source and "/" in source):
        return "bind"
    return None if source.startswith("$") else "volume"


@lru_cache(maxsize=4096)
def parse_mount(text: str, position: int = 0) -> Mount:
    """The short syntax of a volume. What compose refuses is read as far as it goes."""
    pieces = split_outside_braces(readable(text), ":")
    if len(pieces) > 1 and _DRIVE.fullmatch(pieces[0]):
        pieces[:2] = [":".join(pieces[:2])]
    if len(pieces) > 2 and _DRIVE.fullmatch(pieces[1]):
        pieces[1:3] = [":".join(pieces[1:3])]
    if len(pieces) == 1:
        kind = None if pieces[0].startswith("$") else "volume"
        return Mount(position, kind, None, pieces[0])
    source, target, *modes = pieces
    options = tuple(",".join(modes).split(",")) if modes else ()
    return Mount(position, mount_type(source), source, target, "ro" in options, options)


def parse_tmpfs(text: str, position: int = 0) -> Mount:
    """One entry of `tmpfs`: `PATH[:OPTION,…]`."""
    target, _, options = readable(text).partition(":")
    words = tuple(options.split(",")) if options else ()
    return Mount(position, "tmpfs", None, target, "ro" in words, words)


def read_mount(entry: Text | LongMount, position: int) -> Mount | None:
    """One entry of `volumes`, None if it is null."""
    if not isinstance(entry, Part):
        return None if entry is None else parse_mount(entry, position)
    kind, source, target = (value and readable(value) for value in (entry.type, entry.source, entry.target))
    propagation = entry.bind.propagation if entry.bind else None
    options = (readable(propagation),) if propagation else ()
    return Mount(position, kind, source or None, target, boolean(entry.read_only) or False, options)


MountEntry = Annotated[Text | Lazy[LongMount], LEFT_TO_RIGHT]
