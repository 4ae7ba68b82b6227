"""Changes that reach more than one service: through an anchor and its aliases, or through `extends`.

A change is made where its value stands. If that place is shared, every service that sees it must want the same change;
it is then made once, for all. Else an alias on the way gives way to a copy of its own; where there is none, as at the
anchor itself or behind a `<<`, the change is refused: it would do to another service what no rule asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hardener.model.project import Project
from hardener.model.short import as_text
from hardener.shown import shows
from hardener.source import Path, at
from hardener.source.data import frozen
from hardener.source.tree import Alias, Node, children, descendants, sources, way
from hardener.target import Made, leaves, tags
from hardener.transforms.base import Change

SERVICES = "services"


@shows("made", "had", "refused", "unshared")
@dataclass
class Settled:
    """What becomes of the wanted changes: made, had through a change to another service, or refused with the reason.

    `unshared` are the places of aliases that get a copy of their own before anything is changed.
    """

    made: list[Made] = field(default_factory=list)
    had: list[tuple[Change, str]] = field(default_factory=list)
    refused: list[tuple[Change, str]] = field(default_factory=list)
    unshared: set[Path] = field(default_factory=set)


def settle(project: Project, wanted: list[Change]) -> Settled:
    """Decides where each of the wanted changes, whose paths are effective ones, is made."""
    extended = any(service.extends for service in project.file.read_services().values())
    if not project.document.anchored and not extended:
        return Settled(made=[Made(change, change.path) for change in wanted])
    unshared: set[Path] = set()
    forced: set[Path] = set()
    while True:
        # An alias that gives way takes its service out of what is shared, and that may let others go too.
        settler = _Settler(project, wanted, unshared, forced)
        settled = settler.run()
        if settler.unshared == unshared and settler.forced == forced:
            return settled
        unshared, forced = settler.unshared, settler.forced


class _View(NamedTuple):
    """A place where a service sees a shared node: `path` is effective; keys in `hidden` it has from elsewhere.

    `service` is None for a place outside the services. `merged`: it comes through a `<<`, beside which a key of the
    service's own goes first.
    """

    service: str | None
    path: Path
    hidden: frozenset[Any]
    merged: bool


class _Found(NamedTuple):
    """Where a change lands: the `site`, the nodes on the way with the effective steps that lead to each, and the place
    of an alias that could give way.
    """

    site: Path
    nodes: list[tuple[Node, int]]
    alias: Path | None
    rest: Path = ()
    """The steps at the end of the change's path that are not in the text."""
    reset: bool = False
    """Whether a `!reset` stands on the way: what is written behind it is gone."""


