"""logging."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hardener.model import Service
from hardener.source import Data
from hardener.transforms.base import Answer, Confidence, Transform
from hardener.transforms.context import Context

FLUENTD_PORT = 24224
"""The forward input that fluentd and fluent-bit listen on by default; the driver writes to it."""
_ROTATING = ("json-file", "local")


class Logging(Transform):
    """Container logs that rotate. The engine's default keeps every line for ever, until the disk is full.

    A service without `logging` gets the driver and its options. One with a `logging` block keeps its driver, and gets
    the rotation options that are missing, where its driver has them. With `driver: fluentd` the engine of the host, not
    the container, connects to the address; `fluentd-async` lets containers start while the collector is down, and the
    collector itself keeps `json-file`, since it cannot log to itself.

    Held back where the driver is switched off (`driver: none`), and where another driver does its own rotation. A
    service's own `logging` replaces the default of the host's daemon.json for it.

    ```yaml
    services:
      web:
        image: nginx:1.27
        logging:  # added
          driver: json-file
          options:
            max-size: 10m
            max-file: "3"
    ```
    """

    id: ClassVar = "logging"
    title: ClassVar = "Logs that rotate"
    references: ClassVar = ("Docker docs: configure logging drivers", "OWASP Docker Rule 10", "compose-auditor OPS003")

    driver: Literal["json-file", "local", "syslog", "fluentd"] = Field(
        default="json-file", description="The driver for services that name none."
    )
    max_size: Annotated[str, Field(pattern=r"^[1-9][0-9]*[kmg]?$")] = Field(
        default="10m",
        description="Size at which a log file is rotated, for json-file and local: bytes, or with k, m, g.",
    )
    max_file: Annotated[int, Field(ge=1)] = Field(default=3, description="Files kept, for json-file and local.")
    options: dict[str, str] = Field(
        default_factory=dict, description="More options of the driver: `syslog-address`, `fluentd-address`, `tag` …"
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        own = service.logging
        driver = own.driver if own else None
        if driver == "none":
            yield self.advise(service, "logging", "Give it a driver that rotates.", "its logs are off on purpose")
        elif driver is None and own is not None and own.options and "max-size" not in own.options:
            yield self.skip(
                service, "its options are meant for the default driver of the host, which is not known here"
            )
        elif driver not in (None, *_ROTATING, "fluentd"):
            yield self.skip(service, f"its driver ({driver}) keeps logs in its own way")
        elif own is not None and own.options and "fluentd-async-connect" in own.options:
            yield self.skip(service, "it is asynchronous already, by the option's old name")
        elif driver == "fluentd":
            yield self.set(
                service,
                ("logging", "options"),
                self._defaults("fluentd"),
                "the container could not start, and would stop, while the collector is down",
                Confidence.KNOWN,
                caveat="lines that are waiting when the container ends are lost",
            )
        elif own is not None and (driver or own.options):
            yield self._complete(service, driver or "json-file", {"options": self._defaults(driver or "json-file")})
        else:
            driver = "json-file" if self.driver == "fluentd" and _collects(service, context) else self.driver
            options = self._defaults(driver) | (self.options if driver == self.driver else {})
            yield self._complete(service, driver, {"driver": driver, **({"options": options} if options else {})})

    def _complete(self, service: Service, driver: str, block: dict[str, Data]) -> Answer:
        rotates = driver in _ROTATING
        return self.set(
            service,
            "logging",
            block,
            "without rotation, logs grow until the disk is full"
            if rotates
            else "logs leave the host where they are made",
            Confidence.SAFE if rotates else Confidence.KNOWN,
            caveat="overrides the log driver of the host's daemon.json; takes a new container, not a restart",
        )

    def _defaults(self, driver: str) -> dict[str, Data]:
        if driver in _ROTATING:
            return {"max-size": self.max_size, "max-file": str(self.max_file)}
        return {"fluentd-async": "true"} if driver == "fluentd" else {}


def _collects(service: Service, context: Context) -> bool:
    """Whether it is the collector that the fluentd driver writes to."""
    role = context.role(service)
    ports = {str(port.target) for port in service.read_ports()} | {str(port) for port in service.expose or ()}
    return bool(role and role.name == "logging") or str(FLUENTD_PORT) in ports
