"""The picture for Graphviz: https://graphviz.org/doc/info/lang.html. Evidence is in the tooltips of its SVG."""

from __future__ import annotations

from collections.abc import Iterator

from hardener.views.graph.groups import Group, grouped
from hardener.views.graph.picture import Box, Picture, address, clip
from hardener.views.graph.text import said
from hardener.views.style import escape

_HEAD = (
    'graph [rankdir=LR, fontname="Helvetica", nodesep=0.35, ranksep=0.7]',
    'node [shape=box, style=rounded, fontname="Helvetica", fontsize=11]',
    'edge [fontname="Helvetica", fontsize=9, color="#57606a", arrowsize=0.7]',
)
_FAULT = {"color": '"#d1242f"', "fontcolor": '"#d1242f"', "penwidth": "2.5", "style": "dashed"}


def dot(picture: Picture) -> str:
    """The digraph: an arrow from who opens a connection to who answers it."""
    ids = {box.name: f"s{index}" for index, box in enumerate(picture.boxes)}
    groups = grouped(picture)
    title = f"{picture.file}, profile {picture.profile}" if picture.profile else picture.file
    lines = [*_HEAD, f"label={quote(title)}; labelloc=t"]
    if groups is None:
        lines += [_box(picture, box, ids, picture.split) for box in picture.boxes]
    else:
        lines += _group(picture, groups, ids)
    lines += [*_published(picture, ids), *_links(picture, ids), *_outgoing(picture, ids)]
    return "\n".join(["digraph services {", *(f"  {line}" for line in lines), "}", ""])


def quote(text: str) -> str:
    """`text` as a quoted string of several lines: no escape of Graphviz, and no entity of HTML, is left in it."""
    lines = (escape(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'


def _attributes(**values: str) -> str:
    return "[" + ", ".join(f"{key}={value}" for key, value in values.items()) + "]"


def _box(picture: Picture, box: Box, ids: dict[str, str], networks: bool) -> str:
    lines = [clip(box.name), *([f"({clip(box.role)})"] if box.role else [])]
    if served := picture.served(box.name):
        lines.append(clip(served))
    if networks:
        lines.append(f"[{', '.join(map(clip, box.after)) or 'no network'}]")
    more = {"style": '"rounded,dashed"', "tooltip": quote(box.undecided)} if box.undecided else {}
    return f"{ids[box.name]} {_attributes(label=quote(chr(10).join(lines)), **more)}"


def _group(picture: Picture, group: Group, ids: dict[str, str]) -> Iterator[str]:
    yield from (_box(picture, box, ids, networks=False) for box in group.boxes)
    for inner in group.groups:
        assert inner.net is not None
        internal = " (internal)" if inner.net.internal[1] else ""
        yield f"subgraph cluster_n{picture.nets.index(inner.net)} {{"
        yield f'  label={quote(clip(inner.net.name) + internal)}; color="#8b949e"; style="rounded,dashed"'
        yield from (f"  {line}" for line in _group(picture, inner, ids))
        yield "}"


def _published(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    starts: dict[str, None] = {}
    arrows = []
    for (service, here), ports in picture.entries.items():
        start = "this host" if here else "anyone"
        starts[start] = None
        lines = [address(one.after) for one in ports if one.after]
        values = {"tooltip": quote("\n".join(one.where for one in ports if one.where))}
        values |= {} if here else {"color": '"#bc4c00"'}
        if any(one in picture.silent for one in ports):
            lines.insert(0, "CUT")
            values |= _FAULT
        arrows.append(f"{quote(start)} -> {ids[service]} {_attributes(label=quote(chr(10).join(lines)), **values)}")
    yield from (f"{quote(start)} [shape=plaintext]" for start in starts)
    yield from arrows


def _links(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    for link in picture.drawn:
        values = {"tooltip": quote("\n".join(map(said, link.evidence)))}
        if link.fault:
            values |= {**_FAULT, "label": quote("CUT")}
        elif not link.after:
            values["style"] = "dotted"
        yield f"{ids[link.source]} -> {ids[link.target]} {_attributes(**values)}"


def _outgoing(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    names = dict.fromkeys(way.service for way in picture.outgoing)
    if names:
        yield '"outside" [shape=plaintext]'
    for name in names:
        why = "\n".join(f"{way.claim} ({way.where})" for way in picture.outgoing if way.service == name)
        values = {"tooltip": quote(why)}
        if name in picture.stranded:
            values |= {**_FAULT, "label": quote("CUT")}
        yield f'{ids[name]} -> "outside" {_attributes(**values)}'