class _Settler:
    """One attempt, with the aliases at `unshared` out of the way. It leaves those that must go too in `unshared`.

    What is at or below `forced` is made even if another change brings the same: a third counts on being hidden by it.
    """

    def __init__(self, project: Project, wanted: list[Change], unshared: set[Path], forced: set[Path]) -> None:
        self.project = project
        self.root = project.document.root
        self.wanted = wanted
        self.given = frozenset(unshared)
        self.unshared = set(unshared)
        self.forced = set(forced)
        self.wants = {want for change in wanted for want in _wants(change, change.path)}
        self.values: dict[Path, Any] = {}
        # What is wanted at or below each place, with the way there from it.
        self.below: dict[Path, set[Hashable]] = defaultdict(set)
        for change in wanted:
            for leaf, value in leaves(change.path, change.value):
                if change.action != "append":
                    self.values[leaf] = value
                for depth in range(len(leaf) + 1):
                    self.below[leaf[:depth]].add(_want(change.action, leaf[depth:], value))
        self.shared: dict[int, list[Alias]] = {}
        for node in descendants(self.root):
            if isinstance(node, Alias):
                self.shared.setdefault(id(node.target), []).append(node)
        self.places = project.document.places
        # By node, rest of the path, and value: a template that many services see is asked about once.
        self.asked: dict[Hashable, str | None] = {}
        self.views: dict[int, list[_View]] = defaultdict(list)
        self.index()

    def run(self) -> Settled:
        settled = Settled(unshared=self.unshared)
        # What a change made elsewhere brings to a service, with the service it is made in.
        brought: dict[Hashable, str] = {}
        found = [(change, self.find(change)) for change in self.wanted]
        # Shared places and extended services first, so that what they bring is not made a second time.
        for change, place in sorted(found, key=lambda pair: (not self.is_shared(pair[1]), self.generation(pair[0]))):
            own = list(_wants(change, change.path))
            forced = any(change.path[:depth] in self.forced for depth in range(len(change.path) + 1))
            if not forced and all(want in brought for want in own):
                settled.had.append((change, brought[own[0]]))
                continue
            # A key can be set in an item of a list that is written here, as in any map.
            elsewhere = any(isinstance(step, int) for step in place.rest)
            if elsewhere or (place.rest and change.action != "set" and _needs_text(change)):
                settled.refused.append((change, "it comes through extends, and stays as it is there"))
                continue
            if change.action == "remove" and self.comes_back(change):
                settled.refused.append((change, "without it, what it extends would stand there"))
                continue
            if place.reset:  # compose lets it go out of a list of templates, and so it is not in the merged data
                settled.refused.append((change, "a template resets it on purpose"))
                continue
            reached, unwilling = self.reach(change, place.nodes)
            if unwilling is None:
                settled.made.append(Made(change, place.site, tuple(self.echoes(change, place))))
                brought |= dict.fromkeys(reached, change.service or "the file")
            elif place.alias is not None and change.action != "remove" and not self.stays(change, place.alias):
                self.unshared.add(place.alias)
            else:
                settled.refused.append((change, unwilling))
        order = {id(change): index for index, change in enumerate(self.wanted)}
        settled.made.sort(key=lambda made: order[id(made.change)])
        return settled

    def find(self, change: Change) -> _Found:
        """Where a change lands, through aliases and `<<`. What hangs below an alias that gave way is not shared."""
        node: Node = self.root
        site: Path = ()
        place: Path = ()  # the site with aliases followed: where the node stands in the text
        nodes: list[tuple[Node, int]] = []
        alias: Path | None = None
        private = merged = reset = False
        for taken, step in enumerate((*change.path, None)):
            if isinstance(node, Alias):
                private = private or place in self.given
                alias = place if place == site and not (merged or private) else alias
                place = self.places[id(node.target)]
                node = node.target
            reset = reset or node.tag == "!reset"
            if not private:
                nodes.append((node, taken))
            found = way(node, step) if step is not None else None
            if found is None:
                return _Found((*site, *change.path[taken:]), nodes, alias, change.path[taken:], reset)
            if found.sources:
                merged, place = True, self.places[id(found.sources[-1])]
                nodes += [] if private else [(source, taken) for source in found.sources]
            site, place, node = (*site, *found.steps), (*place, found.steps[-1]), found.part.value
        raise AssertionError("the last step ends the loop")

    def reach(self, change: Change, nodes: list[tuple[Node, int]]) -> tuple[set[Hashable], str | None]:
        """What the change brings to other services, and why it may not be made, if one of them does not want it."""
        reached: set[Hashable] = set()
        if change.action == "quote":
            return reached, None  # what it means stays the same for everybody
        if any(id(inside) in self.shared for inside in self.lost(change, nodes)):
            return reached, "its value has an anchor that is used elsewhere"
        if _needs_text(change) and any(isinstance(inside, Alias) for inside in self.lost(change, nodes)):
            return reached, "an alias stands in it"  # without which a second run could take its anchor away
        for node, taken in nodes:
            rest = change.path[taken:]
            question = (id(node), _want(change.action, rest, change.value))
            if question not in self.asked:
                self.asked[question] = self.ask(change, node, rest, reached)
            if (unwilling := self.asked[question]) is not None:
                return set(), unwilling
        if change.service is not None and (
            heir := self.unwilling_heir(change, change.service, _below(change, change.path), reached)
        ):
            return set(), heir
        return reached, None

    def unwilling_heir(
        self, change: Change, service: str, parts: list[tuple[Path, Any]], reached: set[Hashable]
    ) -> str | None:
        """Why a change may not be made, if a service that extends `service` gets it and does not want it.

        `parts` are the leaves that `service` gets, with their paths below it.
        """
        for heir in self.project.heirs(service):
            body = self.project.written[heir]
            got = [
                (below, value)
                for below, value in parts
                if not self.cut_off(service, heir, below)
                and not (change.action != "append" and self.has_own(change, heir, body, below, value))
            ]
            wants = {_want(change.action, (SERVICES, heir, *below), value) for below, value in got}
            if not wants <= self.wants:
                return f"{heir} extends it, and must not get this"
            reached |= wants
            further = self.unwilling_heir(change, heir, got, reached) if got else None
            if further is not None:
                return further
        return None

    def has_own(self, change: Change, heir: str, body: Any, below: Path, value: Any) -> bool:
        """Whether a heir sets what stands `below` it itself, or will: then what it extends does not reach it."""
        if _in_list(change):
            return False  # the lists are joined
        theirs, own = (SERVICES, heir, *below), at(body, below)
        if change.action == "remove":
            return own is not None and not isinstance(own, dict | list)  # which are joined
        return own is not None or (_want("set", theirs, value) not in self.wants and theirs in self.values)

    def stays(self, change: Change, alias: Path) -> bool:
        """Whether a value that is to go to a file would stay behind, at an anchor that is in no service.

        Once others have copies of their own, it may leave that place.
        """
        target = next(node.target for nodes in self.shared.values() for node in nodes if self.places[id(node)] == alias)
        return bool(change.files) and self.places[id(target)][:1] != (SERVICES,)

    def comes_back(self, change: Change) -> bool:
        """Whether a service gets what is removed from the one that it extends."""
        name, below = str(change.service), change.path[2:]
        base = self.project.bases.get(name)
        stays = base is None or _want("remove", (SERVICES, base, *below), None) not in self.wants
        return stays and _stands(self.project.inherited.get(name), below)

    def ask(self, change: Change, node: Node, rest: Path, reached: set[Hashable]) -> str | None:
        """Why a change at `rest` below a shared node may not be made; else adds what it brings to `reached`."""
        for view in self.views[id(node)]:
            if rest and rest[0] in view.hidden:
                continue
            wants = set(_wants(change, (*view.path, *rest)))
            shared = f"its text is shared with {view.service or 'another part of the file'} by an anchor"
            if view.merged and rest and change.action != "replace" and way(node, rest[0]) is None:
                own = (*view.path, rest[0])
                if rest[0] in at(self.project.document.merged, view.path):
                    return shared  # a new key would hide the one that a later map of the `<<` has
                # Where both get the key, that of the view, beside the `<<`, would hide all of the one merged in.
                mine = self.below[change.path[: len(change.path) - len(rest) + 1]]
                if self.below[own] and self.below[own] != mine:
                    self.forced.add(own)
                    continue
            if not wants <= self.wants:
                return shared
            reached |= wants
            if view.service is not None:
                parts = _below(change, (*view.path, *rest))
                heir = self.unwilling_heir(change, view.service, parts, reached)
                if heir is not None:
                    return heir
        return None

    def cut_off(self, service: str, heir: str, path: Path) -> bool:
        """Whether `!override`, `!reset` or another log driver keeps what `service` has at `path` from its heir."""
        if any(tags(self.project.document.merged, (SERVICES, heir, *path))):
            return True
        base = self.driver(service, self.project.bodies[service])
        own = self.driver(heir, self.project.written[heir])
        # Two drivers of which a variable names one may be the same.
        return path[0] == "logging" and bool(base and own) and base != own and "$" not in f"{base}{own}"

    def driver(self, service: str, body: Any) -> Any:
        """The log driver that a service with this body has, or gets."""
        driver = ("logging", "driver")
        return at(body, driver) or self.values.get((SERVICES, service, *driver))

    def lost(self, change: Change, nodes: list[tuple[Node, int]]) -> Iterator[Node]:
        """The nodes that go with a key that is removed, or with a value that is replaced; its own anchor stays."""
        if change.action == "remove" and (removed := _last(change, nodes)):
            yield from descendants(removed)
        elif change.action == "replace" and (replaced := _last(change, nodes)):
            yield from (node for node in descendants(replaced) if node is not replaced)

    def echoes(self, change: Change, place: _Found) -> Iterator[Path]:
        """Where else the value stands that `change` replaces: at its anchor, and wherever an alias stands for it."""
        replaced = _last(change, place.nodes) if change.action == "replace" else None
        if replaced is None or id(replaced) not in self.shared:
            return
        yield self.places[id(replaced)]
        for alias in self.shared[id(replaced)]:
            if self.places[id(alias)] not in self.given:
                yield self.places[id(alias)]

    def is_shared(self, place: _Found) -> bool:
        return any(id(node) in self.shared for node, _ in place.nodes)

    def generation(self, change: Change) -> int:
        return self.project.generation(change.service) if change.service else 0

    def index(self) -> None:
        """Finds every view of every shared node."""
        for key, value in children(self.root):
            if key == SERVICES:
                for name, body in children(value.target if isinstance(value, Alias) else value):
                    self.look(str(name), (SERVICES, name), (SERVICES, name), body, frozenset())
            elif not str(key).startswith("x-"):
                self.look(None, (key,), (key,), value, frozenset())

    def look(
        self, service: str | None, path: Path, place: Path, node: Node, hidden: frozenset[Any], *, merged: bool = False
    ) -> None:
        if isinstance(node, Alias):
            if place in self.given:
                return
            node = node.target
            place = self.places[id(node)]
        if id(node) in self.shared:
            self.views[id(node)].append(_View(service, path, hidden, merged))
        own = list(children(node))
        for step, inner in own:
            if step != "<<" and step not in hidden:
                self.look(service, (*path, step), (*place, step), inner, frozenset())
        # Beside a `<<`, compose lets what is merged in stand in place of a key under `!reset`.
        hidden |= {step for step, inner in own if inner.tag != "!reset"}
        for _, source in sources(node):
            self.look(service, path, self.places[id(source)], source, hidden, merged=True)
            hidden |= {step for step, inner in children(source) if inner.tag != "!reset"}


