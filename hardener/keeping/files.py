"""The files beside a compose file that hold what left it, and those that keep them out of repositories and images."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hardener.model import Service, boolean, nonroot
from hardener.model.dotenv import line
from hardener.model.dotenv import read as read_dotenv
from hardener.model.interpolation import readable
from hardener.source.companions import Companion, NewFile, NewLine

if TYPE_CHECKING:
    from hardener.keeping.keeping import Keep
    from hardener.transforms.context import Context

ENV_FILE = ".env"
"""What compose fills variables from: https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/."""

FOLDER = "secrets"
_CLOSED, _OPEN, _PLAIN = 0o600, 0o644, 0o644
_READS_ALL = {"DAC_OVERRIDE", "DAC_READ_SEARCH"}
"""What lets root read a file of another owner: capabilities(7)."""


def secret_file(keep: Keep, context: Context) -> Iterator[Companion]:
    """The file of a secret, and what keeps it where it is."""
    mode, reason = _mode(keep, context)
    path = f"{FOLDER}/{keep.secret}"
    # A build may need what is in the folder already.
    yield from _kept_out(f"{FOLDER}/", path if context.exists(FOLDER) else f"{FOLDER}/", context)
    yield NewFile(path, keep.told, mode, reason, fresh=keep.new is not None)


def env_lines(keep: Keep, context: Context) -> Iterator[Companion]:
    """The line of `.env` that gives a variable its value, and what keeps it where it is."""
    text = line(keep.variable, keep.told)
    if text is None:
        return
    yield from _kept_out(ENV_FILE, None if context.exists(ENV_FILE) else ENV_FILE, context)
    open_to = "; others on this host can, too: chmod 600" if context.lets_others_in(ENV_FILE) else ", nobody else"
    reason, fresh = f"compose reads it{open_to}", keep.new is not None
    yield NewLine(ENV_FILE, text, _CLOSED, reason, keep.variable, read_env_file, fresh)
    if f"\n{keep.variable}=" not in "\n" + _text(f"{ENV_FILE}.example", context):
        yield NewLine(f"{ENV_FILE}.example", f"{keep.variable}=", _PLAIN, "it says what has to be set")


def read_env_file(text: str) -> dict[str, str | None]:
    """The variables that `.env` sets, with those of the shell in their values."""
    return read_dotenv(text, dict(os.environ))


def _mode(keep: Keep, context: Context) -> tuple[int, str]:
    """The mode that all readers of a secret need."""
    for use in keep.by_file:
        if reason := needs_open(context.services[use.service], context):
            return _OPEN, f"{reason}; the folder is closed to others"
    readers = ", ".join(dict.fromkeys(use.service for use in keep.by_file))
    return _CLOSED, f"root reads it in {readers}"


def needs_open(service: Service, context: Context) -> str | None:
    """Why a service reads only what everybody may: the engine mounts a secret with its owner and its mode."""
    facts = context.facts(service)
    reader = facts.secret_files.value.reader if facts and facts.secret_files else "root"
    if service.user is not None:
        reader = str(service.user)
    elif reader == "root" and (user := context.user(service)):
        reader = user[0]
    if "$" in reader or nonroot(reader):
        return f"{service.name} reads it as user {readable(reader)}"
    dropped = {str(name).upper().removeprefix("CAP_") for name in service.cap_drop or ()}
    added = {str(name).upper().removeprefix("CAP_") for name in service.cap_add or ()}
    reads = boolean(service.privileged) or added & {"ALL", *_READS_ALL} or not dropped & {"ALL", "DAC_OVERRIDE"}
    if not reads:
        return f"root in {service.name} may only read what everybody may"
    return None


def _kept_out(path: str, image: str | None, context: Context) -> Iterator[Companion]:
    """The lines that keep `path` out of version control and, where a build would take it in, `image` out of images."""
    if not _listed(path, _text(".gitignore", context)):
        yield NewLine(".gitignore", f"/{path}", _PLAIN, "secrets do not go into version control")
    if _contexts not in context.memo:
        context.memo[_contexts] = list(dict.fromkeys(_contexts(context)))
    for folder in context.memo[_contexts] if image else ():
        name = posixpath.normpath(posixpath.join(folder, ".dockerignore"))
        whole, part = (_seen_from(folder, each, context) for each in (path, image or path))
        if not any(_listed(each, _text(name, context)) for each in (whole, part)):
            yield NewLine(name, part, _PLAIN, "secrets do not go into images")


def _seen_from(folder: str, path: str, context: Context) -> str:
    """A path beside the document, from `folder`: `deploy/secrets/` from `..`."""
    here = os.path.dirname(os.path.abspath(context.project.document.file))
    seen = os.path.relpath(os.path.join(here, path), os.path.join(here, folder)).replace(os.sep, "/")
    return f"{seen}/" if path.endswith("/") else seen


def _text(name: str, context: Context) -> str:
    """What a file beside the document says; nothing where it is not there."""
    return context.read(name) or "" if context.exists(name) else ""


def _contexts(context: Context) -> Iterator[str]:
    """The build contexts that the folder of the document is in, by their path from there: `.`, `..`."""
    for service in context.services.values():
        build = service.read_build()
        folder = posixpath.normpath(readable(build.context or ".")) if build else ""
        if folder == "." or (folder and set(folder.split("/")) == {".."}):
            yield folder


def _listed(path: str, text: str) -> bool:
    """Whether an ignore file names `path` in one of the usual ways."""
    name = path.strip("/")
    ways = {name, f"**/{name}", f"{name}*"}
    ways |= {f"{name}/", f"{name}/*", f"{name}/**"} if path.endswith("/") else set()
    if name == ".env":
        ways.add("*.env")
    listed = False
    for entry in map(str.rstrip, text.splitlines()):
        if entry.removeprefix("/") in ways:
            listed = True
        elif entry.startswith("!") and (name in entry or set("*?[") & set(entry)):
            listed = False
    return listed
