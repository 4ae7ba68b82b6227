"""published-ports."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, NamedTuple

from pydantic import AfterValidator, Field

from hardener.knowledge import Role
from hardener.model import Port, Service, clash, port_range, resolve_defaults
from hardener.model.base import as_written
from hardener.model.interpolation import split_outside_braces
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context
from hardener.transforms.roles import KnownRole

_SCREENS = {"admin-ui", "monitoring"}
_FRONT = {"reverse-proxy", "web", "app"}
# https://yaml.org/type/int.html: every part but the first is below 60.
_BASE_60 = re.compile(r"[1-9][0-9]*(?::[0-5]?[0-9])+")
# Edges that say by which name a service is reached, or that it is.
_BY_NAME = ("depends_on", "links", "environment", "command", "healthcheck", "label", "config", "image")


def _address(bind: str) -> str:
    """Checks the setting `bind`. Raises ValueError if it is no address."""
    from ipaddress import ip_address  # slow to import, and the default needs no check

    resolved = resolve_defaults(bind)
    if resolved is None:
        raise ValueError("a variable needs a default: ${BIND_ADDRESS:-127.0.0.1}")
    address = ip_address(resolved)
    if address.is_unspecified:
        raise ValueError("that is every address of the host")
    if address.version == 6 and "$" in bind:
        raise ValueError("the default of a variable must be IPv4: an address of IPv6 has two forms here")
    return bind


class Reach(NamedTuple):
    """How sure it is that nobody needs a port from other hosts, and what says so. `users` are services of the file."""

    confidence: Confidence
    evidence: tuple[Evidence, ...] = ()
    users: bool = False


class PublishedPorts(Transform):
    """Data stores, queues, admin screens and metrics answer on the host itself, not on all of its addresses.

    A published port is open to everyone who reaches the host: the engine writes its own firewall rules, and `ufw` does
    not see them. So what the image is known for decides. Stores, caches, queues, search, admin screens and monitoring
    go to `127.0.0.1`, each entry in the form that it has: ranges, protocols, variables, long syntax, quotes. Proxies,
    web servers, applications and what is not known are never touched, nor are ports that clients elsewhere use by
    design: an object store's (browsers follow links to it), an MQTT broker's.

    Known to be right where another service of the project reaches it by name (`harden graph` shows it), and
    for screens where people come in through another service. A store that stands alone may be used from other hosts,
    as may a port that is a variable or that some setting names together with another host: those are only assumed.

    Held back where an address is written, `0.0.0.0` too; with the network of the host; in files for swarm, which knows
    no addresses. What it breaks: other hosts no longer reach the port (`ssh -L` does). If another file, such as
    `compose.override.yml`, publishes the same port, change it there, too: compose joins the lists.

    Two more things about ports. `22:22` without quotes is the number 1342 to readers of YAML 1.1: it gets quotes,
    whatever the service. And a port of the host that two services publish is told of.

    ```yaml
    services:
      db:
        image: postgres:16
        ports:
          - "127.0.0.1:5432:5432"  # was: "5432:5432"
    ```
    """

    id: ClassVar = "published-ports"
    title: ClassVar = "Only the edge answers to other hosts"
    references: ClassVar = (
        "CIS Docker 5.14",
        "CIS Docker 5.9",
        "OWASP Docker Rule 5a",
        "NIST SP 800-190 4.4.2",
        "KICS container_traffic_not_bound_to_host_interface",
        "compose-lint CL-0005",
        "dclint no-unbound-port-interfaces, require-quotes-in-ports, no-duplicate-exported-ports",
    )

    bind: Annotated[str, AfterValidator(_address)] = Field(
        default="127.0.0.1", description='The address to publish on, or a variable: "${BIND_ADDRESS:-127.0.0.1}".'
    )
    unpublish: bool = Field(
        default=False, description="Take the ports away where services of the project reach it by name."
    )
    roles: tuple[Role, ...] = Field(
        default=("database", "cache", "queue", "search", "object-store", "admin-ui", "monitoring"),
        description="What is not for other hosts.",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        ports = service.read_ports()
        if not ports:
            return
        if not service.has_network:
            yield self.skip(service, f"its ports are ignored (network_mode: {service.network_mode})")
            return
        yield from self._clashes(service, context)
        moved: set[Port] = set()
        for answer, concerned in self._moves(service, ports, context):
            moved.update(concerned)
            yield answer
        for port in ports:
            entry = (service.ports or [])[port.position]
            if port not in moved and isinstance(entry, str) and _BASE_60.fullmatch(entry):
                reason = f"readers of YAML 1.1 take {entry} for the number {_base_60(entry)}"
                yield self.quote(service, ("ports", port.position), entry, reason)

    def _moves(self, service: Service, ports: list[Port], context: Context) -> Iterator[tuple[Answer, list[Port]]]:
        """What becomes of the ports that are published on all addresses, with those that each answer is about."""
        everywhere = [port for port in ports if port.everywhere]
        if not everywhere:
            return
        role = context.role(service)
        if role is None or role.name not in self.roles:
            known = f"other hosts may need it, as it is of role {role.name}" if role else "what it is for is not known"
            yield self.skip(service, known), []
            return
        if context.swarm:
            yield self.skip(service, f"swarm publishes on all addresses, and {context.swarm} is for swarm"), []
            return
        public = _public(service, everywhere, context)
        inside = [port for port in everywhere if port not in public]
        if public and not inside:
            yield self.skip(service, f"clients elsewhere use it by design ({public[0].target})"), []
        reach = self._reach(service, role, context)
        open_ = [port for port in inside if port.host_ip is None]
        if self.unpublish and open_ and reach.users and not any(_elsewhere(port, context) for port in open_):
            yield self._unpublished(service, open_, reach), open_
            inside = [port for port in inside if port not in open_]
        yield from ((self._bound(service, port, ports, role, reach, context), [port]) for port in inside)

    def _bound(
        self, service: Service, port: Port, ports: list[Port], role: KnownRole, reach: Reach, context: Context
    ) -> Answer:
        """One port, on the address of the setting."""
        place = ("ports", port.position)
        entry = (service.ports or [])[port.position]
        short = isinstance(entry, str | int)
        pieces = split_outside_braces(str(entry), ":") if short else []
        if port.published is None:
            message = f'Take it out, or write "{self.bind}::{port.target}".'
            return self.advise(service, place, message, "the engine picks a port on all addresses of the host")
        if port.host_ip is not None:
            return self.advise(service, place, f"Write {self.bind} in its place.", f"{port.host_ip} is written there")
        if (short and len(pieces) != 2) or (not short and "host_ip" in entry.model_fields_set):  # type: ignore[union-attr]
            message = f"Publish it on {self.bind} where the variable is set."
            return self.advise(service, place, message, "a variable decides the address")
        if any(other.host_ip and clash(port, other._replace(host_ip=None)) for other in ports if other is not port):
            message = "Take this entry out: it is published at an address as well."
            return self.advise(service, place, message, "which of the two is meant is not known")
        caveat = "other hosts reach it only through a tunnel (ssh -L) or a proxy"
        sure, evidence = reach.confidence, reach.evidence
        if port_range(port.published) is None:
            sure, caveat = Confidence.ASSUMED, f"{port.published} may hold an address already; {caveat}"
        elif other := _elsewhere(port, context):
            sure, evidence = Confidence.ASSUMED, (*evidence, other)
        reason = f"a service of role {role.name} answers to everyone who reaches the host, past its firewall"
        if not short:
            return self.set(
                service,
                (*place, "host_ip"),
                self.bind,
                reason,
                sure,
                evidence=(role.evidence, *evidence),
                caveat=caveat,
            )
        address = f"[{self.bind}]" if ":" in self.bind and "$" not in self.bind else self.bind
        value = f"{address}:{entry}"
        return self.replace(service, place, value, reason, sure, evidence=(role.evidence, *evidence), caveat=caveat)

    def _unpublished(self, service: Service, gone: list[Port], reach: Reach) -> Answer:
        """The list of ports without those that go; without any, no list."""
        positions = {port.position for port in gone}
        rest = [item for index, item in enumerate(as_written(service.ports)) if index not in positions]
        shown = ", ".join(port.published or port.target for port in gone)
        reason = f"services of the project reach it by name; nobody needs {shown} on the host"
        caveat = "the host and other hosts no longer reach it"
        if rest:
            return self.replace(
                service, "ports", rest, reason, reach.confidence, evidence=reach.evidence, caveat=caveat
            )
        return self.remove(service, "ports", reason, reach.confidence, evidence=reach.evidence, caveat=caveat)

    def _reach(self, service: Service, role: KnownRole, context: Context) -> Reach:
        """Whether the project itself shows what the ports of a service are for."""
        user = _user(service, context)
        front = _front(service, context) if role.name in _SCREENS else None
        if shown := user or front:
            return Reach(role.confidence, (shown,), users=user is not None)
        return Reach(Confidence.ASSUMED)

    def _clashes(self, service: Service, context: Context) -> Iterator[Answer]:
        """Ports of the host that a service before this one publishes as well."""
        for port in service.read_ports():
            numbers = port_range(port.published) or range(0)
            for other, theirs in context.host_ports.among(numbers):
                if other.name == service.name:
                    break
                if clash(port, theirs) and _run_together(other, service):
                    yield self.advise(
                        service,
                        ("ports", port.position),
                        f"Give it another port of the host than {port.published}, or run it instead of {other.name}.",
                        f"{other.name} publishes {port.published}/{port.protocol}, too; the second to start fails",
                    )
                    break


def _public(service: Service, ports: list[Port], context: Context) -> list[Port]:
    """The ports that clients outside of the stack use by design."""
    facts = context.facts(service)
    claim = facts.public_ports if facts else None
    known = set(claim.value) if claim else set()
    found = []
    for port in ports:
        suffix = "" if port.protocol == "tcp" else f"/{port.protocol}"
        if any(f"{number}{suffix}" in known for number in port_range(port.target) or ()):
            found.append(port)
    # Where it listens elsewhere than usual, any of them may be the one.
    return ports if claim and claim.confidence == "assumed" and not found else found


def _user(service: Service, context: Context) -> Evidence | None:
    """What shows that another service of the project reaches this one by name."""
    if _alone(context):
        return None
    for edge in context.graph.to(service.name):
        if edge.kind in _BY_NAME:
            return Evidence(f"{edge.source} reaches it by name: {edge.claim}", edge.where)
    return None


def _front(service: Service, context: Context) -> Evidence | None:
    """Another service that people come in through: published on all addresses, and no store or screen."""
    if _front not in context.memo:
        roles = ((other.name, context.role(other)) for other in context.services.values())
        context.memo[_front] = [name for name, role in roles if role is None or role.name in _FRONT]
    for other in map(context.services.__getitem__, context.memo[_front]):
        entries = [port for port in other.read_ports() if port.published and port.everywhere]
        if other.name != service.name and entries:
            place = context.where(("services", other.name, "ports", entries[0].position))
            return Evidence(f"people come in through {other.name}", place)
    return None


def _elsewhere(port: Port, context: Context) -> Evidence | None:
    """A setting that names the port of the host together with an address that is none of the project's."""
    if _alone(context):
        return None  # without another service, what becomes of the port is only assumed in any case
    foreign = context.graph.foreign_among(port_range(port.published) or range(0))
    if foreign is None:
        return None
    return Evidence(f"{foreign.service} names the port with another host: {foreign.claim}", foreign.where)


def _alone(context: Context) -> bool:
    """Whether there is one service only, and so no graph to read."""
    return len(context.services) + len(context.project.included) < 2


def _run_together(one: Service, other: Service) -> bool:
    """Whether two services can be up at the same time."""
    profiles = set(one.profiles or ()), set(other.profiles or ())
    return not all(profiles) or bool(profiles[0] & profiles[1])


def _base_60(text: str) -> int:
    """The number that YAML 1.1 reads in `text`."""
    number = 0
    for part in text.split(":"):
        number = number * 60 + int(part)
    return number
