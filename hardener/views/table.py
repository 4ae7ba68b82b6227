"""A result as the plan it carries out: a table per service of rule, change and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from hardener.source import dotted
from hardener.source.companions import Companion, NewFile
from hardener.source.style import Style
from hardener.transforms.base import Advice, Change
from hardener.views.style import columns, escape, pad, paint, wrap

if TYPE_CHECKING:
    from hardener.api import Result
    from hardener.views.veil import Veil

_NARROW = 72
"""Columns below which the cells of a row stand below each other."""


class Row(NamedTuple):
    """One line of the plan."""

    rule: str
    change: str
    why: str


def table(result: Result, *, width: int = 100, color: bool = False, secrets: bool = False) -> str:
    """The plan of a result, `width` columns wide; empty if it changes nothing and advises nothing.

    Values that look secret are masked, unless `secrets` are wanted.
    """
    veil = None if secrets else result.veil
    services: dict[str | None, list[Row]] = {None: []}
    for verdict in result.verdicts:
        services.setdefault(verdict.service, [])
    for service, row in _rows(result, veil):
        services.setdefault(service, []).append(row)
    decisions: dict[str | None, list[Advice]] = {}
    for advice in result.advice:
        services.setdefault(advice.service, [])
        decisions.setdefault(advice.service, []).append(advice)
    lines: list[str] = []
    for service, rows in services.items():
        left = decisions.get(service, [])
        if rows or left:
            name = "the file" if service is None else escape(service)
            lines += [
                "",
                paint(name, "bold", color),
                *_lines(rows, width, color),
                *_decisions(left, width, color, veil),
            ]
    if not lines:
        return ""
    lines += _files(result, width, color)
    lines += _caveats(result, width, color)
    return "\n".join([f"{escape(result.file)}, profile {escape(result.profile)}", *lines, ""])


def in_short(change: Change) -> str:
    """A change in a few words: `restart: unless-stopped`, `security_opt: + no-new-privileges:true`, `- version`."""
    path, value = (change.path[2:] if change.service is not None else change.path), change.value
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, key)
    place = dotted(path)
    if change.action == "remove":
        return f"- {place}"
    return f"{place}: {'+ ' if change.action == 'append' else ''}{Style().beside(value)}"


def _rows(result: Result, veil: Veil | None) -> Iterator[tuple[str | None, Row]]:
    for change in result.changes:
        yield change.service, _row(change, change.reason, veil)
    ways = {(verdict.rule, verdict.service): verdict.reason for verdict in result.verdicts if verdict.reason}
    for change in result.had:
        yield (
            change.service,
            _row(change, f"{change.reason}; {ways.get((change.rule, change.service), 'shared')}", veil),
        )


def _row(change: Change, why: str, veil: Veil | None) -> Row:
    short = in_short(change)
    # At the top of the file it says where secrets are, and holds none.
    places = change.path[0] == "secrets"
    return Row(change.rule, escape(veil.entry(short) if veil and not places else short), _told(why, veil))


def _told(text: str, veil: Veil | None) -> str:
    return escape(veil.text(text) if veil else text)


def _lines(rows: list[Row], width: int, color: bool) -> Iterator[str]:
    if width < _NARROW or not rows:
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


def _decisions(advice: list[Advice], width: int, color: bool, veil: Veil | None) -> Iterator[str]:
    """What is left to a person: what to do, and below it why; the same advice for several places is told once."""
    if advice:
        yield "  " + paint("for you to decide", "yellow", color)
    told: dict[tuple[str, str], list[Advice]] = {}
    for one in advice:
        told.setdefault((one.rule, one.message), []).append(one)
    for (rule, message), same in told.items():
        first, *more = wrap(f"{rule}  {escape(', '.join(dict.fromkeys(map(_place, same))))}", width - 4)
        yield "    " + paint(rule, "cyan", color) + first.removeprefix(rule)
        yield from ("    " + line for line in more)
        yield from ("      " + line for line in wrap(escape(veil.entry(message) if veil else message), width - 6))
        for reason in dict.fromkeys(one.reason for one in same):
            yield from ("      " + paint(line, "dim", color) for line in wrap(_told(reason, veil), width - 6))


def _place(advice: Advice) -> str:
    """Where the advice is about, from its service on: `volumes.0`, or `base.volumes.0` if it comes from there."""
    if advice.path[:1] != ("services",):
        return dotted(advice.path)
    own = len(advice.path) > 2 and advice.path[1] == advice.service
    path = advice.path[2:] if own else advice.path[1:]
    return dotted(path)


def _files(result: Result, width: int, color: bool) -> Iterator[str]:
    """What is written beside the file, without what secret files hold."""
    rows: dict[str, list[Companion]] = {}
    for file in result.files:
        rows.setdefault(file.path, []).append(file)
    if rows:
        yield ""
        yield paint("beside the file", "bold", color)
    first = max(map(columns, rows), default=0)
    for path, files in rows.items():
        told = [
            f"mode {file.mode:04o}" if isinstance(file, NewFile) else f"+ {file.key or file.line}" for file in files
        ]
        reasons = dict.fromkeys(file.reason for file in files)
        text = f"{', '.join(told)}: {escape('; '.join(reasons))}"
        if width < _NARROW:
            yield from (f"  {line}" for line in wrap(escape(path), width - 2))
            yield from (f"    {line}" for line in wrap(text, width - 4))
            continue
        for index, line in enumerate(wrap(text, width - first - 4)):
            yield f"  {pad(escape(path) if index == 0 else '', first)}  {line}".rstrip()


def _caveats(result: Result, width: int, color: bool) -> Iterable[str]:
    """What to mind, once per rule and not once per service."""
    caveats = dict.fromkeys((change.rule, change.caveat) for change in (*result.changes, *result.had) if change.caveat)
    if caveats:
        yield ""
    for rule, caveat in caveats:
        lines = wrap(f"{rule}: {escape(caveat or '')}", width - 6)
        yield paint("mind  ", "yellow", color) + lines[0]
        yield from ("      " + line for line in lines[1:])
