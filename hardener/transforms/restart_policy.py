"""restart-policy."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from hardener.model import Service
from hardener.transforms.base import Answer, Confidence, Transform
from hardener.transforms.context import Context


class RestartPolicy(Transform):
    """A service that crashes, or whose host reboots, comes back by itself.

    Without `restart`, one crash or one reboot takes the service down until somebody notices. `unless-stopped` brings it
    back, and still leaves alone what was stopped on purpose. The CIS benchmark asks for `on-failure:5`, which gives up
    after five attempts: a setting.

    Held back for jobs, which would run for ever: a service others wait for with `service_completed_successfully`, one
    whose name or command is that of a job (migrate, init, setup, seed, backup …; not `backup-worker`), one in a profile
    of tools, an interpreter or a shell that nobody gives a command. What is left is taken to run until it is stopped,
    which is sure where it publishes a port or runs a known server. A service with `deploy.restart_policy` has its
    answer there, and one with any `restart`, `"no"` included, has given it.

    ```yaml
    services:
      web:
        image: nginx:1.27
        restart: unless-stopped  # added
    ```
    """

    id: ClassVar = "restart-policy"
    title: ClassVar = "Restart after a crash or a reboot"
    references: ClassVar = ("CIS Docker 5.15", "OWASP Docker Rule 7", "KICS restart_policy_on_failure_not_set_to_5")

    policy: Annotated[str, Field(pattern=r"^(always|unless-stopped|on-failure(:[1-9][0-9]*)?)$")] = Field(
        default="unless-stopped", description="`unless-stopped`, `always`, `on-failure` or `on-failure:N`."
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        if service.deploy and service.deploy.restart_policy:
            yield self.skip(service, "deploy.restart_policy decides, and wins over restart")
        elif job := context.job(service):
            yield self.skip(service, f"a job must not be restarted: {job}")
        else:
            yield self.set(
                service,
                "restart",
                self.policy,
                "a crash or a reboot of the host would leave it down",
                self._sure(service, context),
                caveat="a process that ends on purpose is started again",
            )

    @staticmethod
    def _sure(service: Service, context: Context) -> Confidence:
        """How sure it is that the service runs until it is stopped: it listens, or its image is a server's."""
        if service.ports:
            return Confidence.SAFE
        role = context.role(service)
        runs_its_own = service.command is not None or service.entrypoint is not None
        serves = role is not None and role.confidence is Confidence.KNOWN and role.name not in ("app", "other", "job")
        if serves and not runs_its_own:
            return Confidence.SAFE
        return Confidence.KNOWN if serves or service.healthcheck or service.expose else Confidence.ASSUMED