def _stands(body: Any, below: Path) -> bool:
    """Whether a body has something there; where a map may be a list of `key=value`, too."""
    holder = at(body, below[:-1])
    if isinstance(holder, list):
        return any(as_text(item).partition("=")[0] == below[-1] for item in holder)
    return at(body, below) is not None


def _needs_text(change: Change) -> bool:
    """Whether a change only makes sense where what it changes is written: a key beside `extends` is joined with it."""
    return change.action == "remove" or _in_list(change)


def _in_list(change: Change) -> bool:
    """Whether a change is to a part of a list."""
    items = change.action == "replace" and isinstance(change.value, list)
    return items or any(isinstance(step, int) for step in change.path)


def _last(change: Change, nodes: list[tuple[Node, int]]) -> Node | None:
    """The node at the end of the change's path, if it is in the text and another place may see it."""
    node, taken = nodes[-1]
    return node if taken == len(change.path) else None


def _want(action: str, path: Path, value: Any) -> Hashable:
    # Whoever sees the place after a replacement has what it would have if it were set.
    return "set" if action == "replace" else action, path, frozen(value)


def _below(change: Change, path: Path) -> list[tuple[Path, Any]]:
    """The leaves of a change as if it stood at `path`, with their paths below the service."""
    return [(leaf[2:], value) for leaf, value in leaves(path, change.value)]


def _wants(change: Change, path: Path) -> Iterator[Hashable]:
    """The leaves of a change as if it stood at `path`."""
    return (_want(change.action, leaf, value) for leaf, value in leaves(path, change.value))
