"""Block scalars: the text of one that is to mean something else, with all that need not change as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hardener.errors import HardenError
from hardener.shown import shows
from hardener.source.data import same
from hardener.source.document import load
from hardener.source.parse import LINE_BREAK
from hardener.source.tree import Scalar

STYLES = ("|", ">")
"""What opens a block scalar: literal, folded."""

# With what may stand before it: an anchor, a tag.
_HEADER_LINE = re.compile(r"(?:[&!]\S*\s+)*[|>][^\r\n]*(\r\n|\n|\r)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")
_BLANKS = " \t\r\n"
_GAPS = re.compile(rf"([{_BLANKS}]+)")


@shows("start")
class Body(NamedTuple):
    """What stands below the header of a block scalar, from `start` to the end of the scalar."""

    start: int
    text: str


def reworded(text: str, node: Scalar, column: int, value: str) -> Body | None:
    """The body that makes the block scalar `node` of `text`, below the key or dash at `column`, mean `value`.

    Its header stays, and so do its lines, but for those in which the value changes. None where that cannot be: `value`
    ends in another way, holds what a block cannot, or changes where a folded text has a line break.
    """
    header = _HEADER_LINE.match(text, node.start, node.end)
    old = node.data
    if header is None or not isinstance(old, str) or not _can_follow(old, value):
        return None
    change = _literal if node.style == "|" else _folded
    body = change(text[header.end() : node.end], old, value, header[1])
    if body is None:
        return None
    # How it is read hangs on what it stands below, and on whether a line break ends it.
    end = LINE_BREAK.match(text, node.end)
    try:
        read = load(f"{' ' * column}- {header[0]}{body}{end[0] if end else ''}").data
    except HardenError:
        return None
    return Body(header.end(), body) if same(read, [value]) else None


def _can_follow(old: str, new: str) -> bool:
    """Whether `new` can be in a block where `old` was, as far as its header and its characters go."""
    if old.endswith("\n") != new.endswith("\n") or not new.strip():
        return False
    # Where the width of the indentation is not told, compose takes no tab right after it.
    if new.lstrip("\n").startswith("\t") and not old.lstrip("\n").startswith("\t"):
        return False
    known = {*old, "\n", "\t"}
    return all(char in known or char.isprintable() for char in new)


def _literal(body: str, old: str, new: str, newline: str) -> str | None:
    """The body of a literal block: each line of it is one of the value."""
    lines = _LINE.findall(body + newline)
    before, after = (value.removesuffix("\n").split("\n") for value in (old, new))
    width = next((len(raw.rstrip("\r\n")) - len(line) for raw, line in zip(lines, before, strict=False) if line), 0)
    if len(lines) != len(before) or not width:
        return None
    parts: list[str] = []
    cursor = 0
    for start, end, first, last in _changed(before, after):
        parts += lines[cursor:start]
        parts += [" " * width + line + newline if line else newline for line in after[first:last]]
        cursor = end
    return "".join((*parts, *lines[cursor:])).removesuffix(newline)


def _folded(body: str, old: str, new: str, newline: str) -> str | None:
    """The body of a folded block: its words are those of the value, and what is between them may be a line break."""
    core = body.strip(_BLANKS)
    words, before, after = (_GAPS.split(text.strip(_BLANKS)) for text in (core, old, new))
    if words[::2] != before[::2]:
        return None
    parts: list[str] = []
    cursor = 0
    for start, end, first, last in _changed(before, after):
        if words[start:end] != before[start:end]:
            return None
        parts += words[cursor:start] + after[first:last]
        cursor = end
    start = body.index(core)
    return "".join((body[:start], *parts, *words[cursor:], body[start + len(core) :]))


def _changed(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where the two differ: `old[start:end]` became `new[first:last]`. Part by part, or all from the first to the last.

    `difflib` would find the smallest difference, in a time that grows with the square of a long text.
    """
    if len(old) == len(new):
        yield from ((index, index + 1, index, index + 1) for index, part in enumerate(old) if part != new[index])
        return
    shorter = min(len(old), len(new))
    start = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    behind = shorter - start
    same_end = next((index for index in range(behind) if old[-1 - index] != new[-1 - index]), behind)
    yield start, len(old) - same_end, start, len(new) - same_end
