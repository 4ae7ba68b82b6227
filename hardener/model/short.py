"""Short syntaxes shared by many fields: `key=value` lists, command lines, values as text, and the words of names."""

import math
import re
import shlex
from functools import lru_cache
from typing import Any

_TOKENS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

LONGEST_COMMAND = 64 * 1024
"""Characters of a command that are split into words; the time that shlex takes grows with their square."""


def as_text(value: Any) -> str:
    """A scalar as compose writes it into an environment or a label: `true`, `1`, `1e+06`; text stays as written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        value = float(value) if value.bit_length() < 1024 else math.inf if value > 0 else -math.inf
    return _float_text(value) if isinstance(value, float) else str(value)


def _float_text(value: float) -> str:
    """A number as Go prints it: the fewest digits that are enough, and an exponent from a million on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")
    from decimal import Decimal  # takes 8 ms, for the few files with fractions

    digits, _, power = f"{Decimal(repr(value)).normalize():e}".partition("e")
    if value == 0 or -4 <= int(power) < 6:
        return f"{Decimal(repr(value)).normalize():f}"
    return f"{digits}e{int(power):+03}"


def entries(value: Any) -> dict[str, str | None]:
    """`{key: value}` or `[key=value]` as one dict; None for a key without a value. The last of equal keys counts."""
    if isinstance(value, dict):
        return {key: None if item is None else as_text(item) for key, item in value.items()}
    pairs = (str(item).partition("=") for item in value or () if item is not None)
    return {key: text if equals else None for key, equals, text in pairs}


def text_values(value: Any) -> dict[str, str]:
    """`entries(value)` with a missing value as empty text, as in labels."""
    return {key: text or "" for key, text in entries(value).items()}


def texts(value: Any) -> list[str]:
    """One text or a list of them, as a list; nulls left out."""
    items = value if isinstance(value, list) else [value]
    return [as_text(item) for item in items if item is not None]


def command_words(value: Any) -> list[str] | None:
    """The words of a command or entrypoint: a list as it is, text as a shell splits it (whole if it cannot)."""
    if value is None:
        return None
    if not isinstance(value, str):
        return texts(value)
    return [value] if len(value) > LONGEST_COMMAND else list(_split(value))


@lru_cache(maxsize=1024)
def _split(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return (command,)


@lru_cache(maxsize=4096)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: `SPRING_DATASOURCE_URL`, `ConnectionStrings__Default`, `frontend-1`."""
    return words(name)


def words(text: str) -> tuple[str, ...]:
    """The words of a text in lower case, as `tokens` gives those of a name, but not kept."""
    return tuple(token.lower() for token in _TOKENS.findall(text))


def nonroot(user: str) -> bool:
    """Whether `user`, as in `user:` or a Dockerfile's `USER`, is certainly not root: a number but 0, a name but root.

    The group does not count. No user is root, and so may be one that a variable without value names.
    """
    name = user.partition(":")[0].strip()
    if not name or "$" in name:
        return False
    try:
        return int(name) != 0
    except ValueError:
        return name != "root"
