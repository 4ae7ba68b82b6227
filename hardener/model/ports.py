"""Service ports: `[HOST:]CONTAINER[/PROTO]` and the long syntax, both read as `Port`.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md#ports
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from hardener.model.base import LEFT_TO_RIGHT, Lazy, Part, Scalar, imported_on_use
from hardener.model.interpolation import readable, resolve_defaults, split_outside_braces
from hardener.shown import shows

if TYPE_CHECKING:
    from hardener.model.long import LongPort
else:
    LongPort = imported_on_use("hardener.model.long", "LongPort")

_NUMBER = re.compile(r"\+?0{0,99}[0-9]{1,9}")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_PROTOCOLS = ("tcp", "udp", "sctp")
_LAST_PORT = 65535
_LIKE_A_PORT = re.compile(r"(?:\w{0,5}[.:/\[\]-]){0,12}\w{0,5}")


@shows("position")
class Port(NamedTuple):
    """One entry of `ports`.

    `published` and `target` are text, because they can be a range (`8000-8010`, see `port_range`); a variable without
    default stands there as written (`${PORT}`). `published` is None when the engine picks a port, `host_ip` is None for
    all interfaces. `position` is the entry's index in its list.
    """

    position: int
    target: str
    published: str | None = None
    host_ip: str | None = None
    protocol: str = "tcp"
    mode: str = "ingress"
    name: str | None = None
    app_protocol: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether only the host itself reaches it."""
        host = (self.host_ip or "").strip("[]")
        return host.startswith("127.") or host in ("::1", "localhost")

    @property
    def everywhere(self) -> bool:
        """Whether it is on all addresses of the host, of IPv4 at least."""
        return (self.host_ip or "::") in ("0.0.0.0", "::")


def port_number(text: str) -> int | None:
    """The number that a text is, if it may be that of a port."""
    return int(text) if text.isdecimal() and len(text) < 6 else None


@lru_cache(maxsize=4096)
def port_range(text: str | None) -> range | None:
    """The port numbers of `80` or `8000-8010`; None for None, a variable, and what is no port from 0 to 65535."""
    start, dash, end = (text or "").partition("-")
    if not _NUMBER.fullmatch(start) or (dash and not _NUMBER.fullmatch(end)):
        return None
    first, last = int(start), int(end or start)
    return range(first, last + 1) if first <= last <= _LAST_PORT else None


def clash(one: Port, other: Port) -> bool:
    """Whether the host cannot publish both. Of a range for one port, the engine takes a free one."""
    first, second = port_range(one.published), port_range(other.published)
    if not first or not second or one.protocol != other.protocol:
        return False
    if any(len(taken) > 1 and "-" not in port.target for port, taken in ((one, first), (other, second))):
        return False
    overlap = first.start < second.stop and second.start < first.stop
    return overlap and _share_address(one.host_ip or "", other.host_ip or "")


@lru_cache(maxsize=4096)
def parse_port(text: str, position: int = 0) -> Port | None:
    """The short syntax; None where compose refuses it. Text with a variable without default is split, not checked."""
    resolved = resolve_defaults(text)
    *hosts, container = split_outside_braces(text if resolved is None else resolved, ":")
    target, _, protocol = container.partition("/")
    published = hosts.pop() if hosts else ""
    host_ip = ":".join(hosts)
    if host_ip.startswith("[") and host_ip.endswith("]"):
        host_ip = host_ip[1:-1]
    port = Port(position, target, published or None, host_ip or None, protocol.lower() or "tcp")
    return port if resolved is None or _is_sound(port) else None


def read_port(entry: Scalar | LongPort, position: int) -> Port | None:
    """One entry of `ports`, None if it is null, has no target, or is no port."""
    if not isinstance(entry, Part):
        return None if entry is None else parse_port(str(entry), position)
    target, published, host_ip, protocol, mode, name, app_protocol = (
        None if value is None else readable(str(value))
        for value in (
            *(entry.target, entry.published, entry.host_ip, entry.protocol),
            *(entry.mode, entry.name, entry.app_protocol),
        )
    )
    if not target:
        return None
    return Port(
        position, target, published, host_ip, (protocol or "tcp").lower(), mode or "ingress", name, app_protocol
    )


def _is_sound(port: Port) -> bool:
    container = port_range(port.target)
    if not container or not container[0] or port.protocol not in _PROTOCOLS or not _is_address(port.host_ip):
        return False
    if port.published is None:
        return True
    host = port_range(port.published)
    return host is not None and (len(container) in (1, len(host)))


def _share_address(one: str, other: str) -> bool:
    """Whether two addresses have one in common; an empty one is all of them."""
    if not one or not other or one == other:
        return True
    return bool({"0.0.0.0", "::"} & {one, other}) and (":" in one) == (":" in other) and "$" not in one + other


def _is_address(host_ip: str | None) -> bool:
    if host_ip is None or _IPV4.fullmatch(host_ip):
        return True
    from ipaddress import IPv6Address  # slow to import, and IPv6 hosts are rare

    try:
        return IPv6Address(host_ip).scope_id is None
    except ValueError:
        return False


def _check(entry: Scalar) -> Scalar:
    if isinstance(entry, bool | float) or (
        entry is not None and (isinstance(entry, int) or "$" not in entry) and not parse_port(str(entry))
    ):
        text = str(entry) if isinstance(entry, str) else repr(entry).lower()
        # A longer word is no part of a port, and could be a secret that came here by mistake.
        shown = f'"{text}"' if _LIKE_A_PORT.fullmatch(text) else "this"
        raise PydanticCustomError("port", "{shown} is not a port — expected [HOST:]CONTAINER[/PROTO]", {"shown": shown})
    return entry


PortEntry = Annotated[Annotated[Scalar, AfterValidator(_check)] | Lazy[LongPort], LEFT_TO_RIGHT]
