"""Finds the data file of an image. Of this package no other is read: a run costs the files of the images it meets.

A folder of the user's own is read and checked as a whole when it is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hardener.errors import HardenError, Where
from hardener.knowledge.facts import ImageFacts
from hardener.knowledge.reference import HUB, Reference, reference
from hardener.source.files import read

IMAGES = Path(__file__).parent / "images"

_CAPABILITIES = Path(__file__).parent / "capabilities.toml"
_MIRRORS = Path(__file__).parent / "mirrors.toml"
# Where in a data file of this package its names must have ended, in bytes: the index reads no further.
_HEAD = 2048
_NAMES = re.compile(r"^names = \[([^\]]+)\]", re.MULTILINE)
# How tomllib ends a message on bad syntax.
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


@lru_cache(maxsize=4096)
def facts_for(image: str, folders: tuple[Path, ...] = ()) -> ImageFacts | None:
    """What is known of the image that an `image:` value names, for its tag; None if it is not known.

    Claims in `folders` go before those of this package, and those of a later folder before an earlier one's.
    `${VAR:-default}` is read as its default. Behind an unknown registry, as in `${REGISTRY}/postgres`, every claim is
    `assumed`. Raises HardenError for a broken data file in `folders`.
    """
    found = reference(image)
    files = [file for folder in (IMAGES, *folders) if (file := _file(found, folder))] if found else []
    if not found or not files:
        return None
    facts, *others = (load(file).for_tag(found.known_tag) for file in files)
    for other in others:
        facts = facts.under(other)
    return facts if found.registry_known else facts.assumed("it comes from a registry that is not known")


@cache
def load(file: Path) -> ImageFacts:
    """The facts in one data file. Raises HardenError that says what is wrong in it.

    Files of this package are checked by its tests, all others here.
    """
    data = _toml(file)
    if file.parent == IMAGES:
        return ImageFacts.trusted(data)
    try:
        return ImageFacts.validated(data)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}"
        raise HardenError(message, Where(str(file)), "see the files in hardener/knowledge/images") from None
    except ValueError as error:
        raise HardenError(str(error), Where(str(file)), "name the source that says so") from None


@cache
def capability_uses() -> dict[str, str]:
    """What each capability is for in a container, as a reason to give it back: `{"SETUID": "it steps down …"}`."""
    uses: dict[str, str] = _toml(_CAPABILITIES)["uses"]
    return uses


def _toml(file: Path) -> dict[str, Any]:
    """The data in a file. Raises HardenError, with line and column where they are known, if it has none to give."""
    import tomllib

    try:
        return tomllib.loads(read(str(file)).text)
    except RecursionError:
        raise HardenError("nested too deeply", Where(str(file)), "lists in a data file hold texts") from None
    except ValueError as error:  # of tomllib, or of int() on a number of thousands of digits
        message = str(error)
        place = _PLACE.search(message)
        where = Where(str(file), *map(int, place.groups())) if place else Where(str(file))
        raise HardenError(f"not valid TOML: {_PLACE.sub('', message)}", where, "fix the syntax") from None


@cache
def carriers() -> frozenset[str]:
    """Packages whose programs have file capabilities or are setuid, or that set them on others."""
    return frozenset(_toml(_CAPABILITIES)["carriers"]["packages"])


def families(folders: tuple[Path, ...] = ()) -> list[ImageFacts]:
    """Everything known, sorted by family; see `facts_for` for `folders`."""
    known: dict[str, ImageFacts] = {}
    for folder in (IMAGES, *folders):
        for file in set(index(folder).values()):
            facts = load(file)
            known[facts.family] = known[facts.family].under(facts) if facts.family in known else facts
    return [facts for _, facts in sorted(known.items())]


def family(name: str, folders: tuple[Path, ...] = ()) -> ImageFacts:
    """What is known of a family by its own name or that of an image; with a tag, of that tag.

    Raises HardenError if nothing is.
    """
    known = {facts.family: facts for facts in families(folders)}
    found = facts_for(name, folders)
    if found and ":" in name:
        return found
    if (key := found.family if found else name) in known:
        return known[key]
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}?" if close else "`harden images` lists those that are known"
    raise HardenError(f"nothing is known of an image {name!r}", hint=hint)


def data_folders(names: Iterable[str]) -> tuple[Path, ...]:
    """Folders of data files by their names, every file checked. Raises HardenError for no folder and a broken file."""
    folders = []
    for name in names:
        folder = Path(name)
        # Path("") is the current folder: nobody who leaves a variable empty means that.
        if not name or not folder.is_dir():
            raise HardenError(f"{name or 'an empty name'} is no folder", hint="name one with data files, *.toml")
        index(folder)
        folders.append(folder)
    return tuple(folders)


@cache
def index(folder: Path = IMAGES) -> dict[str, Path]:
    """Every full image name and its data file. Raises HardenError for a broken file, in a folder of the user's own.

    Of each file of this package only the list of names is looked at.
    """
    files: dict[str, Path] = {}
    for file in sorted(folder.glob("*.toml")):
        for name in _names(file) if folder == IMAGES else load(file).names:
            full = _full(name, file)
            if full in files:
                raise HardenError(f"{full} is in {files[full].name} too", Where(str(file)), "one file for each image")
            files[full] = file
    return files


def _names(file: Path) -> list[str]:
    """The names in a data file of this package, which has them at its top and in the plainest form of TOML."""
    with file.open("rb") as opened:
        names = _NAMES.search(opened.read(_HEAD).decode("utf-8", "ignore"))
    return re.findall(r"[\"']([^\"']*)[\"']", names[1]) if names else []


def _full(name: str, file: Path) -> str:
    """A name of a data file, in full: `postgres` is `docker.io/library/postgres`, `x/*` is `docker.io/x/*`."""
    namespace, star = name.removesuffix("*"), name.endswith("/*")
    parsed = reference(f"{namespace}x" if star else name)
    if not parsed or parsed.tag or parsed.digest:
        hint = "without tag, and `*` only as in `linuxserver/*`"
        raise HardenError(f"{name!r} is not an image name", Where(str(file)), hint)
    return f"{parsed.name[:-1]}*" if star else parsed.name


def _file(image: Reference, folder: Path) -> Path | None:
    """The data file of an image: under its own name, else that of its namespace."""
    files = index(folder)
    if image.registry_known:
        name = _home(image.name)
        return files.get(name) or files.get(_namespace(name))
    repository = image.repository if "/" in image.repository else f"library/{image.repository}"
    for wanted in (repository, _namespace(repository)):
        candidates = {file for name, file in files.items() if name.partition("/")[2] == wanted}
        if candidates:
            return candidates.pop() if len(candidates) == 1 else None
    return None


def _namespace(name: str) -> str:
    return f"{name.rpartition('/')[0]}/*"


def _home(name: str) -> str:
    """The name on Docker Hub of an image that a mirror serves."""
    if name.startswith(f"{HUB}/"):
        return name
    prefix = next((prefix for prefix in _mirrors() if name.startswith(f"{prefix}/")), None)
    return f"{HUB}{name.removeprefix(prefix)}" if prefix else name


@cache
def _mirrors() -> tuple[str, ...]:
    return tuple(mirror["prefix"] for mirror in _toml(_MIRRORS)["mirrors"])
