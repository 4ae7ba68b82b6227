"""resource-limits."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hardener.knowledge import Role
from hardener.model import Service, byte_size, format_bytes, resolve_defaults
from hardener.source import Data
from hardener.transforms.base import Answer, Evidence, Transform
from hardener.transforms.context import Context

_LEAST_MEMORY, _LEAST_CPUS = 6 * 1024**2, 0.01
"""What the engine accepts, https://docs.docker.com/engine/containers/resource_constraints/; 0 is no limit to it."""
_MOST_MEMORY, _MOST_CPUS, _MOST_PIDS = 64 * 1024**4, 8192, 2**22
"""What no machine has: 46 bits of addresses; the processors and processes a Linux kernel can be built for."""


def _sensible_memory(text: str) -> str:
    size = byte_size(text) or 0
    if size < _LEAST_MEMORY:
        raise ValueError(f"{text} is less than {format_bytes(_LEAST_MEMORY)}, the least that the engine accepts")
    if size > _MOST_MEMORY:
        raise ValueError(f"{text} is more memory than a machine has")
    return text


def _sensible_cpus(text: str) -> str:
    if not _LEAST_CPUS <= float(text) <= _MOST_CPUS:
        raise ValueError(f"{text} is not between {_LEAST_CPUS} and {_MOST_CPUS}; leave the key out for no limit")
    return text


Memory = Annotated[str, Field(pattern=r"^[1-9][0-9]*[MG]$"), AfterValidator(_sensible_memory)]
Cpus = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$"), AfterValidator(_sensible_cpus)]

HEADROOM = 1.5
"""Memory of a process per byte of heap or buffer it is told to use: a JVM also holds classes, threads and code, a
database its connections. Elasticsearch asks for twice its heap, most others are content with a quarter more."""
_STEP = 64 * 1024 * 1024


