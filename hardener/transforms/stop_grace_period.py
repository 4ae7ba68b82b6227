"""stop-grace-period."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from hardener.model import Service, duration
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context


class StopGracePeriod(Transform):
    """Time to finish before SIGKILL. The engine's ten seconds are too short for a database that writes its memory out.

    The period is an upper bound: a container that stops at once is gone at once. An image that is known to need longer
    gets what it needs.

    Held back for jobs, and where a period is set.

    ```yaml
    services:
      db:
        image: postgres:16
        stop_grace_period: 90s  # added
    ```
    """

    id: ClassVar = "stop-grace-period"
    title: ClassVar = "Time for a clean stop"
    references: ClassVar = ("Compose Specification stop_grace_period", "Docker FAQ: containers take 10 seconds to stop")

    period: Annotated[str, Field(pattern=r"^([0-9]+(h|m|s|ms))+$")] = Field(
        default="30s", description="A Go duration: `30s`, `1m30s`."
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        if job := context.job(service):
            yield self.skip(service, f"a job ends by itself: {job}")
            return
        facts = context.facts(service)
        claim = facts.stop_grace_period if facts else None
        longer = claim and (duration(claim.value) or 0) > (duration(self.period) or 0)
        yield self.set(
            service,
            "stop_grace_period",
            claim.value if claim and longer else self.period,
            "ten seconds may cut a clean stop short",
            Confidence.SAFE,
            evidence=(Evidence(f"a clean stop can take {claim.value}", claim.source),) if claim and longer else (),
        )
