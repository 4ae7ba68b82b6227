"""networks."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from hardener.model import ComposeFile, Service
from hardener.source import Tagged
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
    `backend`; who does both is in both. In the strict mode every data store has a network of its own. A network in
    which nobody is published or calls the outside is `internal`.

    Held back where the file has networks already: whoever wrote them split it on purpose. Where services come from
    other files (`include`, `extends`), which may need to be reached; where nothing would be parted; where a part of the
    file is left out of the run. A service of which it is not known whom it talks to stays connected with all. What it
    breaks: containers of other projects that join this one's default network.

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
            name: {"internal": True} if self.internal and name in split.closed else {} for name in split.names()
        }
        pairs = [" and ".join(pair) for pair in islice(split.parted(), _SHOWN + 1)]
        shown = ", ".join(pairs[:_SHOWN]) + (" and others" if len(pairs) > _SHOWN else "")
        yield self.set(
            None,
            "networks",
            value,
            f"who does not talk to each other cannot: {shown}",
            Confidence.KNOWN,
            caveat="containers of other projects can no longer join the default network of this one",
        )

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
            yield self.set(
                service,
                "networks",
                list(split.networks[service.name]),
                reason or (f"it talks to {', '.join(talks)}" if talks else "it talks to nobody here"),
                Confidence.KNOWN,
                evidence=tuple(
                    Evidence(edge.claim, edge.where)
                    for pair, edges in graph.pairs().items()
                    if service.name in pair
                    for edge in edges[:1]
                ),
            )

    def _split(self, context: Context) -> "Split | str":
        """The networks of all services, or why there are none to give."""
        if self not in context.memo:
            context.memo[self] = self._decide(context)
        found: Split | str = context.memo[self]
        return found

    def _decide(self, context: Context) -> "Split | str":
        from hardener.knowledge.stores import STORES, may_be_store
        from hardener.split import split

        if reason := _hindered(context):
            return reason
        services = [name for name, service in context.services.items() if _on_default(service)]
        roles = {name: role.name for name in services if (role := context.role(context.services[name]))}
        # The graph is read only where there may be something to part.
        may_be = (roles.get(name) in STORES or may_be_store(context.services[name].image, name) for name in services)
        if len(services) < 2 or not any(may_be):
            return "there is no data store to set apart"
        graph = context.graph
        stores = {
            name
            for name in services
            if (context.roles[name] in STORES if name in context.roles else name in graph.stores)
        }
        if not stores:
            return "there is no data store to set apart"
        fronts = {exposure.service for exposure in graph.exposures}
        proxies = {name for name in services if name in graph.proxies or roles.get(name) in _PROXIES}
        found = split(
            graph,
            services,
            stores,
            fronts | proxies,
            proxies,
            context.project.bases,
            self.mode,
            self.frontend,
            self.backend,
        )
        return found if next(found.parted(), None) else "everyone talks to everyone, or may do so"


def _hindered(context: Context) -> str | None:
    """Why the networks of a file are not ours to give, if so."""
    merged = context.project.document.merged
    if context.file.networks or (isinstance(merged, dict) and isinstance(merged.get("networks"), Tagged)):
        return "the file sets up networks already"
    if any(service.networks is not None for service in context.services.values()):
        return "the file has networks already"
    if context.file.include:
        return "services of included files share its network"
    if context.project.unresolved:
        return "it extends services of files that cannot be read"
    return None


def _on_default(service: Service) -> bool:
    return service.network_mode is None and service.provider is None
