"""Whether what is known of a service is all there is to know, and what else it may talk to if not.

An edge shows that two services talk; that there is none shows nothing by itself. A data store opens no connections. An
image that is known is told by its variables whom to talk to. Of all others the question is who may be missing: stores
that nobody is known to use, hosts that stand in variables without value, files that cannot be read. Where that leaves a
few candidates, they become edges of kind `possible`; where it can be anyone, the service is undecided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hardener.graph.findings import Findings
from hardener.graph.kinds import Kinds
from hardener.graph.mentions import HOST
from hardener.graph.unread import WAITING, unread
from hardener.knowledge.clients import Client, outside, registries, words
from hardener.knowledge.stores import STORES
from hardener.model.interpolation import readable

_PEERS = re.compile(
    r"replset|replica|replication|cluster|sentinel|seed|galera|wsrep|quorum|peers?\b|initial[-_.]?advertise|--join\b|raft|slave"
    r"|master|primary|secondary|swim|gossip|rs\.initiate|zoo_servers|discovery",
    re.IGNORECASE,
)
# Words of variables that fit any service.
_VAGUE = re.compile(
    r"hosts?|urls?|uri|servers?|services?|names?|port|addr|address|endpoint|connection|string|default|the|for|app|nodes?|master"
    r"|internal|base|link|list|https?|tcp|main|local|remote"
)
# By what a configuration of Prometheus has one service look at others: the place of each target is taken by its own.
_PROBER = re.compile(rf"(?m)^\s*(?:-\s+)?replacement:\s*[\"']?({HOST})(?::\d+)?\s*[\"']?\s*(?:#.*)?$")


MOST = 250
"""Services of which every pair is looked at, which takes time and edges by the square; real files have fewer."""


def decide(found: Findings, kinds: Kinds) -> dict[str, str]:
    """Services of which it stays open whom they talk to, with the reason; adds edges of kind `possible` to `found`."""
    if len(found.services) > MOST:
        return dict.fromkeys(found.services, f"of more than {MOST} services it is not looked for who may talk to whom")
    return _Completeness(found, kinds).decide() if len(found.services) > 1 else {}


class _Completeness:
    def __init__(self, found: Findings, kinds: Kinds) -> None:
        self.found = found
        self.kinds = kinds
        self.services = found.services
        self.undecided: dict[str, str] = {}
        self.clustered: dict[str, bool] = {}

    def decide(self) -> dict[str, str]:
        kinds = self.kinds
        stores = [name for name in self.services if kinds.is_store(name)]
        talking = [name for name in self.services if kinds.others(name) and not kinds.is_store(name)]
        for name in stores:
            self._peers(name)
            self._kin(name)
        for name in talking:
            self._unknown(name)
            self._strangers(name)
            self._kin(name)
            self._asked(name)
            self._waiting(name)
            self._working(name)
            taken = [other for other in self.found.candidates.get(name, ()) if kinds.answers(other)]
            self._may(name, taken, f"{name} takes every service unless told not to")
        self._registered(talking)
        self._lonely(talking)
        self._same_code(talking)
        self._same_data(talking)
        for name in talking:
            if reason := self._open(name):
                self.undecided[name] = reason
        for name, service in self.services.items():
            if kinds.network_unknown(name):
                self.undecided[name] = f"a variable decides its network: {service.network_mode}"
        self._shared()
        return {name: self.undecided[name] for name in self.services if name in self.undecided}

    def _may(self, name: str, targets: Iterable[str], claim: str) -> bool:
        """Possible edges to those of `targets` that it can reach and that nothing shows yet; whether there are any."""
        reachable = [target for target in targets if self.kinds.together(name, target)]
        for target in reachable:
            if target not in self.found.targets.get(name, ()):
                self.found.connect(name, [target], "possible", claim, self.kinds.where(name))
        return bool(reachable)

    # What may be missing.

    def _peers(self, name: str) -> None:
        """Stores of one kind that are set up to find each other."""
        kind = self.kinds.family(name)
        same = [
            other
            for other in self.kinds.others(name)
            if self.kinds.is_store(other) and self.kinds.family(other) == kind
        ]
        if same and any(map(self._clustered, (name, *same))):
            self._may(name, same, f"{name} and its like are set up to work together")

    def _clustered(self, name: str) -> bool:
        """Whether the settings of a store speak of others of its kind."""
        if name not in self.clustered:
            self.clustered[name] = _PEERS.search(self._settings(name)) is not None
        return self.clustered[name]

    def _settings(self, name: str) -> str:
        service = self.services[name]
        mounts = (f"{mount.source} {mount.target}" for mount in service.read_volumes())
        line = (service.read_entrypoint() or []) + (service.read_command() or [])
        return " ".join([name, *line, *service.read_environment(), *mounts, self.found.configured.get(name, "")])

    def _unknown(self, name: str) -> None:
        """Variables without value: the services that their names fit, or anyone."""
        kinds = self.kinds
        known = kinds.known[name]
        for variable in self.found.unknown.get(name, ()) if known is None or known.reach != "none" else ():
            # A variable that bears the name of its own program does not mean others that run the same.
            said = kinds.words(variable)
            own = said & (kinds.words(name) | kinds.image_words(name))
            said = said - own
            if own and all(map(_VAGUE.fullmatch, said)):
                continue
            fitting = self._fitting(name, said)
            if self._may(name, fitting, f"{variable}, whose value is not known here, may name it"):
                continue
            if not outside().isdisjoint(said):
                where = self.found.where(name, "environment")
                self.found.out(name, f"{variable} most likely names a host outside", where)
            else:
                self.undecided.setdefault(name, f"the value of {variable} is not known, and it may name any service")

    def _strangers(self, name: str) -> None:
        """Hosts without a domain that are no service: one whose name or image is alike may be meant."""
        for variable, host in self.found.strangers.get(name, ()):
            said = self.kinds.words(variable) | self.kinds.words(host)
            said -= self.kinds.words(name) | self.kinds.image_words(name)
            fitting = self._fitting(name, said)
            self._may(name, fitting, f"{variable} names {host}, which is no service, and may mean it")

    def _asked(self, name: str) -> None:
        """A prober, named beside what a scraper asks it to look at."""
        text = self.found.configured.get(name, "")
        probers = {match[1] for match in _PROBER.finditer(text)} if "__param_target" in text else ()
        asked = [edge.target for edge in self.kinds.evident(name) if edge.kind == "config"]
        for prober in sorted(found for host in probers for found in self.found.names.find(host, name)):
            self._may(prober, asked, f"{name} asks it to look at it")

    def _fitting(self, name: str, said: set[str]) -> list[str]:
        """The others that words of a variable's name fit: by their name, their image or their role."""
        meant = said | {word for one in said for word in words().get(one, ())}
        telling = tuple(word for word in meant if len(word) > 2 and not _VAGUE.fullmatch(word))
        return [other for other in self.kinds.others(name) if telling and self._fits(other, telling)]

    def _fits(self, name: str, telling: tuple[str, ...]) -> bool:
        own = (*self.kinds.words(name), *self.kinds.image_words(name))
        return self.kinds.roles[name] in telling or any(mine.startswith(telling) for mine in own)

    def _kin(self, name: str) -> None:
        """What an image can be pointed at without a word in the file."""
        known, given = self.kinds.known[name], self.services[name].read_environment()
        if known is None:
            return
        kin = set(known.plugins)
        if not given.keys() & set(known.kin_unless) and (not known.kin_if or given.keys() & set(known.kin_if)):
            kin |= set(known.kin)
        fitting = [
            other
            for other in self.kinds.others(name)
            if self.kinds.roles[other] in kin or kin & (self.kinds.image_words(other) | self.kinds.words(other))
        ]
        self._may(name, fitting, "it can be pointed at it in its own pages")

    def _waiting(self, name: str) -> None:
        """A service that only says whom it waits for: it may rely on what those wait for, and on other applications."""
        kinds = self.kinds
        edges = kinds.evident(name)
        if kinds.known[name] or not edges or any(edge.kind not in WAITING for edge in edges):
            return
        others = kinds.others(name)
        self._may(name, filter(kinds.is_application, others), "it may call it by a name in its code")
        if not kinds.is_face(name):
            first = {edge.target for edge in edges}
            second = {edge.target for target in first for edge in kinds.evident(target)}
            self._may(name, sorted(filter(kinds.is_store, second)), f"what {name} waits for uses it")

    def _working(self, name: str) -> None:
        """A worker takes its work from a queue, and works on a database, even where it does not say which."""
        kinds = self.kinds
        if kinds.known[name] or not kinds.is_worker(name):
            return
        self._fed(name)
        told = {kinds.roles[edge.target] for edge in kinds.evident(name)}
        once = kinds.works_once(name)
        if once and not told.isdisjoint(STORES):
            return
        for roles in (("database",),) if once else (("cache", "queue"), ("database",)):
            if told.isdisjoint(roles):
                fitting = [other for other in kinds.others(name) if kinds.roles[other] in roles]
                self._may(name, fitting, f"it looks like a worker, and says of no {' or '.join(roles)} that it uses it")

    def _fed(self, name: str) -> None:
        """Applications that use a store which a worker uses as well may put the work into its queue."""
        used = {edge.target for edge in self.kinds.evident(name) if self.kinds.is_store(edge.target)}
        queues = [store for store in used if self.kinds.roles[store] in ("cache", "queue")]
        queues = [store for store in queues if not self._has_feeder(store)]
        for other in self.kinds.others(name) if queues else ():
            shared = used & {edge.target for edge in self.kinds.evident(other)}
            if shared and self.kinds.known[other] is None and self.kinds.roles[other] in (None, "app"):
                self._may(other, sorted(queues), f"it may give work to {name}, which works on {min(shared)} as well")

    def _has_feeder(self, queue: str) -> bool:
        """Whether a service that people use is known to use a queue, so that work comes into it."""
        return any(self.services[user].ports and not self.kinds.is_tool(user) for user in self.found.users(queue))

    def _same_code(self, talking: list[str]) -> None:
        """Services that run one image, of which nothing else is known, use what each other uses."""
        targets = self.found.targets
        for group in self._twins(talking):
            used = set[str]().union(*(targets.get(twin, ()) for twin in group))
            for name in group:
                # Mostly it has what all of them use, and none need be looked at.
                if used <= targets.get(name, {}).keys() | {name}:
                    continue
                for twin in group:
                    missing = targets.get(twin, {}).keys() - targets.get(name, {}).keys()
                    more = [target for target in targets.get(twin, ()) if target in missing]
                    self._may(name, more, f"it runs the same image as {twin}, which uses it")

    def _same_data(self, talking: list[str]) -> None:
        """Services that share files may share the settings in them, above all those that run one image."""
        kinds = self.kinds
        for name in talking:
            if (known := kinds.known[name]) is not None and known.reach == "http":
                continue
            told = any(kinds.is_store(edge.target) for edge in kinds.evident(name))
            for other in talking:
                alike = kinds.family(name) == kinds.family(other)
                if other != name and (alike or not told) and not kinds.data(name).isdisjoint(kinds.data(other)):
                    targets = [edge.target for edge in self.found.edges_of(other) if kinds.is_store(edge.target)]
                    self._may(name, targets, f"it shares files with {other}, which uses it")

    def _twins(self, talking: list[str]) -> list[list[str]]:
        """Services by the image that they run, where there are several and nothing is known of it."""
        groups: dict[str, list[str]] = {}
        for name in talking:
            service = self.services[name]
            if (
                self.kinds.known[name] is None
                and self.kinds.roles[name] in (None, "app")
                and not self.kinds.facts(service)
            ):
                build = service.read_build()
                key = f"{build.context} {build.dockerfile} {build.target}" if build else readable(service.image or "")
                groups.setdefault(key or name, []).append(name)
        return [group for group in groups.values() if len(group) > 1]

    def _registered(self, talking: list[str]) -> None:
        """Services that find each other through a registry of names."""
        for registry in self.services:
            if registries() & self.kinds.words(registry):
                members = [
                    name for name in talking if any(edge.target == registry for edge in self.kinds.evident(name))
                ]
                for name in members:
                    self._may(name, members, f"both are found through {registry}")

    def _lonely(self, talking: list[str]) -> None:
        """Services that nobody is known to use but tools and workers: whoever is there may."""
        kinds = self.kinds
        used = {
            edge.target
            for edge in self.found.edges
            if edge.kind not in ("shared", "possible") and not kinds.is_tool(edge.source)
        }
        programs = [name for name in talking if (known := kinds.known[name]) is None or known.reach == "any"]
        inner = [name for name in talking if not kinds.is_proxy(name) and not kinds.is_pure_face(name)]
        behind = [name for name in inner if name in programs and not kinds.is_tool(name)]
        behind = behind or [name for name in inner if name in programs or not kinds.is_tool(name)]
        # Stores call others, such as a ZooKeeper, where a configuration says so.
        hidden = [name for name in self.services if kinds.is_store(name) and unread(name, self.found, kinds)]
        twins = {name for group in self._twins(talking) for name in group}
        speaking = [other for other in programs if kinds.evident(other)]
        for name in self.services:
            claim = f"nobody is known to use {name} but tools or workers, if they do, and so this may"
            if name in used or kinds.home(name) is None:
                continue
            if kinds.is_store(name):
                for other in behind or programs or [one for one in talking if not kinds.is_tool(one)]:
                    self._may(other, [name], claim)
            elif self._helps(name) or (kinds.is_application(name) and not self._uncalled(name, twins)):
                for other in speaking + (hidden if self._helps(name) else []):
                    self._may(other, [name], claim)

    def _helps(self, name: str) -> bool:
        """Whether a service is there for others of the project, not for people: a mail catcher, a ZooKeeper."""
        known = self.kinds.known[name]
        quiet = known is not None and known.reach == "none" and not self.kinds.is_tool(name)
        return self.kinds.roles[name] == "other" or quiet

    def _uncalled(self, name: str, twins: set[str]) -> bool:
        """Whether nobody in the project is likely to call a service: people do, or it is one process of a product."""
        service = self.services[name]
        return self.kinds.is_face(name) if service.ports else name in twins and not service.expose

    def _shared(self) -> None:
        """Who is in the network of another talks, and is reached, as that one."""
        found, kinds = self.found, self.kinds
        for name in self.services:
            home = kinds.home(name)
            if home is None or home == name:
                continue
            if name in self.undecided:
                self.undecided.setdefault(home, f"{name} is in its network, and of that {self.undecided[name]}")
            claim = f"{name} is in the network of {home}"
            theirs = [edge for user in found.sources(name) for edge in found.edges_of(user) if edge.target == name]
            for edge in found.edges_of(name):
                if edge.target != home:
                    found.connect(home, [edge.target], edge.kind, f"{claim}: {edge.claim}", edge.where, edge.port)
            for edge in theirs:
                if edge.source != home:
                    found.connect(edge.source, [home], edge.kind, f"{claim}: {edge.claim}", edge.where, edge.port)

    # What stays open.

    def _open(self, name: str) -> str | None:
        """Why it cannot be said whom a service talks to, if so."""
        found, known = self.found, self.kinds.known[name]
        if name in found.project.unresolved:
            return "what it extends cannot be read"
        service = self.services[name]
        if service.is_part:
            return "neither image nor build is set: another file says more of it"
        if known is not None and known.reach == "none":
            return None
        if missing := found.missing.get(name):
            return f"{missing[0]} cannot be read, and may name any service"
        if name in self.undecided:
            return self.undecided[name]
        hidden = unread(name, self.found, self.kinds)
        if known is not None:
            return self._open_client(name, known, hidden)
        if hidden:
            return f"its configuration {hidden[0]} cannot be read, and may name any service"
        return None if self.kinds.evident(name) else self._silent(name)

    def _open_client(self, name: str, known: Client, unread: list[str]) -> str | None:
        built = self.services[name].build is not None
        if known.reach == "web":
            self._may(name, self._answering(name), "its users may lead it there")
        if known.reach == "any" and (unread or not known.config):
            return "whom it talks to is set where it cannot be read from here"
        if known.reach == "http" and (unread or (built and not self.found.configured.get(name))):
            self._may(name, self._answering(name), "its configuration cannot be read, and may lead to it")
        elif known.reach == "told" and unread:
            return f"its configuration {unread[0]} cannot be read, and may name any service"
        return None

    def _answering(self, name: str) -> list[str]:
        """The others that answer HTTP."""
        return [other for other in self.kinds.others(name) if self.kinds.answers(other)]

    def _silent(self, name: str) -> str | None:
        """A service that says nothing."""
        others = self.kinds.others(name)
        if self.kinds.is_pure_face(name) and all(
            set(self.found.users(other)) - {name} for other in others if self.kinds.is_store(other)
        ):
            self._may(name, self._answering(name), "it is a face of the application")
            return None
        unknown = self.found.unknown.get(name)
        return f"the value of {unknown[0]} is not known" if unknown else "nothing says whom it talks to"
