"""A result as a unified diff: what `patch -p1` and `git apply` read, or the same in colours for people."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from hardener.shown import shows
from hardener.views.style import Color, escape, paint, split_lines

if TYPE_CHECKING:
    from hardener.api import Result

CONTEXT = 3
"""Unchanged lines shown before and after a change."""

_LARGEST = 2_000_000
"""Pairs of lines that are compared in search of the best match; a stretch with more is shown as replaced."""

_COLORS: dict[str, Color] = {"-": "red", "+": "green", "@": "cyan", "\\": "dim"}


@shows("masked")
class Diff(NamedTuple):
    """The text of a diff; `masked` tells whether a value in it is masked, so that it does not apply."""

    text: str
    masked: bool


class Edit(NamedTuple):
    """The lines from `start` up to `end` of the old text become those from `new_start` up to `new_end` of the new."""

    start: int
    end: int
    new_start: int
    new_end: int


def diff(result: Result, *, color: bool = False, raw: bool = False, secrets: bool = False) -> Diff:
    """The diff of a result, empty if nothing changes.

    `raw` keeps every byte, so that the diff applies; without it, what would confuse a terminal is escaped, and the
    carriage returns of CRLF files are left out. Values that look secret are masked, unless `secrets` are wanted.
    """
    if not result.changed:
        return Diff("", False)
    veil = result.veil
    old, new = split_lines(result.before), split_lines(result.after)
    shown_old, shown_new = (old, new) if secrets else (veil.lines(old, veil.before), veil.lines(new, veil.after))
    parts = [*_header(result.file)]
    masked = False
    for hunk in _hunks(edits(old, new)):
        first, last = hunk[0], hunk[-1]
        start, end = max(0, first.start - CONTEXT), min(len(old), last.end + CONTEXT)
        new_start, new_end = first.new_start - (first.start - start), last.new_end + (end - last.end)
        parts.append(f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n")
        parts += _body(hunk, start, end, shown_old, shown_new)
        masked = masked or shown_old[start:end] != old[start:end]
        masked = masked or shown_new[new_start:new_end] != new[new_start:new_end]
    return Diff("".join(parts if raw and not color else (_for_people(line, color) for line in parts)), masked)


def edits(old: list[str], new: list[str]) -> list[Edit]:
    """The smallest runs of lines that differ, in order.

    Lines that occur once in both texts are matched first, which for a compose file are the names of its services; the
    short stretches between them are then compared line by line. So the time grows linearly with the file.
    """
    found: list[Edit] = []
    start = new_start = 0
    for end, new_end in [*_anchors(old, new), (len(old), len(new))]:
        i, j, stop, new_stop = start, new_start, end, new_end
        while i < stop and j < new_stop and old[i] == new[j]:
            i, j = i + 1, j + 1
        while stop > i and new_stop > j and old[stop - 1] == new[new_stop - 1]:
            stop, new_stop = stop - 1, new_stop - 1
        if i < stop and j < new_stop and (stop - i) * (new_stop - j) <= _LARGEST:
            from difflib import SequenceMatcher  # most stretches are additions alone

            matcher = SequenceMatcher(None, old[i:stop], new[j:new_stop], autojunk=False)
            found += [Edit(i + a, i + b, j + c, j + d) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal"]
        elif i < stop or j < new_stop:
            found.append(Edit(i, stop, j, new_stop))
        start, new_start = end, new_end
    return found


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Pairs of places of lines that occur once in each text: the longest chain of them that runs in order in both."""
    counts, new_counts = Counter(old), Counter(new)
    places = {line: index for index, line in enumerate(new) if new_counts[line] == 1}
    pairs = [(i, places[line]) for i, line in enumerate(old) if counts[line] == 1 and line in places]
    # The longest increasing subsequence: `ends` holds the smallest end of a chain of each length.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [index]
        before.append(last[length - 1] if length else -1)
    chain = []
    index = last[-1] if last else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def _hunks(found: list[Edit]) -> Iterator[list[Edit]]:
    """Edits in groups that share their context."""
    group: list[Edit] = []
    for edit in found:
        if group and edit.start - group[-1].end > 2 * CONTEXT:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _body(hunk: list[Edit], start: int, end: int, old: list[str], new: list[str]) -> Iterator[str]:
    for edit in hunk:
        yield from _lines(" ", old[start : edit.start])
        yield from _lines("-", old[edit.start : edit.end])
        yield from _lines("+", new[edit.new_start : edit.new_end])
        start = edit.end
    yield from _lines(" ", old[start:end])


def _lines(mark: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield mark + line
        else:
            yield f"{mark}{line}\n"
            yield "\\ No newline at end of file\n"


def _range(start: int, end: int) -> str:
    count = end - start
    return f"{start + 1 if count else start}{'' if count == 1 else f',{count}'}"


def _header(file: str) -> Iterator[str]:
    import os

    name = os.path.normpath(file).lstrip("/")
    for mark, side in (("---", "a"), ("+++", "b")):
        path = f"{side}/{name}"
        if re.search(r"[\x00-\x1f\x7f\"\\]", path):
            path = '"' + re.sub(r"[\x00-\x1f\x7f\"\\]", _quoted, path) + '"'
        elif " " in path:
            path += "\t"  # as git does: else a reader could take what follows the blank for a date
        yield f"{mark} {path}\n"


def _quoted(match: re.Match[str]) -> str:
    """A character as git writes it in a quoted name."""
    return "\\" + (match[0] if match[0] in '"\\' else f"{ord(match[0]):03o}")


def _for_people(line: str, color: bool) -> str:
    mark, text = line[:1], line[:-1]
    if line.endswith("\r\n") and mark in " +-":
        text = line[:-2]
    text = "\t".join(map(escape, text.split("\t")))
    if line.startswith(("--- ", "+++ ")):
        return paint(text, "bold", color) + "\n"
    return (paint(text, _COLORS[mark], color) if mark in _COLORS else text) + "\n"
