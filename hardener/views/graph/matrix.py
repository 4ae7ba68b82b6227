"""Who can reach whom, as a matrix: a row for who asks, a column for who answers, a cell for what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

from hardener.views.graph.picture import Picture, clip, pair
from hardener.views.graph.sheet import SMALL, measure
from hardener.views.graph.text import FAULT, fault_of, said

_CELL = 14.0
_SLANT = radians(60)
_KEYS = {
    "used": "used",
    "maybe": "perhaps used",
    "can": "possible, not used",
    "cut": "no longer possible",
    "broken": FAULT,
    "unlinked": "named, no shared network",
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix in pixels, from (0, 0) on.

    `columns` and `rows` are their names and where these start and end; `areas` are paths of all cells of a kind that
    need no words; `cells` are those that are used, with what says so; `keys` tell what the kinds mean.
    """

    width: float
    height: float
    columns: tuple[tuple[float, float, str], ...]
    rows: tuple[tuple[float, float, str], ...]
    areas: tuple[tuple[str, str], ...]
    cells: tuple[tuple[float, float, float, str, list[str]], ...]
    keys: tuple[tuple[float, str, str], ...]


def matrix(picture: Picture) -> Matrix:
    """The matrix of a picture."""
    names, order = [box.name for box in picture.boxes], picture.order
    longest = max((measure(clip(name), SMALL) for name in names), default=0.0)
    left, top = longest + 8, 40 + longest * sin(_SLANT) + 10
    links = {(link.source, link.target): link for link in picture.links}
    places: dict[str, list[tuple[float, float]]] = {"grid": [], "can": [], "cut": []}
    cells = []
    for row, source in enumerate(names):
        for column, target in enumerate(names):
            x, y = left + _CELL * column, top + _CELL * row
            link = links.get((source, target))
            if link is not None:
                works = "maybe" if link.possible else "used"
                kind = "broken" if link.fault else works if link.after else "unlinked"
                doubt = fault_of(link) if link.fault else _KEYS[kind]
                told = [f"{source} → {target}: {doubt}", *map(said, link.evidence)]
                cells.append((x, y, _CELL - 2, kind, told))
                continue
            if source != target:
                both = pair(source, target, order)
                kind = "can" if both in picture.can else "cut" if both in picture.could else "grid"
                places[kind].append((x, y))
    size = _CELL - 2
    areas = [
        (kind, "".join(f"M{x:.0f} {y:.0f}h{size:.0f}v{size:.0f}h-{size:.0f}z" for x, y in at))
        for kind, at in places.items()
        if at
    ]
    kinds = {kind for kind, _ in areas} | {cell[3] for cell in cells}
    keys, x = [], 0.0
    for kind, text in _KEYS.items():
        if kind in kinds:
            keys.append((x, kind, text))
            x += measure(text, SMALL) + 15 + 18
    side = _CELL * len(names)
    return Matrix(
        max(left + side + longest * cos(_SLANT), x),
        top + side,
        tuple((left + _CELL * index + 6, top - 8, name) for index, name in enumerate(names)),
        tuple((left - 8, top + _CELL * index + 6, name) for index, name in enumerate(names)),
        tuple(areas),
        tuple(cells),
        tuple(keys),
    )
