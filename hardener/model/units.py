"""Scalars that mean a number: durations, byte sizes, counts, booleans.

Each function takes what may stand in the field and returns None for what is absent or says nothing by itself: text that
compose would refuse, and a variable without default. `${NAME:-default}` reads as its default.

https://github.com/compose-spec/compose-spec/blob/main/11-extension.md#specifying-byte-values
"""

import math
import re
from typing import Any

from hardener.model.interpolation import resolve_defaults

_SECONDS = {
    **{"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3},
    **{"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0},
}
_LONGEST = 2**63 / 1e9  # seconds a Go duration can hold, counted in nanoseconds
_DURATION = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w)")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_SIZE = re.compile(r"(?P<number>.*[0-9.])(?P<unit>[a-z]*)|(?P<spaced>[^ ]*) (?P<spaced_unit>[a-z]*)", re.IGNORECASE)
_UNIT = re.compile(r"b?|(?P<letter>[kmgtp])(i?b)?", re.IGNORECASE)
_POWERS = "kmgtp"


def duration(value: Any) -> float | None:
    """Seconds of a Go duration with units ns, us, ms, s, m, h, d or w, in sequence: `1m30s`, `1.5s`, `-2h`, `0`."""
    text = _text(value)
    if text is None:
        return None
    sign = -1.0 if text.startswith("-") else 1.0
    text = text[1:] if text.startswith(("-", "+")) else text
    if text == "0":
        return 0.0
    seconds, position = 0.0, 0
    while amount := _DURATION.match(text, position):
        seconds += float(amount[1]) * _SECONDS[amount[2]]
        position = amount.end()
    return sign * seconds if position and position == len(text) and seconds < _LONGEST else None


def byte_size(value: Any) -> int | None:
    """Bytes of a size: an int, or text with a unit b, k, m, g, t, p (or kb, kib, …), in any case and in powers of 1024.

    `512M`, `1gb`, `1.5g`, `64 KiB`, `1024`. A negative number has no unit: `-1` is unlimited in `memswap_limit`.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if math.isfinite(value) else None
    text = _text(value)
    if text is None:
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    size = _SIZE.fullmatch(text)
    number, unit = (size["number"] or size["spaced"], size["unit"] or size["spaced_unit"] or "") if size else ("", "")
    scale = _UNIT.fullmatch(unit)
    if not _DECIMAL.fullmatch(number) or not scale or number.startswith("-"):
        return None
    letter = (scale["letter"] or "").lower()
    amount = float(number) * 1024 ** (_POWERS.index(letter) + 1 if letter else 0)
    return int(amount) if math.isfinite(amount) else None


def format_bytes(size: int) -> str:
    """Bytes as compose text in the largest unit that is exact: `512M`, `1G`, `1536M`, `1000b`. Reads back as `size`."""
    for power in range(len(_POWERS), 0, -1):
        if size > 0 and size % 1024**power == 0:
            return f"{size // 1024**power}{_POWERS[power - 1].upper()}"
    return f"{size}b" if size >= 0 else str(size)


def number(value: Any) -> float | None:
    """A number, or text that is one (`0.5`, `"1.50"`), as in `cpus`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    text = _text(value)
    amount = float(text) if text is not None and _DECIMAL.fullmatch(text) else math.nan
    return amount if math.isfinite(amount) else None


def integer(value: Any) -> int | None:
    """A whole number, or text that is one, as in `pids_limit` and `deploy.replicas`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if value == value // 1 else None
    text = _text(value)
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def boolean(value: Any) -> bool | None:
    """A boolean, or text that compose casts to one: true, yes, on, y and false, no, off, n, in any case."""
    if isinstance(value, bool):
        return value
    text = (_text(value) or "").lower()
    if text in ("true", "yes", "on", "y"):
        return True
    return False if text in ("false", "no", "off", "n") else None


def _text(value: Any) -> str | None:
    return resolve_defaults(value) if isinstance(value, str) else None
