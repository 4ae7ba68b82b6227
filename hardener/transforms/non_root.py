"""non-root."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.knowledge import mounts_of
from hardener.model import Service, nonroot
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context


class NonRoot(Transform):
    """The service runs as a user without rights from the first process on, where its image is known to work so.

    Only for images that step down from root by themselves, and to the very user they step down to: what their volumes
    hold belongs to it already. The entrypoint then has nothing to hand over, and needs no capability.

    Held back where a bind mount, a secret or a volume of another making could be closed to that user, since only root
    can open those; where the image starts as root for good; and for what is built here, where a USER in the Dockerfile
    is the place to say it. An image that sets another user than root itself needs nothing. What it breaks: an
    entrypoint that no longer runs as root no longer mends the owner of a volume that was filled by somebody else.

    ```yaml
    services:
      cache:
        image: redis:7
        user: "999:999"  # added
    ```
    """

    id: ClassVar = "non-root"
    title: ClassVar = "A user that is not root"
    references: ClassVar = ("CIS Docker 4.1", "OWASP Docker Rule 2", "CL-0018", "PSS restricted runAsNonRoot")

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        user = context.user(service)
        facts = context.facts(service)
        claim = facts.non_root if facts else None
        if user and nonroot(user[0]):
            return
        if service.user is not None:
            yield self.skip(service, "its user is set on purpose, or by a variable")
        elif service.build is not None:
            message = "End its Dockerfile with a USER that is not root, which owns what the service writes to."
            yield self.advise(service, "build", message, "only the Dockerfile can give its files to another user")
        elif facts is None or claim is None:
            yield self.skip(service, "its image is not known to run as another user than root")
        elif reason := self._locked_out(service, context):
            message = f"Give what it mounts to {claim.value} and set user: {claim.value}."
            yield self.advise(service, "user", message, reason)
        else:
            sure = claim.confidence in ("measured", "documented")
            evidence = Evidence(claim.doubt or f"{facts.family} steps down to it by itself", claim.source)
            yield self.set(
                service,
                "user",
                claim.value,
                "nothing in it runs as root, not even at the start",
                Confidence.KNOWN if sure else Confidence.ASSUMED,
                evidence=(evidence,),
                caveat="its entrypoint no longer changes the owner of what it finds in a volume",
            )

    @staticmethod
    def _locked_out(service: Service, context: Context) -> str | None:
        """What another user than root might not be able to read or write, if anything."""
        if context.host_files(service):
            return "files of the host keep their owner, which may close them to it"
        for mount in mounts_of(service):
            if not context.owns(service, mount) and (mount.target or "").rstrip("/") != "/tmp":
                return f"{mount.target} may belong to root, and be closed to it"
            if mount.source and context.is_shared_volume(service, mount):
                return f"other services write to the volume {mount.source}, too"
        if context.on_host_network(service):
            return "on the network of the host, ports below 1024 are closed to it"
        return None
