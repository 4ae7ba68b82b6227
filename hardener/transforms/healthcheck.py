"""healthcheck."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from hardener.knowledge import Check, Claim
from hardener.model import Service
from hardener.model.ports import port_number, port_range
from hardener.model.units import duration
from hardener.source import Data
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context


class Healthcheck(Transform):
    """The engine asks the service itself whether it works, so that others can wait for it and people can see it.

    The check is one that is known to work in the image: its own client, or a connection made with the interpreter that
    every such image has; never a `curl` that may not be there. It asks 127.0.0.1, over TCP where the first start has a
    temporary server on the socket, takes credentials from the environment of the container, and escapes `$` as `$$`.
    What is built here on a known interpreter is asked whether its port answers, if it has one port.

    Held back where the image is not known, where its command, its environment or a mounted configuration can make the
    check wrong, and for jobs. A check that is there is kept, and so is one that is switched off; one that calls a
    program which the image does not have is reported. What it breaks: `docker compose up --wait` waits for it; a check
    restarts nothing by itself.

    ```yaml
    services:
      cache:
        image: redis:7
        healthcheck:  # added
          test: ["CMD", "redis-cli", "ping"]
          interval: 10s
          timeout: 5s
          retries: 3
          start_period: 30s
    ```
    """

    id: ClassVar = "healthcheck"
    title: ClassVar = "A health check that works in the image"
    references: ClassVar = (
        "CIS Docker 4.6",
        "CIS Docker 5.27",
        "KICS healthcheck_not_set",
        "kube-linter no-liveness-probe",
    )
    atomic: ClassVar = "service"

    interval: str = Field(
        default="10s", description="How often, if the image is not known to need longer; Kubernetes' default."
    )
    timeout: str = Field(default="5s", description="How long one check may take, unless the image needs longer.")
    retries: int = Field(
        default=3, ge=1, description="How many failures in a row make it unhealthy; the engine's default."
    )
    start_period: str = Field(default="30s", description="How long failures do not count, at least.")

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        check = service.healthcheck
        facts = context.facts(service) or context.base(service)
        if check is not None and check.disabled:
            yield self.skip(service, "it is switched off on purpose")
        elif check is not None and check.test is not None:
            if program := context.broken_check(service):
                message = f"Use another program than {program} in its health check."
                yield self.advise(service, ("healthcheck", "test"), message, f"its image has no {program}")
        elif context.checked(service):
            return
        elif job := context.job(service):
            yield self.skip(service, job)
        elif own := context.facts(service):
            claim = own.healthcheck
            # Of a program that is started otherwise the check asks the wrong thing, and fails for certain.
            if claim is not None and (claim.confidence != "assumed" or not context.registry_known(service)):
                yield self._set(service, claim, claim.value.test, None)
            elif claim is not None and own.port_check is None:
                yield self.skip(service, f"the check that is known may not fit: {claim.doubt}")
            else:
                yield from self._port(service, context, own.port_check, own.family)
        else:
            yield from self._port(service, context, facts.port_check if facts else None, facts.family if facts else "")

    def _port(self, service: Service, context: Context, claim: Claim[Check] | None, family: str) -> Iterator[Answer]:
        """A check of the port of a program of the user's own, if there is one to ask and something to ask it with."""
        if claim is None:
            yield self.skip(service, "no check is known to work in its image")
            return
        port, sure, source = _port_of(service, context)
        if port is None:
            yield self.skip(service, source)
            return
        test = [word.replace("{port}", str(port)) for word in claim.value.test]
        evidence = Evidence(f"{source}; it runs on {family}", claim.source)
        yield self._set(service, claim, test, evidence, Confidence.KNOWN if sure else Confidence.ASSUMED)

    def _set(
        self,
        service: Service,
        claim: Claim[Check],
        test: list[str],
        evidence: Evidence | None,
        confidence: Confidence = Confidence.KNOWN,
    ) -> Answer:
        check = claim.value
        value: Data = {
            "test": list(test),
            "interval": _longest(self.interval, check.interval),
            "timeout": _longest(self.timeout, check.timeout),
            "retries": self.retries,
            "start_period": _longest(self.start_period, check.start_period),
        }
        sure = claim.confidence != "assumed"
        return self.set(
            service,
            "healthcheck",
            value,
            "others can wait until it works, and people see when it does not",
            confidence if sure else Confidence.ASSUMED,
            evidence=(evidence or Evidence(claim.doubt or check.binary, claim.source),),
        )


def _port_of(service: Service, context: Context) -> tuple[int | None, bool, str]:
    """The one TCP port that a program of the user's own listens on, whether that is sure, and how it is known."""
    targets = [port.target for port in service.read_ports() if port.protocol != "udp"]
    published = {number for target in targets for number in port_range(target) or ()}
    exposed = {number for text in map(str, service.expose or ()) if (number := port_number(text)) is not None}
    built = context.built(service)
    # Another command than that of the Dockerfile may be one that listens nowhere.
    told = {port.value for port in built.expose} if built and service.command is None else set()
    for ports, sure, source in (
        (published & told, True, "its Dockerfile exposes the port it publishes"),
        (published, True, "it publishes one port"),
        (exposed, True, "it exposes one port"),
        (told, False, "its Dockerfile exposes one port"),
    ):
        if len(ports) == 1:
            return ports.pop(), sure, source
    return None, False, "which port it listens on is not known"


def _longest(default: str, wanted: str | None) -> str:
    """The longer of two durations, as written."""
    return wanted if wanted and (duration(wanted) or 0) > (duration(default) or 0) else default
