"""What a picture of a project shows, whatever its format: services, networks, ports, who talks to whom and who could.

Two services can talk when they share a network. A pair that could before and cannot after is cut; where the one is
known to talk to the other, that is a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from hardener.graph import Edge, Graph, Outgoing
from hardener.model import ComposeFile, Port, Service, boolean
from hardener.shown import shows
from hardener.views.secrets import mask_text
from hardener.views.style import columns, escape

Pair = tuple[str, str]
"""Two services, in the order of the file."""

DEFAULT = "default"


@shows("services")
@dataclass(frozen=True, slots=True)
class Wiring:
    """A project as far as networks go: its services by name, with what they inherit, and its networks."""

    services: Mapping[str, Service]
    file: ComposeFile


@shows("name", "role", "before", "after")
@dataclass(frozen=True, slots=True)
class Box:
    """A service. `before` and `after` are the names of its networks; `undecided` is why it may talk to anyone.

    `shares` is the service whose network it uses (`network_mode: service:x`). `leaves` tells whether it can reach the
    outside, before and after; where it cannot, its published ports do not answer either.
    """

    name: str
    role: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]
    leaves: tuple[bool, bool]
    shares: str | None = None
    undecided: str | None = None


@shows("name", "before", "after")
@dataclass(frozen=True, slots=True)
class Net:
    """A network and its members. `internal` tells whether it is cut off from the outside, before and after."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    internal: tuple[bool, bool]
    external: bool


@shows("service", "where")
@dataclass(frozen=True, slots=True)
class Publication:
    """A port of a service on the host, as it is published before and after; None where it is not."""

    service: str
    before: Port | None
    after: Port | None
    where: str | None = None


