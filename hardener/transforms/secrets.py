"""secrets."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from hardener.model import Service
from hardener.model.parts import SECRETS_FOLDER
from hardener.source import Path
from hardener.transforms.base import Answer, Confidence, Evidence, Transform
from hardener.transforms.context import Context

if TYPE_CHECKING:
    from hardener.keeping import Keep, Keeping, Use

_HISTORY = "a value that was in a file under version control stays in its history: give new ones (--rotate)"
_TOGETHER = "keep .env beside the file: without it compose goes on, with empty values"
_ROTATED = "a volume that holds data keeps the old value: change it there, too, or nobody gets in"


class Secrets(Transform):
    """Passwords, keys and tokens leave the file: what is committed, sent around and copied holds none.

    Where the image is known to read a variable from a file (`POSTGRES_PASSWORD_FILE`), the value becomes a secret: it
    goes byte for byte into a file of the folder `secrets`, closed to others, and no longer shows in `docker inspect`.
    Everywhere else (other images, URLs, commands, labels) `${NAME}` stands in its place, with the value in `.env`: that
    is weaker, since the container still has it as a variable or an argument. One value is kept once, for all services
    that use it; a weak one (`password`) may be that of many by chance, and is kept once for each purpose: stores, mail,
    administrators, the keys of each vendor. `.gitignore` and `.dockerignore` get the paths, `.env.example` the names.

    The files are written first, each whole or not at all, and the compose file last: cut short, what ran before still
    runs, and a second run completes it. A file that is there is never overwritten; another value in it is an error.

    Held back where a program that the service starts uses the variable by its name (a health check, a command); where
    an env file or an override (`compose.override.yml`) sets it too, since both forms at once end the start of many
    images; where the image would cut something off the value; where the file is read by `docker stack deploy`, which
    knows no `.env`; where git has `.env` under version control; where a default means another thing elsewhere. What
    only stands in for a secret (`changeme`) is left for you to replace. A folder `secrets` that others may look into
    gets no file that they could read. What it breaks: a deployment that takes the compose file along and leaves
    `secrets` and `.env` behind; `docker exec` with `$POSTGRES_PASSWORD`, which is not in the environment any more;
    `--env-file` and `--project-directory`, with which compose reads another `.env`.

    ```yaml
    services:
      db:
        image: postgres:16
        environment:
          POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password  # was: POSTGRES_PASSWORD: hunter2
        secrets:  # added
          - postgres_password
      app:
        environment:
          DATABASE_URL: postgres://app:${POSTGRES_PASSWORD}@db/app
    secrets:  # added
      postgres_password:
        file: ./secrets/postgres_password
    ```
    """

    id: ClassVar = "secrets"
    title: ClassVar = "No credentials in the file"
    references: ClassVar = (
        "OWASP Docker Rule 12",
        "NIST SP 800-190 4.1.4",
        "CL-0020",
        "https://docs.docker.com/compose/how-tos/use-secrets/",
    )
    # Who reads a secret, and with which rights, is what these decide.
    after: ClassVar = ("healthcheck", "non-root", "read-only", "capabilities")

    store: Literal["file", "environment", "external"] = Field(
        default="file",
        description="Where a secret lies: a file of its own; a variable of `.env`, which compose copies into the"
        " container and which a read-only one cannot have; or a swarm, into which you put it.",
    )
    rotate: bool = Field(
        default=False,
        description="Give new random values where an image only reads the value at its first start, unless another"
        " service may have the old one: names of users stay, and plain words may. A data volume keeps the old value.",
    )

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        if not context.companions:
            yield self.skip(service, "no file can be written beside a document that goes to standard output")
            return
        if not context.credentials:
            return
        keeping = self._keeping(context)
        yield from self._left(service, keeping)
        done: set[Path] = set()
        for keep, use in keeping.of(service.name):
            path = use.credential.path
            if keep.trouble:
                message = f"Keep {use.credential.name} outside of this file."
                yield self.advise(service, path[2:], message, keep.trouble)
            elif use.file_variable:
                yield from self._to_secret(service, keep, use, keeping)
            elif path not in done:
                done.add(path)
                yield self._to_variable(service, keep, use, keeping)

    def _keeping(self, context: Context) -> "Keeping":
        from hardener.keeping import Keeping

        if self not in context.memo:
            context.memo[self] = Keeping(context, self.id, self.store, rotate=self.rotate)
        found: Keeping = context.memo[self]
        return found

    def _left(self, service: Service, keeping: "Keeping") -> Iterator[Answer]:
        """What is not this rule's to move."""
        kept = {use.credential for _, use in keeping.of(service.name)}
        for credential in keeping.found[service.name]:
            path, name = credential.path[2:], credential.name
            if credential.kind == "env-file":
                if reason := keeping.in_env_file(service, credential):
                    yield self.advise(service, path, f"Give {name} as a secret, not in {credential.file}.", reason)
            elif credential.placeholder and credential not in kept:
                message = f"Give {name} a value of its own, outside of this file."
                yield self.advise(service, path, message, "what stands there is meant to be replaced")
            elif not credential.sure and not keeping.at(credential.path):
                message = f"If {name} is a secret, keep it outside of this file."
                yield self.advise(service, path, message, credential.evidence.claim)

    def _to_variable(self, service: Service, keep: "Keep", use: "Use", keeping: "Keeping") -> Answer:
        path = use.credential.path
        return self.replace(
            service,
            path[2:],
            keeping.without_values(path),
            f"its value goes to .env, weaker than a secret: {use.not_by_file}",
            Confidence.KNOWN,
            evidence=_evidence(use),
            caveat=f"{_TOGETHER}; {_caveat(keep)}",
            files=keeping.files_at(path),
            group=keep.group,
        )

    def _to_secret(self, service: Service, keep: "Keep", use: "Use", keeping: "Keeping") -> Iterator[Answer]:
        path, place = use.credential.path[2:], SECRETS_FOLDER + keep.secret
        reason, evidence = f"its image reads it from {place}", _evidence(use)
        sure, group, caveat = Confidence.KNOWN, keep.group, _caveat(keep)
        if isinstance(path[-1], int):
            value = f"{use.file_variable}={place}"
            yield self.replace(service, path, value, reason, sure, evidence=evidence, caveat=caveat, group=group)
        else:
            name = str(path[-1])
            yield self.set(
                service,
                (*path[:-1], use.file_variable or ""),
                place,
                reason,
                sure,
                evidence=evidence,
                caveat=caveat,
                group=group,
                instead_of=name,
            )
            yield self.remove(service, path, f"{use.file_variable} takes its place", sure, group=group)
        if keep.secret not in {grant.source for grant in service.read_secrets()}:
            yield self.append(service, "secrets", keep.secret, "it may read this secret", sure, group=group)
        yield self.set(
            None,
            ("secrets", keep.secret),
            keeping.declaration(keep),
            self._where(keep, keeping),
            sure,
            files=keeping.files(keep),
            group=group,
        )

    def _where(self, keep: "Keep", keeping: "Keeping") -> str:
        """What becomes of the value of a secret."""
        place = keeping.place(keep)
        told = f"{'its value' if keep.new is None else 'a new value'} goes to {place}"
        return f"{told}: docker secret create {keep.secret} {place}" if self.store == "external" else told


def _caveat(keep: "Keep") -> str:
    if keep.stays:
        return f"it keeps its value, since {keep.stays}"
    return _HISTORY if keep.new is None else _ROTATED


def _evidence(use: "Use") -> tuple[Evidence, ...]:
    return (use.credential.evidence, *use.evidence)
