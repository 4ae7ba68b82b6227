"""privileged."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge.host import need
from hardener.model import Service, boolean, readable
from hardener.transforms.base import Answer, Transform
from hardener.transforms.context import Context


class Privileged(Transform):
    """A privileged container is root on the host: every capability, every device, no seccomp, AppArmor or SELinux.

    Hardly any service needs all of it. What it needs can be given by itself: hardware with `devices`, a GPU with
    `gpus`, rights with `cap_add`. Hooks and builds that ask for it are told of as well.

    Never done for you: without it, what the service uses of the host is refused, and the file does not tell what that
    is. Take it away, start the service, and give what its log says is missing.

    ```yaml
    services:
      vpn:
        image: ghcr.io/acme/vpn:1
        # privileged: true
        cap_add: [NET_ADMIN]
        devices: [/dev/net/tun]
    ```
    """

    id: ClassVar = "privileged"
    title: ClassVar = "No privileged containers"
    references: ClassVar = (
        "CIS Docker 5.5, 5.23",
        "OWASP Docker Rule 3",
        "KICS privileged_containers_enabled",
        "PSS baseline",
        "NIST SP 800-190 4.4.3",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        if boolean(service.privileged):
            known = need(service.image, self.id)
            reason = "it is root on the host with it; which part of that it needs is not known here"
            yield self.advise(service, "privileged", known.message if known else _instead(service), reason)
        for key, hooks in (("post_start", service.post_start), ("pre_stop", service.pre_stop)):
            for index, hook in enumerate(hooks or ()):
                if boolean(hook.privileged):
                    message = "Remove it, or do on the host what the hook does."
                    yield self.advise(service, (key, index, "privileged"), message, "its command is root on the host")
        build = service.read_build()
        if build and boolean(build.privileged):
            message = "Remove it, and do in the image what needs no host; `build.entitlements` grants single rights."
            yield self.advise(service, ("build", "privileged"), message, "what it builds from is root on the host")


def _instead(service: Service) -> str:
    """How the service could do without, by what it asks for besides."""
    sources = [mount.source or "" for mount in service.read_volumes()]
    resources = service.deploy.resources if service.deploy else None
    gpus = service.gpus or (resources and resources.reservations and resources.reservations.devices)
    if gpus or readable(service.runtime or "") == "nvidia":
        return "Remove it: the GPU it asks for is there without."
    if service.devices:
        return "Remove it: what is under `devices` is there without; add what is then refused with `cap_add`."
    if service.cap_add:
        return "Remove it: its `cap_add` may be all it needs."
    if any(source == "/dev" or source.startswith("/dev/") for source in sources):
        return "Remove it, and list what it uses of /dev under `devices`."
    return "Remove it, and give what is then refused: `devices: [/dev/…]`, `cap_add: [NET_ADMIN]`, `gpus: all`."
