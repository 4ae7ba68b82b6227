"""What becomes of each credential.

One value is kept once, whoever uses it: as a file that an image reads by itself, and as a variable of `.env` for those
that cannot. What is decided follows from the document and from what lies beside it, so that a run that was cut short is
completed by the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from hardener.credentials import Credential
from hardener.evidence import Evidence
from hardener.keeping.beside import beside
from hardener.keeping.files import ENV_FILE, FOLDER, env_lines, needs_open, secret_file
from hardener.keeping.git import tracked
from hardener.keeping.names import give_names
from hardener.keeping.plain import entries
from hardener.knowledge import ImageFacts, file_variable
from hardener.knowledge.secrets import is_user, purpose
from hardener.model import Service
from hardener.model.dotenv import line
from hardener.model.interpolation import resolve_defaults, variables
from hardener.model.parts import SECRETS_FOLDER
from hardener.model.short import as_text
from hardener.source import Data, Path, at, dotted
from hardener.source.companions import Companion

if TYPE_CHECKING:
    from hardener.transforms.context import Context

Store = Literal["file", "environment", "external"]
"""Where a secret's value lies: in a file, in a variable of `.env`, or in a swarm, under its name."""


# What nobody writes by chance: a word, or a short number, can be a value of many things.
DISTINCT = re.compile(r"(?s)^(?=.*[^a-z])(?=.*\D).{8,}$")


@dataclass(frozen=True)
class Use:
    """A credential of one service, and the variable that takes a file in its place, or else why there is none."""

    service: str
    credential: Credential
    file_variable: str | None = None
    not_by_file: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass
class Keep:
    """One value and all that use it.

    `secret` is its name below /run/secrets, `variable` its name in `.env`; `new` is what takes the place of the value,
    where it is to be a new one; `stays` says why it is the old one although new ones are asked for. `trouble` says
    why it cannot leave the file. Values that share a scalar have one `leader` and go together; `weaker` are those that
    could not be secrets.
    """

    value: str = field(repr=False)
    uses: list[Use] = field(default_factory=list)
    secret: str = ""
    variable: str = ""
    new: str | None = field(default=None, repr=False)
    stays: str = ""
    trouble: str = ""
    leader: str = ""
    weaker: bool = False

    @property
    def group(self) -> str:
        """What its changes are called, which are made all together or not at all."""
        return f"{self.leader} as a {'variable' if self.weaker else 'secret'}"

    @property
    def told(self) -> str:
        """The value that is written."""
        return self.value if self.new is None else self.new

    @property
    def by_file(self) -> list[Use]:
        """The uses whose image reads it from a file."""
        return [use for use in self.uses if use.file_variable]

    @property
    def by_variable(self) -> list[Use]:
        """The uses that get it by its name in `.env`."""
        return [use for use in self.uses if not use.file_variable]


