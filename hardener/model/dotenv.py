"""Env files (`.env`, those of `env_file`) in the dialect of compose: read as it reads them, written so that it does.

Its parser is https://github.com/compose-spec/compose-go/tree/main/dotenv; the tests let the real compose judge.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hardener.errors import HardenError, Where
from hardener.model.interpolation import resolve, variables
from hardener.shown import shows

LONGEST_VALUE = 128 * 1024
"""Characters that a value may grow to through the variables in it; Linux takes no longer one (execve(2))."""

# White space to Go; to Python a few control characters are, too.
_BLANK = "\t\v\f\r \x85\xa0"
_SPACE = (
    f"{_BLANK}\n\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

_SKIPPED = re.compile(rf"(?:[{_SPACE}]++|#[^\n]*+)*+")
_EXPORT = re.compile(rf"(?:export(?=[\t\n\f\r ])[{_BLANK}]*)?")
_KEY = re.compile(rf"[\w.\-\[\]{_BLANK}]*")
_BLANKS = re.compile(rf"[{_BLANK}]*")
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]++|\\.)*){quote}", re.DOTALL) for quote in "'\""}
_ESCAPED_QUOTE = {quote: re.compile(rf"\\(\\|{quote})") for quote in "'\""}
_ESCAPE = re.compile(r'\\(?:([abfnrtv$"\\])|0([0-9]{0,3}))')
_ESCAPED = dict(zip('abfnrtv$"\\', ("\a", "\b", "\f", "\n", "\r", "\t", "\v", "$$", '"', "\\"), strict=True))
_BYTE = re.compile("[0-3][0-7]{2}")
_NAME = re.compile(r"[\w.\-\[\]]+")
_SINGLE = re.compile(r"(?:[^'\\\r\n]|\\[^'\\\r\n]|\\\\)*")
_SPECIAL = str.maketrans({"\\": r"\\", '"': r"\"", "$": r"\$", "\n": r"\n", "\r": r"\r"})


@shows("name", "line", "resolved")
class Entry(NamedTuple):
    """A variable that an env file sets.

    `value` is None for a bare name, whose value comes from the shell. `resolved` is false where a variable in the value
    has neither a value nor a default: the value is as written, then. `line` is where it starts, 1-based.
    """

    name: str
    value: str | None
    line: int
    resolved: bool = True


def read(text: str, known: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """What an env file sets: the last of equal names counts. `entries` tells more, and what is raised."""
    return {entry.name: entry.value for entry in entries(text, known)}


def entries(text: str, known: Mapping[str, str] | None = None, file: str = ".env") -> Iterator[Entry]:
    """The variables that an env file sets, in order.

    Variables in values are those in `known` (the shell's and, for an `env_file`, those of `.env`), else those further
    up in the file, else at their defaults.

    Raises HardenError, without a value in it, where compose refuses the text; `file` is what it calls the file.
    """
    known = known or {}
    values, unknown = dict(known), set[str]()
    counted, line, room = 0, 1, LONGEST_VALUE
    position = 1 if text.startswith("\ufeff") else 0
    while (position := _end(_SKIPPED, text, position)) < len(text):
        line, counted = line + text.count("\n", counted, position), position
        name, bare, position = _name(text, position, file)
        if bare:
            written: str | None = values.get(name)
            value, resolved = written, name not in unknown
        else:
            written, literal, position = _value(text, position, file)
            value = written if literal else _resolve(written, values, unknown, room)
            resolved = value is not None
            room -= max(len(value or "") - len(written), 0)
        if name:
            yield Entry(name, written if value is None else value, line, resolved)
        if name in known:
            continue
        if value is None:
            unknown.add(name)
            values.pop(name, None)
        else:
            unknown.discard(name)
            values[name] = value


def line(name: str, value: str) -> str | None:
    """A line, without its end, that compose reads as `value`, byte for byte; None where no form can.

    Single quotes where possible: in them nothing is special to anyone. A value of several lines is written as one.
    """
    if not _NAME.fullmatch(name) or "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        return None
    if _SINGLE.fullmatch(value):
        return f"{name}='{value}'"
    return f'{name}="{value.translate(_SPECIAL)}"'


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _name(text: str, position: int, file: str) -> tuple[str, bool, int]:
    """The name at `position`, whether it stands alone, and where its value starts."""
    start = _end(_EXPORT, text, position)
    end = _end(_KEY, text, start)
    mark = text[end : end + 1]
    if mark not in ("=", ":", "\n", ""):
        raise HardenError("an env file has an unexpected character in the name of a variable", _where(text, end, file))
    if not mark:
        # At the end of a file, a name without `=` is to compose a value without a name.
        return "", False, start
    name = text[start:end].rstrip(_SPACE)
    if " " in name:
        raise HardenError("an env file has a blank in the name of a variable", _where(text, start, file))
    return name, mark == "\n", _end(_BLANKS, text, end + 1)


def _value(text: str, position: int, file: str) -> tuple[str, bool, int]:
    """The value at `position` with its escapes undone, whether `$` is text in it, and where it ends."""
    quote = text[position : position + 1]
    if quote not in _QUOTED:
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        return text[position:end].partition(" #")[0].rstrip(_SPACE), False, end
    quoted = _QUOTED[quote].match(text, position)
    if quoted is None:
        raise HardenError("an env file has a quote that is never closed", _where(text, position, file))
    value = _ESCAPED_QUOTE[quote].sub(lambda found: found[0] if found[1] == "\\" else quote, quoted[1])
    literal = quote == "'"
    return value if literal else _ESCAPE.sub(_unescaped, value), literal, quoted.end()


def _where(text: str, position: int, file: str) -> Where:
    return Where(file, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return _ESCAPED[escape[1]]
    # What is no byte loses its zero.
    return chr(int(escape[2], 8)) if _BYTE.fullmatch(escape[2]) else f"\\{escape[2]}"


def _resolve(written: str, values: Mapping[str, str], unknown: set[str], room: int) -> str | None:
    if unknown and any(variable.name in unknown for variable in variables(written)):
        return None
    return resolve(written, values, len(written) + room)
