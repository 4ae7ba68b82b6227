"""From changes to target data: what of a change is missing, and the data with all changes made."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from hardener.errors import HardenError
from hardener.model import Service
from hardener.model.interpolation import may_be, readable, resolve_defaults
from hardener.model.project import ONE_OR_LIST, read_service
from hardener.shown import shows
from hardener.source import Data, Path, Tagged, at, bare, dotted, same
from hardener.source.data import frozen, inside
from hardener.transforms.base import Change


def atoms(change: Change, body: Any, depth: int) -> Iterator[Change]:
    """The parts of `change` that `body` does not have yet, each as large as can be.

    `body` is what stands at the first `depth` steps of the change's path, with everything it inherits. A map to set is
    merged into what is there, key by key; a key that has a value keeps it, unless the change is to replace it.
    """
    if change.action == "remove":
        holder = at(body, change.path[depth:-1])
        if isinstance(holder, dict) and change.path[-1] in holder:
            yield change
        return
    for step in change.path[depth:]:
        body = inside(body, step)
    if change.action == "quote":
        if same(body, change.value):
            yield change
    elif change.action == "append":
        if not isinstance(body, list) or not any(_same_item(item, change.value) for item in body):
            yield change
    elif change.action == "replace":
        if body is not None and not same(body, change.value):
            yield change
    elif isinstance(change.value, dict) and isinstance(body, dict):
        for key, value in change.value.items():
            inner = change._replace(path=(*change.path, key), value=value)
            yield from atoms(inner, body.get(key), len(inner.path))
    elif body is None:
        yield change


def misfit(change: Change, body: Any, depth: int) -> str | None:
    """Why `change` cannot be made in or joined to what `body` holds, if so."""
    for index, step in enumerate(change.path[depth:], depth):
        if body is None:
            return None
        if not isinstance(body, list if isinstance(step, int) else dict):
            return _another_form(change.path[:index])
        body = inside(body, step)
    if body is None:
        return None
    if change.action == "append":
        if not isinstance(body, list):
            return _another_form(change.path)
        # Compose refuses a list that has an item twice.
        unknown = (item for item in body if isinstance(item, str) and resolve_defaults(item) is None)
        if any(may_be(item, str(change.value)) for item in unknown):
            return "an item there is a variable, and may be the same"
    if (
        change.action == "replace"
        and not same(body, change.value)
        and not _replaceable(body, change.value, change.path[-1])
    ):
        return _another_form(change.path)
    return None


def _another_form(place: Path) -> str:
    return f"what stands at {dotted(place)} has another form"


def _same_item(item: Any, value: Data) -> bool:
    """Whether compose reads two items of a list as the same."""
    return bool(item == value) or (
        isinstance(item, str) and isinstance(value, str) and readable(item) == readable(value)
    )


def doubles(change: Change, body: Any, depth: int) -> bool:
    """Whether a list would have an item twice after a change that replaces one."""
    *way, last = change.path
    items = at(body, tuple(way[depth:]))
    if change.action != "replace" or not isinstance(items, list):
        return False
    return any(same(item, change.value) for index, item in enumerate(items) if index != last)


def _replaceable(old: Any, new: Data, key: str | int) -> bool:
    """Whether `new` can stand for `old`: a scalar, or a list that starts with it, for a scalar; a map of the same names
    for a list of names; some items of a list.
    """
    if isinstance(old, list) and isinstance(new, list):
        rest = iter(old)
        return bool(new) and all(any(same(item, other) for other in rest) for item in new)
    if isinstance(old, list):
        # Compose fills in variables in values, not in keys.
        names = all(isinstance(item, str) and "$" not in item for item in old)
        return names and isinstance(new, dict) and old == list(new)
    if isinstance(new, list):
        return key in ONE_OR_LIST and isinstance(old, str) and new[:1] == [old]
    return not isinstance(old, dict) and not isinstance(new, dict | None)


def leaves(path: Path, value: Data) -> Iterator[tuple[Path, Data]]:
    """Every scalar and list in `value`, with its path; `value` itself stands at `path`."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves((*path, key), item)
    else:
        yield path, value


