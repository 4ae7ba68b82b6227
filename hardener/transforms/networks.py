"""networks."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from hardener.model import ComposeFile, Service
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

if TYPE_CHECKING:
    from hardener.split import Split

_PROXIES = {"reverse-proxy", "web"}
_SHOWN = 5
"""Pairs of services that a reason names."""


class Networks(Transform):
    """Services share a network only with those they talk to; data stores leave the one that the outside reaches.

    Who talks to whom is read from the file, its env files and the configurations it mounts (`harden graph` shows it).
    In the plain mode, what is published and whom it talks to stands in `frontend`, data stores and whom they talk to in
    `backend`; who does both is in both. The stores of applications that share none have a backend each. In the strict
    mode every data store has a network of its own. A network with a store in which nobody is published is `internal`,
    if all in it but the stores have another way out. Where all services are in one network that the file names, that is
    the front, and the stores leave it.

    Held back where the file has more networks than that, or says more of one than its name (an alias, an address):
    whoever wrote them split it on purpose. Where services come from other files (`include`, `extends`), which may need
    to be reached; where nothing would be parted; where a part of the file is left out of the run; in a file of more
    than 250 services, where it is not looked for who may talk to whom. A service of which it is not known whom it talks
    to stays connected with all.
    What it breaks: containers of other projects that join this one's network to reach its stores.

    ```yaml
    services:
      proxy:
        networks: [frontend]  # added
      app:
        networks: [frontend, backend]  # added
      db:
        networks: [backend]  # added
    networks:  # added
      frontend: {}
      backend:
        internal: true
    ```
    """

    id: ClassVar = "networks"
    title: ClassVar = "Networks that part who does not talk"
    references: ClassVar = (
        "CIS Docker 5.30",
        "OWASP Docker Rule 5",
        "NIST SP 800-190 4.3.3",
        "KICS networks_not_set",
    )
    after: ClassVar = ("published-ports",)
    atomic: ClassVar = "file"

    mode: Literal["plain", "strict"] = Field(
        default="plain", description="One network for all data stores, or one for each."
    )
    internal: bool = Field(default=True, description="Close networks that need no way to the outside.")
    frontend: str = Field(default="frontend", min_length=1, description="What the outside reaches.")
    backend: str = Field(default="backend", min_length=1, description="What it does not.")

    def run_file(self, file: ComposeFile, context: Context) -> Iterator[Answer]:
        split = self._split(context)
        if isinstance(split, str):
            yield self.skip(None, split)
            return
        value: dict[str, Any] = {
            name: {"internal": True} if self.internal and name in split.closed else {}
            for name in split.names()
            if name not in (file.networks or {})
        }
        pairs = [" and ".join(pair) for pair in islice(split.parted(), _SHOWN + 1)]
        shown = ", ".join(pairs[:_SHOWN]) + (" and others" if len(pairs) > _SHOWN else "")
        reason = f"who does not talk to each other cannot: {shown}"
        common = f"the network {next(iter(file.networks))}" if file.networks else "the default network"
        caveat = f"containers of other projects no longer reach all of this one through {common}"
        yield self.set(None, "networks", value, reason, Confidence.KNOWN, caveat=caveat)

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        split = self._split(context)
        if isinstance(split, str):
            yield self.skip(service, split)
        elif service.name not in split.networks:
            yield self.skip(service, "it has the network of another, or none (network_mode)")
        else:
            graph = context.graph
            doubt = graph.undecided.get(service.name)
            talks = sorted(graph.neighbours(service.name) & split.networks.keys())
            reason = doubt and f"{doubt}, so it stays connected with all"
            reason = reason or (f"it talks to {', '.join(talks)}" if talks else "it talks to nobody here")
            evidence = tuple(Evidence(edge.claim, edge.where) for edge in graph.of(service.name))
            yield from self._join(service, split.networks[service.name], reason, evidence)

    def _join(
        self, service: Service, networks: list[str], reason: str, evidence: tuple[Evidence, ...]
    ) -> Iterator[Answer]:
        """The networks of a service; what it has is the one that all share."""
        if service.networks is None:
            yield self.set(service, "networks", list(networks), reason, Confidence.KNOWN, evidence=evidence)
            return
        first, *more = sorted(networks, key=lambda name: name not in service.read_networks())
        if first not in service.read_networks():
            place = ("networks", 0)
            yield self.replace(service, place, first, reason, Confidence.KNOWN, evidence=evidence)
        for name in more:
            yield self.append(service, "networks", name, reason, Confidence.KNOWN, evidence=evidence)

    def _split(self, context: Context) -> "Split | str":
        """The networks of all services, or why there are none to give."""
        if self not in context.memo:
            context.memo[self] = self._decide(context)
        found: Split | str = context.memo[self]
        return found

    def _decide(self, context: Context) -> "Split | str":
        from hardener.knowledge.stores import STORES, may_be_store
        from hardener.split import split

        services = [name for name, service in context.services.items() if _on_default(service)]
        shared = _shared(services, context)
        if reason := _hindered(context, shared):
            return reason
        roles = {name: role.name for name in services if (role := context.role(context.services[name]))}
        # The graph is read only where there may be something to part.
        may_be = (roles.get(name) in STORES or may_be_store(context.services[name].image, name) for name in services)
        if len(services) < 2 or not any(may_be):
            return "there is no data store to set apart"
        graph = context.graph
        if graph.undecided.keys() >= set(services):
            return "everyone talks to everyone, or may do so"
        stores = {
            name
            for name in services
            if (context.roles[name] in STORES if name in context.roles else name in graph.stores)
        }
        if not stores:
            return "there is no data store to set apart"
        fronts = {exposure.service for exposure in graph.exposures}
        proxies = {name for name in services if name in graph.proxies or roles.get(name) in _PROXIES}
        front = shared or self.frontend
        found = split(
            graph,
            services,
            stores,
            fronts | proxies,
            proxies,
            context.project.bases,
            self.mode,
            front,
            self.backend if self.backend != front else f"{front}-stores",
            {name for name in services if _takes_any_address(context.services[name])},
        )
        return found if next(found.parted(), None) else "everyone talks to everyone, or may do so"


def _shared(services: list[str], context: Context) -> str | None:
    """The network that the file names and all of its services are in, if no more is said of it than a common driver."""
    merged = context.project.document.merged
    declared = merged.get("networks") if isinstance(merged, dict) else None
    if not isinstance(declared, dict) or len(declared) != 1 or context.project.bases:
        return None
    ((name, options),) = declared.items()
    plain = options is None or options in ({}, {"driver": "bridge"}, {"driver": None})
    alone = all(context.services[one].networks == [name] for one in services)
    usual = plain and alone and name != "default"
    return name if usual and context.project.is_apart("networks", services) else None


def _hindered(context: Context, shared: str | None) -> str | None:
    """Why the networks of a file are not ours to give, if so; that all `shared` one is no reason."""
    if context.project.is_tagged("networks") or (shared is None and context.file.networks):
        return "the file sets up networks already"
    if shared is None and any(service.networks is not None for service in context.services.values()):
        return "the file has networks already"
    if context.file.include:
        return "services of included files share its network"
    if context.project.unresolved:
        return "it extends services of files that cannot be read"
    if part := next((name for name, service in context.services.items() if service.is_part), None):
        return f"another file says what {part} runs, and maybe what its networks are"
    return None


def _takes_any_address(service: Service) -> bool:
    """Whether it takes any address of the services that it finds, as Traefik does."""
    from hardener.knowledge.clients import client_of

    client = client_of(service.image)
    return client is not None and client.anywhere


def _on_default(service: Service) -> bool:
    return service.network_mode is None and service.provider is None
