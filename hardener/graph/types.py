"""Who talks to whom in a project: services, the host that publishes their ports, and the outside.

An edge is a connection that one service opens to another, with what says so: a line of the compose file, of an env
file, or of a mounted configuration. A file that cannot be read is a note, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from hardener.model import Port
from hardener.shown import shows

EdgeKind = Literal[
    "depends_on",  # depends_on: it waits for the other, and so most likely talks to it
    "links",
    "environment",  # a variable, here or in an env file, names the other
    "command",  # a word of command or entrypoint does
    "healthcheck",  # its health check does
    "label",  # a label that a proxy reads does (traefik): the edge starts at the proxy
    "config",  # a mounted configuration does
    "image",  # the image does by default (phpMyAdmin: `db`)
    "shared",  # network_mode: service:x: both are one for the network
    "possible",  # nothing shows it, but what would decide it cannot be read: to be kept like all others
]


@shows("source", "target", "kind", "where", "port")
class Edge(NamedTuple):
    """`source` opens connections to `target`, both names of services. `port` is that of the target, if it is known.

    `claim` says in words what shows it, `where` is `file:line:column`, or `file:line` of another file.
    """

    source: str
    target: str
    kind: EdgeKind
    claim: str
    where: str
    port: int | None = None


@shows("service", "where")
class Exposure(NamedTuple):
    """The host publishes a port of a service: everyone who reaches the host reaches it, unless it is on loopback."""

    service: str
    port: Port
    where: str


@shows("service", "where")
class Outgoing(NamedTuple):
    """A service that opens connections to the outside or the host, and what shows it. None shown proves nothing."""

    service: str
    claim: str
    where: str


@shows("service", "port", "where")
class Foreign(NamedTuple):
    """A port that a service names with a host that is none of the project's, or that only a variable knows.

    It may be one of this host's, as other hosts are told of it: `LISTENERS: OUT://192.168.1.10:9092`.
    """

    service: str
    port: int
    claim: str
    where: str


@shows("services", "edges", "exposures", "outgoing", "undecided", "notes")
@dataclass(frozen=True)
class Graph:
    """The communication of a project.

    `services` are those of the file itself; edges and `undecided` can name those of included files, too. `edges` has
    every way an edge is known, so that one pair of services can be in it several times; `undecided` are services of
    which it cannot be said whom they talk to, with the reason: nothing may be cut from them. `stores` keep data for
    others, and open no connections but those that `edges` has; `proxies` lead people on to others. `notes`
    tell of files that could not be read.
    """

    services: tuple[str, ...]
    edges: tuple[Edge, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    undecided: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stores: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()
    foreign: tuple[Foreign, ...] = ()

    def pairs(self) -> dict[tuple[str, str], list[Edge]]:
        """The edges by source and target."""
        found: dict[tuple[str, str], list[Edge]] = {}
        for edge in self.edges:
            found.setdefault((edge.source, edge.target), []).append(edge)
        return found

    def of(self, service: str) -> list[Edge]:
        """The edges from or to `service`, the first of each pair."""
        return self._of.get(service, [])

    def to(self, service: str) -> list[Edge]:
        """The edges to `service`."""
        return self._to.get(service, [])

    def neighbours(self, service: str) -> set[str]:
        """The services that `service` talks to, or that talk to it."""
        return {end for edge in self.of(service) for end in (edge.source, edge.target)} - {service}

    def foreign_among(self, ports: range) -> Foreign | None:
        """The first of `foreign` that names one of these ports."""
        first = self._foreign
        named = (
            (port for port in first if port in ports) if len(first) < len(ports) else filter(first.__contains__, ports)
        )
        place = min(map(first.__getitem__, named), default=None)
        return None if place is None else self.foreign[place]

    @cached_property
    def _of(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for (source, target), (edge, *_) in self.pairs().items():
            for end in {source, target}:
                found.setdefault(end, []).append(edge)
        return found

    @cached_property
    def _to(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    @cached_property
    def _foreign(self) -> dict[int, int]:
        """By port, the index of the first of `foreign` that names it."""
        found: dict[int, int] = {}
        for index, foreign in enumerate(self.foreign):
            found.setdefault(foreign.port, index)
        return found
