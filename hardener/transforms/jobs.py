"""Which services are jobs that run once and end. A wrong hit only leaves a service as it is."""

import re

from hardener.model import Service

# What names and commands of jobs are made of, in the wild.
_JOB_NAMES = re.compile(
    r"init\w*|\w*setup|migrat\w+|seed\w*|bootstrap\w*|provision\w*|backups?|restore|dump|install\w*|prepare|permissions?"
    r"|perms|chown|fixtures?|jobs?|oneshot|tests?|e2e|lint|certs|keygen|collectstatic|create\w*"
)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
# Words that outweigh those: `worker-migrations` is there for migrations that come.
_SERVERS = {"worker", "workers", "queue", "scheduler", "server"}
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
    named = {word.lower() for word in _WORD.findall(service.name)}
    if any(map(_JOB_NAMES.fullmatch, named)) and not named & _SERVERS:
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
