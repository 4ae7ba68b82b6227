"""capabilities."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from hardener.knowledge import Capabilities as CapabilitiesOfImage
from hardener.knowledge import ImageFacts, capability_uses, carriers, mounts_of
from hardener.model import Service, boolean, nonroot
from hardener.model.interpolation import readable
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

ALL = "ALL"


class Need(NamedTuple):
    """The capabilities a service needs, each with the reason; those it cannot start without; and how that is known."""

    capabilities: dict[str, str]
    start: set[str]
    confidence: Confidence
    evidence: Evidence


class Capabilities(Transform):
    """All capabilities of root are dropped, and only those added back that the image is known to need.

    What an image needs depends on how it is started, so the list is made for the service at hand: more for an
    entrypoint that starts as root and steps down, none once `user:` or the image sets another user, CHOWN and the like
    where a bind mount takes the place of the image's own volume, DAC_OVERRIDE for root where it reads files of the
    host, KILL where `init: true` has to pass signals on to another user. A service built here needs none if its
    Dockerfile ends with a USER that is not root.

    Held back where the image is not known, where it is started with a command or an entrypoint of the service's own,
    and for root in an image built here: then it is advice, and says how to find out. A list that is there is completed
    and never contradicted: what `cap_add` grants stays granted, and `cap_drop: [ALL]` is left as it is. What it breaks:
    nothing that the service does by itself, but a root shell in the container can do less.

    ```yaml
    services:
      cache:
        image: redis:7
        cap_drop:  # added
          - ALL
        cap_add:  # added
          - SETGID
          - SETUID
    ```
    """

    id: ClassVar = "capabilities"
    title: ClassVar = "No capabilities but those it needs"
    references: ClassVar = (
        "CIS Docker 5.4",
        "OWASP Docker Rule 3",
        "KICS container_capabilities_unrestricted",
        "PSS restricted",
        "capabilities(7)",
    )
    after: ClassVar = ("init", "healthcheck", "non-root", "read-only")
    atomic: ClassVar = "service"

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        dropped, added = names(service.cap_drop), names(service.cap_add)
        need = self._need(service, context)
        if boolean(service.privileged):
            yield self.skip(service, "a privileged service has every capability, whatever is dropped")
        elif ALL in added:
            yield self.skip(service, "cap_add: [ALL] asks for every capability")
        elif ALL in dropped:
            if need and need.confidence is Confidence.KNOWN and (missing := sorted(need.start - added)):
                message = f"Add {', '.join(missing)} to cap_add."
                yield self.advise(service, "cap_drop", message, f"it needs this: {need.capabilities[missing[0]]}")
        elif need and (taken := sorted(need.capabilities.keys() & dropped)):
            message = f"Decide about {', '.join(taken)}: cap_drop takes away what it is known to need."
            yield self.advise(service, "cap_drop", message, "with cap_drop: [ALL] they would have to be given back")
        elif need is None and service.is_part:
            yield self.skip(service, "another file says what it runs")
        elif need is None:
            yield self.advise(
                service,
                "cap_drop",
                f"Try cap_drop: [ALL] and add back what fails; see what it uses: docker compose top {service.name}",
                self._unknown(service, context),
            )
        else:
            yield from self._changes(service, need, added)

    def _changes(self, service: Service, need: Need, added: set[str]) -> Iterator[Answer]:
        yield self.append(
            service,
            "cap_drop",
            ALL,
            "what it does not need, nobody who breaks into it gets",
            need.confidence,
            evidence=(need.evidence,),
            caveat="a root shell in it (docker exec) can do less",
        )
        for name, reason in sorted(need.capabilities.items()):
            if name not in added:
                yield self.append(service, "cap_add", name, reason, need.confidence, evidence=(need.evidence,))

    def _need(self, service: Service, context: Context) -> Need | None:
        """What a service needs under `cap_drop: [ALL]`; None if that is not known."""
        user = context.user(service)
        if user and nonroot(user[0]):
            return self._without_root(service, context, user[1])
        facts = context.facts(service)
        if facts is None and user and (base := context.base(service)):
            facts = base.assumed("what runs in it is built here")
        if facts is None or facts.capabilities is None:
            return None
        claim = facts.capabilities
        need = self._as_root(service, context, facts, claim.value)
        doubt = claim.doubt or _doubt(service, facts, need)
        sure = claim.confidence != "assumed" and doubt is None
        evidence = Evidence(doubt or f"what {facts.family} needs is known", claim.source)
        return Need(need, set(claim.value.start), Confidence.KNOWN if sure else Confidence.ASSUMED, evidence)

    @staticmethod
    def _without_root(service: Service, context: Context, evidence: Evidence) -> Need:
        """What a service needs that does not start as root: what its program has as file capabilities."""
        built = context.built(service)
        known = context.facts(service) or context.base(service)
        claim = known.capabilities if known else None
        carried = dict.fromkeys(claim.value.any_user, "its program has it as a file capability") if claim else {}
        if built is None:
            sure = claim is not None
        else:
            own_program = built.command is not None or built.entrypoint is not None
            sure = not (built.brings_programs or built.packages & carriers()) and (claim is not None or own_program)
        return Need(carried, set(carried), Confidence.KNOWN if sure else Confidence.ASSUMED, evidence)

    def _as_root(
        self, service: Service, context: Context, facts: ImageFacts, claimed: CapabilitiesOfImage
    ) -> dict[str, str]:
        """What a service needs whose image starts as root, with the reason for each."""
        uses = capability_uses()
        need = {name: uses.get(name, "the image is known to need it") for name in claimed.start}
        if self._writes_elsewhere(service, context):
            for name in claimed.mounts:
                need.setdefault(name, f"{uses.get(name, 'it needs it')}, where a mount is not the image's own volume")
        if context.checked(service):
            for name in claimed.health:
                need.setdefault(name, "its health check needs it")
        if boolean(service.init) and not (facts.init_needs_kill and facts.init_needs_kill.value is False):
            need.setdefault("KILL", "the init passes signals on to a process of another user")
        if context.host_files(service):
            need.setdefault("DAC_OVERRIDE", "files of the host keep their owner, and root reads them only with it")
        if context.on_host_network(service):
            need.setdefault("NET_BIND_SERVICE", "on the network of the host, ports below 1024 need it")
        return need

    @staticmethod
    def _writes_elsewhere(service: Service, context: Context) -> bool:
        """Whether something writable is mounted that is not a plain volume on a path the image declares."""
        return any(not mount.read_only and not context.owns(service, mount) for mount in mounts_of(service))

    @staticmethod
    def _unknown(service: Service, context: Context) -> str:
        if service.build is not None:
            return "its image is built here and runs as root, or that is not known; a USER in its Dockerfile settles it"
        return "it is not known what its image needs"


def names(capabilities: Iterable[object] | None) -> set[str]:
    """Capabilities in one spelling, `NET_ADMIN`: the engine takes any case, with or without `CAP_`."""
    return {str(name).upper().removeprefix("CAP_") for name in capabilities or ()}


def _doubt(service: Service, facts: ImageFacts, need: dict[str, str]) -> str | None:
    """Why a service may need more than its image was found to need, if so."""
    joined = (service.pid, service.ipc, service.userns_mode, service.uts)
    if service.devices or "host" in (readable(mode or "") for mode in joined):
        return "it is joined to the host"
    if (more := sorted(names(service.cap_add) - need.keys())) and (facts.port_check or not facts.role):
        return f"it adds {', '.join(more)}, so its own code does more than is known"
    if service.command is None and (boolean(service.tty) or boolean(service.stdin_open)):
        return "it is meant for people to work in (tty, stdin_open)"
    return None
