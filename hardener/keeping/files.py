"""The files beside a compose file that hold what left it, and those that keep them out of repositories and images."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hardener.model import nonroot
from hardener.model.dotenv import line
from hardener.model.interpolation import readable
from hardener.source.companions import Companion, NewFile, NewLine

if TYPE_CHECKING:
    from hardener.keeping.keeping import Keep
    from hardener.transforms.context import Context

FOLDER = "secrets"
_CLOSED, _OPEN, _PLAIN = 0o600, 0o644, 0o644
_READS_ALL = {"DAC_OVERRIDE", "DAC_READ_SEARCH"}
"""What lets root read a file of another owner: capabilities(7)."""


def secret_file(keep: Keep, context: Context) -> Iterator[Companion]:
    """The file of a secret, and what keeps it where it is."""
    mode, reason = _mode(keep, context)
    yield from _kept_out(f"{FOLDER}/", context)
    yield NewFile(f"{FOLDER}/{keep.secret}", keep.told, mode, reason)


def env_lines(keep: Keep, context: Context) -> Iterator[Companion]:
    """The line of `.env` that gives a variable its value, and what keeps it where it is."""
    from hardener.keeping.keeping import ENV_FILE

    text = line(keep.variable, keep.told)
    if text is None:
        return
    yield from _kept_out(ENV_FILE, context)
    yield NewLine(ENV_FILE, text, _CLOSED, "compose reads it, nobody else", keep.variable)
    example = context.read(f"{ENV_FILE}.example") if context.exists(f"{ENV_FILE}.example") else ""
    if f"\n{keep.variable}=" not in f"\n{example}":
        yield NewLine(f"{ENV_FILE}.example", f"{keep.variable}=", _PLAIN, "it says what has to be set")


def _mode(keep: Keep, context: Context) -> tuple[int, str]:
    """The mode that all readers of a secret need: the engine mounts the file with its owner and its mode."""
    for use in keep.by_file:
        service = context.services[use.service]
        facts = context.facts(service)
        reader = facts.secret_files.value.reader if facts and facts.secret_files else "root"
        if service.user is not None:
            reader = str(service.user)
        elif reader == "root" and (user := context.user(service)):
            reader = user[0]
        if "$" in reader or nonroot(reader):
            return _OPEN, f"{use.service} reads it as user {readable(reader)}; the folder is closed to others"
        dropped = {str(name).upper().removeprefix("CAP_") for name in service.cap_drop or ()}
        added = {str(name).upper().removeprefix("CAP_") for name in service.cap_add or ()}
        if dropped & {"ALL", *_READS_ALL} and not added & _READS_ALL:
            return _OPEN, f"root in {use.service} may only read what everybody may; the folder is closed to others"
    readers = ", ".join(dict.fromkeys(use.service for use in keep.by_file))
    return _CLOSED, f"root reads it in {readers}"


def _kept_out(path: str, context: Context) -> Iterator[Companion]:
    """The lines that keep `path` out of version control and, where a build would take it in, out of images."""
    if not _listed(path, context.read(".gitignore") if context.exists(".gitignore") else ""):
        yield NewLine(".gitignore", f"/{path}", _PLAIN, "secrets do not go into version control")
    if not path.endswith("/") and context.exists(path):
        return  # a build may need what is there already
    for folder in dict.fromkeys(_contexts(context)):
        name = posixpath.normpath(posixpath.join(folder, ".dockerignore"))
        inside = posixpath.relpath(".", folder) if folder != "." else "."
        shown = posixpath.normpath(posixpath.join(inside, path)) + ("/" if path.endswith("/") else "")
        if not _listed(shown, context.read(name) if context.exists(name) else ""):
            yield NewLine(name, shown, _PLAIN, "secrets do not go into images")


def _contexts(context: Context) -> Iterator[str]:
    """The build contexts that the folder of the document is in, by their path from there: `.`, `..`."""
    for service in context.services.values():
        build = service.read_build()
        folder = posixpath.normpath(readable(build.context or ".")) if build else ""
        if folder == "." or (folder and set(folder.split("/")) == {".."}):
            yield folder


def _listed(path: str, text: str | None) -> bool:
    """Whether an ignore file names `path` in one of the usual ways."""
    name = path.strip("/")
    ways = {name, f"{name}/", f"{name}/*", f"{name}/**", f"**/{name}", f"{name}*"}
    if name == ".env":
        ways.add("*.env")
    return bool(ways & {entry.strip().removeprefix("/") for entry in (text or "").splitlines()})
