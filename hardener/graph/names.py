"""The names by which the services of a project reach each other, as the engine's DNS knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hardener.model import Service
from hardener.model.interpolation import resolve_defaults
from hardener.model.short import texts

_LOCAL = re.compile(r"localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1?\]?|0+|ip6-localhost", re.IGNORECASE)
_HOST_ITSELF = re.compile(
    r"(?:host|gateway)\.(?:docker|containers|lima)\.internal|docker\.for\.(?:mac|win)\.\w+|host-gateway", re.IGNORECASE
)
# The names compose gives containers: `shop-db-1`, `shop_db_1`.
_CONTAINER = re.compile(r"[a-z0-9][a-z0-9_.-]*?[-_](?P<service>[a-z0-9][a-z0-9_.-]*)[-_]1")


class Names:
    """Every name that leads to a service. One name can lead to several, and some hold only for one service."""

    def __init__(self, services: Mapping[str, Service], networks: Iterable[str] = ()) -> None:
        self.networks = {name.lower() for name in networks} | {"default"}
        self._common: dict[str, set[str]] = {}
        self._own: dict[str, dict[str, set[str]]] = {}
        for name, service in services.items():
            for alias in (name, *_names(service)):
                self._common.setdefault(alias.lower(), set()).add(name)
        for name, service in services.items():
            own: dict[str, set[str]] = {}
            self._own[name] = own
            for link in texts(service.links) + texts(service.external_links):
                target, _, alias = link.partition(":")
                for found in self._common.get(target.lower(), ()):
                    own.setdefault((alias or target).lower(), set()).add(found)
            for host, address in _extra_hosts(service):
                for found in self._common.get(address.lower(), ()):
                    own.setdefault(host.lower(), set()).add(found)

    def find(self, host: str, viewer: str) -> set[str]:
        """The services that `host` leads to from within `viewer`, without that itself."""
        host = host.lower().rstrip(".")
        found = self._own.get(viewer, {}).get(host) or self._common.get(host) or self._derived(host)
        return found - {viewer}

    def gives(self, host: str, viewer: str) -> bool:
        """Whether the file itself gives that name, in a way that `viewer` can use."""
        host = host.lower().rstrip(".")
        return host in self._own.get(viewer, {}) or host in self._common

    def knows(self, host: str, viewer: str) -> bool:
        """Whether `host` leads to a service, be it `viewer` itself."""
        host = host.lower().rstrip(".")
        return bool(self._own.get(viewer, {}).get(host) or self._common.get(host) or self._derived(host))

    def _derived(self, host: str) -> set[str]:
        """Services by the names that the engine makes of theirs: `tasks.db`, `db.backend`, `shop-db-1`."""
        head, _, tail = host.partition(".")
        if head == "tasks":
            return self._common.get(tail, set())
        ends = (tail, *(tail[cut.end() :] for cut in re.finditer("[-_]", tail)))
        if tail and not self.networks.isdisjoint(ends):
            return self._common.get(head, set())
        if match := _CONTAINER.fullmatch(host):
            name = match["service"]
            while name not in self._common and re.search("[-_]", name):
                name = re.split("[-_]", name, maxsplit=1)[1]
            return self._common.get(name, set())
        return set()


def is_local(host: str) -> bool:
    """Whether a host name means the container itself."""
    return _LOCAL.fullmatch(host) is not None


def is_host(host: str) -> bool:
    """Whether a host name means the machine that the containers run on."""
    return _HOST_ITSELF.fullmatch(host) is not None


def _names(service: Service) -> list[str]:
    """What a service is called besides its own name, static addresses included."""
    written = [service.container_name, service.hostname]
    if service.hostname and service.domainname:
        written.append(f"{service.hostname}.{service.domainname}")
    for network in service.read_networks().values() if isinstance(service.networks, dict) else ():
        written += [*texts(network.aliases), network.ipv4_address, network.ipv6_address]
    resolved = (resolve_defaults(text) for text in written if text)
    return [name for name in resolved if name]


def _extra_hosts(service: Service) -> list[tuple[str, str]]:
    """Pairs of name and address in `extra_hosts`."""
    if isinstance(service.extra_hosts, dict):
        return [(host, address) for host, value in service.extra_hosts.items() for address in texts(value)]
    pairs = []
    for entry in texts(service.extra_hosts):
        host, equals, address = entry.partition("=")
        if not equals:
            host, _, address = entry.partition(":")
        pairs.append((host.strip(), address.strip()))
    return pairs
