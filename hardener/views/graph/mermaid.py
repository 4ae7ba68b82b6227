"""The picture as a Mermaid flowchart, as GitHub renders it in a comment: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardener.views.graph.groups import Group, grouped
from hardener.views.graph.picture import Box, Picture, address, clip

# Colours that are legible on GitHub's light and on its dark background.
_FAULT = "stroke:#d1242f,stroke-width:3px,color:#d1242f"
_STYLES = (
    "classDef published stroke:#bc4c00,stroke-width:2px",
    "classDef undecided stroke-dasharray:4 3",
    "classDef around fill:none,stroke:#8b949e,stroke-dasharray:2 3",
)
_MOST = 500
"""Arrows that a viewer takes, GitHub too: https://mermaid.js.org/config/schema-docs/config.html (maxEdges)."""
# All else stands for itself inside quotes; the number of a character stands for it everywhere.
_UNSAFE = re.compile(r"[^\w ./:,()→*$\[\]{}+=@-]")


def mermaid(picture: Picture) -> str:
    """The flowchart: an arrow from who opens a connection to who answers it."""
    ids = {box.name: f"s{index}" for index, box in enumerate(picture.boxes)}
    groups = grouped(picture)
    lines = ["flowchart LR"]
    if groups is None:
        lines += [f"  {line}" for box in picture.boxes for line in _box(picture, box, ids, picture.split)]
    else:
        lines += [f"  {line}" for line in _group(picture, groups, ids)]
    arrows = [*_published(picture, ids), *_between(picture, ids), *_outgoing(picture, ids)]
    if (more := len(arrows) - _MOST) > 0:
        arrows = sorted(arrows, key=lambda one: not one[1])[:_MOST]
        lines.append(f"  more[{quote(f'and {more} arrows more')}]")
    lines += [f"  {arrow}" for arrow, _ in arrows]
    if faults := [str(index) for index, (_, fault) in enumerate(arrows) if fault]:
        lines.append(f"  linkStyle {','.join(faults)} {_FAULT}")
    lines += [f"  {style}" for style in _STYLES]
    return "\n".join(lines) + "\n"


def quote(*lines: str) -> str:
    """Lines as a label: what Mermaid, Markdown or HTML could take for its own is written as a number."""
    label = "<br/>".join(_UNSAFE.sub(lambda found: f"#{ord(found[0])};", line) for line in lines)
    return f'"{label or " "}"'


def _box(picture: Picture, box: Box, ids: dict[str, str], networks: bool) -> Iterator[str]:
    lines = [clip(box.name), *([f"({clip(box.role)})"] if box.role else [])]
    if served := picture.served(box.name):
        lines.append(clip(served))
    if networks:
        lines.append(f"[{', '.join(map(clip, box.after)) or 'no network'}]")
    open_to_all = any(one.service == box.name and one.after and not one.after.loopback for one in picture.ports)
    kind = ":::published" if open_to_all else ":::undecided" if box.undecided else ""
    yield f"{ids[box.name]}[{quote(*lines)}]{kind}"


def _group(picture: Picture, group: Group, ids: dict[str, str]) -> Iterator[str]:
    for box in group.boxes:
        yield from _box(picture, box, ids, networks=False)
    for inner in group.groups:
        assert inner.net is not None
        number = picture.nets.index(inner.net)
        internal = " (internal)" if inner.net.internal[1] else ""
        yield f"subgraph n{number}[{quote(clip(inner.net.name) + internal)}]"
        yield from (f"  {line}" for line in _group(picture, inner, ids))
        yield "end"
        yield f"class n{number} around"


def _published(picture: Picture, ids: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """Arrows from whoever reaches the host, and from the host itself, with whether each is a fault."""
    for (service, here), ports in picture.entries.items():
        start = "host([this host])" if here else "anyone([anyone])"
        fault = any(one in picture.silent for one in ports)
        yield (
            f"{start} {_arrow(fault, *(clip(address(one.after)) for one in ports if one.after))} {ids[service]}",
            fault,
        )


def _between(picture: Picture, ids: dict[str, str]) -> Iterator[tuple[str, bool]]:
    for link in picture.drawn:
        arrow = _arrow(link.fault, works=link.after)
        yield f"{ids[link.source]} {arrow} {ids[link.target]}", link.fault


def _outgoing(picture: Picture, ids: dict[str, str]) -> Iterator[tuple[str, bool]]:
    for name in dict.fromkeys(way.service for way in picture.outgoing):
        fault = name in picture.stranded
        yield f"{ids[name]} {_arrow(fault)} outside([outside])", fault


def _arrow(fault: bool, *lines: str, works: bool = True) -> str:
    lines = ("CUT", *lines) if fault else lines
    arrow = "-->" if works and not fault else "-.->"
    return f"{arrow}|{quote(*lines)}|" if lines else arrow
