"""The picture as an SVG of its own: no script, no font, nothing fetched; evidence shows where the mouse rests.

It has a background of its own, and follows a dark page where the viewer says that it is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape as xml

from hardener.views.graph.matrix import Matrix, matrix
from hardener.views.graph.picture import Net, Picture, clip, visible
from hardener.views.graph.sheet import LINE, NAME, SMALL, Drawn, Placed, Row, measure, sheet
from hardener.views.graph.text import FAULT, counted, fault_of, said, shown_port, total

_MARGIN = 28.0
_TITLE = 17.0
_CORNER = 7.0
_TOLD = 12
"""Links of services that are alike that a tooltip tells of, beside the first; the table has all."""

_Point = tuple[float, float]

_CSS = """\
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;\
font-size:10.5px;fill:#57606a}
.paper{fill:#fff}.name{font-size:13px;font-weight:600;fill:#1f2328}.title{font-size:17px;font-weight:600;fill:#1f2328}
.head{font-size:13px;font-weight:600;fill:#1f2328}
.box{fill:#f6f8fa;stroke:#afb8c1}.undecided .box{stroke-dasharray:4 3}.open .box{stroke:#bc4c00;stroke-width:1.5}
.strong{fill:#1f2328}.open-port{fill:#bc4c00}.gone{text-decoration:line-through;fill:#8c959f}
.alarm{fill:#cf222e;font-weight:600}
.line{fill:none;stroke:#8c959f;stroke-width:1.4}.tip{fill:#8c959f}.never .line{stroke-dasharray:2 4}
.fault .line{stroke:#cf222e;stroke-width:2.6;stroke-dasharray:7 4}.fault .tip{fill:#cf222e}
.hit{fill:none;stroke:transparent;stroke-width:11}.badge{fill:#cf222e}.cross{stroke:#fff;stroke-width:1.8}
.link:hover .line{stroke:#0969da;stroke-width:2.6}.link:hover .tip{fill:#0969da}.node:hover .box{stroke:#0969da}
.grid{fill:#f6f8fa}.can{fill:#b6c2cf}.cut{fill:#aceebb}.used{fill:#0969da}.maybe{fill:#80ccff}.broken{fill:#cf222e}
.unlinked{fill:#bf8700}
@media (prefers-color-scheme:dark){text{fill:#9198a1}.paper{fill:#0d1117}.name,.title,.head,.strong{fill:#f0f6fc}
.box,.grid{fill:#161b22}.box{stroke:#57606a}.open .box{stroke:#db6d28}.open-port{fill:#db6d28}.gone{fill:#6e7681}
.line{stroke:#6e7681}.tip{fill:#6e7681}.can{fill:#57606a}.cut{fill:#1f5c33}.used{fill:#4493f8}.maybe{fill:#1f4a80}
.alarm{fill:#f85149}.link:hover .line{stroke:#4493f8}.link:hover .tip{fill:#4493f8}.node:hover .box{stroke:#4493f8}}
"""


def svg(picture: Picture) -> str:
    """The sheet of services, the list of networks, and the matrix of who can reach whom.

    Raises HardenError if the library that places the boxes is not installed.
    """
    placed, table = sheet(picture), matrix(picture)
    profile = f", profile {picture.profile}" if picture.profile else ""
    head = [(clip(picture.file + profile, 90), "title", _TITLE), (total(picture), "", SMALL)]
    if faults := counted(picture):
        head.append((f"{FAULT}: {faults}", "alarm", SMALL))
    legend = list(_legend(picture))
    top = _MARGIN + 30 + 18 * (len(head) - 1) + 14
    under = top + placed.height + 34
    beside = _MARGIN + max((measure(text, SMALL) for _, text, _ in legend), default=0.0) + 70
    width = max(
        *(measure(text, size) for text, _, size in head), placed.width, beside - _MARGIN + table.width
    ) + 2 * _MARGIN  # fmt: skip
    height = under + max(table.height, 26 + LINE * len(legend)) + _MARGIN
    colors = {net.name: _hue(index) for index, net in enumerate(picture.nets)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img">',
        f"<title>{_safe(head[0][0])}: {_safe(total(picture))}</title>",
        f"<style>{_CSS}</style>",
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
    ]
    for index, (text, kind, _) in enumerate(head):
        parts.append(_text(_MARGIN, _MARGIN + (0 if index == 0 else 12 + 18 * index), text, kind))
    parts.append(f'<g transform="translate({_MARGIN:.0f} {top:.0f})">')
    parts += [line for drawn in placed.links for line in _link(drawn)]
    parts += [line for one in placed.boxes for line in _node(picture, one, colors)]
    parts += [line for drawn in placed.links if drawn.links[0].fault for line in _badge(drawn)]
    parts.append("</g>")
    parts.append(f'<g transform="translate({_MARGIN:.0f} {under:.0f})">')
    parts += _shown_legend(legend, colors)
    parts.append(f'</g><g transform="translate({beside:.0f} {under:.0f})">')
    parts += [*_matrix(table), "</g></svg>", ""]
    return "\n".join(parts)


def _safe(text: str) -> str:
    return xml(visible(text))


def _text(x: float, y: float, text: str, kind: str = "", more: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    # Not `dominant-baseline`: what turns an SVG into an image often does not know it.
    return f'<text x="{x:.1f}" y="{y:.1f}" dy=".35em"{named}{more}>{_safe(text)}</text>'


def _title(lines: list[str]) -> str:
    """What shows where the mouse rests."""
    return f"<title>{chr(10).join(map(_safe, lines))}</title>"


def _hue(index: int) -> str:
    """The colour of a network: by golden sections, so that any number of them stay apart, and never near red."""
    return f"hsl({70 + (145 + index * 154.5) % 250:.0f} 62% 46%)"


def _node(picture: Picture, placed: Placed, colors: dict[str, str]) -> Iterator[str]:
    box, rect = placed.boxes[0], placed.rect
    ports = [one for one in picture.ports if one.service == box.name]
    kinds = ["node"]
    kinds += ["open"] if any(one.after and not one.after.loopback for one in ports) else []
    kinds += ["undecided"] if box.undecided else []
    told = [", ".join(one.name for one in placed.boxes), f"networks: {', '.join(box.after) or 'none'}"]
    if picture.profile is not None and box.before != box.after:
        told[1] += f" (before: {', '.join(box.before) or 'none'})"
    told += [f"undecided: {box.undecided}"] if box.undecided else []
    told += [f"outside: {way.claim} ({way.where})" for way in picture.outgoing if way.service == box.name]
    yield f'<g class="{" ".join(kinds)}">' + _title(told)
    yield (
        f'<rect class="box" x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.0f}" height="{rect.height:.0f}" '
        f'rx="{_CORNER:.0f}"/>'
    )
    x, y = rect.x + 12, rect.y + 12 + NAME / 2
    for index, one in enumerate(placed.boxes):
        yield _text(x, y + LINE * index, clip(one.name), "name")
    for index, row in enumerate(placed.rows, len(placed.boxes)):
        yield from _row(row, x, y + LINE * index + 2, box.leaves, colors)
    yield "</g>"


def _row(row: Row, x: float, y: float, leaves: tuple[bool, bool], colors: dict[str, str]) -> Iterator[str]:
    if row.network is not None:
        yield f'<circle cx="{x + 5:.1f}" cy="{y:.1f}" r="4.5" fill="{colors[row.network]}"/>'
        yield _text(x + 16, y, row.text, "strong")
    elif row.port is not None:
        one = row.port
        kind = (
            "gone"
            if one.after is None
            else "alarm"
            if row.fault
            else ""
            if one.after and one.after.loopback
            else "open-port"
        )
        yield f'<path class="{kind or "tip"}" d="M{x + 1:.1f} {y - 4.5:.1f}l8 4.5l-8 4.5z"/>'
        before, after = shown_port(one.before, leaves[0]), shown_port(one.after, leaves[1])
        told = [after if before == after else f"{before}, then {after}", *([one.where] if one.where else [])]
        yield "<g>" + _title(told) + _text(x + 16, y, row.text, kind) + "</g>"
    else:
        yield _text(x, y, row.text, "alarm" if row.fault else "")


def _link(drawn: Drawn) -> Iterator[str]:
    first, *others = drawn.links
    kind = " fault" if first.fault else "" if first.after else " never"
    told = [f"{first.source} → {first.target}"]
    if not first.after:
        told[0] += f": {fault_of(first) if first.fault else 'no shared network'}"
    told += [said(edge) for edge in first.evidence]
    told += [f"{link.source} → {link.target}: {said(link.evidence[0])}" for link in others[:_TOLD]]
    told += [f"… and {len(others) - _TOLD} more"] if len(others) > _TOLD else []
    path = _rounded(drawn.points)
    yield f'<g class="link{kind}">{_title(told)}'
    yield f'<path class="hit" d="{path}"/><path class="line" d="{path}"/>{_tip(drawn.points)}</g>'


def _rounded(points: tuple[_Point, ...]) -> str:
    """A line with its corners rounded, and its end held back for the tip."""
    (x, y), *rest = [*points[:-1], _towards(points[-1], points[-2], 6, 0.9)]
    parts = [f"M{x:.1f} {y:.1f}"]
    last = (x, y)
    for corner, after in zip(rest, [*rest[1:], None], strict=True):
        if after is None:
            parts.append(f"L{corner[0]:.1f} {corner[1]:.1f}")
        else:
            (ax, ay), (bx, by) = _towards(corner, last, _CORNER), _towards(corner, after, _CORNER)
            parts.append(f"L{ax:.1f} {ay:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {bx:.1f} {by:.1f}")
        last = corner
    return "".join(parts)


def _towards(start: _Point, end: _Point, most: float, limit: float = 0.5) -> _Point:
    """The point `most` pixels from `start` towards `end`, and no further than a share of the way."""
    (x, y), (u, v) = start, end
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    share = min(most, length * limit) / length if length else 0.0
    return x + (u - x) * share, y + (v - y) * share


def _tip(points: tuple[_Point, ...]) -> str:
    (x, y), back = points[-1], _towards(points[-1], points[-2], 8, 1)
    dx, dy = (x - back[0]) / 2, (y - back[1]) / 2
    (u, v), (s, t) = (back[0] - dy, back[1] + dx), (back[0] + dy, back[1] - dx)
    return f'<path class="tip" d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f} {s:.1f} {t:.1f}z"/>'


def _badge(drawn: Drawn) -> Iterator[str]:
    """A cross in the middle of the longest part of a line."""
    parts = zip(drawn.points, drawn.points[1:], strict=False)
    (x, y), (u, v) = max(parts, key=lambda part: abs(part[0][0] - part[1][0]) + abs(part[0][1] - part[1][1]))
    x, y = (x + u) / 2, (y + v) / 2
    yield f'<circle class="badge" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    yield f'<path class="cross" d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6"/>'


def _legend(picture: Picture) -> Iterator[tuple[str, str, str]]:
    """The lines of the legend: the network or the class that a mark stands for, and the words beside it."""
    for net in picture.nets:
        yield "net", f"{clip(net.name)}{_marks(net)}: {_members(picture, net)}", net.name
    if any(one.after and not one.after.loopback for one in picture.ports):
        yield "open-port", "published to everyone who reaches the host", ""
    if any(one.after and one.after.loopback for one in picture.ports):
        yield "tip", "published to the host itself", ""
    if any(one.after is None for one in picture.ports):
        yield "tip", "struck out: no longer published", ""
    if any(not link.after and not link.fault for link in picture.links):
        yield "never", "dotted: named, but on no shared network", ""
    if any(box.undecided for box in picture.boxes):
        yield "undecided", "dashed box: not known whom it talks to", ""


def _marks(net: Net) -> str:
    marks = ["external"] * net.external + ["internal"] * net.internal[1]
    return f" ({', '.join(marks)})" if marks else ""


def _members(picture: Picture, net: Net) -> str:
    if picture.profile is None or len(net.before) == len(net.after):
        return f"{len(net.after)} services" if len(net.after) != 1 else "1 service"
    return f"{len(net.before)} → {len(net.after)} services"


def _shown_legend(legend: list[tuple[str, str, str]], colors: dict[str, str]) -> Iterator[str]:
    yield _text(0, 0, "Networks and marks", "head")
    for index, (kind, text, name) in enumerate(legend):
        y = 24 + LINE * index
        if kind == "net":
            yield f'<circle cx="5" cy="{y:.1f}" r="4.5" fill="{colors[name]}"/>'
        elif kind in ("open-port", "tip"):
            yield f'<path class="{kind}" d="M1 {y - 4.5:.1f}l8 4.5l-8 4.5z"/>'
        elif kind == "undecided":
            yield f'<g class="{kind}"><rect class="box" x="0" y="{y - 5:.1f}" width="10" height="10" rx="2"/></g>'
        else:
            yield f'<g class="{kind}"><path class="line" d="M0 {y:.1f}h11"/></g>'
        yield _text(18, y, text)


def _matrix(table: Matrix) -> Iterator[str]:
    yield _text(0, 0, "Who can reach whom", "head")
    for x, kind, text in table.keys:
        yield f'<rect class="{kind}" x="{x:.1f}" y="18" width="10" height="10" rx="2"/>' + _text(x + 15, 23, text)
    for x, y, name in table.columns:
        yield _text(x, y, clip(name), "", f' transform="rotate(-60 {x:.1f} {y:.1f})"')
    for x, y, name in table.rows:
        yield _text(x, y, clip(name), "", ' text-anchor="end"')
    for kind, path in table.areas:
        yield f'<path class="{kind}" d="{path}"/>'
    for x, y, size, kind, told in table.cells:
        yield (
            f'<g>{_title(told)}<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{size:.1f}" '
            'rx="2"/></g>'
        )