@shows("change", "site")
class Made(NamedTuple):
    """A change and the `site` it is made at: the place in the document's own data, through any `<<` and alias.

    `echoes` are the other places, an anchor and its aliases, that show the very value which is replaced.
    """

    change: Change
    site: Path
    echoes: tuple[Path, ...] = ()


def apply(data: Data, changes: Iterable[Made], unshared: Iterable[Path] = ()) -> Data:
    """A copy of `data` with `changes` made. What aliases share stays shared in it, but at the places `unshared`."""
    result: Any = _copied(data, {})
    for place in sorted(unshared, key=len):
        *way, last = place
        container = _down(result, way)
        container[last] = _copied(container[last], {})
    for change, path in ((change, path) for change, site, echoes in changes for path in (site, *echoes)):
        if change.action == "quote":
            continue
        *way, last = path
        container = _down(result, way)
        if change.action == "remove":
            del container[last]
        elif change.action == "append" and isinstance(items := bare(container.get(last)), list):
            items.append(change.value)
        else:
            _put(container, last, [change.value] if change.action == "append" else change.value)
            if isinstance(container, dict) and change.instead_of in container:
                _move_behind(container, last, change.instead_of)
    return result  # type: ignore[no-any-return]


def changed(name: str, body: dict[str, Any], changes: list[Change]) -> tuple[dict[str, Any], Service]:
    """The body of a service, and the service, after `changes`. Raises HardenError where no service can be so."""
    data: Any = apply({name: body}, [Made(change, change.path[1:]) for change in changes])
    try:
        return data[name], read_service(name, data[name])
    except HardenError:
        rule = changes[0].rule
        message = f"rule {rule!r} gives service {name!r} what no service can have"
        raise HardenError(message, hint=f"report it to its author, or use --skip {rule}") from None


def identity(change: Change) -> Hashable:
    """What makes a change the same one when all is planned again."""
    return change.rule, change.service, change.path, frozen(change.value)


def merges(data: Any, path: Path) -> bool:
    """Whether a `<<` would give what stands at `path` in a document's own data, if that was taken away."""
    holder = at(data, path[:-1])
    return isinstance(holder, dict) and path[-1] in holder and _gives(holder, path[-1])


def _gives(value: Any, step: str | int) -> bool:
    """Whether a map merges in another that has the key, or that merges it in."""
    sources = bare(value.get("<<")) if isinstance(value, dict) else None
    return any(
        isinstance(source, dict) and (step in source or _gives(source, step))
        for source in map(bare, sources if isinstance(sources, list) else [sources])
    )


def tags(data: Any, path: Path) -> Iterator[str]:
    """The tags on the way to `path`, its own included."""
    for step in (*path, None):
        if isinstance(data, Tagged):
            yield data.tag
        data = bare(data)
        data = data.get(step) if isinstance(data, dict) else None


def _down(data: Any, way: Iterable[str | int]) -> Any:
    """The container at the end of `way`; maps that are missing are made."""
    current = bare(data)
    for step in way:
        if isinstance(current, dict) and bare(current.get(str(step))) is None:
            _put(current, str(step), {})
        current = bare(current[step])
    return current


def _put(container: Any, key: str | int, value: Data) -> None:
    """Sets a value, under the tag that an empty one has there; a map joins the one that another change made."""
    found = container.get(key) if isinstance(container, dict) else container[key]
    if isinstance(bare(found), dict) and isinstance(value, dict):
        for inner, item in value.items():
            _put(bare(found), inner, item)
    else:
        value = _copied(value, {})
        container[key] = Tagged(found.tag, value) if isinstance(found, Tagged) else value


def _move_behind(container: dict[Any, Any], key: Any, other: Any) -> None:
    """Moves `key` behind `other` in a map."""
    value = container.pop(key)
    for name in list(container):
        container[name] = container.pop(name)
        if name == other:
            container[key] = value


def _copied(data: Data, memo: dict[int, Any]) -> Any:
    """A copy of the containers of `data`; each is copied once, however often it occurs."""
    if not isinstance(data, dict | list | Tagged):
        return data
    known = memo.get(id(data))
    if known is None:
        if isinstance(data, dict):
            known = {key: _copied(value, memo) for key, value in data.items()}
        elif isinstance(data, list):
            known = [_copied(item, memo) for item in data]
        else:
            known = Tagged(data.tag, _copied(data.value, memo))
        memo[id(data)] = known
    return known
