"""depends-on-healthy."""

import re
from collections.abc import Iterator
from functools import partial
from typing import ClassVar, NamedTuple

from hardener.model import Service
from hardener.source import Data
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

# Calls that ask whether a server answers, and nothing of what it holds or of whom it has joined.
_ALIVE = partial(
    re.compile,
    r"(?:(?:\S*/)?(?:pg_isready|healthcheck\.sh)\b[^|&;<>]*"
    r"|(?:\S*/)?(?:redis-cli|valkey-cli|mysqladmin|mariadb-admin|rabbitmq-diagnostics)\b[^|&;<>]*\bping\b[^|&;<>]*)"
    r"(?:\|\s*grep\s+(?:-q\s+)?[\"']?PONG[\"']?\s*)?(?:\|\|\s*exit\s+1\s*)?",
)
_INTERVAL, _RETRIES = 30.0, 3
"""What the engine takes where a check does not say: seconds, and failures in a row (moby daemon/health.go)."""
_FIRST_START = 30.0
"""Seconds that a check must leave to a first start: three times the slowest that was measured, MariaDB's 10.5 s."""
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
    at all; where both run the same image, and may be members of one cluster. A check that somebody else wrote is relied
    on for data stores, if it only asks whether they answer and leaves a first start the time for it; any other may need
    the very service that waits, or come too soon. What it breaks: `docker compose up` fails where it went on before, if
    a service never becomes healthy.

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
        if context.same_family(service, other):
            return "they run the same image, and may be members of a cluster that is healthy only as a whole"
        role = context.role(other)
        sure = not context.is_own_check(other) or (role is not None and role.name in _STORES and _plain(other))
        return Wait("service_healthy", Confidence.KNOWN if sure else Confidence.ASSUMED, evidence)


def _plain(service: Service) -> bool:
    """Whether a check only asks if the server answers, and gives a first start the time that it can need."""
    check = service.healthcheck
    if check is None or not _ALIVE().fullmatch(" ".join((check.read_test() or [])[1:]).strip()):
        return False
    interval, retries = check.read_interval() or _INTERVAL, check.read_retries() or _RETRIES
    return (check.read_start_period() or 0) + interval * retries >= _FIRST_START
