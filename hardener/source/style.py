"""How a file is written: its indents, quotes, line break and spacing, read off so that additions look like it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple, TypeVar

from hardener.source.data import Data, Tagged
from hardener.source.scalars import Quote, is_plain, written
from hardener.source.tree import Entry, Item, Mapping, Node, Scalar, Sequence, descendants

T = TypeVar("T")
_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")


class Style(NamedTuple):
    """The habits of a file. Widths are in columns.

    `step`: a nested mapping's indent below its key. `dash`: a `-`'s indent below its key. `gap`: blanks after a `-`.
    `quote` is for strings that need one; `always` quotes every string, `keys` every key (as JSON does).
    `flow` writes lists of scalars as `[a, b]`. `section` is the blank line, if any, between top-level sections.
    """

    step: int = 2
    dash: int = 2
    gap: int = 1
    newline: str = "\n"
    quote: Quote = '"'
    always: bool = False
    keys: bool = False
    flow: bool = False
    section: bool = True

    def key(self, value: str, *, flow: bool = False) -> str:
        """The mapping key `value` as text, without its colon."""
        if value == "<<":
            return value  # in quotes it would be a key like any other
        return written(value, flow=flow, quote=self.quote, always=self.keys)

    def inline(self, value: Data) -> str:
        """`value` on one line, as it can stand in a flow collection."""
        if isinstance(value, Tagged):
            return f"{_tag(value)} {self.inline(value.value)}"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(k, flow=True)}: {self.inline(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.inline, value)) + "]"
        return written(value, flow=True, quote=self.quote, always=self.always)

    def beside(self, value: Data) -> str:
        """`value` as it stands on the line of its key or dash in a block collection; see `fits_beside`."""
        if isinstance(value, Tagged):
            return f"{_tag(value)} {self.beside(value.value)}"
        if isinstance(value, dict | list):
            return self.inline(value)
        return written(value, flow=False, quote=self.quote, always=self.always)

    def fits_beside(self, value: Data) -> bool:
        """Whether `value` goes on the line of its key: a scalar, an empty collection, or a list if files do so here."""
        bare = value.value if isinstance(value, Tagged) else value
        if isinstance(bare, list) and self.flow:
            return not any(isinstance(item, dict | list) for item in bare)
        return not isinstance(bare, dict | list) or not bare

    def below(self, value: Data, column: int) -> list[str]:
        """What follows a key at `column`: the rest of its line, then the lines below it."""
        if self.fits_beside(value):
            return [f" {self.beside(value)}"]
        head = f" {_tag(value)}" if isinstance(value, Tagged) else ""
        bare = value.value if isinstance(value, Tagged) else value
        if isinstance(bare, dict):
            return [head, *self.entries(bare, column + self.step)]
        assert isinstance(bare, list)
        return [head, *self.items(bare, column + self.dash)]

    def after_dash(self, value: Data, column: int) -> list[str]:
        """What follows a dash at `column`: the rest of its line, then the lines below it."""
        inner = column + 1 + self.gap
        if self.fits_beside(value) or isinstance(value, Tagged):
            return [" " * self.gap + (self.inline(value) if isinstance(value, Tagged) else self.beside(value))]
        lines = self.entries(value, inner) if isinstance(value, dict) else self.items(value, inner)  # type: ignore[arg-type]
        return [lines[0][column + 1 :], *lines[1:]]

    def entries(self, value: dict[str, Data], column: int) -> list[str]:
        """The lines of a mapping whose keys start at `column`."""
        lines: list[str] = []
        for key, item in value.items():
            rest, *more = self.below(item, column)
            lines += [" " * column + self.key(key) + ":" + rest, *more]
        return lines

    def items(self, value: list[Data], column: int) -> list[str]:
        """The lines of a sequence whose dashes start at `column`."""
        lines: list[str] = []
        for item in value:
            rest, *more = self.after_dash(item, column)
            lines += [" " * column + "-" + rest, *more]
        return lines

    def near(self, node: Node, columns: Columns) -> Style:
        """This style with the indents that the children of `node` use, where they differ from the file's."""
        seen = _Habits()
        seen.look(node, columns)
        return self._replace(
            step=_most(seen.steps, self.step),
            dash=_most(seen.dashes, self.dash),
            gap=_most(seen.gaps, self.gap),
        )


