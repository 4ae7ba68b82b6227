"""How objects show themselves, in `repr` and in messages: by names, places and counts.

Never by a value of a user's file, which could be a secret. Views, which show values, mask them (`hardener.views`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_LONGEST = 80
# What follows a name where a value got into it: `KEY=value` as a key, `KEY:value` without a blank (numbers behind a
# colon are a line and column, or a tag), an address.
_VALUE = re.compile(r"(?<=[=\s]).+|(?<=[A-Za-z_]{3}:)(?!\d{1,5}(?::\d+)?$).+", re.DOTALL)


def name(text: object) -> str:
    """A key, or the name of a service, without what is none: `POSTGRES_PASSWORD=…` where a value stands in it."""
    told = _VALUE.sub("…", str(text))
    return told if len(told) <= _LONGEST else told[:_LONGEST] + "…"


def shows(*attributes: str) -> Callable[[type[T]], type[T]]:
    """Gives a class a `repr` that shows these attributes, and of all others nothing: who adds one hides it.

    They hold names, places or objects with such a `repr`. Of a map its keys are shown, of other collections the count.
    """

    def decorate(cls: type[T]) -> type[T]:
        def represent(self: T) -> str:
            told = ", ".join(f"{attribute}={_told(getattr(self, attribute))}" for attribute in attributes)
            return f"{type(self).__name__}({told})"

        cls.__repr__ = represent  # type: ignore[method-assign, assignment]
        return cls

    return decorate


def _told(value: Any) -> str:
    if isinstance(value, str):
        return repr(name(value))
    if isinstance(value, Mapping):
        return f"{{{', '.join(repr(name(key)) for key in value)}}}"
    if isinstance(value, tuple) and all(isinstance(step, str | int) for step in value):
        return repr(tuple(step if isinstance(step, int) else name(step) for step in value))
    if isinstance(value, Collection):
        return f"<{len(value)}>"
    return repr(value)
