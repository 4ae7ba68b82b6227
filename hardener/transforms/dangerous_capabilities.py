"""dangerous-capabilities."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge.host import capability, need
from hardener.model import Service, readable
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context

_REACH = {
    "host": "can take over the host",
    "neighbours": "reaches beyond the container",
    "resources": "takes from what others on the host share",
}


class DangerousCapabilities(Transform):
    """Capabilities that reach beyond the container, added with `cap_add`.

    Three tiers: those that take over the host (ALL, SYS_ADMIN, SYS_MODULE, SYS_RAWIO, DAC_READ_SEARCH), those that
    reach its neighbours (NET_ADMIN, SYS_PTRACE, BPF …), and those that take from what all share (SYS_TIME, SYS_NICE,
    IPC_LOCK …). The 14 that the engine gives by default are not told of: to add one after `cap_drop: [ALL]` is how it
    should be. Any spelling counts: `SYS_ADMIN`, `CAP_SYS_ADMIN`, `sys_admin`. What each gives, and how to do without,
    is data: `hardener/knowledge/dangerous_capabilities.toml`.

    Never done for you: somebody added it because something was refused.

    ```yaml
    services:
      search:
        image: ghcr.io/acme/search:1
        # cap_add: [IPC_LOCK]
        ulimits: {memlock: -1}
    ```
    """

    id: ClassVar = "dangerous-capabilities"
    title: ClassVar = "No capabilities that reach the host"
    references: ClassVar = (
        "CIS Docker 5.4",
        "OWASP Docker Rule 3",
        "KICS container_capabilities_unrestricted",
        "PSS baseline",
        "NIST SP 800-190 4.4.3",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        for index, item in enumerate(service.cap_add or ()):
            name = readable(item or "").strip().upper().removeprefix("CAP_")
            if found := capability(name):
                known = need(service.image, self.id, name)
                reason = f"{name} {_REACH[found.reach]}: {found.gives}; something in it may need that"
                yield self.advise(service, ("cap_add", index), known.message if known else found.instead, reason)
