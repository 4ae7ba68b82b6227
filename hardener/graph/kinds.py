"""What the services of a project are, as far as that says whom they may talk to, and who can reach whom now.

What a service is comes from its image, then from images of a like name, then from its own name: the weakest sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeVar

from hardener.graph.findings import Findings, folder_of
from hardener.graph.types import Edge
from hardener.knowledge import ImageFacts, facts_for, reference
from hardener.knowledge.clients import Client, client_of, store_role
from hardener.knowledge.globs import matches
from hardener.knowledge.stores import STORES, alike, called_store
from hardener.model import Service
from hardener.model.interpolation import readable, resolve_defaults
from hardener.model.short import texts, tokens

# What people see. Its data is behind another service, unless it says otherwise.
_FACE = re.compile(r"frontend|front|ui|client|webui|spa|proxy|gateway|ingress|nginx|web|www|static")
_PURE_FACE = re.compile(r"frontend|ui|spa")
_PROXY = re.compile(r"proxy|ingress|nginx")
_WORKER = re.compile(
    r"workers?|celery|beat|crond?|scheduler|sidekiq|consumers?|jobs?|queue|resque|horizon|migrat\w+|seed(?:er)?|backups?|init"
    r"|setup|exporter|tests?|e2e"
)
_ONCE = re.compile(r"migrat\w+|seed(?:er)?|backups?|init|setup|exporter|tests?|e2e")
_WORKING = re.compile(
    r"\b(?:celery|sidekiq|resque|horizon|worker|queue:(?:work|listen)|schedule:(?:work|run)|consume|crond)\b"
)
_TOOLS = ("admin-ui", "monitoring", "logging", "job")


Told = TypeVar("Told")


def _once(method: Callable[[Kinds, str], Told]) -> Callable[[Kinds, str], Told]:
    """Remembers what a method says of a service: it is asked for once for every other service."""

    @wraps(method)
    def remembered(self: Kinds, name: str) -> Told:
        known = self.told.setdefault(method.__name__, {})
        if name not in known:
            known[name] = method(self, name)
        return known[name]  # type: ignore[no-any-return]

    return remembered


class Kinds:
    """The services of `found`; each is asked for by its name."""

    def __init__(self, found: Findings, facts: Callable[[Service], ImageFacts | None]) -> None:
        self.found = found
        self.facts = facts
        self.services = found.services
        self.told: dict[str, dict[str, Any]] = {}
        self.known = {name: self._client(service) for name, service in self.services.items()}
        """What is known of the images as clients."""
        self.roles = {name: self._role(service) for name, service in self.services.items()}

    @_once
    def is_store(self, name: str) -> bool:
        """Whether a service is a data store, started as one, that is not known to call others."""
        known = self.known[name]
        return self.roles[name] in STORES and not (known and known.reach == "any")

    @_once
    def is_face(self, name: str) -> bool:
        """Whether a service looks like what people see of an application."""
        known = self.known[name]
        return bool(known and known.reach == "http") or (self._named(name, _FACE) and not self.is_worker(name))

    @_once
    def is_pure_face(self, name: str) -> bool:
        """Whether nothing but that fits its name; a `kafka-ui` looks into kafka itself."""
        return self._named(name, _PURE_FACE) and not any(
            facts_for(word) for word in self.words(name) if not _PURE_FACE.fullmatch(word)
        )

    @_once
    def is_proxy(self, name: str) -> bool:
        """Whether it looks like what stands in front of applications."""
        known = self.known[name]
        return bool(known and known.reach == "http") or self._named(name, _PROXY)

    @_once
    def is_worker(self, name: str) -> bool:
        """Whether it looks like one that nobody calls, and that works on what is in the stores."""
        line = " ".join(self.services[name].read_command() or ())
        return self._named(name, _WORKER) or (self.known[name] is None and _WORKING.search(line) is not None)

    @_once
    def works_once(self, name: str) -> bool:
        """Whether it looks like a worker that takes no work from a queue: a migration, a backup, an exporter."""
        return self._named(name, _ONCE)

    @_once
    def is_tool(self, name: str) -> bool:
        """Whether it only looks after others, so that these have users besides."""
        known, role = self.known[name], self.roles[name]
        return role in _TOOLS or bool(known and known.kin and role != "app") or self.is_worker(name)

    @_once
    def is_application(self, name: str) -> bool:
        """Whether it is a program of which nothing is known, and that others may call."""
        own = self.roles[name] in (None, "app") and self.known[name] is None
        return own and not self.is_worker(name) and not self.is_pure_face(name) and not self.is_proxy(name)

    @_once
    def answers(self, name: str) -> bool:
        """Whether it may speak HTTP."""
        known = self.known[name]
        return not self.is_store(name) or bool(known and known.http)

    @_once
    def words(self, name: str) -> set[str]:
        """The words of the name of a service, or of a variable."""
        return set(tokens(name))

    @_once
    def image_words(self, name: str) -> set[str]:
        """The words of the name of its image."""
        image = self.services[name].image
        parsed = reference(image) if image else None
        return set(tokens(parsed.repository)) if parsed else set()

    def evident(self, name: str) -> list[Edge]:
        """What shows whom a service talks to."""
        return self.found.evident(name)

    @_once
    def family(self, name: str) -> str:
        """What its image is one of: the family that is known, else its name, else how it is built."""
        service = self.services[name]
        facts = self.facts(service)
        parsed = reference(service.image) if service.image else None
        return facts.family if facts else parsed.name if parsed else str(service.build)

    @_once
    def data(self, name: str) -> set[str]:
        """The volumes and folders of the project that a service sees, those of `volumes_from` by the service's name."""
        service = self.services[name]
        named = {
            mount.source for mount in service.read_volumes() if mount.source and not mount.source.startswith(("/", "~"))
        }
        return named | {name} | {entry.partition(":")[0] for entry in texts(service.volumes_from)}

    @_once
    def where(self, name: str) -> str:
        """`file:line:column` of a service."""
        return self.found.where(name)

    # Who can reach whom.

    @_once
    def home(self, name: str) -> str | None:
        """The service whose networks a service is in: mostly itself. None if it is in no network of the project."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            mode = readable(self.services[name].network_mode or "")
            kind, _, target = mode.partition(":")
            if not mode:
                return name
            targets = self.found.names.find(target, name) if kind in ("service", "container") and target else set()
            if len(targets) != 1:
                return None
            name = targets.pop()
        return None

    def together(self, one: str, other: str) -> bool:
        """Whether two services are in one network as the project is now."""
        first, second = self._homes[one], self._homes[other]
        if one == other or first is None or second is None or first == second:
            return False
        return not self._networks[first].isdisjoint(self._networks[second])

    @_once
    def others(self, name: str) -> list[str]:
        """The services that one is in a network with."""
        return [] if self._homes[name] is None else [other for other in self.services if self.together(name, other)]

    @cached_property
    def _homes(self) -> dict[str, str | None]:
        return {name: self.home(name) for name in self.services}

    @cached_property
    def _networks(self) -> dict[str, set[str]]:
        return {name: set(service.read_networks()) or {"default"} for name, service in self.services.items()}

    # From image and name to kind.

    def _named(self, name: str, pattern: re.Pattern[str]) -> bool:
        return any(map(pattern.fullmatch, self.words(name)))

    def _client(self, service: Service) -> Client | None:
        """What is known of its image; of one built here, what it rests on, if that is a web server."""
        if service.build is None:
            return client_of(service.image)
        base = client_of(self._base(service))
        return base if base and base.reach == "http" else None

    def _base(self, service: Service) -> str | None:
        """The image that one built here rests on."""
        build = service.read_build()
        if build is None or not self.found.own(service.name):
            return None
        from hardener.knowledge.dockerfile import read_dockerfile

        built = read_dockerfile(folder_of(self.found.project), build)
        return (built.base or None) if built else None

    def _role(self, service: Service) -> str | None:
        """Its role; None where its image is that of a store, but its command starts something else."""
        facts = self.facts(service)
        if facts and facts.role:
            return facts.role.value if facts.role.value not in STORES or self._started(service, facts) else None
        image = self._base(service) if service.build is not None else service.image
        if role := store_role(image):
            return role
        for name in dict.fromkeys((image, *alike(image, service.name))):
            like = facts_for(name) if name else None
            if like and like.role and (like.role.value in STORES or name == image):
                return like.role.value if self._started(service, like) else None
        called = called_store(service.name) and not self.is_worker(service.name)
        return "database" if called and (service.build or service.image) and not self.evident(service.name) else None

    def _started(self, service: Service, facts: ImageFacts) -> bool:
        """Whether a service starts the program of its image, and not a client that is in there as well."""
        line = [*(service.read_entrypoint() or ()), *(service.read_command() or ())]
        if not line:
            return True
        globs = [glob for glob in (facts.programs.value if facts.programs else ()) if glob.strip("*-")]
        said = [word.rpartition("/")[2] for part in line for word in readable(part).split()]
        if any(matches(word, glob) for word in said for glob in globs):
            return True
        if service.entrypoint is None and line[0].startswith("-"):
            return True
        return not globs and not any(edge.kind == "command" for edge in self.evident(service.name))

    def network_unknown(self, name: str) -> bool:
        """Whether a variable decides which network a service is in."""
        return resolve_defaults(self.services[name].network_mode or "") is None
