"""What is known of an image holds for the way it was found to run. This says what of it holds for one service.

`entrypoint`, `command`, `user` and mounts each replace a part of what the makers of an image put together; see
https://github.com/compose-spec/compose-spec/blob/main/05-services.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path

from hardener.knowledge.catalog import facts_for
from hardener.knowledge.facts import Claim, ImageFacts, Unless
from hardener.knowledge.globs import matches
from hardener.model import Mount, Service, nonroot
from hardener.model.interpolation import readable, resolve_defaults

# Claims on what is in the image, however it is started.
_OF_THE_IMAGE = {
    "user",
    "builtin_healthcheck",
    "volumes",
    "stop_signal",
    "secret_env",
    "lacks",
    "shm_size",
    "port_check",
}
# Claims on the program that the entrypoint starts, whatever its command; all others are on one way to start it.
_OF_THE_ENTRYPOINT = {"role", "init", "memory", "no_new_privileges", "stop_grace_period", "file_env"}
# Claims that hold for whichever user runs the start; files with secrets are then read as that user.
_OF_ANY_USER = {"ports", "secret_files"}
# Claims that rest on where a program that is told no path reads and writes.
_OF_THE_DIRECTORY = {"non_root", "read_only", "tmpfs"}
# Where a mount replaces programs, users or start scripts, by the Filesystem Hierarchy Standard.
_PROGRAMS = re.compile(
    r"/|/(?:usr/|usr/local/)?(?:bin|sbin|lib|lib64)(?:/.*)?|/usr|/usr/local|/opt|/etc|/etc/(?:passwd|group)|.*entrypoint(?:\.sh)?"
)


def facts_of(
    service: Service, folders: tuple[Path, ...] = (), variables: Collection[str] | None = ()
) -> ImageFacts | None:
    """What is known of the image that a service runs, for the way the service runs it; None if it is not known.

    A claim that may not hold here is `assumed`, its `doubt` says why. `variables` are the names that its env files set,
    None if one of them cannot be read. A service that is built here runs an image of its own, whatever name that gets.
    """
    facts = facts_for(service.image, folders) if service.image and service.build is None else None
    if facts is None:
        return None
    known = facts.known()
    doubts: dict[str, str] = {}
    other_user = _other_user(service, facts)
    if service.entrypoint is not None:
        doubts = dict.fromkeys(known.keys() - _OF_THE_IMAGE, "it has an entrypoint of its own")
    elif other_user is not None and facts.init is not None and facts.init.value == "s6":
        # Without root s6-overlay prepares /run by a setuid helper: what is known of its start, as root, says nothing.
        doubts = dict.fromkeys(known.keys() - _OF_THE_IMAGE, other_user)
    elif (reason := _other_start(service, facts)) is not None:
        doubts = dict.fromkeys(known.keys() - _OF_THE_IMAGE - _OF_THE_ENTRYPOINT, reason)
    elif other_user is not None:
        doubts = dict.fromkeys(known.keys() - _OF_THE_IMAGE - _OF_THE_ENTRYPOINT - _OF_ANY_USER, other_user)
    if service.working_dir is not None:
        doubts |= dict.fromkeys(known.keys() & _OF_THE_DIRECTORY - doubts.keys(), "it works in a directory of its own")
    for name, claim in known.items():
        if name not in doubts and claim.unless and (setting := _met(claim.unless, service, variables)):
            doubts[name] = f"{setting} may change that"
    return facts.assumed(doubts) if doubts else facts


def mounts_of(service: Service) -> list[Mount]:
    """Everything that a service mounts, volumes and tmpfs."""
    return service.read_volumes() + service.read_tmpfs()


def _other_start(service: Service, facts: ImageFacts) -> str | None:
    """Why a service does not start as the image does by itself, if so."""
    command = service.read_command()
    if command is not None and not (command and facts.programs and _is_own(command[0], facts.programs)):
        return "it has a command of its own"
    if service.volumes_from:
        return "it takes over the volumes of others"
    for mount in mounts_of(service):
        if mount.target is None or "$" in mount.target:
            return "a variable says where it mounts something"
        if _PROGRAMS.fullmatch(mount.target.rstrip("/") or "/"):
            return f"it mounts over {mount.target}"
    return None


def _is_own(word: str, programs: Claim[list[str]]) -> bool:
    """Whether the first word of a command leads to the image's own start."""
    word = readable(word)
    if "*" in programs.value:
        return True
    if "$" in word or programs.confidence == "assumed":
        return False
    return word.startswith("-") or any(
        matches(word, glob) or matches(word.rpartition("/")[2], glob) for glob in programs.value
    )


def _other_user(service: Service, facts: ImageFacts) -> str | None:
    """Why a service does not run as a user that the image is known to run as, if so."""
    user = _text(service.user)
    known = {claim.value for claim in (facts.user, facts.non_root) if claim is not None}
    if user is None or user in known or user in {ids.partition(":")[0] for ids in known}:
        return None
    if "$" not in user and facts.user is not None and not nonroot(user) and not nonroot(facts.user.value):
        return None
    return "it runs as a user of its own"


def _met(unless: Unless, service: Service, variables: Collection[str] | None) -> str | None:
    """What a service sets that makes a claim uncertain, if it does."""
    targets = [mount.target or "" for mount in mounts_of(service)] if unless.mounts else []
    targets += [grant.target for grant in service.read_configs()] if unless.mounts else []
    for target in targets:
        if any(matches(target, glob) or matches(f"{target}/", glob) for glob in unless.mounts):
            return f"a mount on {target}"
    if unless.command and any(_in_doubt(service.read_command() or [], unless.command)):
        return "its command"
    if unless.environment and variables is None:
        return "an env_file that cannot be read"
    for name in (*service.read_environment(), *(variables or ())) if unless.environment else ():
        if any(matches(name, glob) for glob in unless.environment):
            return f"the variable {name}"
    return None


def _in_doubt(words: list[str], globs: list[str]) -> Iterator[bool]:
    """For each word of a command whether it is, or may turn out to be, one that a glob matches."""
    for before, word in pairwise(["", *map(readable, words)]):
        value = before.startswith("-") or word.startswith("-")  # of an option, whatever it is
        yield any(matches(word, glob) for glob in globs) or ("$" in word.replace("$$", "") and not value)


def _text(user: str | None) -> str | None:
    """A `user:` with its variables at their defaults, as written if they have none; None where none is set."""
    if user is None or not str(user).strip():
        return None
    resolved = resolve_defaults(str(user))
    return str(user) if resolved is None else resolved or None
