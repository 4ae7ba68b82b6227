"""From changes to target data: where each one lands in a document's own data, and the data with all of them made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from hardener.source import Data, Path, Tagged
from hardener.transforms.base import Change


def atoms(change: Change, body: Any, depth: int) -> Iterator[Change]:
    """The parts of `change` that `body` does not have yet, each as large as can be.

    `body` is what stands at the first `depth` steps of the change's path, with everything it inherits. A map to set is
    merged into what is there, key by key; a key that has a value keeps it.
    """
    for step in change.path[depth:]:
        if not isinstance(body, dict) or body.get(step) is None:
            body = None
            break
        body = body[step]
    if change.action == "append":
        if not isinstance(body, list) or change.value not in body:
            yield change
    elif isinstance(change.value, dict) and isinstance(body, dict):
        for key, value in change.value.items():
            inner = replace(change, path=(*change.path, key), value=value)
            yield from atoms(inner, body.get(key), len(inner.path))
    elif body is None:
        yield change


def leaves(path: Path, value: Data) -> Iterator[tuple[Path, Data]]:
    """Every scalar and list in `value`, with its path; `value` itself stands at `path`."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves((*path, key), item)
    else:
        yield path, value


def merge_sources(mapping: dict[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    """The maps that the `<<` of `mapping` brings in, the strongest first, each with its path below `mapping`."""
    value = mapping.get("<<")
    if isinstance(value, dict):
        return [(("<<",), value)]
    if isinstance(value, list):
        return [(("<<", index), item) for index, item in enumerate(value) if isinstance(item, dict)]
    return []


def site(data: Data, path: Path) -> tuple[Path, list[tuple[Any, int]]]:
    """Where the value at an effective `path` is, or would be, in the document's own data, through any `<<`.

    Returns the path there and the containers on the way, each with the number of effective steps that lead to it.
    """
    containers: list[tuple[Any, int]] = []
    found: list[str | int] = []
    current: Any = bare(data)
    for taken, step in enumerate(path):
        if not isinstance(current, dict | list):
            return (*found, *path[taken:]), containers
        containers.append((current, taken))
        if isinstance(current, dict) and step not in current:
            way = _through_merge(current, step)
            if way is None:
                return (*found, *path[taken:]), containers
            found += way[0]
            containers += ((source, taken) for source in way[1])
            current = containers[-1][0]
        found.append(step)
        current = bare(current[step])
    return tuple(found), containers


def _through_merge(mapping: dict[str, Any], key: str | int) -> tuple[Path, list[Any]] | None:
    """The steps and maps that lead from `mapping` to the merged map that has `key`."""
    for below, source in merge_sources(mapping):
        if key in source:
            return below, [source]
        deeper = _through_merge(source, key)
        if deeper is not None:
            return (*below, *deeper[0]), [source, *deeper[1]]
    return None


def bare(value: Any) -> Any:
    """`value` without its tag."""
    return value.value if isinstance(value, Tagged) else value


class Made(NamedTuple):
    """A change and the `site` it is made at. `unshared` is the place of an alias that gets its own copy first."""

    change: Change
    site: Path
    unshared: Path | None = None


def apply(data: Data, changes: Iterable[Made]) -> Data:
    """A copy of `data` with `changes` made. What aliases share stays shared in the copy."""
    result: Any = copied(data, {})
    for change, path, unshared in changes:
        if unshared:
            *way, last = unshared
            container = _down(result, way)
            container[last] = copied(container[last], {})
        *way, last = path
        container = _down(result, way)
        if change.action == "remove":
            del container[last]
        elif change.action == "append" and bare(container.get(last)):
            bare(container[last]).append(change.value)
        else:
            container[last] = [change.value] if change.action == "append" else change.value
    return result  # type: ignore[no-any-return]


def _down(data: Any, way: Iterable[str | int]) -> Any:
    """The container at the end of `way`; maps that are missing are made."""
    current = bare(data)
    for step in way:
        if isinstance(current, dict) and bare(current.get(str(step))) is None:
            current[str(step)] = {}
        current = bare(current[step])
    return current


def copied(data: Data, memo: dict[int, Any]) -> Any:
    """A copy of the containers of `data`; each is copied once, however often it occurs."""
    if not isinstance(data, dict | list | Tagged):
        return data
    known = memo.get(id(data))
    if known is None:
        if isinstance(data, dict):
            known = {key: copied(value, memo) for key, value in data.items()}
        elif isinstance(data, list):
            known = [copied(item, memo) for item in data]
        else:
            known = Tagged(data.tag, copied(data.value, memo))
        memo[id(data)] = known
    return known
