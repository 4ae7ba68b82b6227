"""Passwords on the command lines of clients, under options that do not say so: `redis-cli -a`, `mysql -p`.

Which programs and options these are is data: `password_options.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

_DATA = Path(__file__).with_suffix(".toml")


class Client(NamedTuple):
    """A program and its options, as the data file describes them."""

    programs: tuple[str, ...]
    takes: Literal["next", "attached", "either", "pair", "words"]
    source: str
    options: tuple[str, ...] = ()
    skip: int = 0
    most: int = 0


ANY = Client((), "next", "", ("-p",))
"""The program of arguments that stand alone, `command: [-u, root, -p, x]`: the image names it. In doubt a password."""


class Password(NamedTuple):
    """Where a password stands, quotes and all, and the option or program that it is for."""

    start: int
    end: int
    name: str


class Passwords(NamedTuple):
    """The passwords in a line, the client it ends in, and whether that waits for the value in the next line."""

    found: list[Password]
    client: Client | None
    waits: bool


# Where another command starts. A line that begins with an option goes on with the one before: compose, too, splits a
# text of several lines into the words of one command.
_END = r"&&|\|\||;(?=[\s\"']|$)|(?<=\s)\|(?=\s)|(?<!\\)\n(?![ \t]*[\"']?[ \t]*-)"
_BETWEEN = re.compile(r"[\"']?[ \t,=]{1,8}")
_VALUE = re.compile(
    r"\\\"(?:[^\"\\]|\\[^\"])*\\\"|\"(?:[^\"\\]|\\.)*\"?|''[^']+''|'[^']*'?|(?:\$\$?\([^()]{0,256}\)|[^\s\"'])+"
)
# The quote that ends the word of the option is not the start of its value.
_ATTACHED = re.compile(r"(?!\\?[\"']?(?:[\s,\]}]|$))")
# What a command is made of: its end, what a shell does not hand on, options, words. `<<<` hands on what follows.
_PART = (
    rf"(?P<end>{_END})|(?<!\S)(?:<<<|(?:\d?|&)(?:>{{1,2}}|<{{1,2}})[&|]?[ \t]{{0,8}}[\"']?[^\s\"'()<>;]+)"
    r"|(?P<option>\\?[\"']?--?(?:[A-Za-z][^\s\"',]*|(?![^\s\"',]))[\"']?)"
    r"|(?P<quote>\\\"|\"|''|')(?P<inner>(?:(?!(?P=quote))(?:\\[^']|[^\\]|\\(?='))){0,512})(?P=quote)"
)
_CLOSED = r"\)(?=[\s;]|$)"  # of `until (mc alias set …) do`
_IN_SHELL = re.compile(
    rf"(?P<closed>{_CLOSED})|{_PART}|(?P<word>(?:(?!{_END}|{_CLOSED})"
    r"(?:\$\$?(?:\([^()]{0,256}\)|\{[^{}]{0,256}\})|[^\s\"'\\]|\\(?![\s\"']|$)|\"(?!,)[^\s\"]{0,512}\"|'(?!,)[^\s']{0,512}'))+)"
)
_IN_LIST = re.compile(_PART + r"|(?P<word>[^\s\"',\[\]]+(?:[ \t]{1,8}[^\s\"',\[\]]+)*)")
_NOTHING = re.compile(r"[ \t\"',\\]*$")
_PAIR = re.compile(r"(\\?[\"']?(?:\$\$?\{[^{}]*\}|[^:%])*[:%])(.+?)(\\?[\"']?)")


def takes_password(line: str) -> bool:
    """Whether a program is named in `line` that may take a password."""
    return any(step.lastgroup not in ("end", "option") for step in _steps().finditer(line))


def passwords(body: str, client: Client | None) -> Passwords:
    """The passwords in a line; `client` is the program whose command line goes on in it, if any."""
    every: list[Password] = []
    position, waits, quotes = 0, False, _Quotes(body)
    while step := _steps().search(body, position):
        position = step.end()
        kind = step.lastgroup or ""
        found: Iterable[tuple[int, int]] = ()
        if kind == "end":
            # A line also ends in the text of an option: `mysql -e "⏎ select 1 ⏎" -px`.
            client = client if step[0] == "\n" and quotes.open(step.start()) else None
        elif kind != "option":
            quotes.restart(position)
            client = _clients()[int(kind[1:])]
            found = _words(body, position, client, "," in step[0]) if client.takes == "words" else ()
        elif client is not None and step["option"] in client.options:
            waits = client.takes != "attached" and _NOTHING.match(body, position) is not None
            found = _value(body, position, client)
        for start, end in found:
            every.append(Password(start, end, step[0]))
            position = end
    return Passwords(every, client, waits)


class _Quotes:
    """Whether a text in quotes has begun since a program was named. What is counted is counted once."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.restart(0)

    def restart(self, position: int) -> None:
        self.position, self.counts = position, {'"': 0, "'": 0}

    def open(self, position: int) -> bool:
        for quote in self.counts:
            self.counts[quote] += self.body.count(quote, self.position, position)
        self.position = position
        return any(count % 2 for count in self.counts.values())


