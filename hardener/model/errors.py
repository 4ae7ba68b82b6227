"""Model errors for people: one message for each value that is wrong, and where it is in the data."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hardener.shown import name, shows
from hardener.source import Path

_EXPECTED = {
    "model_type": "a map",
    "model_attributes_type": "a map",
    "dict_type": "a map",
    "list_type": "a list",
}
_ABSENT = object()


@shows("path")
class Problem(NamedTuple):
    """One value that is wrong. `path` leads to it in the data; `message` names kinds, and no values but ports."""

    path: Path
    message: str


def problems(error: ValidationError, data: Any) -> list[Problem]:
    """What is wrong with `data`, from the error that validating it raised: one entry for each wrong value."""
    found: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False, include_context=True):
        found.setdefault(_data_path(detail, data), []).append(detail)
    # A map that fits a branch of a union in kind, but has something wrong inside, also fails the other branches.
    inner = {path[:depth] for path in found for depth in range(len(path))}
    return [Problem(path, _message(path, details)) for path, details in found.items() if path not in inner]


def _data_path(detail: ErrorDetails, data: Any) -> Path:
    """pydantic's location without the names of union branches: the path whose end is the wrong value."""
    location = detail["loc"]
    if _is_key_error(detail):
        # The input is the key itself; pydantic's dict, unlike its models, adds a word of its own to the location.
        location = location[:-1] if location[-1] == "[key]" else location
        return next(path for path, _ in _walks(location, data))
    paths = list(_walks(location, data))
    return next((path for path, value in paths if value is detail["input"]), paths[0][0])


def _is_key_error(detail: ErrorDetails) -> bool:
    return detail["type"] == "invalid_key" or detail["loc"][-1:] == ("[key]",)


def _walks(location: tuple[str | int, ...], value: Any) -> Iterable[tuple[Path, Any]]:
    """Every reading of a location as a path into `value`, the one that follows most keys first."""
    if not location:
        yield (), value
        return
    step, rest = location[0], location[1:]
    inner = value.get(step, _ABSENT) if isinstance(value, dict) else _ABSENT
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        inner = value[step]
    if inner is not _ABSENT:
        for path, end in _walks(rest, inner):
            yield (step, *path), end
    if isinstance(step, str):
        yield from _walks(rest, value)


def _message(path: Path, details: list[ErrorDetails]) -> str:
    first = details[0]
    if first["type"] == "port":
        return first["msg"]
    if _is_key_error(first):
        return f"the key {name(path[-1])} must be a string: put it in quotes"
    expected: list[str] = []
    for detail in details:
        words = _EXPECTED.get(detail["type"]) or detail.get("ctx", {}).get("class", detail["msg"])
        if words not in expected:
            expected.append(words)
    either = ", or " if " or " in expected[0] else " or "
    return f"{_subject(path)} must be {either.join(expected)}, not {_kind(first['input'])}"


def _subject(path: Path) -> str:
    if not path:
        return "a compose file"
    if isinstance(path[-1], int):
        owner = next((key for key in reversed(path) if isinstance(key, str)), "")
        return f'item {path[-1] + 1} of "{name(owner)}"'
    return f'"{name(path[-1])}"'


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    for kind, words in ((str, "a string"), (int | float, "a number"), (dict, "a map"), (list, "a list")):
        if isinstance(value, kind):
            return words
    return "empty" if value is None else f"a {type(value).__name__}"
