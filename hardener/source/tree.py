"""The tree of a YAML document: every node with its exact span in the text.

A node is a place: two are never equal, though their `data` can be (`hardener.source.same`). Nor are they printed: the
methods that a dataclass would get for that take longer to make than a small file takes to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hardener.shown import shows
from hardener.source.data import Data, Path


@shows("start", "end")
@dataclass(slots=True, eq=False, repr=False)
class Node:
    """A value in the text. `text[start:end]` is its source, from its anchor or tag to its last character.

    `end` stops before trailing blanks, comments and the final line break. An empty value has `start == end`,
    just after its `:` or `-`. `data` is what the value means; aliases share their target's `data`.
    """

    start: int
    end: int
    data: Data = None
    anchor: str | None = None
    tag: str | None = None


@shows("start", "end", "style")
@dataclass(slots=True, eq=False, repr=False)
class Scalar(Node):
    """`style` is the indicator that opens it: `'`, `"`, `|`, `>`, or nothing for a plain or empty scalar."""

    style: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing at all is written here."""
        return self.start == self.end

    @property
    def plain(self) -> bool:
        """Whether it stands without quotes or a tag, so that every reader guesses its type."""
        return self.style == "" and self.tag is None


@shows("start", "end")
@dataclass(slots=True, eq=False, repr=False)
class Alias(Node):
    """`*name`, standing for `target`, a node earlier in the text."""

    target: Node = field(kw_only=True)


@shows("start", "end")
@dataclass(slots=True, eq=False, repr=False)
class Entry:
    """A key and its value. `start` is the key's start, or that of its `?`; `colon` the index after the `:`, or -1."""

    start: int
    colon: int
    key: Scalar
    value: Node

    @property
    def end(self) -> int:
        """The end of the entry's text."""
        return max(self.value.end, self.colon, self.key.end)


@shows("start", "end")
@dataclass(slots=True, eq=False, repr=False)
class Item:
    """An item of a sequence. `start` is the index of its `-` (block style) or its own start (flow style)."""

    start: int
    value: Node

    @property
    def end(self) -> int:
        """The end of the item's text."""
        return max(self.value.end, self.start + 1)


@shows("start", "end")
@dataclass(slots=True, eq=False, repr=False)
class Collection(Node):
    """A mapping or a sequence. `braced` tells `{}` and `[]` from a bare `a: 1` pair inside a flow sequence."""

    flow: bool = False
    braced: bool = False


@shows("start", "end", "by_key")
@dataclass(slots=True, eq=False, repr=False)
class Mapping(Collection):
    """A mapping; its entries in the order of the text."""

    entries: list[Entry] = field(default_factory=list)
    by_key: dict[Any, Entry] = field(default_factory=dict)


@shows("start", "end", "items")
@dataclass(slots=True, eq=False, repr=False)
class Sequence(Collection):
    """A sequence; its items in the order of the text."""

    items: list[Item] = field(default_factory=list)


def children(node: Node) -> Iterator[tuple[Any, Node]]:
    """The values directly inside `node`, each with its key or index. Aliases are not followed."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield entry.key.data, entry.value
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield index, item.value


def part(node: Node, step: str | int) -> Entry | Item | None:
    """The entry or item of `node` at a key or index. Aliases are not followed."""
    if isinstance(node, Mapping):
        return node.by_key.get(step)
    if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


class Way(NamedTuple):
    """How a key is reached from a node: the steps in the text, the merged maps on the way, and its entry or item."""

    steps: Path
    sources: list[Node]
    part: Entry | Item


def way(node: Node, step: str | int) -> Way | None:
    """The way from `node` to what is at `step`: it stands in it or comes through its `<<`."""
    if (own := part(node, step)) is not None:
        return Way((step,), [], own)
    for below, source in sources(node):
        if (inner := way(source, step)) is not None:
            return Way((*below, *inner.steps), [source, *inner.sources], inner.part)
    return None


def sources(node: Node) -> Iterator[tuple[Path, Node]]:
    """The maps that the `<<` of `node` brings in, the strongest first, each with the steps that lead to it."""
    merge = part(node, "<<") if isinstance(node, Mapping) else None
    if merge is None:
        return
    merged = merge.value.target if isinstance(merge.value, Alias) else merge.value
    if isinstance(merged, Sequence):
        for index, item in children(merged):
            yield ("<<", index), item.target if isinstance(item, Alias) else item
    else:
        yield ("<<",), merged


def descendants(node: Node) -> Iterator[Node]:
    """`node` and every value inside it, in the order of the text. Aliases are not followed."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed([inner for _, inner in children(current)]))