def value_at(body: str, start: int) -> str:
    """The word at `start`, with its quotes."""
    value = _VALUE.match(body, start)
    found = value[0] if value else ""
    return found if found.startswith(('"', "'", '\\"')) else found.rstrip(",]}\\")


def _value(body: str, option: int, client: Client) -> Iterator[tuple[int, int]]:
    """Where the password stands that belongs to the option which ends at `option`, if there is one."""
    between = _BETWEEN.match(body, option)
    if client.takes == "next" or (client.takes != "attached" and between):
        start = between.end() if between else len(body)
    else:
        start = option if _ATTACHED.match(body, option) else len(body)
    value = value_at(body, start)
    if client.takes != "pair":
        yield from [(start, start + len(value))] if value else []
    elif pair := _PAIR.fullmatch(value):
        yield start + pair.start(2), start + pair.end(2)


def _words(body: str, start: int, client: Client, listed: bool) -> Iterator[tuple[int, int]]:
    """Where the words are that are passwords of a command which starts at `start`, in a shell or as items of a list."""
    skip, most = client.skip, client.most
    start += body.startswith(("'", '"'), start)  # the end of the item before
    for part in (_IN_LIST if listed else _IN_SHELL).finditer(body, start):
        kind = part.lastgroup
        if kind in ("end", "closed") or most == 0:
            return
        if kind == "option":
            most += "=" not in part[0]  # the next word may be its value, and a password one further on
        elif kind and skip:
            skip -= 1
        elif kind:
            most -= 1
            yield part.span(kind)


@cache
def _clients() -> tuple[Client, ...]:
    import tomllib

    entries: list[dict[str, Any]] = tomllib.loads(_DATA.read_text(encoding="utf-8"))["clients"]
    for entry in entries:
        entry.update({key: tuple(value) for key, value in entry.items() if isinstance(value, list)})
    return tuple(Client(**entry) for entry in entries)


@cache
def _steps() -> re.Pattern[str]:
    """What changes the meaning of what follows: the end of a command line, an option, or a program.

    A program is a group named after its place in the data file.
    """
    options = sorted({option for client in _clients() for option in client.options}, key=len, reverse=True)
    groups = (f"(?P<c{index}>{'|'.join(map(_spelled, each.programs))})" for index, each in enumerate(_clients()))
    return re.compile(
        rf"(?P<end>{_END})|(?<![^\s\"',\[(])(?P<option>{'|'.join(options)})"
        rf"|(?<![\w.-])(?:{'|'.join(groups)})(?![\w.:/-])"
    )


def _spelled(program: str) -> str:
    """The pattern of a program's name: its words stand beside each other, or are items of a list."""
    return r"[\s\"',]{1,8}".join(re.escape(word).replace(r"\*", r"[\w-]{0,32}") for word in program.split())
