"""Credentials on command lines: options of any program that say so, and those of known programs that do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hardener.credentials.texts import Found, inside, is_literal_secret, literal, value_span, veiled
from hardener.knowledge.password_options import Client, passwords
from hardener.knowledge.secrets import name_kind

_OPTION = re.compile(r"(?<![^\s\"'\\,\[(])(?P<name>--?[A-Za-z][\w.-]{0,127})(?:\\?[\"'])?(?P<between>[ \t]{1,8}|$)")
_WHOLE = re.compile(r"(?P<name>--?[A-Za-z][\w.-]{0,127})=")
_NO_VALUE = re.compile(r"[\"'\\]{0,2}(?:-{1,2}[A-Za-z]|[|&;<>]|$)")
# What a shell puts a value in for: `$PASSWORD`, `$(cat file)`; the name of a variable alone is as good as one.
_OF_THE_SHELL = re.compile(r"\$[\w{(]|`")


class Carried(NamedTuple):
    """What the words before say of the next item of a list."""

    client: Client | None = None
    waits: str | None = None
    """The option whose value the next item is."""


_START = Carried()


def in_line(text: str, carried: Carried = _START) -> tuple[list[Found], Carried]:
    """The credentials in a command line, or in an item of one, and what it says of the next item."""
    if carried.waits and not _NO_VALUE.match(text):
        found = [Found(0, len(text), carried.waits, "option", f"it is the value of {carried.waits}")]
        return list(_literal(text, found)), Carried(carried.client)
    whole = _WHOLE.match(text)
    if whole and _tells(whole["name"]):
        name = whole["name"]
        return list(
            _literal(text, [Found(whole.end(), len(text), name, "option", f"it is the value of {name}")])
        ), carried
    veil = veiled(text)
    told = passwords(veil, carried.client)
    found = [
        Found(*_unquoted(veil, start, end), name, "option", f"it is the password that {name} takes")
        for start, end, name in told.found
    ]
    options, waiting = _options(veil)
    waits = waiting or (told.client.options[0] if told.waits and told.client else None)
    return list(_literal(text, [*found, *options])), Carried(told.client, waits)


def _options(veil: str) -> tuple[list[Found], str | None]:
    found = []
    waits = None
    for option in _OPTION.finditer(veil):
        name = option["name"]
        if not _tells(name):
            continue
        if not option["between"]:
            waits = name
        elif not _NO_VALUE.match(veil, option.end()):
            found.append(Found(*value_span(veil, option.end()), name, "option", f"it is the value of {name}"))
    return found, waits


def _tells(option: str) -> bool:
    return name_kind(option) in ("password", "secret")


def _unquoted(veil: str, start: int, end: int) -> tuple[int, int]:
    return value_span(veil, start) if veil[start : start + 1] in ("'", '"', "\\") else (start, end)


def _literal(text: str, found: list[Found]) -> Iterator[Found]:
    for each in found:
        told = literal(text, each.start, each.end)
        if told and not _OF_THE_SHELL.match(told.value) and is_literal_secret(told.value, password=True):
            yield each


def in_arguments(text: str, carried: Carried = _START) -> tuple[list[Found], Carried]:
    """`in_line`, and what is a credential in any text."""
    found, carried = in_line(text, carried)
    more = (each for each in inside(text) if not _of_the_shell(text, each))
    return [*found, *more], carried


def _of_the_shell(text: str, found: Found) -> bool:
    told = literal(text, found.start, found.end)
    return told is None or (found.shape != "form" and _OF_THE_SHELL.match(told.value) is not None)
