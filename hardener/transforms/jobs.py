"""Which services are jobs that run once and end. A wrong hit only leaves a service as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hardener.model import Service, boolean

if TYPE_CHECKING:
    from hardener.transforms.context import Context

# What names and commands of jobs are made of, in the wild.
_JOB_NAMES = re.compile(
    r"init\w*|\w*setup|migrat\w+|seed\w*|bootstrap\w*|provision\w*|backups?|restore|dump|install\w*|prepare|permissions?"
    r"|perms|chown|fixtures?|jobs?|oneshot|tests?|e2e|lint|certs|keygen|collectstatic|create\w*"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# `migrations-worker` and `backup-scheduler` are there for migrations and backups that come.
_WORKERS = re.compile(r".* (?:workers?|scheduler)")
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


def looks_like_job(service: Service) -> str | None:
    """Why a service is taken for a job by what it says of itself, if so."""
    if service.deploy and service.deploy.mode in ("replicated-job", "global-job"):
        return f"its deploy mode is {service.deploy.mode}"
    names = (" ".join(re.split(r"[^a-z0-9]+", name.lower())) for name in (service.name, _CAMEL.sub("-", service.name)))
    if any(any(map(_JOB_NAMES.fullmatch, name.split())) and not _WORKERS.fullmatch(name) for name in names):
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


def ends_at_once(service: Service, context: Context) -> str | None:
    """Why a service has nothing to do, if so: its image is a shell or an interpreter, and nobody gives it a command."""
    if service.command is not None or service.entrypoint is not None:
        return None
    built = context.built(service)
    if (built and (built.command or built.entrypoint)) or boolean(service.tty) or boolean(service.stdin_open):
        return None
    facts = context.facts(service) or context.base(service)
    return f"{facts.family} ends at once without a command" if facts and facts.ends and facts.ends.value else None
