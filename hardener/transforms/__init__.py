"""The rules, one module each. A rule is found by its id: `restart-policy` is in `restart_policy.py`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from types import ModuleType

from hardener.errors import HardenError
from hardener.transforms.base import Transform

ENTRY_POINTS = "hardener.transforms"
"""The entry point group of transforms in other packages. One is loaded only when a profile names it."""

_INFRASTRUCTURE = {"base", "context", "jobs", "roles"}


@cache
def builtin() -> tuple[str, ...]:
    """The ids of the transforms that come with this package, sorted."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in modules if name not in _INFRASTRUCTURE))


@cache
def find(rule: str) -> type[Transform]:
    """The transform with the id `rule`, built in or from an entry point. Raises HardenError if there is none."""
    if rule in builtin():
        return _transform(importlib.import_module(f"{__name__}.{rule.replace('-', '_')}"), rule)
    from importlib.metadata import entry_points  # 12 ms, for the few profiles that name a plugin

    for point in entry_points(group=ENTRY_POINTS, name=rule):
        try:
            loaded = point.load()
        except Exception as error:  # another package's code: whatever it raises, a person gets a sentence
            raise HardenError(
                f"rule {rule!r} of {point.value} cannot be loaded: {error}", hint="mend or remove it"
            ) from error
        if not (isinstance(loaded, type) and issubclass(loaded, Transform) and getattr(loaded, "id", None) == rule):
            raise HardenError(f"{point.value} is no Transform with the id {rule!r}", hint="see docs/architecture.md")
        return loaded
    raise HardenError(f"there is no rule {rule!r}", hint=nearest(rule, builtin()))


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint: the name somebody probably meant, or all there are."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(known)}"


def _transform(module: ModuleType, rule: str) -> type[Transform]:
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Transform) and getattr(value, "id", None) == rule
    )
