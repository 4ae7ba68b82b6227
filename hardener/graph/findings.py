"""What is gathered while a project is read: edges, and what stays open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import NamedTuple

from hardener.graph.files import Files
from hardener.graph.mentions import Mention
from hardener.graph.names import Names, is_host, is_local
from hardener.graph.types import Edge, EdgeKind, Foreign, Outgoing
from hardener.model import Service
from hardener.model.project import Project
from hardener.shown import shows
from hardener.source import Path

Where = Callable[[], str] | str
"""A place, or what finds it where it is needed: most mentions lead nowhere."""


class Unread(NamedTuple):
    """A path in the container; `kept` in a volume that the engine keeps, where mostly data lies, else of the host."""

    target: str
    kept: bool = False


@shows("project", "services")
@dataclass
class Findings:
    """The project, and what its reading has shown so far."""

    project: Project
    services: Mapping[str, Service]
    """Those of the file and of included files."""
    names: Names
    files: Files
    values: Mapping[str, str]
    """What the `.env` beside the compose file gives."""
    _edges: dict[str, dict[tuple[str, EdgeKind, str, str], Edge]] = field(default_factory=dict)
    _evident: dict[str, list[Edge]] = field(default_factory=dict)
    _sources: dict[str, dict[str, None]] = field(default_factory=dict)
    targets: dict[str, dict[str, None]] = field(default_factory=dict)
    """By source, the targets of the edges."""
    outgoing: dict[Outgoing, None] = field(default_factory=dict)
    foreign: list[Foreign] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """By service, variables that name a host that is not known."""
    missing: dict[str, list[str]] = field(default_factory=dict)
    """By service, env files that cannot be read."""
    unread: dict[str, list[Unread]] = field(default_factory=dict)
    """By service, what is mounted and cannot be read."""
    strangers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By service, variables that name a host without a domain that is no service, with that host."""
    candidates: dict[str, list[str]] = field(default_factory=dict)
    """By proxy, services that it takes although they say nothing of it."""
    configured: dict[str, str] = field(default_factory=dict)
    """By service, the text of what is mounted and was read."""

    def where(self, service: str, *path: str | int) -> str:
        """`file:line:column` of a value of a service; of the `include` for one of an included file."""
        whole: Path = ("services", service, *path)
        if service not in self.project.services:
            return str(self.project.document.where(("include",)))
        return str(self.project.document.where(self.project.origin(whole)))

    def own(self, service: str) -> bool:
        """Whether a service stands in the file itself, so that its relative paths are known."""
        return service in self.project.services

    def connect(
        self, source: str, targets: Iterable[str], kind: EdgeKind, claim: str, where: str, port: int | None = None
    ) -> bool:
        """Edges from `source`, unless they are there; whether there was a target at all."""
        found = False
        for target in sorted(targets):
            found = True
            key = (target, kind, claim, where)
            own = self._edges.setdefault(source, {})
            known = own.get(key)
            if source != target and (known is None or known.port is None):
                self.targets.setdefault(source, {})[target] = None
                self._sources.setdefault(target, {})[source] = None
                if kind != "possible":
                    self._evident.pop(source, None)
                own[key] = Edge(source, target, kind, claim, where, port)
        return found

    def mention(self, source: str, mention: Mention, kind: EdgeKind, subject: str, where: Where) -> bool:
        """The edge that a mention makes, if it leads to a service; `subject` is what names it, never its value."""
        if mention.unknown or is_local(mention.host):
            return False
        targets = self.names.find(mention.host, source)
        if targets:
            # What the engine would only take for a name may be part of a secret that looks like one.
            shown = mention.host if self.names.gives(mention.host, source) else ", ".join(sorted(targets))
            self.connect(
                source,
                targets,
                kind,
                f"{subject} names {shown}",
                _told(where),
                mention.port,
            )
        return bool(targets)

    def leaves(self, source: str, mention: Mention, subject: str, where: Where) -> None:
        """What a mention that leads to no service says about the outside."""
        if mention.unknown or is_local(mention.host) or self.names.knows(mention.host, source):
            return
        if is_host(mention.host):
            self.out(source, f"{subject} names the host", _told(where))
        elif mention.kind == "url" or (mention.kind == "word" and _qualified(mention.host)):
            self.out(source, f"{subject} names a host that is no service", _told(where))

    def abroad(self, source: str, mention: Mention, subject: str, where: Where) -> None:
        """Notes the port that a mention names with a host that is none of the project's, as far as that shows."""
        if mention.port is None or is_local(mention.host) or mention.host.endswith(".localhost"):
            return
        named = "." in mention.host or is_host(mention.host)
        if mention.unknown or (named and not self.names.knows(mention.host, source)):
            place = _told(where)
            self.foreign.append(Foreign(source, mention.port, f"{subject} names it", place))

    def out(self, service: str, claim: str, where: str) -> None:
        self.outgoing[Outgoing(service, claim, where)] = None

    @property
    def edges(self) -> list[Edge]:
        """All edges, by source and in the order they were found; of one with and without its port, the one with it."""
        return [edge for own in self._edges.values() for edge in own.values()]

    def edges_of(self, source: str) -> list[Edge]:
        """The edges of one service to others."""
        return list(self._edges.get(source, {}).values())

    def evident(self, source: str) -> list[Edge]:
        """What shows whom a service talks to: its edges but those that are only possible."""
        if source not in self._evident:
            self._evident[source] = [edge for edge in self.edges_of(source) if edge.kind != "possible"]
        return self._evident[source]

    def sources(self, target: str) -> list[str]:
        """The services that have edges to one."""
        return list(self._sources.get(target, ()))

    def users(self, target: str) -> list[str]:
        """The services that are known to talk to one."""
        return [source for source in self.sources(target) if any(e.target == target for e in self.evident(source))]


def _told(where: Where) -> str:
    return where if isinstance(where, str) else where()


def _qualified(host: str) -> bool:
    """Whether a word looks like a full host name or an address: `smtp.example.com`, `1.1.1.1`, and not `0.5`."""
    labels = host.split(".")
    return len(labels) > 1 and all(labels) and (len(labels) == 4 or (labels[-1].isalpha() and len(labels[-1]) > 1))


def folder_of(project: Project) -> FilePath:
    """The folder that relative paths of the compose file count from."""
    return FilePath(project.document.file).parent