@shows("source", "target", "before", "after")
@dataclass(frozen=True, slots=True)
class Link:
    """`source` talks to `target`, as all of `evidence` says; `before` and `after` tell whether it can.

    One that is only `possible` has nothing that shows it: what would decide it cannot be read.
    """

    source: str
    target: str
    evidence: tuple[Edge, ...]
    before: bool
    after: bool

    @property
    def fault(self) -> bool:
        """Whether it is cut, and used or possibly so."""
        return self.before and not self.after

    @property
    def possible(self) -> bool:
        """Whether nothing shows it."""
        return all(edge.kind == "possible" for edge in self.evidence)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of the target, as far as they are known."""
        return tuple(sorted({edge.port for edge in self.evidence if edge.port is not None}))


@shows("file", "profile", "boxes", "nets", "ports", "links", "outgoing", "notes")
@dataclass(frozen=True)
class Picture:
    """All that is shown. `profile` is None where nothing changes: then what is before is also what is after.

    `could` and `can` are the pairs of services that share a network before and after.
    """

    file: str
    profile: str | None
    boxes: tuple[Box, ...]
    nets: tuple[Net, ...]
    ports: tuple[Publication, ...]
    links: tuple[Link, ...]
    could: frozenset[Pair]
    can: frozenset[Pair]
    outgoing: tuple[Outgoing, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cut(self) -> list[Pair]:
        """The pairs that could talk and no longer can, in order."""
        order = self.order
        return sorted(self.could - self.can, key=lambda both: (order[both[0]], order[both[1]]))

    @property
    def faults(self) -> list[Link]:
        """The links that are cut."""
        return [link for link in self.links if link.fault]

    @property
    def stranded(self) -> list[str]:
        """The services that need the outside and can no longer reach it."""
        lost = {box.name for box in self.boxes if box.leaves == (True, False)}
        return list(dict.fromkeys(way.service for way in self.outgoing if way.service in lost))

    @property
    def silent(self) -> list[Publication]:
        """The published ports that would no longer answer, since their service is left with internal networks only."""
        lost = {box.name for box in self.boxes if box.leaves == (True, False)}
        return [one for one in self.ports if one.before and one.after and one.service in lost]

    @property
    def used(self) -> frozenset[Pair]:
        """The pairs of which one talks to the other, as something shows."""
        order = self.order
        return frozenset(pair(link.source, link.target, order) for link in self.links if not link.possible)

    @property
    def possible(self) -> frozenset[Pair]:
        """The pairs of which one may talk to the other, though nothing shows it."""
        order = self.order
        return frozenset(pair(link.source, link.target, order) for link in self.links) - self.used

    @property
    def drawn(self) -> tuple[Link, ...]:
        """The links that a drawing has lines for: those that something shows, and those that are cut."""
        return tuple(link for link in self.links if link.fault or not link.possible)

    @property
    def entries(self) -> dict[tuple[str, bool], list[Publication]]:
        """What is published after, by service, and by whether only the host itself reaches it."""
        found: dict[tuple[str, bool], list[Publication]] = {}
        for one in self.ports:
            if one.after is not None:
                found.setdefault((one.service, one.after.loopback), []).append(one)
        return found

    def served(self, name: str) -> str | None:
        """The ports at which others ask a service, as far as they are known."""
        asked = sorted({port for link in self.links if link.target == name for port in link.ports})
        return f"serves {', '.join(map(str, asked))}" if asked else None

    @property
    def order(self) -> dict[str, int]:
        """The place of each service."""
        return {box.name: index for index, box in enumerate(self.boxes)}

    @property
    def split(self) -> bool:
        """Whether services differ in their networks, so that it is worth saying who is in which."""
        return len({frozenset(box.after) for box in self.boxes}) > 1


def pair(one: str, other: str, order: Mapping[str, int]) -> Pair:
    """Two services in their order."""
    return (one, other) if order[one] < order[other] else (other, one)


def picture(
    graph: Graph,
    before: Wiring,
    after: Wiring,
    *,
    file: str,
    profile: str | None = None,
    roles: Mapping[str, str] | None = None,
    hide: Callable[[str], str] = mask_text,
) -> Picture:
    """The picture of a project as it is and as it will be; the same wiring twice where nothing changes.

    `roles` are those that are known, by service. `hide` masks what is secret in a text; what the graph says goes
    through it.
    """
    ends = (end for edge in graph.edges for end in (edge.source, edge.target))
    names = tuple(dict.fromkeys((*graph.services, *before.services, *ends)))
    old, new = _networks(names, before), _networks(names, after)
    boxes = tuple(
        Box(
            name,
            (roles or {}).get(name),
            tuple(old[name]),
            tuple(new[name]),
            (_leaves(old[name], before.file), _leaves(new[name], after.file)),
            _shares(after.services.get(name)),
            hide(graph.undecided[name]) if name in graph.undecided else None,
        )
        for name in names
    )
    could, can = _pairs(names, old), _pairs(names, new)
    order = {name: index for index, name in enumerate(names)}
    links = []
    for (source, target), edges in graph.pairs().items():
        if source != target:
            evidence = tuple(dict.fromkeys(edge._replace(claim=hide(edge.claim)) for edge in edges))
            both = pair(source, target, order)
            links.append(Link(source, target, evidence, both in could, both in can))
    return Picture(
        file,
        profile,
        boxes,
        _nets(names, old, new, before.file, after.file),
        tuple(_ports(graph, before.services, after.services)),
        tuple(sorted(links, key=lambda link: (order[link.source], order[link.target]))),
        could,
        can,
        tuple(way._replace(claim=hide(way.claim)) for way in graph.outgoing),
        tuple(map(hide, graph.notes)),
    )


def _shares(service: Service | None) -> str | None:
    mode = (service.network_mode or "") if service else ""
    return mode.removeprefix("service:") if mode.startswith("service:") else None


def _networks(names: Iterable[str], wiring: Wiring) -> dict[str, list[str]]:
    """The networks of each service. What is no network of the file stands in brackets: `(host)`."""

    def of(name: str, seen: frozenset[str]) -> list[str]:
        service = wiring.services.get(name)
        if service is None:
            return []
        owner = _shares(service)
        if owner is not None:
            return of(owner, seen | {name}) if owner not in seen else []
        if service.network_mode and service.network_mode != "none":
            return [f"({service.network_mode})"]
        return [] if service.network_mode else list(service.read_networks()) or [DEFAULT]

    return {name: of(name, frozenset()) for name in names}


def _is_internal(network: str, file: ComposeFile) -> bool:
    found = (file.networks or {}).get(network)
    return found is not None and bool(boolean(found.internal))


def _leaves(networks: list[str], file: ComposeFile) -> bool:
    return any(not _is_internal(network, file) for network in networks)


def _pairs(names: tuple[str, ...], networks: Mapping[str, list[str]]) -> frozenset[Pair]:
    sets = {name: set(networks[name]) for name in names}
    return frozenset((one, other) for one, other in combinations(names, 2) if sets[one] & sets[other])


def _nets(
    names: tuple[str, ...],
    old: Mapping[str, list[str]],
    new: Mapping[str, list[str]],
    before: ComposeFile,
    after: ComposeFile,
) -> tuple[Net, ...]:
    """The networks that have members, in the order of the file they come to be in, the implicit default first."""
    members = dict.fromkeys(network for networks in (old, new) for name in names for network in networks[name])
    known = dict.fromkeys((DEFAULT, *(before.networks or {}), *(after.networks or {})))
    result = []
    for network in sorted(members, key=lambda network: [*known].index(network) if network in known else len(known)):
        declared = (after.networks or {}).get(network) or (before.networks or {}).get(network)
        result.append(
            Net(
                network,
                tuple(name for name in names if network in old[name]),
                tuple(name for name in names if network in new[name]),
                (_is_internal(network, before), _is_internal(network, after)),
                declared is not None and declared.is_external,
            )
        )
    return tuple(result)


def _ports(graph: Graph, before: Mapping[str, Service], after: Mapping[str, Service]) -> Iterable[Publication]:
    """The ports of both, matched by what they publish of the container, in order."""
    where = {(one.service, one.port.position): one.where for one in graph.exposures}
    for name in dict.fromkeys((*before, *after)):
        waiting = after[name].read_ports() if name in after else []
        for port in before[name].read_ports() if name in before else ():
            same = [one for one in waiting if (one.target, one.protocol) == (port.target, port.protocol)]
            # A container port can be published twice: the same address goes before another one.
            match = min(
                same, key=lambda one: (one.published != port.published, one.host_ip != port.host_ip), default=None
            )
            if match is not None:
                waiting.remove(match)
            yield Publication(name, port, match, where.get((name, port.position)))
        for port in waiting:
            yield Publication(name, None, port)


def visible(text: str) -> str:
    """`text` on one line, every character that is not to be seen, or that XML forbids, as its escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in escape(text)
    )


def clip(text: str, longest: int = 30) -> str:
    """`text` as a label of `longest` columns: on one line, nothing in it that a terminal would obey, no long middle."""
    text = visible(text)
    longest = longest * len(text) // max(columns(text), 1)  # characters, of which wide ones count twice
    return text if len(text) <= longest else f"{text[: longest * 2 // 3]}…{text[-(longest // 3) :]}"


def address(port: Port) -> str:
    """A published port as people write it: `127.0.0.1:5432→5432`, `8080→80/udp`; without an address, it is on all."""
    host = port.host_ip or ""
    host = f"[{host}]" if ":" in host else host
    published = port.published or "any"
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return f"{host}{':' if host else ''}{published}→{port.target}{protocol}"
