"""`$VAR`, `${VAR:-default}` and `$$` in values: what a file says about its variables without knowing their values.

https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from glob import escape
from typing import NamedTuple

from hardener.shown import shows

_DOLLAR = re.compile(r"\$(?:(?P<escaped>\$)|(?P<plain>[_a-zA-Z][_a-zA-Z0-9]*)|(?P<brace>\{))")
_BRACED = re.compile(r"(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)(?:(?P<operator>:?[-+?])(?P<word>.*))?", re.DOTALL)
_BRACE = re.compile(r"[{}]")
_DEEPEST = 50


@shows("name", "required")
class Variable(NamedTuple):
    """One use of a variable.

    `default` is the text after `:-` or `-`, as written: it can hold variables itself. `required` is true for `:?` and
    `?`. `replacement` is the text after `:+` or `+`, which stands in when the variable is set. With `colon` an empty
    value counts as none.
    """

    name: str
    default: str | None = None
    required: bool = False
    replacement: str | None = None
    colon: bool = False


def variables(text: str) -> list[Variable]:
    """The variables `text` uses, in order; those in a default follow its owner. `$$` and a broken `${` are none."""
    found: list[Variable] = []
    for part in _parts(text):
        if isinstance(part, Variable):
            found.append(part)
            found += variables(part.default or part.replacement or "")
    return found


def resolve_defaults(text: str) -> str | None:
    """`text` with every variable at its default and `$$` read as `$`, or None if a variable has no default.

    `${PORT:-80}` and `${PORT-80}` are `80`; `$PORT`, `${PORT:?why}`, `${PORT:+80}` and what compose refuses are None.
    """
    return resolve(text, {})


def resolve(text: str, values: Mapping[str, str], longest: int | None = None) -> str | None:
    """`text` with every variable at its value in `values`, else at its default, and `$$` read as `$`.

    None if a variable has neither, or if more than `longest` characters come of it: a few lines of `A=$B$B` can ask for
    more than there is memory.
    """
    if "$" not in text:
        return text
    pieces: list[str] = []
    room = longest
    for part in _parts(text):
        piece = _resolved(part, values, room) if isinstance(part, Variable) else part
        if piece is None:
            return None
        if room is not None and (room := room - len(piece)) < 0:
            return None
        pieces.append(piece)
    return "".join(pieces)


def _resolved(variable: Variable, values: Mapping[str, str], longest: int | None) -> str | None:
    value = values.get(variable.name)
    if value or (value is not None and not variable.colon):
        return value if variable.replacement is None else resolve(variable.replacement, values, longest)
    if variable.default is not None:
        return resolve(variable.default, values, longest)
    return None if variable.required else value


def fill(text: str, values: Mapping[str, str], unknown: str) -> str:
    """`text` with every variable at its value in `values`, else at its default, else `unknown`; `$$` read as `$`.

    To look for what may stand there: an empty value counts as none, and the word of `${X:+word}` as its value.
    """
    if "$" not in text:
        return text
    return "".join(
        part if isinstance(part, str) else unknown if part is None else _value(part, values, unknown)
        for part in _parts(text)
    )


def _value(variable: Variable, values: Mapping[str, str], unknown: str) -> str:
    if variable.replacement is not None:
        return fill(variable.replacement, values, unknown)
    if values.get(variable.name):
        return values[variable.name]
    return unknown if variable.default is None else fill(variable.default, values, unknown)


def readable(text: str) -> str:
    """`resolve_defaults(text)` if there is one, else `text`."""
    resolved = resolve_defaults(text)
    return text if resolved is None else resolved


def may_be(text: str, value: str) -> bool:
    """Whether `text` is `value`, with variables at their defaults, and for some values of those that have none."""
    pattern = ""
    for part in _parts(text):
        if isinstance(part, Variable):
            part = None if part.default is None else resolve_defaults(part.default)
        pattern += "*" if part is None else escape(part)
    return fnmatchcase(value, pattern)


def split_outside_braces(text: str, separator: str) -> list[str]:
    """`text.split(separator)` for one character, where a separator inside `${…}` does not count."""
    pieces, start, depth = [], 0, 0
    for mark in re.finditer(r"\$?\{|\}|" + re.escape(separator), text):
        if mark[0] == separator:
            if not depth:
                pieces.append(text[start : mark.start()])
                start = mark.end()
        elif mark[0] == "}":
            depth = max(depth - 1, 0)
        elif depth or mark[0] == "${":
            depth += 1
    return [*pieces, text[start:]]


class Place(NamedTuple):
    """A `$` expression at `text[start:end]`: a variable, `$` for a `$$`, or None for a `${` that compose refuses."""

    start: int
    end: int
    part: Variable | str | None


def places(text: str) -> Iterator[Place]:
    """The `$` expressions of `text`, in order; those in a default are a part of it."""
    position = 0
    while dollar := _DOLLAR.search(text, position):
        start, position = dollar.span()
        if dollar["escaped"]:
            yield Place(start, position, "$")
        elif dollar["plain"]:
            yield Place(start, position, Variable(dollar["plain"]))
        else:
            end = _closing_brace(text, position)
            braced = _BRACED.fullmatch(text, position, end) if end > 0 else None
            position = end + 1 if end > 0 else len(text)
            yield Place(start, position, _variable(braced) if braced else None)


def _parts(text: str) -> Iterator[str | Variable | None]:
    """Literal text and variables in turn; None for a `${` that compose refuses."""
    position = 0
    for start, end, part in places(text):
        yield text[position:start]
        yield part
        position = end
    yield text[position:]


def _variable(braced: re.Match[str]) -> Variable:
    name, operator, word = braced["name"], braced["operator"] or "", braced["word"]
    colon = operator.startswith(":")
    if operator.endswith("-"):
        return Variable(name, default=word, colon=colon)
    if operator.endswith("+"):
        return Variable(name, replacement=word, colon=colon)
    return Variable(name, required=operator.endswith("?"), colon=colon)


def _closing_brace(text: str, position: int) -> int:
    """The index of the `}` that closes a `${` opened just before `position`; -1 if none, or nested beyond reason."""
    depth = 1
    for brace in _BRACE.finditer(text, position):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.start()
        if depth > _DEEPEST:
            break
    return -1
