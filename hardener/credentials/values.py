"""Credentials in a value that has a name: a variable, a build argument, a label."""

from __future__ import annotations

from collections.abc import Iterator

from hardener.credentials.commands import in_line
from hardener.credentials.texts import Found, apart, inside, is_literal_secret, literal, looks_random
from hardener.knowledge import ImageFacts
from hardener.knowledge.secrets import is_switch, name_kind
from hardener.model.interpolation import Variable, places

_DEEPEST = 8
"""Defaults inside of defaults that are looked into."""


class Known:
    """What the image of a service says of variables."""

    def __init__(self, facts: ImageFacts | None) -> None:
        claim = facts.secret_env if facts else None
        self.source = claim.source if claim else ""
        self.family = facts.family if facts else ""
        self.secret = frozenset(claim.value if claim else ())
        self.files = frozenset(facts.file_env.value if facts and facts.file_env else ())

    def from_file(self, name: str) -> bool:
        """Whether the image reads the variable from a file as well, so that its value is one thing."""
        return not self.files.isdisjoint((f"{name}_FILE", f"{name}__FILE", f"FILE__{name}", f"{name}_SECRETFILE"))


def in_value(name: str, text: str, known: Known) -> list[Found]:
    """The credentials in `text`, the value of `name`, none of which overlap."""
    kind = name_kind(name)
    secret = name in known.secret
    if secret:
        claim, source = f"{name} is a secret of {known.family}", known.source
    else:
        claim, source = f"{name} is named like a secret", ""
    whole = Found(0, len(text), name, "whole", claim, source or None)
    told = literal(text, 0, len(text))
    inner = apart(_inner(name, text, known, kind == "container" or secret))
    if secret:
        if inner and not known.from_file(name) and (kind not in ("password", "secret") or "://" in text):
            return inner
        if told and (inner or _is_known_secret(told.value, kind)):
            return [whole]
    elif kind in ("password", "secret"):
        if inner and ("://" in text or "\n" in text):
            return inner
        if told and is_literal_secret(told.value, password=kind == "password"):
            return [whole]
    elif kind == "doubtful" and not inner and told and looks_random(told.value):
        return [whole._replace(claim=f"{name} may name a secret, and the value looks random", sure=False)]
    return inner


def in_defaults(text: str, known: Known, depth: int = 0) -> Iterator[Found]:
    """Credentials that are defaults of variables: all of the `${VAR:-literal}`, if a part of the literal is one."""
    for start, end, part in places(text):
        if not isinstance(part, Variable) or not part.default or depth >= _DEEPEST:
            continue
        inner = in_value(part.name, part.default, known) or list(in_defaults(part.default, known, depth + 1))
        if inner and literal(text, start, end):
            first = inner[0]
            yield Found(start, end, part.name, first.shape, first.claim, first.source, any(each.sure for each in inner))


def _inner(name: str, text: str, known: Known, is_container: bool) -> Iterator[Found]:
    every = [*inside(text), *(in_line(text)[0] if is_container else ()), *in_defaults(text, known)]
    for found in every:
        if literal(text, found.start, found.end):
            yield found._replace(name=name)


def _is_known_secret(value: str, kind: str) -> bool:
    """Whether the value of a secret variable of an image is one: anything but a path of a secret, or what is none."""
    text = value.strip()
    if text.startswith("/run/secrets/"):
        return False
    if kind == "password":
        return True
    return kind != "container" and not is_switch(text) and is_literal_secret(value, password=True)
