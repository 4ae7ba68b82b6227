"""How text is shown: colours, and the characters of other people's files that a terminal must not get raw."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Color = Literal["red", "green", "yellow", "cyan", "bold", "dim"]

_CODES: dict[Color, int] = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}
# Control characters move the cursor or start commands of the terminal; the marks that change the direction of text, and
# the separators that break lines, make it look like other text.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_WIDE = re.compile(r"[^\x00-\u10ff]")


def paint(text: str, color: Color, on: bool) -> str:
    """`text` in a colour if colours are `on`."""
    return f"\x1b[{_CODES[color]}m{text}\x1b[0m" if on and text else text


def escape(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal would obey: `\\x1b` for an escape character."""
    return _UNSAFE.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    code = ord(match[0])
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0])
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def split_lines(text: str) -> list[str]:
    """Lines with their ends, as git sees them: a line ends at a line feed and nowhere else."""
    lines = text.split("\n")
    return [*(line + "\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]


def columns(text: str) -> int:
    """The columns that `text` takes on a terminal; a Chinese character or an emoji takes two."""
    if not _WIDE.search(text):
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int) -> str:
    """`text` with blanks up to `width` columns."""
    return text + " " * (width - columns(text))


@lru_cache(maxsize=256)  # services in a table have most of their cells in common
def wrap(text: str, width: int) -> tuple[str, ...]:
    """The lines of `text` at most `width` columns wide; at least one."""
    if columns(text) <= width:
        return (text,)
    from textwrap import TextWrapper

    return tuple(TextWrapper(max(width, 8), break_on_hyphens=False).wrap(text)) or ("",)


def listing(rows: list[tuple[str, str, str]], color: bool) -> str:
    """Rows of three texts as columns, the first row as their heads."""
    first, second = (max(columns(row[index]) for row in rows) for index in (0, 1))
    lines = [f"{pad(a, first)}  {pad(b, second)}  {c}".rstrip() for a, b, c in rows]
    return "\n".join([paint(lines[0], "bold", color), *lines[1:], ""])
