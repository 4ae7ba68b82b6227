"""Credentials on command lines: options of any program that say so, and those of known programs that do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hardener.credentials.texts import Found, inside, is_literal, is_secret, literal, value_span, veiled
from hardener.knowledge.password_options import Client, passwords
from hardener.knowledge.secrets import NameKind, name_kind, tells

_OPTION = re.compile(r"(?<![^\s\"'\\,\[(])(?P<name>--?[A-Za-z][\w.-]{0,127})(?:\\?[\"'])?(?P<between>[ \t]{1,8}|$)")
_WITH_VALUE = re.compile(r"(?P<name>--?[A-Za-z][\w.-]{0,127})=")
_NO_VALUE = re.compile(r"[\"'\\]{0,2}(?:-{1,2}[A-Za-z]|[|&;<>]|$)")
# What a shell puts a value in for: `$PASSWORD`, `$(cat file)`; the name of a variable alone is as good as one.
_OF_THE_SHELL = re.compile(r"\$[\w{(]|`")
_SHELL_DEFAULT = re.compile(r"\$\$\{(?P<name>\w{1,128}):?-(?P<value>[^{}$\"'`]{1,512})\}")


class Carried(NamedTuple):
    """What the items of a list before say of the next: the program, and the option whose value it is."""

    client: Client | None = None
    option: str | None = None
    kind: NameKind = "plain"


def in_arguments(text: str, carried: Carried | None) -> tuple[list[Found], Carried]:
    """The credentials in a command line, and what it says of the next item.

    `carried` is None for a line of its own. Some may overlap, the surest first.
    """
    found, carried = in_line(text, carried)
    more = (each for each in inside(text) if each.shape == "form" or not _is_of_the_shell(text, each))
    return [*found, *more, *_shell_defaults(text)], carried


def in_line(text: str, carried: Carried | None = None) -> tuple[list[Found], Carried]:
    """Only what options give."""
    item, carried = carried is not None, carried or Carried()
    if carried.option and not _NO_VALUE.match(text):
        return list(_judged(text, [(0, len(text), carried.option, carried.kind)])), Carried(carried.client)
    option = _WITH_VALUE.match(text) if item else None
    if option and tells(option["name"]):
        place = option.end(), len(text), option["name"], name_kind(option["name"])
        return list(_judged(text, [place])), Carried(carried.client)
    veil = veiled(text)
    told = passwords(veil, carried.client)
    places: list[_Place] = [(*_unquoted(veil, start, end), name, "secret") for start, end, name in told.found]
    places += _options(veil)
    last = _last_option(veil)
    if last is None and told.waits and told.client:
        last = told.client.options[0], "secret"
    return list(_judged(text, places)), Carried(told.client, *(last or ()))


_Place = tuple[int, int, str, NameKind]
"""Where the value of an option starts and ends, the option, and what it tells."""


def _options(veil: str) -> Iterator[_Place]:
    """What follows options whose names say what they take."""
    for option in _OPTION.finditer(veil):
        kind = name_kind(option["name"])
        if kind in ("secret", "token", "doubtful") and not _NO_VALUE.match(veil, option.end()):
            yield *value_span(veil, option.end()), option["name"], kind


def _last_option(veil: str) -> tuple[str, NameKind] | None:
    """The option at the end, if its name says what it takes."""
    last = next((option for option in _OPTION.finditer(veil, max(len(veil) - 130, 0)) if not option["between"]), None)
    kind = name_kind(last["name"]) if last else "plain"
    return (last["name"], kind) if last and kind in ("secret", "token", "doubtful") else None


def _unquoted(veil: str, start: int, end: int) -> tuple[int, int]:
    return value_span(veil, start) if veil[start : start + 1] in ("'", '"', "\\") else (start, end)


def _judged(text: str, places: Iterable[_Place]) -> Iterator[Found]:
    for start, end, name, kind in places:
        told = literal(text, start, end)
        if told is None or _OF_THE_SHELL.match(told.value):
            continue
        sure = is_literal(told.value, "secret") if kind in ("secret", "token") else is_secret(kind, told.value)
        if sure is not False:
            yield Found(start, end, name, "option", f"it is the value of {name}", sure=bool(sure))


def _is_of_the_shell(text: str, found: Found) -> bool:
    told = literal(text, found.start, found.end)
    return told is None or _OF_THE_SHELL.match(told.value) is not None


def _shell_defaults(text: str) -> Iterator[Found]:
    """`literal` of a `$${PASSWORD:-literal}`, which a shell in the container fills in."""
    for default in _SHELL_DEFAULT.finditer(text):
        kind = name_kind(default["name"])
        told = literal(text, *default.span("value"))
        if told and is_secret(kind, told.value):
            name = default["name"]
            yield Found(*default.span("value"), name, "option", f"it is what {name} is by default")
