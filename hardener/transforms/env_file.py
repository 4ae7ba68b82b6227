"""env-file."""

import re
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, field_validator

from hardener.keeping.beside import beside
from hardener.keeping.plain import Files, Plain, companions, content, entries, missing, plain_variables
from hardener.model import Service, variables
from hardener.source import Data
from hardener.transforms.base import Answer, Confidence, Transform
from hardener.transforms.context import Context

_TOGETHER = "the compose file does not start without its env files: keep them together"


class EnvFile(Transform):
    """Plain variables move to an env file of their service; the compose file keeps what ties services together.

    What was `environment` comes last in `env_file`, which other env files cannot override: the container gets the same
    variables as before. No shipped profile does this; one that wants it says `env-file: {}`. Credentials stay for
    `secrets`, values with `${…}` since compose fills them in from elsewhere, names without a value since the shell has
    it. So does what no line of an env file can say. A file that is there is not overwritten.

    Held back where one part of the variables comes from another service, since the lists of env files would be joined;
    where an env file that is there uses a variable that would move; where a `compose.override.yml` sets one, or another
    file beside extends the service; where `docker stack deploy` reads the file, which takes quotes for a part of a
    value. What it breaks: the compose file without the new files beside it does not start.

    ```yaml
    services:
      web:
        env_file:  # added
          - web.env  # LOG_LEVEL=info
        environment:
          DATABASE_URL: postgres://app:${POSTGRES_PASSWORD}@db/app
    ```
    """

    id: ClassVar = "env-file"
    title: ClassVar = "Plain variables in a file of their own"
    references: ClassVar = (
        "https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
        "https://12factor.net/config",
    )
    # Others look at variables; what `secrets` leaves is plain.
    after: ClassVar = (
        *("secrets", "healthcheck", "depends-on-healthy", "non-root", "read-only", "capabilities"),
        *("init", "resource-limits", "published-ports", "networks", "stop-grace-period"),
    )
    atomic: ClassVar = "service"

    file: str = Field(
        default="{service}.env",
        description="The env file, from the folder of the compose file; `{service}` is the name of the service."
        " Without it, the file is for one service.",
    )

    @field_validator("file")
    @classmethod
    def _beside(cls, file: str) -> str:
        if reason := _no_place(file.replace("{service}", "service")):
            raise ValueError(reason)
        return file

    def run(self, service: Service, context: Context) -> Iterator[Answer]:
        path = self.file.replace("{service}", service.name)
        plain = plain_variables(service, context)
        if plain and (reason := self._held_back(service, path, plain, context)):
            yield self.skip(service, reason)
            return
        named = path in _paths(service)
        if named:
            plain = missing(plain, path, context)
        if not plain:
            return
        files = companions(path, plain, (context.read(path) or "") if named else None)
        why, sure = f"{path} has it", Confidence.KNOWN
        if not named:
            place, listed = service.env_file, "it holds what is plain"
            if place is None:
                yield self.set(service, "env_file", [path], listed, sure, files=files)
            elif isinstance(place, list):
                yield self.append(service, "env_file", path, listed, sure, files=files)
            else:
                yield self.replace(service, "env_file", [place, path], listed, sure, files=files)
        yield from self._moves(service, plain, why, files)

    def _moves(self, service: Service, plain: Plain, why: str, files: Files) -> Iterator[Answer]:
        environment, sure = service.environment, Confidence.KNOWN
        steps = [step for step, _, _ in entries(environment)]
        if len(plain) == len(steps):
            yield self.remove(service, "environment", why, sure, caveat=_TOGETHER, files=files)
        elif isinstance(environment, list):
            left: list[Data] = [environment[step] for step in steps if isinstance(step, int) and step not in plain]
            yield self.replace(service, "environment", left, why, sure, caveat=_TOGETHER, files=files)
        else:
            for step in plain:
                yield self.remove(service, ("environment", step), why, sure, caveat=_TOGETHER, files=files)

    def _held_back(self, service: Service, path: str, plain: Plain, context: Context) -> str | None:
        """Why what is plain stays where it is, if it does."""
        project = context.project
        if reason := _no_place(path):
            return f"{path}: {reason}"
        if not context.companions:
            return "no file can be written beside a document that goes to standard output"
        if service.is_part:
            return "another file says what it runs, and may give it env files"
        if context.swarm:
            return f"{context.swarm} is for docker stack deploy, which takes quotes in env files for part of a value"
        if "extends" in project.written[service.name] or project.heirs(service.name):
            return "it extends another service or is extended: env files would come in another order"
        if other := beside(context).sets(service.name, {name for name, _ in plain.values()}):
            return f"{other} may set them, too: an env file of it would come last"
        if other := beside(context).extends(service.name):
            return f"a service in {other} extends it: env files would come in another order"
        if "{service}" not in self.file and any(
            plain_variables(other, context) for other in project.services.values() if other.name != service.name
        ):
            return f"{self.file} can be for one service only: give the setting `file` a {{service}}"
        if not project.document.alone(("services", service.name, "environment")):
            return "an anchor gives its variables to others, too"
        paths = _paths(service)
        if path in paths[:-1] or paths.count(path) > 1:
            return f"another env file comes after {path}"
        if path not in paths and context.exists(path) and context.read(path) != content(plain):
            return f"{path} is there already, and holds something else"
        names = {name for name, _ in plain.values()}
        for file in service.read_env_file():
            text = context.read_env_file(file.path)
            if text is None:
                return f"an env file of it cannot be read: {file.path}"
            if file.format is None and (used := names & {variable.name for variable in variables(text)}):
                return f"{file.path} uses {', '.join(sorted(used))}"
            if file.format is not None and file.path == path:
                return f"{path} is read as it stands (format: {file.format})"
        return None


def _no_place(path: str) -> str | None:
    """Why an env file cannot be at `path`, which the name of a service may be a part of; None if it can."""
    if not re.fullmatch(r"[\w./-]+", path) or {"", ".", ".."} & set(path.split("/")):
        return "it has to be a path below the folder of the compose file, of letters, digits and . _ - /"
    return "compose fills in ${…} from .env: take another name" if path == ".env" else None


def _paths(service: Service) -> list[str]:
    return [file.path.removeprefix("./") for file in service.read_env_file()]
