"""What secrets and variables are called: by what the document calls them, each name once."""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from itertools import chain, count
from typing import TYPE_CHECKING

from hardener.errors import HardenError
from hardener.keeping.beside import Beside, declared, without_value
from hardener.keeping.files import ENV_FILE, read_env_file
from hardener.keeping.plain import scalars
from hardener.model.interpolation import Variable, variables

if TYPE_CHECKING:
    from hardener.keeping.keeping import Keep, Use
    from hardener.model import Service
    from hardener.transforms.context import Context

_ADDRESS = re.compile(r"_?(?:URL|URI|DSN|CONN(?:ECTION)?(?:_?STR(?:ING)?)?)$")
_TELLS = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|SALT|JWT|PIN")
_BARE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*$", re.MULTILINE)


def give_names(keeps: list[Keep], context: Context, beside: Beside) -> Names | None:
    """Names each value, or says what is in the way; None where `.env` says nothing that compose understands."""
    try:
        env = read_env_file(context.read(ENV_FILE) or "")
    except HardenError as error:
        for keep in keeps:
            keep.trouble = f"{ENV_FILE} cannot be read: {error.message}"
        return None
    names = Names(keeps, context, env, beside)
    for keep in keeps:
        if name := _default(keep):
            keep.trouble = keep.trouble or names.in_the_way(name, keep)
        else:
            name = names.free(keep)
        keep.variable, keep.secret = name, name.lower()
    return names


class Names:
    """The names that are taken, and by whom."""

    def __init__(self, keeps: list[Keep], context: Context, env: dict[str, str | None], beside: Beside) -> None:
        services = context.services.values()
        self.env = env
        self.beside = beside
        self.secrets = {str(name) for name in context.file.secrets or {}}
        self.secrets |= declared(context.project.beside)
        # Where secrets of other names are mounted.
        self.secrets |= {posixpath.basename(grant.target) for service in services for grant in service.read_secrets()}
        self.elsewhere = _looked_up(context, beside)
        self.forms: dict[str, set[Variable]] = {}
        for variable in variables(context.project.document.text):
            self.forms.setdefault(variable.name, set()).add(variable)
        self.taken = {*self.forms, *self.elsewhere}
        self.is_here = context.exists(ENV_FILE)
        self.readers = [service.name for service in services if _reads_all(service, context)]
        self.readers += [service.name for service in beside.services() if _reads_all(service, context)]
        # Their paths count from another folder: who reads a file of that name may read this one.
        self.readers += [name for name, service in context.project.included.items() if _reads_such(service)]
        self.wanted = Counter(_base(keep) for keep in keeps if not _default(keep))

    def in_the_way(self, name: str, keep: Keep) -> str:
        """Why the value of a default cannot go to `.env`, where everybody sees it; empty if it can."""
        if len(self.forms.get(name, ())) > 1:
            return f"{name} has another default elsewhere, or none"
        if name in self.elsewhere:
            return f"{name} is looked up elsewhere, too"
        if other := self.beside.other_default(name, keep.value):
            return f"{name} has another default in {other}"
        if self.env.get(name) and self.env[name] != keep.value:
            return f"{ENV_FILE} sets {name}, and this default is never used"
        if not _free(name, keep.value, self.env):
            return f"{name} is set already, and empty or the shell's own"
        return ""

    def overheard(self, keep: Keep) -> str:
        """Who would get a value from `.env` that is not theirs, or needs one that is elsewhere; empty if nobody."""
        if self.readers and not self.is_here:
            return f"{self.readers[0]} reads {ENV_FILE}, which is not here: it may say more"
        users = {use.service for use in keep.uses}
        strangers = [reader for reader in self.readers if reader not in users and keep.variable not in self.env]
        return f"{strangers[0]} reads {ENV_FILE} as a whole, and would get it, too" if strangers else ""

    def free(self, keep: Keep) -> str:
        """A name for a value that nobody has. It is taken from then on."""
        base, service = _base(keep), _constant(_namer(keep).service)
        own = base if base.startswith(service) else f"{service}_{base}"
        # Under a name of ours it means nothing to a service that reads all of `.env`.
        plain = self.wanted[base] == 1 and not self.readers
        names = chain([base] if plain else [], [own], (f"{own}_{number}" for number in count(2)))
        name = next(name for name in names if self.is_free(name, keep.value))
        self.taken.add(name)
        self.secrets.add(name.lower())
        return name

    def is_free(self, name: str, value: str) -> bool:
        """Whether nobody has a name, here or beside, unless it is for this value."""
        known = name in self.taken or name.lower() in self.secrets
        shared = self.env.get(name) == value or not self.beside.looks_up(name, value)
        return not known and shared and _free(name, value, self.env) and not self.beside.declares(name.lower(), value)


def _default(keep: Keep) -> str | None:
    """The variable that has this value as its default, if that is what it is."""
    return keep.uses[0].credential.variable


def _reads_all(service: Service, context: Context) -> bool:
    """Whether a service gets all variables of `.env`."""
    own = os.path.join(os.path.dirname(context.project.document.file), ENV_FILE)
    paths = (context.env_path(file.path) for file in service.read_env_file())
    return any(
        path is None or os.path.realpath(os.path.join(os.path.dirname(own), path)) == os.path.realpath(own)
        for path in paths
    )


def _reads_such(service: Service) -> bool:
    """Whether a service of another folder reads a file that is called like ours."""
    return any(os.path.basename(file.path) == ENV_FILE or "$" in file.path for file in service.read_env_file())


def _looked_up(context: Context, beside: Beside) -> set[str]:
    """Names that compose looks up without a word about them in this document: those without a value (`- TOKEN`), and
    all that env files and the files that are included or extended mention."""
    names: set[str] = set()
    for service in (*context.services.values(), *beside.services()):
        for file in service.read_env_file():
            text = context.read_env_file(file.path) or ""
            names |= {variable.name for variable in variables(text)} | set(_BARE.findall(text))
    for data in (*context.project.bodies.values(), *context.project.beside):
        names |= without_value(data)
    for data in context.project.beside:
        names |= {variable.name for _, text in scalars(data) for variable in variables(text)}
    return names


def _free(name: str, value: str, env: dict[str, str | None]) -> bool:
    """Whether a variable is nobody's yet, or has this very value, where compose looks it up: the shell and `.env`."""
    ours = name != "PWD" and not name.startswith(("COMPOSE_", "DOCKER_"))  # which compose sets or reads itself
    return ours and os.environ.get(name, value) == value and (name not in env or env[name] == value)


def _namer(keep: Keep) -> Use:
    """The use that names a value: that of an image that reads it from a file, else the first."""
    return next(iter(keep.by_file), keep.uses[0])


def _base(keep: Keep) -> str:
    """The name that a value goes by: POSTGRES_PASSWORD; DATABASE_PASSWORD for one in a DATABASE_URL."""
    use = _namer(keep)
    name = _constant(use.credential.name)
    if use.credential.kind in ("argument", "label") or not name:
        words = [word for word in re.split(r"[^A-Za-z0-9]+", use.credential.name) if word]
        name = _constant("_".join([use.service, *words[-1:]]))
    elif use.credential.kind == "url" and not use.file_variable:
        name = _ADDRESS.sub("", name)
    elif use.credential.kind == "variable":
        return name
    return name if _TELLS.search(name) or use.file_variable else f"{name}_PASSWORD".lstrip("_")


def _constant(name: str) -> str:
    """A name as a variable: `my-db` is `MY_DB`."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper()
    return f"_{text}" if text[:1].isdecimal() else text
