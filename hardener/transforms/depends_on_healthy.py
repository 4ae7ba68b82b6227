"""depends-on-healthy."""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from hardener.model import Service
from hardener.source import Data
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

_STORES = {"database", "cache", "queue", "search", "object-store"}


class Wait(NamedTuple):
    """What a service should wait for, and how that is known."""

    condition: str
    confidence: Confidence
    evidence: Evidence


class DependsOnHealthy(Transform):
    """A service starts when those it depends on work, not when they have only been started.

    `depends_on` in its short form waits for nothing. Where the other service has a health check, or gets one, it
    becomes the long form with `condition: service_healthy`; where others wait for a job to complete, this one does so
    too.

    Held back where a condition is written already: it is the author's. Where the other service has no check, or one
    that cannot work; where it is started on demand (compose `profiles`) and this one is not; where it has no container
    at all. A check that somebody else wrote is relied on for data stores; for other services it may need the very
    service that waits. What it breaks: `docker compose up` fails where it went on before, if a service never becomes
    healthy.

    ```yaml
    services:
      app:
        depends_on:  # was: [db]
          db:
            condition: service_healthy
    ```
    """

    id: ClassVar = "depends-on-healthy"
    title: ClassVar = "Wait for services that work"
    references: ClassVar = ("Compose startup order", "https://docs.docker.com/compose/how-tos/startup-order/")
    after: ClassVar = ("healthcheck",)

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        if not service.depends_on or isinstance(service.depends_on, dict):
            return
        waits = {name: self._wait(service, name, context) for name in service.read_depends_on()}
        found = {name: wait for name, wait in waits.items() if isinstance(wait, Wait)}
        if not found:
            yield self.skip(service, "; ".join(f"{name}: {reason}" for name, reason in waits.items()))
            return
        # What is less sure must not hold back what is known.
        level = min((wait.confidence for wait in found.values()), key=list(Confidence).index)
        found = {name: wait for name, wait in found.items() if wait.confidence is level}
        value: Data = {
            name: {"condition": found[name].condition if name in found else "service_started"} for name in waits
        }
        yield self.replace(
            service,
            "depends_on",
            value,
            f"it starts when {', '.join(found)} can serve it",
            level,
            evidence=tuple(wait.evidence for wait in found.values()),
            caveat="it does not start while one of them is unhealthy",
        )

    @staticmethod
    def _wait(service: Service, name: str, context: Context) -> Wait | str:
        """What to wait for in a service this one depends on, or why for nothing."""
        other = context.services.get(name) or context.project.included.get(name)
        if other is None:
            return "it is not in this file"
        if not set(map(str, other.profiles or ())) <= set(map(str, service.profiles or ())):
            return "it is started on demand (profiles)"
        if other.read_scale() == 0:
            return "it has no container"
        if context.is_awaited(name):
            done = Evidence(f"others wait for {name} to complete", context.where(("services", name)))
            return Wait("service_completed_successfully", Confidence.KNOWN, done)
        if job := context.job(other):
            return job
        evidence = context.checked(other)
        if evidence is None:
            return "it has no health check"
        if context.broken_check(other):
            return "its health check cannot work"
        role = context.role(other)
        written = context.is_own_check(other)
        sure = not written or (role is not None and role.name in _STORES)
        return Wait("service_healthy", Confidence.KNOWN if sure else Confidence.ASSUMED, evidence)
