"""What a transform may know besides the service it looks at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from hardener.knowledge import ImageFacts, facts_for, facts_of
from hardener.model import ComposeFile, Service
from hardener.model.project import Project
from hardener.source import Path
from hardener.transforms.base import Confidence, Evidence

# What names and commands of jobs are made of, in the wild. A wrong hit only leaves a service as it is.
_JOB_NAMES = re.compile(
    r"init\w*|\w*setup|migrat\w+|seed\w*|bootstrap\w*|provision\w*|backups?|restore|dump|install\w*|prepare|permissions?"
    r"|perms|chown|fixtures?|jobs?|oneshot|tests?|e2e|lint|certs|keygen|collectstatic|create\w*"
)
_JOB_WORDS = re.compile(
    r"migrate|migrations|collectstatic|createsuperuser|loaddata|seed|pg_dump|pg_dumpall|pg_restore|mysqldump|mongodump"
    r"|alembic|flyway|liquibase|certonly|build|compile|package|install|tests?|pytest|lint"
)
_ENDING_PROGRAM = re.compile(
    r"echo|true|false|ls|cat|env|printenv|cp|mv|chown|chmod|mkdir|rm|touch|id|date|hostname|whoami|tar|rsync|git|openssl"
    r"|exit|rabbitmqadmin|terraform|certbot|k6|dbt"
    r"|curl|wget|pip3?|psql|createdb|mysql|mariadb|mongo|mongosh|redis-cli|kafka-topics(?:\.sh)?|mc"
)
_TOOL_PROFILES = re.compile(
    r"tools?|cli|debug|jobs?|tests?|e2e|setup|init|migrat\w*|seed|manual|once|never|donotstart|ops|oneshot|backup"
)
_CHAIN = re.compile(r"&&|\|\||[;\n]")


class KnownRole(NamedTuple):
    """What a service is for (`database`, `app`, …), how sure that is, and how it is known."""

    name: str
    confidence: Confidence
    evidence: Evidence


class Context:
    """The project around a service: its file, its image, its role. Everything here is derived, nothing is guessed.

    `services` are all services of the file with what they inherit and with the changes planned so far.
    """

    def __init__(
        self, project: Project, roles: Mapping[str, str] | None = None, services: Mapping[str, Service] | None = None
    ) -> None:
        self.project = project
        self.roles = roles or {}
        self.services = project.services if services is None else services
        # By id of the service, which is kept so that no other gets the same id.
        self._facts: dict[int, tuple[Service, ImageFacts | None]] = {}

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
            self._facts[id(service)] = service, facts_of(service)
        return self._facts[id(service)][1]

    def role(self, service: Service) -> KnownRole | None:
        """The role a service has: as the profile says, else as its image has it, else `app` for what is built here."""
        if service.name in self.roles:
            return KnownRole(
                self.roles[service.name], Confidence.KNOWN, Evidence("the profile gives it this role", "profile")
            )
        facts = self.facts(service)
        if facts and facts.role:
            sure = Confidence.ASSUMED if facts.role.confidence == "assumed" else Confidence.KNOWN
            return KnownRole(facts.role.value, sure, Evidence(f"{facts.family} is known", facts.role.source))
        if service.build is not None and facts_for(service.name) is None:
            path = ("services", service.name, "build")
            return KnownRole("app", Confidence.ASSUMED, Evidence("it is built from source here", self.where(path)))
        return None

    def job(self, service: Service) -> str | None:
        """Why a service is taken for a job that runs once and ends; None for one that keeps running."""
        if waiting := self._awaited.get(service.name):
            return f"{waiting} waits for it to complete"
        facts = self.facts(service)
        if facts and facts.role and facts.role.value == "job":
            return f"{facts.family} runs once and ends"
        if service.deploy and service.deploy.mode in ("replicated-job", "global-job"):
            return f"its deploy mode is {service.deploy.mode}"
        if any(_JOB_NAMES.fullmatch(word) for word in re.split(r"[^a-z0-9]+", service.name.lower())):
            return "its name is that of a job"
        words = (service.read_entrypoint() or []) + (service.read_command() or [])
        if len(words) > 2 and words[0].rpartition("/")[2] in ("sh", "bash", "ash", "dash") and words[1].startswith("-"):
            words = words[2:]
        last = next((part for part in reversed(_CHAIN.split(" ".join(words))) if part.strip()), "").split()
        if last and _ENDING_PROGRAM.fullmatch(last[0].rpartition("/")[2]):
            return f"its command ends by itself ({last[0]})"
        tokens = (token for word in last if not word.startswith("-") for token in re.split(r"[^\w]+", word))
        if job := next(filter(_JOB_WORDS.fullmatch, tokens), None):
            return f"its command is a job ({job})"
        if service.profiles and all(_TOOL_PROFILES.fullmatch(str(profile).lower()) for profile in service.profiles):
            return f"it is started on demand (profile {service.profiles[0]})"
        return None

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
