"""Values that are masked wherever they are shown: which they are, how else they can be written, where they occur."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hardener.model.interpolation import Variable, places
from hardener.views.secrets import hidden, mask_text

SHORTEST = 6
"""Characters of a value that is masked wherever it occurs; a shorter one is masked in its place only."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,4096}={0,2}")
_IN_ADDRESS = re.compile(r"://[^\s/@:]{0,256}:([^\s/@]{1,512})@")
_LOGIN = re.compile(r"^[\w.@+-]{1,256}:(\S{1,4000})$")
_ONE_WORD = re.compile(r"[A-Za-z]?[a-z]{1,14}|[A-Z]{1,15}")


def is_telling(value: str, names: set[str]) -> bool:
    """Whether a value is nothing but a secret: no ordinary word, no name of this file, no place of a secret."""
    from hardener.credentials.texts import is_literal

    text = value.strip()
    if len(text) < SHORTEST or _ONE_WORD.fullmatch(text) or text in names:
        return False
    return "://" in text or is_literal(text.strip("\"'"), "secret")


def secret_parts(value: str) -> Iterator[str]:
    """A value, and what is secret in it: the literals of variables, passwords of addresses, what base64 says."""
    yield value
    for literal in _defaults(value):
        yield from secret_parts(literal)
    if "@" in value:
        # The scanner takes a list of addresses for one with a long password.
        yield from _IN_ADDRESS.findall(f"://:{value}@")
    line = f"x: {value}"
    for start, end in hidden(line, mask_text(line)):
        if start > 3 or end < len(line):
            yield line[start:end]
    texts = [value]
    if len(value) % 4 == 0 and _BASE64.fullmatch(value):
        from base64 import b64decode

        texts.append(b64decode(value).decode(errors="replace"))
    for text in texts:
        if text.isprintable():
            yield text
            yield from _LOGIN.findall(text)


def written_forms(value: str) -> Iterator[str]:
    """The ways in which a value can be written elsewhere: in an address, in a quoted text, in a compose file."""
    from urllib.parse import quote, unquote

    texts = {value, value.strip(), value.strip("\"'"), value.replace("$$", "$")}
    for text in texts:
        if len(text) < SHORTEST:
            continue
        yield from (text, text.replace("$", "$$"), quote(text, safe=""), unquote(text), json.dumps(text)[1:-1])
        yield text.replace("'", "''")


def _defaults(value: str) -> Iterator[str]:
    """The literals of variables in a value."""
    for _, _, part in places(value):
        if isinstance(part, Variable) and (literal := part.default or part.replacement):
            yield from (literal, *_defaults(literal))


class Index:
    """Values by their first characters and their length: a thousand secrets are looked for at once, however alike."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values = frozenset(values)
        found: dict[str, set[int]] = {}
        for value in self.values:
            found.setdefault(value[:SHORTEST], set()).add(len(value))
        self.lengths = {start: sorted(lengths, reverse=True) for start, lengths in found.items()}

    def occurrences(self, text: str) -> Iterator[tuple[int, int]]:
        """Where values stand in a text, the longest at each place."""
        position, last = 0, len(text) - SHORTEST
        while position <= last:
            end = position
            for length in self.lengths.get(text[position : position + SHORTEST], ()):
                value = text[position : position + length]
                if value in self.values and not (value.isdecimal() and _in_number(text, position, length)):
                    end = position + length
                    yield position, end
                    break
            position = end if end > position else position + 1


def _in_number(text: str, start: int, length: int) -> bool:
    """Whether digits are a part of something longer, as in a digest."""
    around = text[max(start - 1, 0) : start] + text[start + length : start + length + 1]
    return any(char.isalnum() for char in around)
