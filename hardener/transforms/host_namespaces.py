"""host-namespaces."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge.host import need
from hardener.model import Service, readable
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context

# By key: what to do instead, and what the container gets along with the namespace of the host.
_SHARED = {
    "network_mode": (
        "Publish its ports with `ports` and drop it; what must be seen on the LAN (DHCP, mDNS) can join a macvlan.",
        "it reaches all that listens on the host, 127.0.0.1 included",
    ),
    "pid": (
        "Drop it; to look into one service, use `pid: service:NAME`.",
        "it sees, and as root can stop or trace, every process of the host",
    ),
    "ipc": (
        "Drop it, and set `shm_size: 1g` if it needs more shared memory; `ipc: service:NAME` shares with one service.",
        "it reads and writes the shared memory of the host's processes",
    ),
    "uts": ("Drop it, and set `hostname`.", "it can rename the host"),
    "userns_mode": ("Drop it, unless a privileged service needs it.", "its root is the host's root, remapped or not"),
    "cgroup": (
        "Drop it, or set `cgroup: private`; only an init such as systemd and monitors need it.",
        "it sees the resources of everything on the host",
    ),
}


class HostNamespaces(Transform):
    """A container that shares a namespace of the host is not contained there.

    `network_mode`, `pid`, `ipc`, `uts`, `userns_mode` and `cgroup` with the value `host`. For most there is a narrower
    setting that does what was meant: `ports`, `shm_size`, `hostname`, or sharing with one other service.

    Never done for you: what watches the host (exporters, discovery on the LAN) does so through its namespaces.

    ```yaml
    services:
      browser:
        image: ghcr.io/acme/browser:1
        # ipc: host
        shm_size: 1g
    ```
    """

    id: ClassVar = "host-namespaces"
    title: ClassVar = "Namespaces of its own"
    references: ClassVar = (
        "CIS Docker 5.10, 5.16, 5.17, 5.21, 5.25, 5.31",
        "OWASP Docker Rule 5",
        "KICS shared_host_network_namespace, host_namespace_is_shared, shared_host_ipc_namespace",
        "PSS baseline",
        "NIST SP 800-190 4.4.3",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        for key, (instead, gets) in _SHARED.items():
            if readable(getattr(service, key) or "").strip() == "host":
                known = need(service.image, self.id, key)
                reason = f"{gets}; it may be there for that"
                yield self.advise(service, key, known.message if known else instead, reason)
