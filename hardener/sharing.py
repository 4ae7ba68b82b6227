"""Changes that reach more than one service: through an anchor and its aliases, or through `extends`.

A change is made where its value stands. If that place is shared, every service that sees it must want the same change;
it is then made once, for all. Else an alias gives way to its own copy of the content, and where there is none to give
way, the change is refused: it would do to another service what its rule did not ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hardener.model.project import Project
from hardener.source import Path
from hardener.source.data import frozen
from hardener.source.tree import Alias, Mapping, Node, Sequence, descendants
from hardener.target import Made, bare, leaves, merge_sources, site
from hardener.transforms.base import Change

SERVICES = "services"


@dataclass
class Settled:
    """What becomes of the wanted changes: made, had through a change to another service, or refused with the reason."""

    made: list[Made] = field(default_factory=list)
    had: list[tuple[Change, str]] = field(default_factory=list)
    refused: list[tuple[Change, str]] = field(default_factory=list)


def settle(project: Project, wanted: list[Change]) -> Settled:
    """Decides where each of the wanted changes, whose paths are effective ones, is made."""
    extended = any(service.extends for service in project.file.read_services().values())
    if not project.document.anchored and not extended:
        return Settled(made=[Made(change, change.path) for change in wanted])
    return _Settler(project, wanted).run()


@dataclass(frozen=True)
class _View:
    """A place where a service sees a shared container: `path` is effective; keys in `hidden` it has from elsewhere.

    `service` is None for a place outside the services.
    """

    service: str | None
    path: Path
    hidden: frozenset[Any]


class _Settler:
    def __init__(self, project: Project, wanted: list[Change]) -> None:
        self.project = project
        self.data: Any = project.document.data
        self.wanted = wanted
        self.wants = {want for change in wanted for want in _wants(change, change.path)}
        aliases = (node for node in descendants(project.document.root) if isinstance(node, Alias))
        self.shared = {id(bare(alias.target.data)) for alias in aliases}
        self.views: dict[int, list[_View]] = defaultdict(list)
        self._index()

    def run(self) -> Settled:
        settled = Settled()
        # What a change made elsewhere brings to a service, with the service it is made in.
        brought: dict[Hashable, str] = {}
        sited = [(change, *site(self.data, change.path)) for change in self.wanted]
        # Shared places first, so that what they bring is not made a second time.
        sited.sort(key=lambda found: not any(id(container) in self.shared for container, _ in found[2]))
        for change, path, containers in sited:
            own = list(_wants(change, change.path))
            if all(want in brought for want in own):
                settled.had.append((change, brought[own[0]]))
                continue
            reached, unwilling = self._reach(change, containers)
            alias = self._alias(path) if unwilling else None
            if unwilling and alias is None:
                settled.refused.append((change, unwilling))
                continue
            settled.made.append(Made(change, path, alias))
            if alias is None:
                brought |= dict.fromkeys(reached, change.service or "the file")
        order = {id(change): index for index, change in enumerate(self.wanted)}
        settled.made.sort(key=lambda made: order[id(made.change)])
        return settled

    def _reach(self, change: Change, containers: list[tuple[Any, int]]) -> tuple[set[Hashable], str | None]:
        """What the change brings to other services, and why it may not be made, if one of them does not want it."""
        reached: set[Hashable] = set()
        for container, taken in containers:
            rest = change.path[taken:]
            for view in self.views[id(container)]:
                path = (*view.path, *rest)
                if path == change.path or (rest and rest[0] in view.hidden):
                    continue
                wants = set(_wants(change, path))
                if not wants <= self.wants:
                    return set(), f"its text is shared with {view.service or 'another part of the file'} by an anchor"
                reached |= wants
        for heir in self.project.heirs(change.service) if change.service else ():
            body = self.project.as_written(heir)
            wants = set()
            for path, value in leaves(change.path, change.value):
                below = path[2:]
                if change.action == "set" and _has(body, below):
                    continue
                wants.add(_want(change.action, (SERVICES, heir, *below), value))
            if not wants <= self.wants:
                return set(), f"{heir} extends it, and must not get this"
            reached |= wants
        return reached, None

    def _alias(self, path: Path) -> Path | None:
        """The place of the first alias on the way to `path` that is no `<<`: it can get a copy of its own."""
        node: Node | None = self.project.document.root
        for index, step in enumerate(path):
            entries = node.entries if isinstance(node, Mapping) else []
            items = node.items if isinstance(node, Sequence) else []
            node = next((entry.value for entry in entries if entry.key.data == step), None)
            node = items[step].value if isinstance(step, int) and step < len(items) else node
            if step == "<<" or node is None:
                return None
            if isinstance(node, Alias):
                return path[: index + 1]
        return None

    def _index(self) -> None:
        """Finds every view of every shared container."""
        top = bare(self.data) if isinstance(bare(self.data), dict) else {}
        for key, value in top.items():
            if key == SERVICES and isinstance(bare(value), dict):
                for name, body in bare(value).items():
                    self._look(name, (SERVICES, name), body, frozenset())
            elif not str(key).startswith("x-"):
                self._look(None, (key,), value, frozenset())

    def _look(self, service: str | None, path: Path, value: Any, hidden: frozenset[Any]) -> None:
        value = bare(value)
        if id(value) in self.shared and isinstance(value, dict | list):
            self.views[id(value)].append(_View(service, path, hidden))
        if isinstance(value, list):
            for index, item in enumerate(value):
                self._look(service, (*path, index), item, frozenset())
        if not isinstance(value, dict):
            return
        for key, item in value.items():
            if key != "<<" and key not in hidden:
                self._look(service, (*path, key), item, frozenset())
        hidden |= value.keys()
        for _, source in merge_sources(value):
            self._look(service, path, source, hidden)
            hidden |= source.keys()


def _want(action: str, path: Path, value: Any) -> Hashable:
    return action, path, frozen(value)


def _wants(change: Change, path: Path) -> Iterator[Hashable]:
    """The leaves of a change as if it stood at `path`."""
    return (_want(change.action, leaf, value) for leaf, value in leaves(path, change.value))


def _has(body: Any, path: Path) -> bool:
    for step in path:
        body = body.get(step) if isinstance(body, dict) else None
    return body is not None
