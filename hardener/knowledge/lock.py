"""The lock file: which digest each image tag had when it was measured. It is kept beside the compose file.

It is YAML, as the compose file is: the writer of this package then adds an entry and leaves every other line, comments
included, as it is, and an error has a line and a column.

    images:
      postgres:16:
        digest: sha256:…
        measured: "2026-01-31T12:00:00Z"
        platform: linux/amd64
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hardener.errors import HardenError, Where
from hardener.knowledge.inspection import Digest, InspectedImage
from hardener.knowledge.reference import Reference, reference
from hardener.source import Data, Document, Path, RewriteError, load, rewrite
from hardener.source.files import SourceFile, create, decode, read

_KEYS = {"digest", "measured", "platform"}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_START = """\
# The digest that each image tag had when it was measured, written by `harden --inspect --lock`. Keep it beside the
# compose file, under version control.
images:
"""


@dataclass(frozen=True)
class Lock:
    """The digests of a lock file by full name, `docker.io/library/postgres:16`, each with its place in the file."""

    file: str
    digests: dict[str, Digest] = field(default_factory=dict)


def read_lock(name: str) -> Lock:
    """Reads the lock file called `name`. Raises HardenError, with line and column, where something in it is wrong."""
    return _lock(_document(read(name)))


def record(name: str, images: Iterable[InspectedImage]) -> list[str]:
    """Writes the digests of `images` into the lock file called `name`, and returns the tags whose digest is new there.

    Entries of other images stay as they are, and so does one whose digest is the same. The file is made if it is not
    there, and replaced as a whole or not at all. Raises HardenError where it cannot be read or written.
    """
    source = read(name) if os.path.exists(name) else decode(_START.encode(), name)
    document = _document(source)
    known = _lock(document)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    target, fresh = _entries(document), []
    names = {full: key for key in target if (full := _tagged(key))}
    for image in images:
        found = reference(image.name)
        if image.digest is None or found is None or found.digest or (full := found.tagged) is None:
            continue
        if full in known.digests and known.digests[full].value == image.digest:
            continue
        key = names.get(full, _familiar(found))
        target[key] = {"digest": image.digest, "measured": now, "platform": image.platform}
        fresh.append(key)
    if fresh:
        _write(source, document, _sorted(document, target))
    return sorted(fresh)


def _document(source: SourceFile) -> Document:
    return load(source.text, source.name)


def _lock(document: Document) -> Lock:
    """What a lock file says, checked entry by entry."""
    digests: dict[str, Digest] = {}
    named: dict[str, str] = {}
    for key, entry in _entries(document).items():
        path = ("images", key)
        full = _tagged(key)
        if full is None:
            raise _wrong(document, path, f"{key!r} is no image with its tag", "such as postgres:16")
        if full in named:
            raise _wrong(document, path, f"{key} is the same image as {named[full]}", "keep one of the two")
        named[full] = str(key)
        if not isinstance(entry, dict) or "digest" not in entry:
            raise _wrong(document, path, f"{key} has no digest", "an entry has digest: sha256:…")
        if unknown := sorted(str(name) for name in entry if name not in _KEYS):
            raise _wrong(document, (*path, unknown[0]), f"{unknown[0]} is no key of an entry", _hint(_KEYS))
        digest = entry["digest"]
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise _wrong(document, (*path, "digest"), "no digest", "sha256: and 64 digits and letters a to f")
        when = ", ".join(str(entry[name]) for name in ("measured", "platform") if entry.get(name))
        digests[full] = Digest(digest, f"{document.where(path)}" + (f" ({when})" if when else ""))
    return Lock(document.file, digests)


def _entries(document: Document) -> dict[str, Any]:
    """The map under `images`, as a copy. Raises HardenError if there is something else."""
    data = document.merged
    if data is None:
        return {}
    if not isinstance(data, dict) or data.keys() != {"images"}:
        raise _wrong(document, (), "this is no lock file", "it has one section, images")
    images = data["images"]
    if not isinstance(images, dict | None):
        raise _wrong(document, ("images",), "images must be a map", "of image tags, such as postgres:16")
    return dict(images or {})


def _sorted(document: Document, target: dict[str, Any]) -> dict[str, Data]:
    """The entries of `target`: those of the file in its order, each new one before the first that sorts behind it."""
    old = list(_entries(document))
    keys = old[:]
    for key in sorted(key for key in target if key not in old):
        keys.insert(next((index for index, other in enumerate(keys) if other > key), len(keys)), key)
    return {key: target[key] for key in keys}


def _write(source: SourceFile, document: Document, entries: dict[str, Data]) -> None:
    try:
        text = rewrite(document, {"images": entries})
    except RewriteError as error:
        raise HardenError(f"cannot be updated: {error.reason}", Where(source.name), "change it by hand") from None
    if os.path.exists(source.name):
        source.write(text)
    else:
        create(source.name, text, source)


def _tagged(key: object) -> str | None:
    """The full name of an image with a tag; None for anything else."""
    found = reference(key) if isinstance(key, str) and "$" not in key else None
    return found.tagged if found and found.tag and not found.digest else None


def _familiar(image: Reference) -> str:
    """An image with its tag as people write it: `postgres:16`."""
    return f"{image.familiar}:{image.known_tag}"


def _wrong(document: Document, path: Path, message: str, hint: str) -> HardenError:
    return HardenError(message, document.where(path), hint)


def _hint(keys: Iterable[str]) -> str:
    return f"known are: {', '.join(sorted(keys))}"