class Columns:
    """Columns of indices in a text, 0-based."""

    def __init__(self, text: str) -> None:
        self.text = text

    def of(self, index: int) -> int:
        """How many characters stand between the start of the line and `index`; a BOM is none."""
        start = max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1
        while self.text.startswith("\ufeff", start):
            start += 1
        return index - start


class _Habits:
    """Counts of what a tree does."""

    def __init__(self) -> None:
        self.steps: Counter[int] = Counter()
        self.dashes: Counter[int] = Counter()
        self.gaps: Counter[int] = Counter()
        self.quotes: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()
        self.lists: Counter[bool] = Counter()

    def look(self, node: Node, columns: Columns) -> None:
        """Counts what `node` itself shows."""
        if isinstance(node, Mapping):
            for entry in node.entries:
                self.keys[entry.key.style] += 1
                if not node.flow:
                    self._entry(entry, columns)
        elif isinstance(node, Sequence):
            if not any(isinstance(item.value, Mapping | Sequence) for item in node.items):
                self.lists[node.flow] += 1
            if not node.flow:
                for item in node.items:
                    self._item(item)
        elif isinstance(node, Scalar) and isinstance(node.data, str) and node.style in ("", "'", '"'):
            self.quotes[
                node.style if node.style == "" or is_plain(node.data, flow=False) else "needed" + node.style
            ] += 1

    def _entry(self, entry: Entry, columns: Columns) -> None:
        value = entry.value
        if isinstance(value, Mapping) and not value.flow:
            width = columns.of(value.entries[0].start) - columns.of(entry.start)
            if width > 0:
                self.steps[width] += 1
        elif isinstance(value, Sequence) and not value.flow:
            self.dashes[max(0, columns.of(value.items[0].start) - columns.of(entry.start))] += 1

    def _item(self, item: Item) -> None:
        if item.value.start > item.start + 1:
            self.gaps[min(item.value.start - item.start - 1, 4)] += 1


def detect(text: str, root: Node) -> Style:
    """The style of a whole document. What it does not show takes the default."""
    habits, columns = _Habits(), Columns(text)
    for node in descendants(root):
        habits.look(node, columns)
    single = habits.quotes["'"] + habits.quotes["needed'"]
    double = habits.quotes['"'] + habits.quotes['needed"']
    free = habits.quotes["'"] + habits.quotes['"']
    keys = habits.keys["'"] + habits.keys['"']
    breaks = Counter({"\r\n": text.count("\r\n")})
    breaks["\n"] = text.count("\n") - breaks["\r\n"]
    breaks["\r"] = text.count("\r") - breaks["\r\n"]
    return Style(
        step=_most(habits.steps, 2),
        dash=_most(habits.dashes, 2),
        gap=_most(habits.gaps, 1),
        newline=_most(breaks, "\n") if any(breaks.values()) else "\n",
        quote="'" if single > double else '"',
        always=free > habits.quotes[""],
        keys=keys > habits.keys[""],
        flow=habits.lists[True] > habits.lists[False],
        section=_separated(text, root),
    )


def _tag(value: Tagged) -> str:
    return value.tag if value.tag.startswith("!") else f"!<{value.tag}>"


def _most(counts: Counter[T], default: T) -> T:
    return counts.most_common(1)[0][0] if counts else default


def _separated(text: str, root: Node) -> bool:
    """Whether most top-level sections have a blank line before them; where there is one section only, most services."""
    level = root
    while isinstance(level, Mapping) and len(level.entries) == 1:
        level = level.entries[0].value
    if not isinstance(level, Mapping) or len(level.entries) < 2:
        return True
    gaps = [text[before.end : after.start] for before, after in pairwise(level.entries)]
    return 2 * sum(bool(_BLANK_LINE.search(gap)) for gap in gaps) >= len(gaps)