class Reservation(BaseModel):
    """What a container is sure to get."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    cpus: Cpus | None = None
    memory: Memory | None = None


class Budget(Reservation):
    """What a container gets at most, and its reservation, which is lowered to a lower limit.

    A key left out is not limited.
    """

    pids: Annotated[int, Field(ge=1, le=_MOST_PIDS)] | None = None
    reservations: Reservation = Reservation()


class Asked(NamedTuple):
    """Memory a service asks for by itself: `size` in bytes, `setting` the text that says so."""

    size: int
    setting: str


class ResourceLimits(Transform):
    """One service cannot take the memory, the processors or the process table of the whole host.

    The numbers are the profile's, by role: a known image has the role its data file gives; what is built here has that
    of the server it is built on, and is an `app` on a language or a distribution. They join the form the service uses
    already, `deploy.resources` or `mem_limit`, `cpus` and `pids_limit`, since compose rejects a mix. Memory is never
    less than the service asks for itself: a heap (`-Xmx`, `ES_JAVA_OPTS`, `--max-old-space-size`), a cache
    (`maxmemory`), buffers (`shared_buffers`, `innodb_buffer_pool_size`), a reservation, its `/dev/shm`; nor less than
    its image is known to need, nor than twice what its memory file systems may hold, where they say how much.
    Processors are not limited where an image works as fast as it has them, as one that runs models does, or starts
    threads for all that the host has.

    Held back where the role is not known, as of what is built on an unknown image or from a source elsewhere: a limit
    that is too low kills. Give the service a role in the profile.

    ```yaml
    services:
      app:
        build: .
        deploy:  # added
          resources:
            limits:
              cpus: "1.0"
              memory: 512M
              pids: 512
            reservations:
              cpus: "0.5"
              memory: 256M
    ```
    """

    id: ClassVar = "resource-limits"
    title: ClassVar = "Limits on memory, processors and processes"
    references: ClassVar = ("CIS Docker 5.11, 5.12, 5.29", "OWASP Docker Rule 7", "KICS memory_not_limited")

    # A tmpfs counts against the limit.
    after: ClassVar = ("read-only",)

    roles: dict[Role, Budget] = Field(
        default={
            "app": Budget(cpus="1.0", memory="512M", pids=512, reservations=Reservation(cpus="0.5", memory="256M"))
        },
        description="By role: `cpus`, `memory`, `pids`, and `reservations` with `cpus` and `memory`.",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        role = context.role(service)
        budget = {str(name): budget for name, budget in self.roles.items()}.get(role.name) if role else None
        if role is None:
            yield self.skip(service, "its role is not known, and a limit that is too low kills")
        elif budget is None:
            yield self.skip(service, f"the profile has no limits for the role {role.name}")
        elif job := context.job(service):
            yield self.skip(service, f"how much a job takes is not known: {job}")
        else:
            limits, reserved, asked = _sized(service, context, budget)
            evidence = [role.evidence, *([Evidence(f"it asks for {asked.setting}", "this file")] if asked else [])]
            yield self.set(
                service,
                (),
                _in_its_form(service, limits, reserved),
                f"one service cannot take the whole host ({role.name})",
                role.confidence,
                evidence=tuple(evidence),
                caveat="a process over its memory limit is killed: compare with `docker stats` under load",
            )


def _sized(service: Service, context: Context, budget: Budget) -> tuple[dict[str, Data], dict[str, Data], Asked | None]:
    """Limits and reservations by key, after what the service sets, and what it asks for where that decided."""
    limits: dict[str, Data] = {}
    reserved: dict[str, Data] = {}
    own = _Own(service)
    quota = any(value is not None for value in (service.cpu_quota, service.cpu_period, service.cpu_count))
    facts = context.facts(service) or context.base(service)
    # The engine refuses a second way to limit processors, and a limit above what the host has.
    all_cpus = bool(facts and facts.all_cpus and facts.all_cpus.value)
    if budget.cpus and not (all_cpus or quota) and (own.reserved_cpus or 0) <= float(budget.cpus):
        limits["cpus"] = budget.cpus
    floor = byte_size(facts.memory.value) if facts and facts.memory else None
    asked = memory_asked(service)
    wanted = byte_size(budget.memory) or 0
    needed = max(floor or 0, asked.size if asked else 0, own.reserved_memory or 0)
    size = max(wanted, -(-needed // _STEP) * _STEP)
    # The engine refuses a limit above memswap_limit.
    swap = service.read_memswap_limit()
    known = size <= _MOST_MEMORY and (asked is None or asked.size)
    if budget.memory and known and (swap is None or swap <= 0 or size <= swap):
        limits["memory"] = format_bytes(size) if size > wanted else budget.memory
    if budget.pids:
        limits["pids"] = max(budget.pids, facts.pids.value if facts and facts.pids else 0)
    reservation = budget.reservations
    cpus = own.cpus if own.limits_cpus else float(budget.cpus or math.inf)
    if reservation.cpus and float(reservation.cpus) <= cpus:
        reserved["cpus"] = reservation.cpus
    # The engine refuses a reservation above the limit, and a limit that is not known here may be any.
    least = min(byte_size(reservation.memory) or 0, size if budget.memory else math.inf)
    fits = least <= own.memory if own.limits_memory else not budget.memory or "memory" in limits
    if least and fits:
        reserved["memory"] = format_bytes(int(least))
    return limits, reserved, asked if asked and asked.size > wanted else None


class _Own:
    """What a service sets itself, in either form: bytes and cores, 0 where it does not or where a variable decides."""

    def __init__(self, service: Service) -> None:
        resources = service.deploy.resources if service.deploy else None
        limits = resources.limits if resources else None
        reservations = resources.reservations if resources else None
        self.memory = (limits.read_memory() if limits else None) or service.read_mem_limit() or 0
        self.limits_memory = bool(limits and limits.memory is not None) or service.mem_limit is not None
        self.cpus = (limits.read_cpus() if limits else None) or service.read_cpus() or 0.0
        self.limits_cpus = bool(limits and limits.cpus is not None) or service.cpus is not None
        self.reserved_memory = (reservations.read_memory() if reservations else None) or service.read_mem_reservation()
        self.reserved_cpus = reservations.read_cpus() if reservations else None


def _in_its_form(service: Service, limits: dict[str, Data], reserved: dict[str, Data]) -> dict[str, Data]:
    """The keys to set, in the form the service uses. Compose rejects `mem_limit` beside `deploy.resources.limits`."""
    resources = service.deploy.resources if service.deploy else None
    short = (service.mem_limit, service.cpus, service.pids_limit, service.mem_reservation)
    if not (resources and resources.limits) and any(value is not None for value in short):
        names = {"cpus": "cpus", "memory": "mem_limit", "pids": "pids_limit"}
        keys: dict[str, Data] = {names[key]: value for key, value in limits.items()}
        if "memory" in reserved and not (resources and resources.reservations):
            keys["mem_reservation"] = reserved["memory"]
        return keys
    # Compose wants `mem_reservation` and `deploy.resources.reservations` to say the same.
    block = {"limits": limits, "reservations": reserved if service.mem_reservation is None else {}}
    kept: dict[str, Data] = {key: value for key, value in block.items() if value}
    return {"deploy": {"resources": kept}} if kept else {}


def memory_limits(services: Mapping[str, Service]) -> dict[str, int]:
    """By service, the bytes that its containers may use together; services without a limit are left out."""
    limits = {name: _Own(service).memory * (service.read_scale() or 1) for name, service in services.items()}
    return {name: size for name, size in limits.items() if size}


class _Ask(NamedTuple):
    """A setting that takes memory. `unit` is what a bare number counts, in bytes."""

    name: str
    setting: str
    unit: int = 1


_ASKS = (
    _Ask("-Xmx", r"-Xmx"),
    _Ask("-XX:MaxHeapSize", r"-XX:MaxHeapSize"),
    _Ask("MAX_HEAP_SIZE", r"\bMAX_HEAP_SIZE"),
    _Ask("wiredTigerCacheSizeGB", r"\bwiredTigerCacheSizeGB", 1024**3),
    _Ask("memcached -m", r"\bmemcached\b[^|;&]{0,80}?\s-m", 1024 * 1024),
    _Ask("maintenance_work_mem", r"\bmaintenance_work_mem", 1024),
    _Ask("--max-old-space-size", r"--max[-_]old[-_]space[-_]size", 1024 * 1024),
    _Ask("maxmemory", r"\bmaxmemory(?![-_])"),
    _Ask("shared_buffers", r"\bshared_buffers", 8192),
    _Ask("innodb_buffer_pool_size", r"\binnodb[-_]buffer[-_]pool[-_]size"),
)
# Few services ask, and one pattern is compiled and tried faster than ten.
_ASKING = re.compile("|".join(ask.setting for ask in _ASKS), re.IGNORECASE)
_AMOUNT = r"[=\s\"']*(?:([0-9]+(?:\.[0-9]+)?)\s?([kmgt]?)i?b?\b|(\$))"
# Variables that hold the options of a virtual machine, a heap among them.
_OPTIONS = re.compile(r"(?:\w+_)?(?:JAVA|JVM|HEAP|NODE|CATALINA)_(?:\w+_)?(?:OPTS|OPTIONS|ARGS)|JVM_ARGS")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def memory_asked(service: Service) -> Asked | None:
    """The most memory that the command and the environment of a service ask for, with headroom, and its `/dev/shm`.

    A size of 0 means that it asks by a variable whose value is not known here.
    """
    if service.gpus or _reserves_devices(service):
        return Asked(0, "a device, and works in proportion to it")
    for name, value in service.read_environment().items():
        if _OPTIONS.fullmatch(name) and (value is None or resolve_defaults(value) is None):
            return Asked(0, f"{name} by a variable")
    words = [*(service.read_entrypoint() or ()), *(service.read_command() or ())]
    words += [f"{name}={value}" for name, value in service.read_environment().items() if value]
    text = " ".join(resolve_defaults(word) or word for word in words)
    files = _tmpfs(service)
    shared = (service.read_shm_size() or 0) + files
    # As much again for what is in no file: our margin. What is in `/dev/shm` is the program's own.
    best = Asked(max(shared, 2 * files), f"{format_bytes(shared)} of memory file systems") if shared else None
    for ask in _ASKS if _ASKING.search(text) else ():
        for found in re.finditer(ask.setting + _AMOUNT, text, re.IGNORECASE):
            number, suffix, variable = found.groups()
            if variable:
                return Asked(0, f"{ask.name} by a variable")
            unit = 1024 ** _POWERS[suffix.lower()] if suffix else ask.unit
            size = float(number[:30]) * unit * HEADROOM + shared
            if size > _MOST_MEMORY:
                return Asked(0, f"{ask.name} by a number no machine has")
            if best is None or size > best.size:
                best = Asked(int(size), f"{ask.name} {number}{suffix}")
    return best


def _reserves_devices(service: Service) -> bool:
    resources = service.deploy.resources if service.deploy else None
    return bool(resources and resources.reservations and resources.reservations.devices)


def _tmpfs(service: Service) -> int:
    """The bytes its tmpfs mounts may hold, where they say so; they count against the memory limit."""
    options = (option for mount in service.read_tmpfs() for option in mount.options)
    sizes = [option.removeprefix("size=") for option in options if option.startswith("size=")]
    long = (getattr(entry, "tmpfs", None) for entry in service.volumes or ())
    return sum(byte_size(size) or 0 for size in (*sizes, *(entry.size for entry in long if entry)))
