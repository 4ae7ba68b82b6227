"""Scalars: what a plain one means, and how to write a value so that every YAML reader agrees on it.

Reading follows the YAML that `docker compose` itself reads (go-yaml: the 1.2 core schema, plus the integers `0777`,
`0b1` and `1_000`; `08` is a float). Writing is stricter: a string that a YAML 1.1 or 1.2 reader could take for
something else is quoted.
"""

from __future__ import annotations

import re
from typing import Literal

from hardener.source.data import Data

Quote = Literal["'", '"']

_CONSTANTS: dict[str, Data] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    "-0": -0.0,
}
_NUMERIC_START = frozenset("0123456789+-.")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASES = (16, 2, 8, 10)
_LONGEST = 20  # digits of 2**64; Python is slow with very long ones


def resolve(text: str) -> Data:
    """The value of the plain scalar `text`. What compose takes for a time stamp (`2001-01-01`) stays a string."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not text or text[0] not in _NUMERIC_START:
        return text
    digits = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        sign, *bodies = match.groups()
        body, base = next((body, base) for body, base in zip(bodies, _BASES, strict=True) if body is not None)
        if base != 10 or len(body) <= _LONGEST:
            value = int(sign + body, base)
            if -(2**63) <= value < (2**63 if sign else 2**64):
                return value
    if _FLOAT.fullmatch(digits) and abs(number := float(digits)) != float("inf"):
        return number
    return text


# Everything the YAML 1.1 type repository or the 1.2 core schema resolves to a non-string, in any case.
_AMBIGUOUS = re.compile(
    r"""(?: ~ | null | true | false | yes | no | on | off | y | n | = | << )
      | [-+]? \.? (?: inf | nan )
      | [-+]? [0-9][0-9_,]* (?: : [0-9]+ )+ (?: \. [0-9_]* )?           # base 60, and clock times
      | [-+]? 0 (?: x [0-9a-f_]+ | o [0-7_]+ | b [01_]+ )
      | [-+]? (?: [0-9][0-9_,]* )? \.? [0-9_]* (?: e [-+]? [0-9_]+ )?
      | [0-9]{4} - [0-9]{1,2} - [0-9]{1,2} (?: [t\x20].* )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Indicators that cannot start a plain scalar; `-?:` may, when a non-blank follows.
_BAD_START = frozenset(",[]{}#&*!|>'\"%@`")
_BAD_INSIDE = re.compile(r":(?:\s|$)|\s#|[\u0085\u2028\u2029]")
_FLOW_INDICATORS = frozenset(",[]{}")


def is_plain(text: str, *, flow: bool) -> bool:
    """Whether the string `text` can stand unquoted (inside a flow collection if `flow`) for every YAML reader."""
    if not text or text[0] in _BAD_START or text != text.strip():
        return False
    if _AMBIGUOUS.fullmatch(text) or not isinstance(resolve(text), str):
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] in " ,[]{}" or text.startswith("---")):
        return False
    if text.startswith("...") or not text.isprintable() or _BAD_INSIDE.search(text):
        return False
    # Readers disagree on `a:b` inside flow collections when a quote or bracket is near, so a colon is quoted there.
    return not flow or not (_FLOW_INDICATORS.intersection(text) or ":" in text or "?" in text)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def quoted(text: str, quote: Quote) -> str:
    """`text` in quotes: single ones only where nothing needs an escape."""
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def written(value: bool | int | float | str | None, *, flow: bool, quote: Quote, always: bool = False) -> str:
    """The text for a scalar. `quote` is used where a string needs quotes, or for every string if `always`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return str(value)
    return quoted(value, quote) if always or not is_plain(value, flow=flow) else value


def _float(value: float) -> str:
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    # YAML 1.1 wants a dot in a float: `1e+16` is a string there.
    return text.replace("e", ".0e", 1) if "e" in text and "." not in text else text