class Keeping:
    """What is kept where, for the services that a rule may change."""

    def __init__(self, context: Context, rule: str, store: Store = "file", *, rotate: bool = False) -> None:
        self.context = context
        self.rule = rule
        self.store = store
        # By service; also of those that the rule may not change: what one keeps is no secret in another.
        self.found = {name: [*context.credentials.get(name, ())] for name in context.services}
        self.beside = beside(context)
        self._add_copies()
        self.keeps = self._keeps()
        self.names = give_names(self.keeps, context, self.beside)
        self._group()
        for keep in self.keeps:
            self._settle(keep)
        if rotate:
            from hardener.keeping.rotate import rotate as give_new

            give_new(self)

    def at(self, path: Path) -> list[tuple[Keep, Use]]:
        """The credentials in one scalar that can leave it."""
        return self._places.get(path, [])

    def of(self, service: str) -> list[tuple[Keep, Use]]:
        """What a service uses, in the order of `keeps`."""
        return self._by_service.get(service, [])

    def without_values(self, path: Path) -> str:
        """The scalar at `path` with the names of variables in the place of the credentials in it."""
        text = self._text(path) or ""
        for keep, use in sorted(self.at(path), key=lambda pair: pair[1].credential.start, reverse=True):
            start, end = use.credential.start, use.credential.end
            text = f"{text[:start]}${{{keep.variable}}}{text[end:]}"
        return text

    def declaration(self, keep: Keep) -> Data:
        """What stands for a secret at the top of the document."""
        if self.store == "external":
            return {"external": True}
        return {"environment": keep.variable} if self.store == "environment" else {"file": f"./{self.place(keep)}"}

    def place(self, keep: Keep) -> str:
        """The file beside the document that has the value of a secret."""
        return ENV_FILE if self.store == "environment" else f"{FOLDER}/{keep.secret}"

    def files(self, keep: Keep) -> tuple[Companion, ...]:
        """What the secret of a value needs beside the document."""
        files = env_lines(keep, self.context) if self.store == "environment" else secret_file(keep, self.context)
        return tuple(files)

    def files_at(self, path: Path) -> tuple[Companion, ...]:
        """What the scalar at `path` needs beside the document."""
        return tuple(one for keep, _ in self.at(path) for one in env_lines(keep, self.context))

    def in_env_file(self, service: Service, credential: Credential) -> str | None:
        """Why a credential of an env file should be a secret, if its image can read it from a file."""
        facts = self.context.facts(service)
        known = facts.file_env if facts else None
        if facts is None or known is None or known.confidence == "assumed" or credential.placeholder:
            return None
        variable = file_variable(facts, credential.name)
        return variable and f"its image reads {variable} instead; both at once can end its start, and the file is yours"

    def _keeps(self) -> list[Keep]:
        """One for each value, in the order of the document."""
        keeps: dict[tuple[str, str, str], Keep] = {}
        # What is a secret in one place is one in another, whatever it is called there.
        known = {one.value for found in self.found.values() for one in found if one.sure and not one.placeholder}
        for name in self.context.services:
            for credential in self.found[name] if name in self.context.chosen else ():
                # A value that names its own variable is a secret where another variable has it as one.
                if credential.kind == "env-file" or credential.value not in known:
                    continue
                kept = credential.value if credential.kind == "default" else self._written(credential)
                if kept:
                    # What the variable of a default is called, and what it is for, is not ours to choose.
                    variable = credential.variable or ""
                    key = kept, variable, "" if variable else _purpose(credential.name, kept)
                    keep = keeps.setdefault(key, Keep(kept))
                    keep.uses.append(self._use(self.context.services[name], credential))
                    keep.trouble = keep.trouble or self._bound(credential)
        return list(keeps.values())

    def _add_copies(self) -> None:
        """Finds variables whose value is a credential of another, under a name that does not tell."""
        known = {
            one.value: one
            for found in self.found.values()
            for one in found
            if one.sure and not one.placeholder and DISTINCT.search(one.value)
        }
        for name, service in self.context.services.items() if known else ():
            told = {credential.path for credential in self.found[name]}
            for step, key, text in entries(service.environment):
                path: Path = ("services", name, "environment", step)
                original = known.get(resolve_defaults(text) or "") if text and path not in told else None
                if text and original:
                    start = 0 if isinstance(step, str) else len(key) + 1
                    claim = Evidence(f"it is the value of {original.name}", dotted(original.path))
                    self.found[name].append(
                        replace(
                            original,
                            path=path,
                            name=key,
                            start=start,
                            end=start + len(text),
                            kind="variable",
                            variable=None,
                            evidence=claim,
                        )
                    )

    def _bound(self, credential: Credential) -> str:
        """Why a value means something only where it stands; empty if it can be taken out."""
        written = (self._text(credential.path) or "")[credential.start : credential.end]
        if self.context.project.is_time(credential.path):
            return "compose makes a time stamp of it: quote what is meant"
        if self.context.project.is_binary(credential.path):
            return "it is written in base 64 (!!binary)"
        if len(variables(written)) > (credential.kind == "default"):
            return "variables are a part of it"
        if credential.path[-1] in ("command", "entrypoint") and "\\" in written:
            return "it is written with a backslash, which a command line takes for another thing"
        return ""

    def _written(self, credential: Credential) -> str | None:
        """What a credential is in the document once compose has filled in variables; None if that is not known."""
        text = self._text(credential.path)
        return None if text is None else resolve_defaults(text[credential.start : credential.end])

    def _text(self, path: Path) -> str | None:
        """The scalar at an effective path, as compose reads it from the document."""
        found = at(self.context.project.bodies[str(path[1])], path[2:])
        return None if found is None or isinstance(found, dict | list) else as_text(found)

    def _use(self, service: Service, credential: Credential) -> Use:
        facts = self.context.facts(service)
        if credential.kind not in ("variable", "url") or credential.path[2] == "build":
            return Use(service.name, credential, None, "only a variable of a container can give way to a file")
        if facts is None:
            return Use(service.name, credential, None, "it is not known whether its image reads it from a file")
        if (variable := file_variable(facts, credential.name)) is None:
            return Use(service.name, credential, None, f"{facts.family} is not known to read it from a file")
        if reason := self._unfit(service, credential, facts, variable):
            return Use(service.name, credential, None, reason)
        sources = [claim.source for claim in (facts.file_env, facts.secret_files) if claim]
        evidence = tuple(Evidence(f"{facts.family} reads {variable}", source) for source in dict.fromkeys(sources))
        return Use(service.name, credential, variable, "", evidence)

    def _unfit(self, service: Service, credential: Credential, facts: ImageFacts, variable: str) -> str:
        """Why a file cannot take the place of a variable here; empty if it can."""
        named, reader = facts.file_env, facts.secret_files
        if named is None or reader is None or "assumed" in (named.confidence, reader.confidence):
            doubt = (named and named.doubt) or (reader and reader.doubt)
            return doubt or f"it is not known how {facts.family} reads files"
        value, text = credential.value, self._text(credential.path) or ""
        whole = text.partition("=")[2] if isinstance(credential.path[-1], int) else text
        if whole != text[credential.start : credential.end]:
            return "it is a part of a value"
        if not reader.value.keeps(value):
            return "its image would cut blanks or line breaks off"
        names = self.context.env_names(service)
        if names is None or {credential.name, variable} & names or variable in service.read_environment():
            return "an env file or another variable may set it, too"
        if file := self.beside.sets(service.name, {credential.name, variable}):
            return f"{file} may set it, too"
        if file := self.beside.extends(service.name):
            return f"a service in {file} extends it, and would lack the secret"
        if _uses(service, credential.name):
            return f"its command or its health check uses {credential.name}"
        if mount := next((one.target for one in service.read_volumes() if _below_run(one.target or "")), None):
            return f"{mount} is mounted from elsewhere"
        if self.store == "environment":
            return "compose cannot write a secret into a read-only container" if service.read_only else ""
        if self.context.lets_others_in(FOLDER) and (reason := needs_open(service, self.context)):
            return f"{reason}, and the folder {FOLDER} is open to everybody on the host (chmod 700 {FOLDER})"
        return ""

    def _group(self) -> None:
        """Puts values together that share a scalar, and notes which could not be moved as they were to be."""
        leaders: dict[int, Keep] = {}

        def leader(keep: Keep) -> Keep:
            while (above := leaders.get(id(keep), keep)) is not keep:
                leaders[id(keep)] = keep = leaders.get(id(above), above)
            return keep

        sharing: dict[Path, Keep] = {}
        for keep in self.keeps:
            for use in keep.uses:
                first = leader(sharing.setdefault(use.credential.path, keep))
                leaders[id(leader(keep))] = first
        for keep in self.keeps:
            keep.leader = leader(keep).variable

    def _settle(self, keep: Keep) -> None:
        """Falls back to a variable, or gives up, where a group turned out to be impossible; and checks `.env`."""
        lost = self.context.lost
        if (reason := lost.get((self.rule, keep.group))) is not None:
            keep.uses = [Use(use.service, use.credential, None, use.not_by_file or reason) for use in keep.uses]
            keep.weaker = True
            keep.trouble = keep.trouble or lost.get((self.rule, keep.group), "")
        if (keep.by_variable or self.store == "environment") and not keep.trouble:
            keep.trouble = self._no_variable(keep)

    def _no_variable(self, keep: Keep) -> str:
        """Why a value cannot be a variable of `.env`; empty if it can."""
        if swarm := self.context.swarm:
            return f"{swarm} is for docker stack deploy, which knows no {ENV_FILE}"
        if tracked(FilePath(self.context.project.document.file).parent / ENV_FILE):
            return f"{ENV_FILE} is under version control: git rm --cached {ENV_FILE} first"
        if self.context.exists(ENV_FILE) and self.context.read(ENV_FILE) is None:
            return f"{ENV_FILE} is there and cannot be read"
        if line(keep.variable, keep.told) is None:
            return f"no line of {ENV_FILE} can hold it"
        if self.names and (reason := self.names.overheard(keep)):
            return reason
        outside = [use.service for use in keep.uses if self._elsewhere(use.credential.path)]
        return f"{outside[0]} has it from another file" if outside else ""

    def _elsewhere(self, path: Path) -> bool:
        return self.context.project.origin(path)[-1] == "extends"

    @cached_property
    def _places(self) -> dict[Path, list[tuple[Keep, Use]]]:
        """What can leave each scalar: to be asked for only when it is known what cannot."""
        places: dict[Path, list[tuple[Keep, Use]]] = {}
        for keep in self.keeps:
            for use in keep.uses if not keep.trouble else ():
                places.setdefault(use.credential.path, []).append((keep, use))
        return places

    def others(self, keep: Keep) -> Iterator[Credential]:
        """Credentials of the same value that are not among the uses of `keep`."""
        mine = {(use.credential.path, use.credential.start) for use in keep.uses}
        return (one for one in self._by_value.get(keep.value, ()) if (one.path, one.start) not in mine)

    @cached_property
    def _by_service(self) -> dict[str, list[tuple[Keep, Use]]]:
        uses: dict[str, list[tuple[Keep, Use]]] = {}
        for keep in self.keeps:
            for use in keep.uses:
                uses.setdefault(use.service, []).append((keep, use))
        return uses

    @cached_property
    def _by_value(self) -> dict[str, list[Credential]]:
        values: dict[str, list[Credential]] = {}
        for found in self.found.values():
            for one in found:
                for value in {one.value, unquote(one.value)}:
                    values.setdefault(value, []).append(one)
        return values


def _purpose(name: str, value: str) -> str:
    """What keeps a value apart from the same one elsewhere: who has the same name as password has two secrets, and a
    weak password may be that of many.
    """
    if is_user(name):
        return "user"
    return "" if DISTINCT.search(value) else purpose(name)


def _below_run(target: str) -> bool:
    """Whether something that is mounted there may be in the way of secrets."""
    return f"{target.rstrip('/')}/".startswith(SECRETS_FOLDER) or target.rstrip("/") == "/run"


def _uses(service: Service, name: str) -> bool:
    """Whether a program that the service starts expects a variable by its name: only the entrypoint reads files."""
    check = service.healthcheck.read_test() if service.healthcheck else None
    words = (*(service.read_command() or ()), *(service.read_entrypoint() or ()), *(check or ()))
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", word) for word in words)
