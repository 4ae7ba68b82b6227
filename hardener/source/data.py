"""Plain data as a YAML document holds it, and comparisons that see types and order."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from hardener.shown import name, shows


@shows()
@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under a tag of its own, such as compose's `!reset` and `!override`. `tag` is as written."""

    tag: str
    value: Data


Data: TypeAlias = bool | int | float | str | Tagged | list["Data"] | dict[str, "Data"] | None
"""A YAML value. `<<` stays an ordinary key whose value is what its alias stands for. Keys are
strings in every valid compose file; other scalars are kept as they resolve."""

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list indices from the root of a document: `("services", "web", "ports", 0)`."""


def dotted(path: Path) -> str:
    """A path as a person reads it: `services.web.ports.0`. A value that stands in a key is left out."""
    return ".".join(map(name, path))


def same(left: Data, right: Data) -> bool:
    """Whether two values are equal in type, value and key order, all the way down (NaN equals itself)."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        assert isinstance(right, dict)
        if len(left) != len(right):
            return False
        # Keys are compared with their types: True and 1 are one key to a dict, and two to YAML.
        return all(type(a) is type(b) and a == b and same(left[a], right[b]) for a, b in zip(left, right, strict=True))
    if isinstance(left, list):
        assert isinstance(right, list)
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Tagged):
        assert isinstance(right, Tagged)
        return left.tag == right.tag and same(left.value, right.value)
    if isinstance(left, float):
        return repr(left) == repr(right)
    return left == right


def frozen(value: Data) -> Hashable:
    """A hashable stand-in with `frozen(a) == frozen(b)` exactly when `same(a, b)`."""
    if isinstance(value, dict):
        return ("map", *((type(key), key, frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("list", *map(frozen, value))
    if isinstance(value, Tagged):
        return ("tag", value.tag, frozen(value.value))
    return (type(value), repr(value) if isinstance(value, float) else value)


def bare(value: Any) -> Any:
    """`value` without its tag."""
    return value.value if isinstance(value, Tagged) else value


def plain(data: Data) -> Any:
    """`data` without tags: what `!reset` stands on is gone, as compose takes it; any other tag stands on its value."""
    if isinstance(data, Tagged):
        return None if data.tag == "!reset" else plain(data.value)
    if isinstance(data, dict):
        kept = {k: v for k, v in data.items() if not (isinstance(v, Tagged) and v.tag == "!reset")}
        return {key: plain(value) for key, value in kept.items()}
    return [plain(item) for item in data] if isinstance(data, list) else data


def is_data(value: Any) -> bool:
    """Whether `value` is YAML data all the way down."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_data(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_data, value))
    if isinstance(value, Tagged):
        return is_data(value.value)
    return value is None or isinstance(value, bool | int | float | str)


def differences(before: Data, after: Data, path: Path = ()) -> Iterator[Path]:
    """The paths at which two values differ: the shortest ones that name a key or item added, removed or changed."""
    if isinstance(before, Tagged) and isinstance(after, Tagged) and before.tag == after.tag:
        yield from differences(before.value, after.value, path)
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            if key not in before or key not in after:
                yield (*path, key)
            else:
                yield from differences(before[key], after[key], (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            if index >= len(before) or index >= len(after):
                yield (*path, index)
            else:
                yield from differences(before[index], after[index], (*path, index))
    elif not same(before, after):
        yield path


def at(data: Any, path: Path) -> Any:
    """The value at `path`, tags left out on the way and of itself; None where there is none."""
    for step in path:
        data = inside(bare(data), step)
    return bare(data)


def inside(data: Any, step: str | int) -> Any:
    """What a map holds at a key, or a list at an index; None where there is nothing."""
    if isinstance(data, list):
        return data[step] if isinstance(step, int) and step < len(data) else None
    return data.get(step) if isinstance(data, dict) else None
