"""Networks that keep every edge of a communication graph, and the pairs of services that they part.

`plain` is what people write by hand: a `frontend` for what is published and whom it talks to, a `backend` for the data
stores and whom they talk to, or one for each group of stores where no service uses stores of two: the database of one
application and that of another. `strict` gives every data store a network of its own. Nothing is taken from a service
of which it is not known whom it talks to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import combinations, product
from typing import Literal, NamedTuple

from hardener.graph import Graph

Mode = Literal["plain", "strict"]


class Split(NamedTuple):
    """Networks by service, in order, and those of the networks in which nobody needs the outside."""

    networks: dict[str, list[str]]
    closed: frozenset[str]

    def parted(self) -> Iterator[tuple[str, str]]:
        """The pairs of services that have no network in common, one after another."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, own in self.networks.items():
            groups.setdefault(tuple(own), []).append(name)
        for one, two in combinations(groups, 2):
            if not set(one) & set(two):
                yield from product(groups[one], groups[two])

    def names(self) -> list[str]:
        """All networks, in the order in which services first have them."""
        return list(dict.fromkeys(name for names in self.networks.values() for name in names))


def split(
    graph: Graph,
    services: Iterable[str],
    stores: set[str],
    fronts: set[str],
    proxies: set[str],
    bases: Mapping[str, str],
    mode: Mode = "plain",
    frontend: str = "frontend",
    backend: str = "backend",
    anywhere: Iterable[str] = (),
) -> Split:
    """Networks for `services`, which all share one so far.

    `stores` are those that only answer (databases, caches, queues), `fronts` those that the outside reaches, `proxies`
    those that lead it on to others: in the plain mode, a store that one leads to comes to the front, and the proxy does
    not get at the other stores. `bases` tells whom a service extends: it has the networks of that one, too.
    `anywhere` are those that take any address of a service that they find by its labels: they have all of its networks.
    """
    members = dict.fromkeys(services)
    pairs = {frozenset(pair) for pair in graph.pairs() if set(pair) <= members.keys() and len(set(pair)) == 2}
    order = [name for name in members if name in stores]
    groups = [[store] for store in order] if mode == "strict" else _groups(order, pairs, graph.undecided.keys())
    several = mode == "strict" or len(groups) > 1
    back = {store: f"{backend}-{group[0]}" if several else backend for group in groups for store in group}
    networks: dict[str, set[str]] = {name: {back[name]} if name in stores else set() for name in members}
    for name in members:
        if name in graph.undecided:
            networks[name] |= {frontend, *back.values()}
        elif name in fronts and name not in stores:
            networks[name].add(frontend)
    # Those who talk to a store join it; others who talk and have no network in common meet in front.
    leads = proxies - stores - graph.undecided.keys() if mode == "plain" else set()
    _join(networks, pairs, back, leads, frontend)
    for pair in sorted(pairs, key=sorted):
        one, two = sorted(pair)
        _meet(networks, one, two, stores, frontend)
    for name in members:
        networks[name] = networks[name] or {frontend}
    _discover(networks, graph, set(anywhere))
    _inherit(networks, bases)
    line = [frontend, *dict.fromkeys(back[store] for store in order)]
    ordered = {name: _ordered(name, networks, bases, line) for name in members}
    return Split(ordered, frozenset(_closed(ordered, graph, stores)))


def _join(
    networks: dict[str, set[str]], pairs: Iterable[frozenset[str]], back: Mapping[str, str], leads: Set[str], front: str
) -> None:
    """Lets those who talk to a store join it; one that a proxy of `leads` leads to comes to the front instead."""
    for pair in pairs:
        for store in pair & back.keys():
            if led := pair & leads:
                networks[store].add(front)
                networks[min(led)].add(front)
                continue
            for other in pair - {store}:
                networks[other].add(back[store])


def _groups(stores: list[str], pairs: Iterable[frozenset[str]], undecided: Iterable[str]) -> list[list[str]]:
    """The stores of one application together: those that a service uses beside each other, or that talk themselves.

    Who is undecided is in every network, and so brings nothing together.
    """
    users: dict[str, set[str]] = {store: {store} for store in stores}
    for pair in pairs:
        for store in pair & users.keys():
            users[store] |= pair - set(undecided)
    groups: list[list[str]] = []
    for store in stores:
        near = [group for group in groups if any(users[store] & users[other] for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), store])
    return sorted(
        ([store for store in stores if store in group] for group in groups), key=lambda one: stores.index(one[0])
    )


def _meet(networks: dict[str, set[str]], one: str, two: str, stores: set[str], frontend: str) -> None:
    """Gives two services that talk a network in common, if they have none."""
    if networks[one] & networks[two]:
        return
    outer = [name for name in (one, two) if name not in stores]
    if len(outer) == 2:
        for name in outer:
            networks[name].add(frontend)
    elif outer:
        networks[outer[0]] |= networks[two if outer[0] == one else one]
    else:  # two stores: one joins the network of the other
        networks[one] |= networks[two]


def _discover(networks: dict[str, set[str]], graph: Graph, anywhere: set[str]) -> None:
    """Gives those that take any address of a service the networks of the services that they find by their labels."""
    for edge in graph.edges:
        if edge.source in anywhere and edge.kind in ("label", "possible") and edge.target in networks:
            networks[edge.source] |= networks[edge.target]


def _inherit(networks: dict[str, set[str]], bases: Mapping[str, str]) -> None:
    """What a service extends gives its networks on."""
    for name in networks:
        for base in _ancestors(name, networks, bases):
            networks[name] |= networks[base]


def _ancestors(name: str, networks: Mapping[str, set[str]], bases: Mapping[str, str]) -> list[str]:
    """Whom a service extends, the nearest first, as far as they get networks."""
    found: list[str] = []
    while (base := bases.get(name)) is not None and base in networks and base not in found:
        found.append(base)
        name = base
    return found


def _ordered(name: str, networks: Mapping[str, set[str]], bases: Mapping[str, str], order: Iterable[str]) -> list[str]:
    """The networks of a service as compose joins the lists: those of what it extends go first."""
    line = [*reversed(_ancestors(name, networks, bases)), name]
    return list(dict.fromkeys(network for each in line for network in order if network in networks[each]))


def _closed(networks: Mapping[str, list[str]], graph: Graph, stores: set[str]) -> set[str]:
    """The networks that hold data stores and their clients, none of which is published.

    A client that is not a store is taken to call the outside: of its networks, one stays open.
    """
    published = {exposure.service for exposure in graph.exposures}
    calling = {name for name in networks if name not in stores or name in graph.undecided}
    calling |= {outgoing.service for outgoing in graph.outgoing}
    inside: dict[str, set[str]] = {}
    for name, own in networks.items():
        for network in own:
            inside.setdefault(network, set()).add(name)
    closed = {network for network, names in inside.items() if names & stores and not names & published}
    for name, own in networks.items():
        if name in calling and closed.issuperset(own):
            closed.discard(own[0])
    return closed
