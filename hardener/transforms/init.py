"""init."""

from collections.abc import Iterator
from typing import ClassVar

from hardener.model import Service
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

_INITS = ("tini", "dumb-init", "init", "docker-init", "catatonit", "s6-svscan", "runsvdir", "systemd")


class Init(Transform):
    """A small init as PID 1 passes signals on and reaps orphaned processes, which few programs do themselves.

    Held back where the image brings its own init (tini, dumb-init, s6), where it is not known whether it does, and
    where the service has an entrypoint of its own: what is known holds for the image's own. Also where all capabilities
    are dropped but KILL is not given back, and the image steps down from root: its init could not signal it then, and a
    stop would be a crash.

    ```yaml
    services:
      app:
        image: node:22-slim
        init: true  # added
    ```
    """

    id: ClassVar = "init"
    title: ClassVar = "An init that forwards signals and reaps"
    references: ClassVar = ("docker run --init", "Compose Specification init")
    after: ClassVar = ("non-root",)

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        facts = context.facts(service)
        claim = facts.init if facts else None
        if service.entrypoint is not None:
            yield self.skip(service, "it has an entrypoint of its own, which may be an init")
        elif claim is None or claim.confidence == "assumed":
            yield self.skip(service, "it is not known whether its image brings its own init")
        elif claim.value != "none":
            yield self.skip(service, f"its image brings its own init ({claim.value})")
        elif (service.read_command() or [""])[0].rpartition("/")[2] in _INITS:
            yield self.skip(service, "its command starts an init")
        elif service.pid is not None:
            yield self.skip(service, "it shares its process ids, so its init would not be PID 1")
        elif self._cannot_signal(service) and not (facts and facts.init_needs_kill and not facts.init_needs_kill.value):
            yield self.skip(service, "it drops all capabilities without adding KILL, and its init could not signal it")
        else:
            yield self.set(
                service,
                "init",
                True,
                "signals reach the program, and orphaned processes are reaped",
                Confidence.KNOWN,
                evidence=(Evidence("its image brings no init", claim.source),),
            )

    @staticmethod
    def _cannot_signal(service: Service) -> bool:
        """Whether an init that runs as root could not signal a process of another user."""
        dropped = {str(name).upper().removeprefix("CAP_") for name in service.cap_drop or ()}
        added = {str(name).upper().removeprefix("CAP_") for name in service.cap_add or ()}
        root = service.user is None or str(service.user).partition(":")[0] in ("", "0", "root")
        return bool({"ALL", "KILL"} & dropped) and not {"ALL", "KILL"} & added and root
