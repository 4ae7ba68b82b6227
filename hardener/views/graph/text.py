"""The picture as tables for a terminal: networks, ports, who talks to whom with evidence, and who can reach whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hardener.graph import Edge
from hardener.model import Port
from hardener.views.graph.picture import Box, Link, Picture, address
from hardener.views.style import columns, escape, pad, paint, wrap

_NARROWEST = 8
"""Columns that a column of a table keeps, however narrow the terminal."""

FAULT = "CUT, BUT USED"
"""What is said of a connection that is used and would no longer work."""

MAYBE = "CUT, MAYBE USED"
"""The same, where nothing shows the connection, and nothing rules it out."""


def text(picture: Picture, *, width: int = 100, color: bool = False) -> str:
    """The tables, `width` columns wide."""
    profile = f", profile {picture.profile}" if picture.profile else ""
    parts = [[paint(escape(picture.file) + escape(profile), "bold", color), *_faults(picture, width, color)]]
    for title, rows in (
        ("networks", _networks(picture)),
        ("published ports", _ports(picture)),
        ("who talks to whom", _links(picture)),
        ("who may talk to whom, too", _possible(picture)),
        ("who can reach whom", _reach(picture)),
        ("who needs the outside", _outgoing(picture)),
        ("whose neighbours are not known", _undecided(picture)),
    ):
        if len(rows) > 1:
            parts.append([paint(title, "bold", color), *_table(rows, width, color)])
    parts.append(list(_total(picture, width)))
    if picture.notes:
        notes = (line for note in picture.notes for line in wrap(escape(note), max(width - 2, 20)))
        parts.append([paint("notes", "bold", color), *(f"  {line}" for line in notes)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def said(edge: Edge) -> str:
    """One piece of evidence in a line."""
    return f"{edge.claim} ({edge.where})"


def shown_port(port: Port | None, leaves: bool) -> str:
    """A published port with what is to be known of it."""
    if port is None:
        return "not published"
    return address(port) + (" (this host only)" if port.loopback else "" if leaves else " (internal: no answer)")


def total(picture: Picture) -> str:
    """The whole in a sentence."""
    could, can, used = len(picture.could), len(picture.can), len(picture.used)
    most = len(picture.boxes) * (len(picture.boxes) - 1) // 2
    do = f"{used} {'does' if used == 1 else 'do'}"
    if picture.possible:
        do += f", {len(picture.possible)} more may"
    if picture.profile is None:
        return f"{can} of {most} pairs of services can talk, {do}"
    return f"{could} of {most} pairs of services could talk, {can} still can, {do}"


def counted(picture: Picture) -> str:
    """How much of what is used would no longer work: `2 connections, 1 way out`; empty if all of it would."""
    found = ((picture.faults, "connection"), (picture.stranded, "way out"), (picture.silent, "published port"))
    plural = {"way out": "ways out"}
    return ", ".join(
        f"{len(items)} {noun if len(items) == 1 else plural.get(noun, noun + 's')}" for items, noun in found if items
    )


def _total(picture: Picture, width: int) -> Iterable[str]:
    return wrap(total(picture), width)


def _faults(picture: Picture, width: int, color: bool) -> Iterator[str]:
    told = [f"{fault_of(link)}: {link.source} to {link.target}: {said(link.evidence[0])}" for link in picture.faults]
    for name in picture.stranded:
        way = next(way for way in picture.outgoing if way.service == name)
        told.append(f"{FAULT}: {name} to the outside: {way.claim} ({way.where})")
    for one in picture.silent:
        port = address(one.after) if one.after else ""
        told.append(f"{FAULT}: {one.service} has internal networks only, so that its port {port} is dead")
    for fault in told:
        yield from (paint(line, "red", color) for line in wrap(escape(fault), width))


def _networks(picture: Picture) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("network", *_sides(picture))]
    for net in picture.nets:
        marks = ["external"] * net.external
        if any(net.internal):
            marks.append("internal" if net.internal[1] or not net.after else "no longer internal")
        name = f"{net.name} ({', '.join(marks)})" if marks else net.name
        rows.append((name, *_changed(picture, _names(net.before), _names(net.after))))
    return rows


def _ports(picture: Picture) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("service", *_sides(picture))]
    boxes = {box.name: box for box in picture.boxes}
    for one in picture.ports:
        sides = zip((one.before, one.after), boxes[one.service].leaves, strict=True)
        before, after = (shown_port(port, leaves) for port, leaves in sides)
        rows.append((one.service, *_changed(picture, before, after)))
    return rows


def _links(picture: Picture) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("from", "to", "port", "can it", "because")]
    for link in picture.drawn:
        for index, edge in enumerate(link.evidence):
            ports = ", ".join(map(str, link.ports))
            head = (link.source, link.target, ports, able(picture, link)) if index == 0 else ("",) * 4
            rows.append((*head, said(edge)))
    return rows


def able(picture: Picture, link: Link) -> str:
    """Whether a link works."""
    if link.fault:
        return fault_of(link)
    if link.after:
        return "yes" if link.before or picture.profile is None else "yes, now"
    return "no shared network"


def fault_of(link: Link) -> str:
    """What is said of a link that is cut."""
    return MAYBE if link.possible else FAULT


def _possible(picture: Picture) -> list[tuple[str, ...]]:
    """A line for every service and reason: whom it may talk to, though nothing shows it."""
    told: dict[tuple[str, str], list[str]] = {}
    for link in picture.links:
        if link.possible:
            told.setdefault((link.source, said(link.evidence[0])), []).append(link.target)
    return [("service", "may talk to", "because"), *((one, _names(to), why) for (one, why), to in told.items())]


def _reach(picture: Picture) -> list[tuple[str, ...]]:
    """A line for every service: whom it could reach, whom it still can, and with whom it talks."""
    sides = ("can reach",) if picture.profile is None else ("could reach", "can reach")
    rows: list[tuple[str, ...]] = [("service", *sides, "talks with")]
    for box in picture.boxes:
        before, after, used = (_partners(box, pairs) for pairs in (picture.could, picture.can, picture.used))
        reach = [_most(box, names, picture) for names in (before, after)]
        rows.append((box.name, *_changed(picture, *reach), _names(used)))
    return rows


def _most(box: Box, names: list[str], picture: Picture) -> str:
    """Names, or where they are nearly all, those that are missing."""
    missing = [other.name for other in picture.boxes if other.name not in names and other is not box]
    if len(names) <= 1 or len(missing) > len(names) / 4:
        return _names(names)
    return f"all {len(names)}" + (f", not {_names(missing)}" if missing else "")


def _partners(box: Box, pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({name for both in pairs if box.name in both for name in both} - {box.name})


def _outgoing(picture: Picture) -> list[tuple[str, ...]]:
    return [("service", "because"), *((way.service, f"{way.claim} ({way.where})") for way in picture.outgoing)]


def _undecided(picture: Picture) -> list[tuple[str, ...]]:
    return [("service", "because"), *((box.name, box.undecided) for box in picture.boxes if box.undecided)]


def _sides(picture: Picture) -> tuple[str, ...]:
    return ("now",) if picture.profile is None else ("before", "after")


def _changed(picture: Picture, before: str, after: str) -> tuple[str, ...]:
    """The cells of what is before and after: one of them where nothing is to change."""
    return (after,) if picture.profile is None else (before, "the same" if before == after else after)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"


def _table(rows: Sequence[Sequence[str]], width: int, color: bool) -> Iterator[str]:
    """Rows as columns, the first row as their heads; the widest columns give way until all fit."""
    cells = [[escape(cell) for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    while sum(widths) + 2 * len(widths) > width and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    for number, row in enumerate(cells):
        wrapped = [wrap(cell, room) for cell, room in zip(row, widths, strict=True)]
        for line in range(max(map(len, wrapped))):
            parts = [lines[line] if line < len(lines) else "" for lines in wrapped]
            shown = "  " + "  ".join(map(pad, parts, widths)).rstrip()
            loud = any(cell in (FAULT, MAYBE) for cell in row)
            yield paint(shown, "dim" if number == 0 else "red", color and (number == 0 or loud))
