"""docker-socket."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import ClassVar

from hardener.knowledge.host import need
from hardener.model import Service, boolean, port_range, readable
from hardener.source import Path
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context

PORT = 2375
"""The engine's API over TCP, neither encrypted nor asking who is there: https://docs.docker.com/engine/security/."""

_SOCKET = re.compile(r"(?:^|[/\\])(?:(docker|podman)\.sock|(containerd|crio)\.sock|docker_engine)$")
_ADDRESS = re.compile(rf"\b(?:tcp|http)://([^\s/@,:\"']+|\[[0-9a-fA-F:]+\]):{PORT}\b")
_PROXY = (
    "Put a socket proxy between, on an `internal` network: it alone has the socket, and lets through what is needed"
    " (CONTAINERS=1 to read; POST=1 gives the power back); DOCKER_HOST=tcp://NAME:2375 leads there."
)
_POWER = "who may talk to the engine controls the host"


class DockerSocket(Transform):
    """Whoever may talk to the container engine controls the host: one call starts a privileged container on it.

    Told of are a socket of an engine that is mounted, `use_api_socket`, port 2375 that is published, and an address
    with that port that is no other container's. `:ro` on the socket is no remedy: it keeps the file from being
    replaced, not the API from being used. A filter is one: a socket proxy, which only itself has the socket and lets
    through what you name. A service that is such a proxy is left alone.

    Never done for you: which calls a service needs (`CONTAINERS` to discover, `IMAGES` and `POST` to update) is for you
    to say, and a call that is refused breaks it.

    ```yaml
    services:
      proxy:
        image: traefik:v3.2
        command: --providers.docker.endpoint=tcp://docker-api:2375
        networks: [front, docker-api]
      docker-api:
        image: tecnativa/docker-socket-proxy:0.3
        environment: {CONTAINERS: 1}
        volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
        networks: [docker-api]
    networks:
      front: {}
      docker-api: {internal: true}
    ```
    """

    id: ClassVar = "docker-socket"
    title: ClassVar = "No way to the container engine"
    references: ClassVar = (
        "CIS Docker 5.32",
        "OWASP Docker Rule 1",
        "KICS docker_socket_mounted_in_container",
        "PSS baseline",
        "NIST SP 800-190 4.5.5",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        known = need(service.image, self.id)
        if known and known.fine:
            yield self.skip(service, known.message)
        else:
            yield from self._sockets(service, known.message if known else _PROXY)
        yield from self._addresses(service)

    def _sockets(self, service: Service, recipe: str) -> Iterator[Answer]:
        for mount in service.read_volumes():
            found = _SOCKET.search(mount.source or "") or _SOCKET.search(mount.target or "")
            if mount.type in ("bind", "npipe", None) and found:
                # Nothing filters the API of containerd or CRI-O.
                message = "Leave it out, or run this service on a host of its own." if found[2] else recipe
                ro = "; `:ro` does not change that, it protects the file and not the API" if mount.read_only else ""
                yield self.advise(service, ("volumes", mount.position), message, f"{_POWER}{ro}")
        if boolean(service.use_api_socket):
            reason = f"{_POWER}; it gets your registry logins, too"
            yield self.advise(service, "use_api_socket", recipe, reason)

    def _addresses(self, service: Service) -> Iterator[Answer]:
        for port in service.read_ports():
            if any(PORT in (port_range(side) or ()) for side in (port.target, port.published)):
                message = "Do not publish 2375: who needs it joins its network. From afar, use SSH, or 2376 with TLS."
                yield self.advise(service, ("ports", port.position), message, f"{_POWER}, and 2375 asks nobody")
        for name, value in service.read_environment().items():
            if _leaves_the_project(value):
                yield self._address(service, ("environment", _entry(service, name)))
        for key, words in (("command", service.read_command()), ("entrypoint", service.read_entrypoint())):
            if any(map(_leaves_the_project, words or ())):
                yield self._address(service, (key,))

    def _address(self, service: Service, path: Path) -> Answer:
        message = "Use 2376 with TLS (DOCKER_TLS_VERIFY=1), or DOCKER_HOST=ssh://…"
        return self.advise(service, path, message, f"{_POWER}, and an engine that listens on 2375 asks nobody")


def _entry(service: Service, name: str) -> str | int:
    """The key, or the index, under which the environment has a variable."""
    if isinstance(service.environment, list):
        return max(i for i, item in enumerate(service.environment) if str(item).partition("=")[0] == name)
    return name


def _leaves_the_project(value: str | None) -> bool:
    """Whether it names the clear text API of a host. A plain name is another container: its own file decides."""
    found = _ADDRESS.search(readable(value or ""))
    if not found or "$" in found[1]:
        return False
    host = found[1].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return "." in host or host == "localhost"
    return True
