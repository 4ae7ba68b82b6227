"""A result as the plan it carries out: a table per service of rule, change and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from hardener.source.style import Style
from hardener.transforms.base import Advice, Change
from hardener.views.secrets import mask_text
from hardener.views.style import columns, escape, pad, paint, wrap

if TYPE_CHECKING:
    from hardener.api import Result

_NARROW = 72
"""Columns below which the cells of a row stand below each other."""


class Row(NamedTuple):
    """One line of the plan."""

    rule: str
    change: str
    why: str


def table(result: Result, *, width: int = 100, color: bool = False) -> str:
    """The plan of a result, `width` columns wide; empty if it changes nothing and advises nothing."""
    services: dict[str | None, list[Row]] = {None: []}
    for verdict in result.verdicts:
        services.setdefault(verdict.service, [])
    for service, row in _rows(result):
        services.setdefault(service, []).append(row)
    lines: list[str] = []
    for service, rows in services.items():
        if rows:
            name = "the file" if service is None else escape(service)
            lines += ["", paint(name, "bold", color), *_lines(rows, width, color)]
    if not lines:
        return ""
    lines += _caveats(result, width, color)
    return "\n".join([f"{escape(result.file)}, profile {escape(result.profile)}", *lines, ""])


def in_short(change: Change) -> str:
    """A change in a few words: `restart: unless-stopped`, `security_opt: + no-new-privileges:true`, `- version`."""
    path, value = (change.path[2:] if change.service is not None else change.path), change.value
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, key)
    place = ".".join(map(str, path))
    if change.action == "remove":
        return f"- {place}"
    return f"{place}: {'+ ' if change.action == 'append' else ''}{Style().beside(value)}"


def _rows(result: Result) -> Iterator[tuple[str | None, Row]]:
    for change in result.changes:
        yield change.service, _row(change, change.reason)
    ways = {(verdict.rule, verdict.service): verdict.reason for verdict in result.verdicts if verdict.reason}
    for change in result.had:
        yield change.service, _row(change, f"{change.reason}; {ways.get((change.rule, change.service), 'shared')}")
    for advice in result.advice:
        yield advice.service, _advice(advice)


def _row(change: Change, why: str) -> Row:
    return Row(change.rule, escape(mask_text(in_short(change))), escape(why))


def _advice(advice: Advice) -> Row:
    return Row(advice.rule, escape(f"for you to decide: {mask_text(advice.message)}"), escape(advice.reason))


def _lines(rows: list[Row], width: int, color: bool) -> Iterator[str]:
    if width < _NARROW:
        for row in rows:
            yield "  " + paint(row.rule, "cyan", color)
            for cell in (row.change, row.why):
                yield from ("    " + line for line in wrap(cell, width - 4))
        return
    first = max(len(row.rule) for row in rows)
    rest = width - first - 6
    second = min(max(columns(row.change) for row in rows), rest // 2)
    for row in rows:
        changes, whys = wrap(row.change, second), wrap(row.why, rest - second)
        for index in range(max(len(changes), len(whys))):
            rule = row.rule if index == 0 else ""
            change = changes[index] if index < len(changes) else ""
            why = whys[index] if index < len(whys) else ""
            cells = (paint(pad(rule, first), "cyan", color), pad(change, second), paint(why, "dim", color))
            yield ("  " + "  ".join(cells)).rstrip()


def _caveats(result: Result, width: int, color: bool) -> Iterable[str]:
    """What to mind, once per rule and not once per service."""
    caveats = dict.fromkeys((change.rule, change.caveat) for change in (*result.changes, *result.had) if change.caveat)
    if caveats:
        yield ""
    for rule, caveat in caveats:
        lines = wrap(f"{rule}: {escape(caveat or '')}", width - 6)
        yield paint("mind  ", "yellow", color) + lines[0]
        yield from ("      " + line for line in lines[1:])
