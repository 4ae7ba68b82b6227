"""Where everything stands on the sheet of the SVG: boxes of measured size, and lines between them.

The placing is done by graphlay (https://github.com/aarkue/graphlay): layers from who asks to who answers, boxes of any
size, lines that go around them. It has no dependencies, and with the same picture it gives the same sheet everywhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from hardener.errors import HardenError
from hardener.views.graph.picture import Box, Link, Picture, Publication, address, clip
from hardener.views.graph.text import FAULT, fault_of
from hardener.views.style import columns

# The width of a character in a monospaced font, as a share of its size: 0.6 in most of them, 0.602 in DejaVu Sans Mono.
_ADVANCE = 0.602
NAME, SMALL = 13.0, 10.5
"""Sizes of text, in pixels: names, and all else."""

LINE = 17.0
"""Pixels from one line of a box to the next."""

_PAD = 12.0
_MANY = 3
"""Services that are alike from which on they share a box."""
_OPTIONS: dict[str, Any] = {
    "direction": "leftright",
    "spacing": {
        "layer_gap": 56.0,
        "node_gap": 26.0,
        "dummy_gap": 16.0,
        "isolated_gap": 26.0,
        "isolated_max_columns": 5,
    },
    # A step that is flattened can come to lie on the edge of a box between.
    "tuning": {"routing": {"step_flatten": 0.0}},
}


class Rect(NamedTuple):
    """A rectangle, in pixels from the upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Rect) -> bool:
        """Whether two rectangles share more than an edge."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a box below its name: a published port, a network, or a remark, which may be of a fault."""

    text: str
    fault: bool = False
    port: Publication | None = None
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A service on the sheet, or several that are alike: on the same networks, and linked with the same others."""

    boxes: tuple[Box, ...]
    rect: Rect
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The links between two boxes of the sheet in one direction, and the corners of their line."""

    links: tuple[Link, ...]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything in its place, from (0, 0) on."""

    boxes: tuple[Placed, ...]
    links: tuple[Drawn, ...]
    width: float
    height: float


def measure(text: str, size: float) -> float:
    """The width of text in a monospaced font, in pixels."""
    return columns(text) * size * _ADVANCE


def sheet(picture: Picture) -> Sheet:
    """Places the services and links of a picture. Raises HardenError if the library is not installed."""
    try:
        import graphlay
    except ImportError:
        hint = "pip install 'hardener[svg]', or use --format mermaid or dot"
        raise HardenError("an SVG needs the library graphlay", hint=hint) from None
    stacks = [*_stacks(picture)]
    home = {box.name: index for index, (boxes, _) in enumerate(stacks) for box in boxes}
    lines: dict[tuple[int, int], list[Link]] = {}
    for link in picture.drawn:
        lines.setdefault((home[link.source], home[link.target]), []).append(link)
    graph = graphlay.Graph()
    for index, (alike, rows) in enumerate(stacks):
        width, height = _size(alike, rows)
        graph.node(index, width=width, height=height)
    for source, target in lines:
        graph.edge(source, target)
    made = graphlay.layout(graph, options=_OPTIONS)
    left, top = (float(made.bounds["min"][axis]) for axis in "xy")
    right, bottom = (float(made.bounds["max"][axis]) for axis in "xy")

    def at(point: dict[str, float]) -> tuple[float, float]:
        return round(point["x"] - left, 1), round(point["y"] - top, 1)

    placed = []
    for (alike, rows), node in zip(stacks, made.nodes, strict=True):
        (x, y), width, height = at(node["center"]), node["size"]["width"], node["size"]["height"]
        placed.append(Placed(alike, Rect(x - width / 2, y - height / 2, width, height), rows))
    drawn = (
        Drawn(tuple(links), tuple(map(at, edge["points"])))
        for links, edge in zip(lines.values(), made.edges, strict=True)
    )
    return Sheet(tuple(placed), tuple(drawn), right - left, bottom - top)


def _stacks(picture: Picture) -> Iterator[tuple[tuple[Box, ...], tuple[Row, ...]]]:
    """The services that share a box, and its rows: those that are alike, if they are many, else each by itself.

    Twenty consumers of the same queue are one thing to look at; drawn apart, their lines hide all others.
    """
    links: dict[str, set[tuple[str, str, bool, bool]]] = {box.name: set() for box in picture.boxes}
    for link in picture.drawn:
        links[link.source].add(("to", link.target, link.before, link.after))
        links[link.target].add(("from", link.source, link.before, link.after))
    alike: dict[Hashable, list[Box]] = {}
    rows = {box.name: tuple(_rows(picture, box)) for box in picture.boxes}
    for box in picture.boxes:
        # Of services that are linked with nobody, there is nothing alike to show.
        own = frozenset(links[box.name]) or box.name
        alike.setdefault((rows[box.name], box.before, box.undecided, own), []).append(box)
    for boxes in alike.values():
        for stack in [boxes] if len(boxes) >= _MANY else [[box] for box in boxes]:
            yield tuple(stack), rows[stack[0].name]


def _rows(picture: Picture, box: Box) -> list[Row]:
    rows = [Row(clip(box.role))] if box.role else []
    faults = [link for link in picture.faults if link.source == box.name]
    rows += [Row(f"{fault_of(link)}: {clip(link.target)}", fault=True) for link in faults]
    rows += [Row(f"{FAULT}: the outside", fault=True)] if box.name in picture.stranded else []
    if served := picture.served(box.name):
        rows.append(Row(clip(served)))
    if box.shares:
        rows.append(Row(clip(f"in the network of {box.shares}")))
    if box.undecided:
        rows.append(Row("may talk to anyone"))
    if any(way.service == box.name for way in picture.outgoing):
        rows.append(Row("needs the outside"))
    for one in picture.ports:
        if one.service == box.name and (port := one.after or one.before):
            silent = one in picture.silent
            rows.append(Row(clip(address(port)) + (" is dead" if silent else ""), silent, port=one))
    if picture.split:
        rows += [Row(clip(name), network=name) for name in box.after]
        rows += [] if box.after else [Row("no network")]
    return rows


def _size(boxes: tuple[Box, ...], rows: tuple[Row, ...]) -> tuple[float, float]:
    marked = [measure(row.text, SMALL) + (16 if row.port or row.network else 0) for row in rows]
    width = max(80.0, *(measure(clip(box.name), NAME) for box in boxes), *marked) + 2 * _PAD
    height = 2 * _PAD + NAME + LINE * (len(boxes) - 1 + len(rows)) + (2 if rows else 0)
    # Even, so that the middle of a box is a whole number: lines keep their distance only then.
    return 2.0 * round(width / 2), 2.0 * round(height / 2)
