"""New values in the place of those that were in a file."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from hardener.keeping.files import FOLDER

if TYPE_CHECKING:
    from hardener.keeping.keeping import Keep, Keeping

_BYTES = 24
"""Of randomness: 192 bits, 32 characters that need no quotes anywhere, also not in a URL (RFC 3986, unreserved)."""


def rotate(keeping: Keeping) -> None:
    """Gives new values to what images only read at their first start, where everyone who uses it gets it from here."""
    for keep in keeping.keeps:
        if not keep.trouble and _read_once(keep, keeping) and not any(keeping.others(keep)):
            # A run that was cut short has made one already.
            made = keeping.context.read(f"{FOLDER}/{keep.secret}")
            keep.new = made if made and made != keep.value else secrets.token_urlsafe(_BYTES)


def _read_once(keep: Keep, keeping: Keeping) -> bool:
    for use in keep.by_file:
        facts = keeping.context.facts(keeping.context.services[use.service])
        claim = facts.secret_files if facts else None
        if claim and use.credential.name in claim.value.first_start:
            return True
    return False
