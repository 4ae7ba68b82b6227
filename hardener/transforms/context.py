"""What a transform may know besides the service it looks at."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from hardener.errors import HardenError
from hardener.knowledge import ImageFacts, facts_for, facts_of, reference
from hardener.knowledge.host import on_host
from hardener.knowledge.inspection import Digest, InspectedImage, LocalImages, differs
from hardener.model import ComposeFile, Mount, Service, boolean
from hardener.model.interpolation import readable, resolve
from hardener.model.project import OVERRIDE, Project
from hardener.source import Path
from hardener.transforms.base import Confidence, Evidence
from hardener.transforms.jobs import ends_at_once, looks_like_job
from hardener.transforms.roles import KnownRole, role_of_build

if TYPE_CHECKING:
    from hardener.credentials import Credential
    from hardener.graph import Graph
    from hardener.graph.files import Files
    from hardener.knowledge.dockerfile import Built
    from hardener.model.host_ports import HostPorts
    from hardener.source.companions import Companion

# Where a host keeps what is its own, by the Filesystem Hierarchy Standard.
_OF_ROOT = re.compile(r"/(?:etc|dev|proc|sys|run(?!/user|/media)|usr|boot|lib)(?:/.*)?")
_SERVICES = re.compile(r"^[\"']?services[\"']?\s*:", re.MULTILINE)
_COMMAND = re.compile(r"^\s*([\w./-]+)")


class Context:
    """The project around a service: its file, its image, its role. Everything here is derived, nothing is guessed.

    `services` are all services of the file with what they inherit and with the changes planned so far.
    """

    def __init__(
        self,
        project: Project,
        services: Mapping[str, Service],
        roles: Mapping[str, str],
        folders: tuple[FilePath, ...] = (),
        images: LocalImages | None = None,
    ) -> None:
        self.project = project
        self.services = services
        self.roles = roles
        # Where the user keeps facts of their own.
        self.folders = folders
        self.images = images or LocalImages()
        # By id of the service, which is kept so that no other gets the same id.
        self._facts: dict[int, tuple[Service, ImageFacts | None]] = {}
        self._built: dict[str, Built | None] = {}
        # Groups of changes that turned out to be impossible, by rule and group, with the reason.
        self.lost: Mapping[tuple[str, str], str] = {}
        # Whether files may be written beside the document, and those that are going to be.
        self.companions = True
        self.beside: tuple[Companion, ...] = ()
        # The services that the rule which runs now may change.
        self.chosen: frozenset[str] = frozenset(services)
        # What a rule worked out for all services at once, by a key of its own.
        self.memo: dict[Any, Any] = {}

    @property
    def file(self) -> ComposeFile:
        """The compose file by itself."""
        return self.project.file

    def where(self, path: Path) -> str:
        """`file:line:column` of a path."""
        return str(self.project.document.where(path))

    def facts(self, service: Service) -> ImageFacts | None:
        """What is known of the image a service runs, for the way it runs it; see `hardener.knowledge.facts_of`."""
        if id(service) not in self._facts:
            facts, inspected = facts_of(service, self.folders, self.env_names(service)), self.inspected(service)
            if facts and inspected and (reason := differs(inspected, facts)):
                facts = facts.assumed(reason)
            self._facts[id(service)] = service, facts
        return self._facts[id(service)][1]

    @cached_property
    def graph(self) -> Graph:
        """Who talks to whom."""
        from hardener.graph import read_graph

        return read_graph(self.project, self.facts, self.beside)

    @cached_property
    def credentials(self) -> dict[str, list[Credential]]:
        """The literal credentials of each service, as far as it has some."""
        from hardener.credentials import credentials

        found = ((name, credentials(one, self.facts(one), self.read_env_file)) for name, one in self.services.items())
        return {name: list(told) for name, told in found if told}

    def read(self, path: str) -> str | None:
        """The text of a file beside the document, by its path from there; None if it cannot be read."""
        return self._files.read(path)

    @cached_property
    def siblings(self) -> dict[str, str]:
        """The other compose files in the folder of this one, by name: they share what lies beside it."""
        own = FilePath(self.project.document.file)
        names = [name for name in self._files.names(".yml", ".yaml") if name != own.name]
        texts = {name: self.read(name) or "" for name in names}
        return {name: text for name, text in texts.items() if OVERRIDE.fullmatch(name) or _SERVICES.search(text)}

    def exists(self, path: str) -> bool:
        """Whether there is a file beside the document, by its path from there."""
        return self._files.exists(path)

    def lets_others_in(self, path: str) -> bool:
        """Whether a file or folder is beside the document, and others than its owner may look into it."""
        return self._files.lets_others_in(path)

    def env_names(self, service: Service) -> set[str] | None:
        """The names of the variables that the env files of a service set; None if one of them cannot be read."""
        names: set[str] = set()
        for env_file in service.read_env_file():
            from hardener.model.dotenv import entries

            text = self.read_env_file(env_file.path)
            if text is None and env_file.required:
                return None
            try:
                names |= {entry.name for entry in entries(text or "")}
            except HardenError:  # compose refuses it
                return None
        return names

    @cached_property
    def _files(self) -> Files:
        from hardener.graph.files import Files

        return Files(FilePath(self.project.document.file).parent, self.beside)

    def read_env_file(self, path: str) -> str | None:
        """The text of an env file, by its path as a service names it; None if it cannot be read."""
        return self.read(self.env_path(path) or "")

    def env_path(self, path: str) -> str | None:
        """The path of an env file with its variables filled in as compose does, from the shell and `.env`; None where
        one has no value.
        """
        if "$" not in path:
            return path
        from hardener.model.dotenv import read

        folder = os.path.dirname(os.path.abspath(self.project.document.file))
        told: dict[str, str | None] = {}
        with suppress(HardenError):
            told = read(self.read(".env") or "", dict(os.environ)) if self.exists(".env") else {}
        values = {name: value for name, value in told.items() if value is not None}
        return resolve(path, {**values, **os.environ, "PWD": folder})

    def registry_known(self, service: Service) -> bool:
        """Whether the image of a service comes from a registry that is known: not `${REGISTRY}/postgres`."""
        found = reference(service.image) if service.image else None
        return found is not None and found.registry_known

    def built(self, service: Service) -> Built | None:
        """What the Dockerfile of a service says; None for one that is not built here, or cannot be read."""
        build = service.read_build()
        if build is None:
            return None
        if service.name not in self._built:
            from hardener.knowledge.dockerfile import read_dockerfile

            self._built[service.name] = read_dockerfile(FilePath(self.project.document.file).parent, build)
        return self._built[service.name]

    def inspected(self, service: Service) -> InspectedImage | None:
        """What the user's own engine says of the image a service runs, if it was asked and has it."""
        return self.images.inspected(service.image) if service.image and service.build is None else None

    def digest(self, service: Service) -> Digest | None:
        """The digest of the image a service runs, as the engine or the lock file has it."""
        return self.images.digest(service.image) if service.image and service.build is None else None

    @property
    def knows_digests(self) -> bool:
        """Whether there is a lock file, or the engine was asked."""
        return self.images.inspection is not None or self.images.lock_file is not None

    @cached_property
    def host_ports(self) -> HostPorts:
        """The ports of the host that services take before any change."""
        from hardener.model.host_ports import HostPorts

        return HostPorts((*self.project.included.values(), *self.project.services.values()))

    @cached_property
    def swarm(self) -> str | None:
        """What in the file only swarm uses, if anything."""
        for name, service in self.file.read_services().items():
            deploy = service.deploy
            if deploy and (deploy.placement or deploy.update_config or deploy.rollback_config or deploy.endpoint_mode):
                return f"services.{name}.deploy"
        for name, network in (self.file.networks or {}).items():
            if network.driver == "overlay":
                return f"networks.{name}"
        return None

    def local(self, service: Service) -> str | None:
        """Why the image of a service comes from no registry; None if it may."""
        if service.build is not None or service.pull_policy == "build":
            return "it is built here"
        if builder := self._builders.get(service.image):
            return f"{builder} builds its image here"
        return "it is never pulled (pull_policy)" if service.pull_policy == "never" else None

    def base(self, service: Service) -> ImageFacts | None:
        """What is known of the image that a service built here rests on, by itself."""
        built = self.built(service)
        return facts_for(built.base, self.folders) if built and built.base else None

    def user(self, service: Service) -> tuple[str, Evidence] | None:
        """The user that the first process of a service runs as, and how that is known; None if it is not."""
        if service.user is not None and (user := str(service.user).strip()):
            path = ("services", service.name, "user")
            # A variable can be set to root, whatever its default is.
            return None if "$" in user else (user, Evidence(f"user: {user}", self.where(path)))
        built, inspected = self.built(service), self.inspected(service)
        if built and built.user:
            told = built.user
            return (told.value, Evidence(f"USER {told.value}", told.source)) if told.value else None
        if inspected:
            user = inspected.user or "root"
            return user, Evidence(f"its image runs as {user}", inspected.source)
        facts = self.facts(service) or self.base(service)
        if facts and facts.user and facts.user.confidence != "assumed":
            return facts.user.value, Evidence(f"{facts.family} runs as {facts.user.value}", facts.user.source)
        return None

    def host_files(self, service: Service) -> bool:
        """Whether a service sees files of the host, which keep the owner and the mode that they have there.

        What the host's own system holds, sockets and time zones and the like, is root's.
        """
        secrets = self.file.secrets or {}
        configs = self.file.configs or {}
        mounts = service.read_volumes()
        return (
            any(mount.type == "bind" and not _OF_ROOT.fullmatch(on_host(mount.source or "")) for mount in mounts)
            or any(mount.type != "bind" and not self.is_plain_volume(service, mount) for mount in mounts)
            or any((secret := secrets.get(grant.source)) and secret.file for grant in service.read_secrets())
            or any((config := configs.get(grant.source)) and config.file for grant in service.read_configs())
        )

    def owns(self, service: Service, mount: Mount) -> bool:
        """Whether a mount is the image's own volume: on a path that it declares, made and filled by the engine."""
        facts = self.facts(service)
        declared = facts.volumes.value if facts and facts.volumes else ()
        return (mount.target or "").rstrip("/") in declared and self.is_plain_volume(service, mount)

    def on_host_network(self, service: Service) -> bool:
        """Whether a service uses the network of the host, by itself or through the service whose network it shares."""
        mode, seen = readable(service.network_mode or ""), {service.name}
        while mode.startswith("service:") and (name := mode.removeprefix("service:")) not in seen:
            seen.add(name)
            mode = readable((self.services[name].network_mode or "") if name in self.services else "")
        return mode == "host"

    def is_plain_volume(self, service: Service, mount: Mount) -> bool:
        """Whether a mount is a volume that the engine makes and fills from the image: not external, no driver."""
        if mount.type != "volume":
            return False
        entry = (service.volumes or [])[mount.position]
        if "$" in (entry if isinstance(entry, str) else f"{getattr(entry, 'source', '')}"):
            return False  # a variable can make it a folder of the host
        options = getattr(entry, "volume", None)
        if options is not None and (boolean(options.nocopy) or options.subpath):
            return False
        volume = (self.file.volumes or {}).get(mount.source) if mount.source else None
        return volume is None or not (boolean(volume.external) or volume.driver_opts or volume.driver)

    def is_shared_volume(self, service: Service, mount: Mount) -> bool:
        """Whether another service of the file writes to the volume that `mount` mounts."""
        return bool(self._writers.get(mount.source, set()) - {service.name})

    def checked(self, service: Service) -> Evidence | None:
        """What says that a service has a health check, its own, its Dockerfile's or its image's; None without one."""
        check = service.healthcheck
        if check is not None and check.disabled:
            return None
        if check is not None and check.test is not None:
            return Evidence("it has a health check", self.where(("services", service.name)))
        built, facts = self.built(service), self.facts(service) or self.base(service)
        if built and built.healthcheck:
            told = built.healthcheck
            return None if told.value == ["NONE"] else Evidence("its Dockerfile has a HEALTHCHECK", told.source)
        if inspected := self.inspected(service):
            has = inspected.healthcheck not in (None, ("NONE",))
            return Evidence("its image has a HEALTHCHECK", inspected.source) if has else None
        claim = facts.builtin_healthcheck if facts else None
        return Evidence("its image has a HEALTHCHECK", claim.source) if claim and claim.value else None

    def role(self, service: Service) -> KnownRole | None:
        """The role a service has: as the profile says, else as its image has it, else by what it is built on."""
        if service.name in self.roles:
            return KnownRole(
                self.roles[service.name], Confidence.KNOWN, Evidence("the profile gives it this role", "profile")
            )
        facts = self.facts(service)
        if facts and facts.role:
            sure = Confidence.ASSUMED if facts.role.confidence == "assumed" else Confidence.KNOWN
            return KnownRole(facts.role.value, sure, Evidence(f"{facts.family} is known", facts.role.source))
        if service.build is not None and facts_for(service.name, self.folders) is None:
            return role_of_build(service, self)
        return None

    def job(self, service: Service) -> str | None:
        """Why a service is taken for a job that runs once and ends; None for one that keeps running."""
        if waiting := self._awaited.get(service.name):
            return f"{waiting} waits for it to complete"
        facts = self.facts(service)
        if facts and facts.role and facts.role.value == "job":
            return f"{facts.family} runs once and ends"
        return looks_like_job(service) or ends_at_once(service, self)

    def is_awaited(self, name: str) -> bool:
        """Whether some service waits for `name` to complete."""
        return name in self._awaited

    def same_family(self, one: Service, other: Service) -> bool:
        """Whether two services run images of one family."""
        first, second = self.facts(one), self.facts(other)
        return first is not None and second is not None and first.family == second.family

    def is_own_check(self, service: Service) -> bool:
        """Whether the health check of a service was in the file before."""
        before = self.project.services.get(service.name, service).healthcheck
        return before is not None and before.test is not None

    def broken_check(self, service: Service) -> str | None:
        """The program that the health check of a service calls and its image lacks, if that is known."""
        test = service.healthcheck.read_test() if service.healthcheck else None
        facts = self.facts(service) or self.base(service)
        if not test or not facts or not facts.lacks:
            return None
        built = self.built(service)
        absent = set(facts.lacks.value) - (built.packages if built else set())
        # In a shell, only the first command: what follows may stand in for it.
        words = test[1:2] if test[0] == "CMD" else _COMMAND.findall(" ".join(test[1:]))[:1]
        return next((word for word in words if word.rpartition("/")[2] in absent), None)

    @cached_property
    def _builders(self) -> dict[str | None, str]:
        """Services that build an image and give it a name, by that name."""
        return {
            service.image: name for name, service in self.project.services.items() if service.build and service.image
        }

    @cached_property
    def _writers(self) -> dict[str | None, set[str]]:
        """The services that write to each volume."""
        found: dict[str | None, set[str]] = {}
        for name, service in self.project.services.items():
            for mount in service.read_volumes():
                if mount.type == "volume" and not mount.read_only:
                    found.setdefault(mount.source, set()).add(name)
        return found

    @cached_property
    def _awaited(self) -> dict[str, str]:
        """Services that others wait for to complete, with one that waits."""
        services = {**self.project.included, **self.project.services}
        return {
            name: waiting
            for waiting, service in services.items()
            for name, dependency in service.read_depends_on().items()
            if dependency.condition == "service_completed_successfully"
        }
