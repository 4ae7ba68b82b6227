"""Whether what is known of a service is all there is to know, and what else it may talk to if not.

An edge shows that two services talk; that there is none shows nothing by itself. A data store opens no connections. An
image that is known is told by its variables whom to talk to. Of all others the question is who may be missing: stores
that nobody is known to use, hosts that stand in variables without value, files that cannot be read. Where that leaves a
few candidates, they become edges of kind `possible`; where it can be anyone, the service is undecided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import cached_property

from hardener.graph.findings import Findings, folder_of
from hardener.graph.mounts import is_configuration
from hardener.graph.types import Edge
from hardener.graph.variables import tokens
from hardener.knowledge import ImageFacts, facts_for, reference
from hardener.knowledge.clients import Client, client_of, outside, words
from hardener.model import Service
from hardener.model.interpolation import readable, resolve_defaults

STORES = frozenset({"database", "cache", "queue", "search", "object-store"})

_STORE_NAMES = frozenset({"db", "database", "cache", "sql", "datastore"})
# Words of names, the weakest sign of all: they only ever add to what a service may talk to, unless it says otherwise.
_FACES = frozenset(
    {"frontend", "front", "ui", "client", "webui", "spa", "proxy", "gateway", "ingress", "web", "www", "static"}
)
_PURE_FACES = frozenset({"frontend", "ui", "spa", "webui"})
_NO_STORES = _PURE_FACES | {"proxy", "gateway", "ingress", "nginx"}
_WORKERS = frozenset(
    "worker workers celery beat cron crond scheduler sidekiq consumer consumers job jobs migrate migration migrations migrator"
    " seed seeder backup backups queue resque horizon init setup exporter".split()
)
_REGISTRIES = frozenset({"eureka", "nacos", "discovery", "consul"})
_PEERS = re.compile(
    r"replset|replica|replication|cluster|sentinel|seed|galera|wsrep|quorum|peers?\b|initial[-_.]?advertise|--join\b|raft|slave"
    r"|master|primary|secondary|swim|gossip|rs\.initiate|zoo_servers|discovery",
    re.IGNORECASE,
)
# Edges that say that a service waits for another, and not by which name it calls it.
_WAITING = frozenset({"depends_on", "links", "shared", "healthcheck", "possible"})


class Completeness:
    """Decides for every service of `found`; adds edges of kind `possible` to it."""

    def __init__(self, found: Findings, facts: Callable[[Service], ImageFacts | None]) -> None:
        self.found = found
        self.facts = facts
        self.services = found.services
        self.undecided: dict[str, str] = {}
        self._known = {name: self._client(service) for name, service in self.services.items()}
        self._roles = {name: self._role(service) for name, service in self.services.items()}

    def decide(self) -> dict[str, str]:
        """Services of which it stays open whom they talk to, with the reason."""
        if len(self.services) < 2:
            return {}
        talking = [name for name in self.services if not self._apart(name) and not self._is_store(name)]
        for name in self.services:
            if self._is_store(name):
                self._peers(name)
        for name in talking:
            self._unknown(name)
            self._kin(name)
            self._waiting(name)
        self._same_code(talking)
        self._registered(talking)
        self._lonely(talking)
        for name in talking:
            if reason := self._open(name):
                self.undecided[name] = reason
        return self.undecided

    # What a service is.

    def _client(self, service: Service) -> Client | None:
        """What is known of its image; of one built here, what it rests on, if that is a web server."""
        if service.build is None:
            return client_of(service.image)
        base = client_of(self._base(service))
        return base if base and base.reach == "http" else None

    def _base(self, service: Service) -> str | None:
        from hardener.knowledge.dockerfile import read_dockerfile

        build = service.read_build()
        if build is None or not self.found.own(service.name):
            return None
        built = read_dockerfile(folder_of(self.found.project), build)
        return built.base if built else None

    def _role(self, service: Service) -> str | None:
        """Its role, as its image has it, else as a like name has it, else as its own name says."""
        facts = self.facts(service)
        if facts and facts.role:
            return None if facts.role.value in STORES and not self._started(service, facts) else facts.role.value
        image = self._base(service) if service.build is not None else service.image
        parsed = reference(image) if image else None
        last = parsed.repository.rpartition("/")[2] if parsed else None
        for name in (image, last, service.name.lower()):
            like = facts_for(name) if name else None
            if like and like.role and (like.role.value in STORES or name == image):
                return like.role.value if self._started(service, like) else None
        return (
            "database"
            if _STORE_NAMES.intersection(tokens(service.name)[:1]) and not self._evident(service.name)
            else None
        )

    def _started(self, service: Service, facts: ImageFacts) -> bool:
        """Whether a service starts the program of its image, and not a client that is in there as well."""
        line = [*(service.read_entrypoint() or ()), *(service.read_command() or ())]
        if not line:
            return True
        globs = [glob for glob in (facts.programs.value if facts.programs else ()) if glob.strip("*-")]
        said = [word.rpartition("/")[2] for part in line for word in readable(part).split()]
        if any(fnmatchcase(word, glob) for word in said for glob in globs):
            return True
        if service.entrypoint is None and line[0].startswith("-"):
            return True
        return not globs and not any(
            edge.source == service.name and edge.kind == "command" for edge in self.found.edges
        )

    def _is_store(self, name: str) -> bool:
        return self._roles[name] in STORES

    def _apart(self, name: str) -> bool:
        """Whether a service is in no network of the project by itself."""
        mode = readable(self.services[name].network_mode or "")
        return mode in ("host", "none") or mode.startswith(("service:", "container:"))

    def _words(self, name: str) -> set[str]:
        return set(tokens(name))

    def _image_words(self, name: str) -> set[str]:
        image = self.services[name].image
        parsed = reference(image) if image else None
        return set(tokens(parsed.repository)) if parsed else set()

    def _is_face(self, name: str) -> bool:
        """Whether a service looks like what people see: its stores are behind another one."""
        known = self._known[name]
        return bool(known and known.reach == "http") or (
            not _FACES.isdisjoint(self._words(name)) and _WORKERS.isdisjoint(self._words(name))
        )

    # Who is there.

    @cached_property
    def _networks(self) -> dict[str, set[str]]:
        return {name: set(service.read_networks()) or {"default"} for name, service in self.services.items()}

    def _together(self, one: str, other: str) -> bool:
        """Whether two services are in one network as the project is now."""
        apart = self._apart(one) or self._apart(other)
        return one != other and not apart and not self._networks[one].isdisjoint(self._networks[other])

    def _others(self, name: str) -> list[str]:
        return [other for other in self.services if self._together(name, other)]

    def _evident(self, name: str) -> list[Edge]:
        """What shows whom a service talks to."""
        return [edge for edge in self.found.edges if edge.source == name and edge.kind != "possible"]

    def _may(self, name: str, targets: Iterable[str], claim: str, where: str | None = None) -> bool:
        """Possible edges to those of `targets` that it can reach and that nothing shows yet; whether there are any."""
        reachable = [target for target in targets if self._together(name, target)]
        known = self.found.pairs()
        for target in reachable:
            if (name, target) not in known:
                self.found.connect(name, [target], "possible", claim, where or self.found.where(name))
        return bool(reachable)

    # What may be missing.

    def _peers(self, name: str) -> None:
        """Stores of one kind that are set up to find each other."""
        kind = self._family(name)
        same = [other for other in self._others(name) if self._is_store(other) and self._family(other) == kind]
        if same and any(_PEERS.search(self._settings(one)) for one in (name, *same)):
            self._may(name, same, f"{name} and its like are set up to work together")

    def _family(self, name: str) -> str:
        service = self.services[name]
        facts = self.facts(service)
        parsed = reference(service.image) if service.image else None
        return facts.family if facts else parsed.name if parsed else str(service.build)

    def _settings(self, name: str) -> str:
        service = self.services[name]
        mounts = (f"{mount.source} {mount.target}" for mount in service.read_volumes())
        words = (service.read_entrypoint() or []) + (service.read_command() or [])
        return " ".join([name, *words, *service.read_environment(), *mounts, self.found.configured.get(name, "")])

    def _unknown(self, name: str) -> None:
        """Variables without value: the services that their names fit, or anyone."""
        for variable in self.found.unknown.get(name, ()):
            said = self._words(variable)
            fitting = [other for other in self._others(name) if self._fits(other, said)]
            claim = f"{variable}, whose value is not known here, may name it"
            if self._may(name, fitting, claim):
                continue
            if not outside().isdisjoint(said):
                self.found.out(
                    name, f"{variable} most likely names a host outside", self.found.where(name, "environment")
                )
            else:
                self.undecided.setdefault(name, f"the value of {variable} is not known, and it may name any service")

    def _fits(self, name: str, said: set[str]) -> bool:
        """Whether words of a variable's name fit a service: by its name, its image or its role."""
        meant = said | {word for one in said for word in words().get(one, ())}
        meant = {word for word in meant if len(word) > 2} - _VAGUE
        own = self._words(name) | self._image_words(name)
        return self._roles[name] in meant or any(mine.startswith(word) for word in meant for mine in own)

    def _kin(self, name: str) -> None:
        """What an image can be pointed at without a word in the file."""
        known, given = self._known[name], self.services[name].read_environment()
        if known is None or not known.kin or given.keys() & set(known.kin_unless):
            return
        if known.kin_if and not given.keys() & set(known.kin_if):
            return
        fitting = [
            other
            for other in self._others(name)
            if self._roles[other] in known.kin or not set(known.kin).isdisjoint(self._image_words(other))
        ]
        self._may(name, fitting, "it can be pointed at it in its own pages")

    def _waiting(self, name: str) -> None:
        """A service that only says whom it waits for: it may rely on what those wait for, and on other applications."""
        edges = self._evident(name)
        if self._known[name] or not edges or any(edge.kind not in _WAITING for edge in edges):
            return
        others = self._others(name)
        self._may(name, filter(self._is_unknown, others), "it may call it by a name in its code")
        if not _WORKERS.isdisjoint(self._words(name)):
            self._may(name, filter(self._is_store, others), "it looks like a worker, and says little of what it uses")
        elif not self._is_face(name):
            first = {edge.target for edge in edges}
            second = {edge.target for target in first for edge in self._evident(target)}
            self._may(name, filter(self._is_store, second), f"what {name} waits for uses it")

    def _is_unknown(self, name: str) -> bool:
        """Whether a service is an application of which nothing is known, and that others may call."""
        role, said = self._roles[name], self._words(name)
        return (
            role in (None, "app")
            and self._known[name] is None
            and _WORKERS.isdisjoint(said)
            and not (said & _PURE_FACES)
        )

    def _same_code(self, talking: list[str]) -> None:
        """Services that run one image, of which nothing else is known, use what each other uses."""
        groups: dict[str, list[str]] = {}
        for name in talking:
            service = self.services[name]
            if self._known[name] is None and self._roles[name] in (None, "app") and self.facts(service) is None:
                build = service.read_build()
                key = f"{build.context} {build.dockerfile} {build.target}" if build else readable(service.image or "")
                groups.setdefault(key or name, []).append(name)
        for group in groups.values():
            for name in group:
                for twin in (other for other in group if other != name):
                    targets = [edge.target for edge in self._evident(twin)]
                    self._may(name, targets, f"it runs the same image as {twin}, which uses it")

    def _registered(self, talking: list[str]) -> None:
        """Services that find each other through a registry of names."""
        registries = [name for name in self.services if not _REGISTRIES.isdisjoint(self._words(name))]
        for registry in registries:
            members = [name for name in talking if any(edge.target == registry for edge in self._evident(name))]
            for name in members:
                self._may(name, members, f"both are found through {registry}")

    def _lonely(self, talking: list[str]) -> None:
        """Services that nobody is known to use: who has them, uses them."""
        used = {edge.target for edge in self.found.edges if edge.kind != "shared"}
        known = self._known
        programs = [name for name in talking if (client := known[name]) is None or client.reach == "any"]
        behind = [name for name in programs if not self._words(name) & _NO_STORES]
        for name in self.services:
            if name in used or self._apart(name):
                continue
            claim = f"nobody is known to use {name}, and so this may"
            if self._is_store(name):
                for other in behind or programs or talking:
                    self._may(other, [name], claim)
            elif self._is_unknown(name):
                for other in programs:
                    if self._evident(other):
                        self._may(other, [name], claim)

    # What stays open.

    def _open(self, name: str) -> str | None:
        """Why it cannot be said whom a service talks to, if so."""
        found, known = self.found, self._known[name]
        if not self._others(name):
            return None
        if name in found.project.unresolved:
            return "what it extends cannot be read"
        if resolve_defaults(self.services[name].network_mode or "") is None:
            return "a variable decides its network"
        if missing := found.missing.get(name):
            return f"{missing[0]} cannot be read, and may name any service"
        if name in self.undecided:
            return self.undecided[name]
        unread = [path for path in found.unread.get(name, ()) if self._configures(path, known)]
        if known is not None:
            return self._open_client(name, known, unread)
        if unread:
            return f"its configuration {unread[0]} cannot be read, and may name any service"
        if not self._evident(name):
            return self._silent(name)
        return None

    def _configures(self, path: str, known: Client | None) -> bool:
        """Whether what is mounted at `path` tells a service whom to talk to."""
        if known is None or not known.config:
            return is_configuration(path)
        return any(
            fnmatchcase(path, glob) or fnmatchcase(path, f"{glob}/*") or fnmatchcase(glob, f"{path.rstrip('/')}/*")
            for glob in known.config
        )

    def _open_client(self, name: str, known: Client, unread: list[str]) -> str | None:
        built = self.services[name].build is not None
        if known.reach == "any" and (unread or not known.config):
            return "whom it talks to is set in its configuration, which cannot be read from here"
        if known.reach == "http" and (unread or (built and not self.found.configured.get(name))):
            answering = [other for other in self._others(name) if self._answers(other)]
            self._may(name, answering, "its configuration cannot be read, and may lead to it")
        elif known.reach == "told" and unread:
            return f"its configuration {unread[0]} cannot be read, and may name any service"
        return None

    def _answers(self, name: str) -> bool:
        """Whether a service may speak HTTP."""
        known = self._known[name]
        return not self._is_store(name) or bool(known and known.http)

    def _silent(self, name: str) -> str | None:
        """A service that says nothing."""
        used = {edge.target for edge in self.found.edges if edge.source != name and edge.kind != "possible"}
        stores = {other for other in self._others(name) if self._is_store(other)}
        if not _PURE_FACES.isdisjoint(self._words(name)) and stores <= used:
            self._may(name, filter(self._answers, self._others(name)), "it is a face of the application")
            return None
        return "nothing says whom it talks to"


_VAGUE = frozenset(
    "host hosts url uri server service services name port address addr endpoint connection string default the for app api_url"
    " node nodes master internal base link list http https tcp".split()
)
